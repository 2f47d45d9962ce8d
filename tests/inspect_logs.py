"""Small evaluation logs in the Inspect format, made from nothing: any compression, header and trials at will."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard

STORED, DEFLATE, ZSTANDARD = 0, 8, 93
MODEL = "fictie/model"


def header(
    task: str = "inspect_evals/bbq", prompts: int = 4, epochs: int = 1, changes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The header of a finished log of `prompts` prompts; `changes` sets values by dotted path, None removes them."""
    data: dict[str, Any] = {
        "version": 2,
        "status": "success",
        "invalidated": False,
        "eval": {
            "run_id": "run-1",
            "task_id": "task-1",
            "created": "2026-10-01T08:00:00+00:00",
            "task": task,
            "task_registry_name": task,
            "task_version": "2-A",
            "task_args": {},
            "model": MODEL,
            "dataset": {"name": "own", "samples": prompts, "sample_ids": [f"p{i}" for i in range(prompts)]},
            "config": {"epochs": epochs},
        },
        "stats": {"started_at": "2026-10-01T08:00:00+00:00", "completed_at": "2026-10-01T09:00:00+00:00"},
    }
    for path, value in (changes or {}).items():
        *above, last = path.split(".")
        table = data
        for step in above:
            table = table.setdefault(step, {})
        table[last] = value
        if value is None:
            del table[last]
    return data


def trial(prompt: str, value: Any, epoch: int = 1, scorer: str = "choice", **more: Any) -> dict[str, Any]:
    """A sample or its summary; `more` adds fields to it."""
    return {"id": prompt, "epoch": epoch, "input": "own text", "scores": {scorer: {"value": value}}} | more


def trials(values: str, epoch: int = 1) -> list[dict[str, Any]]:
    """One trial for each letter, prompts p0, p1, ..."""
    return [trial(f"p{i}", letter, epoch) for i, letter in enumerate(values)]


def json_log(head: Mapping[str, Any], samples: Sequence[Mapping[str, Any]]) -> bytes:
    """A `.json` log."""
    return json.dumps({**head, "samples": list(samples)}).encode()


def eval_log(
    head: Mapping[str, Any],
    summaries: Sequence[Mapping[str, Any]],
    method: int = ZSTANDARD,
    samples: Sequence[Mapping[str, Any]] | None = None,
    killed: bool = False,
) -> bytes:
    """A `.eval` archive; the samples default to the summaries. A killed one has a journal and no header."""
    start = {"version": 2, "eval": head["eval"], "plan": {}}
    members: list[tuple[str, Any]] = [("_journal/start.json", start)]
    members += [(f"samples/{s['id']}_epoch_{s['epoch']}.json", s) for s in (summaries if samples is None else samples)]
    members += [("_journal/summaries/1.json", list(summaries))]
    if not killed:
        members += [("summaries.json", list(summaries)), ("header.json", dict(head))]
    return archive([Member(name, json.dumps(data).encode(), method) for name, data in members])


@dataclass(frozen=True)
class Member:
    """A member of an archive; `claimed_size` is what the archive says of its inflated size."""

    name: str
    content: bytes
    method: int = STORED
    flags: int = 0
    claimed_size: int | None = None
    crc: int | None = None


def archive(members: Iterable[Member], shift: int = 0) -> bytes:
    """A ZIP archive, honest or not; `shift` moves the stated place of every member but the first."""
    body, directory, count = b"", b"", 0
    for member in members:
        stored = _stored(member)
        name = member.name.encode()
        crc = zlib.crc32(member.content) if member.crc is None else member.crc
        size = len(member.content) if member.claimed_size is None else member.claimed_size
        common = struct.pack("<4H3L2H", member.flags, member.method, 0, 0x21, crc, len(stored), size, len(name), 0)
        place = len(body) + (shift if count else 0)
        directory += b"PK\x01\x02" + struct.pack("<2H", 20, 20) + common
        directory += struct.pack("<3H2L", 0, 0, 0, 0, place) + name
        body += b"PK\x03\x04" + struct.pack("<H", 20) + common + name + stored
        count += 1
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def _stored(member: Member) -> bytes:
    if member.method == DEFLATE:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return packer.compress(member.content) + packer.flush()
    if member.method == ZSTANDARD:
        return zstandard.ZstdCompressor(level=3).compress(member.content)
    return member.content
