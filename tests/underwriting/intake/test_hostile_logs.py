"""Logs made to harm the reader: each is refused with one finding that names file and limit."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_logs import DEFLATE, ZSTANDARD, Member, archive, eval_log, header, json_log, trials
from reading import Case, read_case

from policies.findings import Severity
from underwriting.intake import inspect_files, jsontext, zipped
from underwriting.intake.jsontext import parse_json
from underwriting.intake.limits import JSON_BYTES, MIB

HEAD = json.dumps(header()).encode()


FOREIGN_WORDS = re.compile(r"codec|sys\.|Error|char \d|unpack|bytes-like|newline|\bPEP\b|errno", re.IGNORECASE)


def bomb(method: int) -> bytes:
    """Twenty megabytes of nothing in a few kilobytes."""
    return archive([Member("header.json", HEAD), Member("summaries.json", b" " * 20 * MIB, method)])


def beside(name: str) -> bytes:
    """A sound log with one more member."""
    return archive([Member("header.json", HEAD), Member("summaries.json", b"[]"), Member(name, b"{}")])


def damaged(method: int) -> bytes:
    """A log whose summaries are noise where they were packed."""
    packed = archive([Member("header.json", HEAD), Member("summaries.json", b"[1, 2, 3]", method)])
    start = packed.index(b"summaries.json") + len(b"summaries.json")
    return packed[:start] + b"\xff" * 6 + packed[start + 6 :]


def with_summaries(content: bytes, **more: object) -> bytes:
    return archive([Member("header.json", HEAD), Member("summaries.json", content, **more)])  # type: ignore[arg-type]


CASES: dict[str, tuple[bytes, str]] = {
    "deflate bomb": (bomb(DEFLATE), "log-limit"),
    "zstandard bomb": (bomb(ZSTANDARD), "log-limit"),
    "bomb in a member that is not read": (
        archive([Member("header.json", HEAD), Member("media/x.bin", b"\0" * 20 * MIB, DEFLATE)]),
        "log-limit",
    ),
    "bomb that claims to be small": (
        with_summaries(b" " * (JSON_BYTES + 1), method=DEFLATE, claimed_size=100),
        "log-limit",
    ),
    "size that lies a little": (with_summaries(b"[ ]", claimed_size=2), "log-damaged"),
    "wrong checksum": (with_summaries(b"[]", crc=1), "log-damaged"),
    "cut in the middle": (eval_log(header(), trials("CCCC"))[:-200], "log-damaged"),
    "no archive": (b"PK\x03\x04 not really", "log-damaged"),
    "empty file": (b"", "log-damaged"),
    "encrypted": (with_summaries(b"[]", flags=1), "log-damaged"),
    "damaged deflate": (damaged(DEFLATE), "log-damaged"),
    "damaged zstandard": (damaged(ZSTANDARD), "log-damaged"),
    "name that is not UTF-8": (
        archive([Member("header.json", HEAD), Member("yz.json", b"{}", flags=0x800)]).replace(b"yz", b"\xff\xff"),
        "log-damaged",
    ),
    "unknown method": (with_summaries(b"[]", method=14), "log-damaged"),
    "no header at all": (archive([Member("other.json", b"{}")]), "log-damaged"),
    "absolute name": (beside("/etc/passwd"), "log-member-name"),
    "climbing name": (beside("samples/../../x.json"), "log-member-name"),
    "foreign separator": (beside("..\\x.json"), "log-member-name"),
    "escape in a name": (beside("samples/\x1b[2J.json"), "log-member-name"),
    "one name twice": (
        archive([Member("header.json", HEAD), Member("header.json", HEAD), Member("summaries.json", b"[]")]),
        "log-duplicate-key",
    ),
    "members that overlap": (
        archive([Member("header.json", HEAD), Member("summaries.json", b"[]")], shift=-len(HEAD)),
        "log-damaged",
    ),
    "one key twice": (with_summaries(b'[{"id": "p0", "epoch": 1, "scores": {"a": 1, "a": 0}}]'), "log-duplicate-key"),
    "nested deep": (with_summaries(b"[" * 100_000 + b"]" * 100_000), "log-limit"),
    "broken JSON": (with_summaries(b'[{"id": }]'), "log-damaged"),
    "not UTF-8": (with_summaries(b'["\xff"]'), "log-damaged"),
    "UTF-16, in which brackets hide": (with_summaries(("[" * 5_000).encode("utf-16")), "log-limit"),
    "integer of ten thousand digits": (with_summaries(b"[" + b"9" * 10_000 + b"]"), "log-damaged"),
    "samples that are no list": (with_summaries(b'{"id": 1}'), "log-damaged"),
    "sample without id": (with_summaries(b'[{"epoch": 1}]'), "log-damaged"),
    "sample that is no object": (with_summaries(b"[1]"), "log-damaged"),
    "header without evaluation": (
        archive([Member("header.json", b"{}"), Member("summaries.json", b"[]")]),
        "log-damaged",
    ),
    "header that is no object": (
        archive([Member("header.json", b"[]"), Member("summaries.json", b"[]")]),
        "log-damaged",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_archive_gets_one_finding(name: str) -> None:
    content, code = CASES[name]
    reading = read_case(Case(content))
    assert reading.runs == ()
    (finding,) = reading.findings
    assert (finding.code, finding.severity) == (code, Severity.ERROR)
    assert finding.subject == "evidence/run.eval"
    assert finding.message.isprintable()
    assert FOREIGN_WORDS.search(finding.message) is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"[" * 5_000 + b"]" * 5_000, "log-limit"),
        (b'{"eval": {}, "eval": {}}', "log-duplicate-key"),
        (b"{" + b" " * JSON_BYTES + b"}", "log-limit"),
        (b"", "log-damaged"),
        (b"[]", "log-damaged"),
        (b'{"eval": {}, "samples": {"id": 1}}', "log-damaged"),
    ],
    ids=["deep", "key twice", "too long", "empty", "no object", "samples that are no list"],
)
def test_a_hostile_json_log_gets_one_finding(content: bytes, code: str) -> None:
    reading = read_case(Case(content, suffix=".json"))
    assert [f.code for f in reading.findings] == [code]


@pytest.mark.parametrize(
    ("module", "limit", "value"),
    [(zipped, "MEMBERS", 3), (zipped, "INFLATED_BYTES", 500), (zipped, "JSON_BYTES", 200), (jsontext, "JSON_DEPTH", 2)],
)
def test_every_limit_is_heeded(monkeypatch: pytest.MonkeyPatch, module: object, limit: str, value: int) -> None:
    sound = Case(eval_log(header(), trials("CCCC")))
    assert read_case(sound).runs
    monkeypatch.setattr(module, limit, value)
    assert [f.code for f in read_case(sound).findings] == ["log-limit"]


def test_nothing_is_read_of_members_that_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    inner = inspect_files.inflated

    def watched(handle, infos):  # type: ignore[no-untyped-def]
        for name, content in inner(handle, infos):
            names.append(name)
            yield name, content

    monkeypatch.setattr(inspect_files, "inflated", watched)
    assert read_case(Case(eval_log(header(), trials("CCCC")))).runs
    assert names == ["header.json", "summaries.json"]


def test_constants_outside_json_are_nothing() -> None:
    assert parse_json(b"[NaN, Infinity, -Infinity, 1e999, -1e999, 1.5]", "x") == [None] * 5 + [1.5]


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_depth_is_that_of_the_data_whatever_the_strings_hold(data: object) -> None:
    def depth(value: object) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max((depth(item) for item in inner), default=0)

    text = json.dumps(data).encode()
    assert jsontext._depth(text) == depth(data)
    assert parse_json(text, "x") == data


@given(st.binary(max_size=200))
def test_arbitrary_json_text_is_data_or_refused(raw: bytes) -> None:
    reading = read_case(Case(raw, suffix=".json"))
    assert reading.runs == ()
    assert {f.code for f in reading.findings} <= {"log-damaged", "log-duplicate-key", "log-limit"}


SOUND = {
    ".eval": eval_log(header(), trials("CCII"), ZSTANDARD),
    ".deflate": eval_log(header(), trials("CCII"), DEFLATE),
    ".json": json_log(header(), trials("CCII")),
}


@given(
    st.sampled_from(sorted(SOUND)),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4),
)
def test_a_log_with_bytes_changed_is_read_or_refused(kind: str, edits: list[tuple[int, bytes]]) -> None:
    raw = bytearray(SOUND[kind])
    for where, new in edits:
        at = where % len(raw)
        raw[at : at + len(new)] = new
    reading = read_case(Case(bytes(raw), suffix=".json" if kind == ".json" else ".eval"))
    assert reading.findings
    assert all(f.message.isprintable() for f in reading.findings)
    assert all(run.failures + run.clean + run.missing == run.planned for run in reading.runs)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PLACES = (
    "eval.config",
    "eval.config.epochs",
    "eval.config.limit",
    "eval.dataset",
    "eval.dataset.samples",
    "eval.dataset.sample_ids",
    "eval.task",
    "eval.task_args",
    "eval.task_version",
    "eval.model",
    "eval.model_roles",
    "eval.created",
    "status",
    "stats",
    "results",
    "results.scores",
)


@given(st.sampled_from(PLACES), JSON, st.lists(JSON, max_size=3))
def test_a_header_with_anything_in_it_is_read_or_refused(place: str, value: object, scores: list[object]) -> None:
    rows = trials("CC") + [{"id": f"q{i}", "epoch": 1, "scores": {"choice": score}} for i, score in enumerate(scores)]
    head = header(changes={place: "to be replaced"})
    *above, last = place.split(".")
    table = head
    for step in above:
        table = table[step]
    table[last] = value
    reading = read_case(Case(json_log(head, rows), suffix=".json"))
    assert reading.findings
    assert all(f.line().isprintable() for f in reading.findings)
