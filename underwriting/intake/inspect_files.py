"""The two containers of an Inspect log, `.eval` (ZIP) and `.json`, opened to header and trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from underwriting.intake.jsontext import parse_json
from underwriting.intake.limits import JSON_BYTES, Refused
from underwriting.intake.trials import Trial
from underwriting.intake.zipped import Members, inflated, members

HEADER, START, SUMMARIES = "header.json", "_journal/start.json", "summaries.json"
JOURNAL, SAMPLES = "_journal/summaries/", "samples/"


@dataclass(frozen=True, slots=True)
class Log:
    """A log as recorded. `finished` is False when the run was killed before it wrote a header; `withdrawn` counts
    trials that were invalidated, which have no scores here."""

    header: Mapping[str, Any]
    trials: tuple[Trial, ...]
    withdrawn: int
    finished: bool

    def get(self, *keys: str) -> Any:
        """What stands in the header under these keys, one inside the other, or None."""
        value: Any = self.header
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value


def read_archive(handle: BinaryIO) -> Log:
    """A `.eval` archive. Trials come from the summaries; samples that no summary covers are read one by one.

    Raises Refused.
    """
    there = members(handle)
    finished = HEADER in there
    if not finished and START not in there:
        raise Refused("log-damaged", f"holds neither {HEADER} nor {START}: not an Inspect log")
    header, *summaries = _documents(handle, there, [HEADER if finished else START, *_summary_names(there)])
    rows = [row for summary in summaries for row in _listed(summary)]
    covered = {_sample_name(row) for row in rows}
    rows += _documents(handle, there, [n for n in there if n.startswith(SAMPLES) and n not in covered])
    return _log(header, rows, finished)


def read_document(handle: BinaryIO) -> Log:
    """A `.json` log. Raises Refused."""
    header = parse_json(handle.read(JSON_BYTES + 1), "the log")
    rows = _listed(header.pop("samples", None) or []) if isinstance(header, dict) else []
    return _log(header, rows, finished=isinstance(header, dict) and header.get("status") != "started")


def _summary_names(there: Members) -> list[str]:
    if SUMMARIES in there:
        return [SUMMARIES]
    return [name for name in there if name.startswith(JOURNAL)]


def _documents(handle: BinaryIO, there: Members, names: Iterable[str]) -> Iterator[Any]:
    return (parse_json(content, name) for name, content in inflated(handle, (there[name] for name in names)))


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused("log-damaged", "holds samples that are not a list")
    return value


def _sample_name(row: Any) -> str:
    return f"{SAMPLES}{row.get('id')}_epoch_{row.get('epoch')}.json" if isinstance(row, dict) else ""


def _log(header: Any, rows: list[Any], finished: bool) -> Log:
    if not isinstance(header, dict) or not isinstance(header.get("eval"), dict):
        raise Refused("log-damaged", "has no description of the evaluation (`eval`): not an Inspect log")
    trials = tuple(_trial(row) for row in rows)
    withdrawn = sum(1 for row in rows if row.get("invalidation"))
    return Log(header, trials, withdrawn, finished)


def _trial(row: Any) -> Trial:
    """A sample or its summary as a trial. Raises Refused when it does not say which prompt and epoch it is."""
    prompt, epoch = (row.get("id"), row.get("epoch")) if isinstance(row, dict) else (None, None)
    if not isinstance(prompt, str | int) or type(epoch) is not int:
        raise Refused("log-damaged", "holds a sample without id and epoch")
    scores = row.get("scores")
    return Trial(str(prompt), epoch, scores if isinstance(scores, dict) and not row.get("invalidation") else {})
