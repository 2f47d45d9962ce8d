"""The sample market on disk: fictional firms, each with a dossier folder as a real one would have.

Same firms, seed, day, regime and calibration: same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from actuarial.calibration import Calibration
from actuarial.market.firms import SampleFirm, draw_firm
from actuarial.market.outcomes import TestOutcome
from actuarial.market.truth import stated_truth
from policies.digest import sha256_hex
from policies.money import CENTS_PER_EURO, Money
from policies.regimes import Regime
from policies.risk import AISystem
from policies.safety import Independence
from underwriting.sample_logs import Run, eval_log, json_log, results_table

FORMAT = "waarborg-dossier/1"
WORDS = (
    "Anker", "Baken", "Dijk", "Duin", "Echo", "Fakkel", "Gemaal", "Haven", "IJking", "Kade", "Kompas", "Lantaarn",
    "Molen", "Noorder", "Oever", "Peil", "Raam", "Sluis", "Terp", "Uiterwaard", "Vaart", "Wijzer", "Zeil", "Zilt",
)  # fmt: skip
ASSESSORS = ("Keurbureau Ebbe (fictief)", "Toetshuis Vloed (fictief)", "Meetkamer Getij (fictief)")
FICTIONAL_NUMBERS = 99_000_000  # business register numbers of the sample: 99 and the number of the firm in six digits
EVERY_JSON = 6  # every so many logs is plain JSON, the others are archives


@dataclass(frozen=True, slots=True)
class File:
    """A file of a dossier by its path inside the folder."""

    path: str
    content: bytes


def write_market(
    folder: Path, firms: int, seed: int, at: date, regime: Regime, calibration: Calibration
) -> Iterator[Path]:
    """Write so many dossiers into `folder`, one folder a firm, each yielded when it is whole: dossier.toml comes last.

    Files of the same name are replaced. Raises WaarborgError when the regime lacks a class of the sample.
    """
    for number in range(1, firms + 1):
        firm = draw_firm(number, seed, stated_truth(), at, regime, calibration)
        dossier = folder / f"{firm.number:03d}-{_word(firm).lower()}"
        for file in dossier_files(firm, seed):
            path = dossier / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        yield dossier


def _word(firm: SampleFirm) -> str:
    return WORDS[firm.number % len(WORDS)]


def firm_name(firm: SampleFirm) -> str:
    """A name that nobody takes for that of a real firm."""
    return f"Voorbeeld {_word(firm)} {firm.number:03d} B.V. (fictief)"


def dossier_files(firm: SampleFirm, seed: int) -> tuple[File, ...]:
    """The files of a firm's dossier, dossier.toml last."""
    models = {system.id: system.foundation_model.rpartition("@")[0] for system in firm.systems}
    evidence: list[tuple[TestOutcome, File]] = []
    for number, outcome in enumerate(firm.outcomes, 1):
        unique = f"{seed}/{firm.number}/{number}"
        run = Run(outcome, firm_name(firm), outcome.system, models[outcome.system], unique)
        evidence.append((outcome, _evidence(run, number)))
    return (
        *(file for _, file in evidence),
        File("incidents.csv", _table(_INCIDENT_COLUMNS, _incident_rows(firm))),
        File("obligations.csv", _table(_OBLIGATION_COLUMNS, _obligation_rows(firm))),
        File("dossier.toml", _declaration(firm, evidence).encode()),
    )


def _evidence(run: Run, number: int) -> File:
    stem = f"evidence/{run.outcome.system}-{number:03d}-{run.outcome.test}"
    if not run.outcome.logged:
        return File(f"{stem}.csv", results_table(run.outcome))
    if number % EVERY_JSON == 0:
        return File(f"{stem}.json", json_log(run))
    return File(f"{stem}.eval", eval_log(run))


# --- dossier.toml


def _declaration(firm: SampleFirm, evidence: Sequence[tuple[TestOutcome, File]]) -> str:
    """The text of dossier.toml."""
    lines = [_pair("format", FORMAT), "", "[firm]"]
    lines += [
        _pair("name", firm_name(firm)),
        _pair("kvk", str(FICTIONAL_NUMBERS + firm.number)),
        _pair("country", firm.country),
        _pair("size_class", firm.size_class.value),
        _pair("turnover_nl_eur", firm.turnover_nl),
        _pair("turnover_world_eur", firm.turnover_world),
        _pair("founded", firm.founded),
    ]
    cover = firm.cover
    lines += [
        "",
        "[cover]",
        _pair("inception", cover.inception),
        _pair("term_months", cover.term_months),
        _pair("heads", cover.heads),
        _pair("limit_eur", cover.terms.limit),
        _pair("aggregate_limit_eur", cover.terms.aggregate_limit),
        _pair("deductible_eur", cover.terms.deductible),
        _pair("instalments", cover.instalments),
    ]
    for system in firm.systems:
        lines += ["", "[[systems]]", *_system_lines(system)]
        for outcome, file in evidence:
            if outcome.system == system.id:
                lines += ["", "[[systems.evidence]]", *_evidence_lines(firm, outcome, file)]
    return "\n".join(lines) + "\n"


def _system_lines(system: AISystem) -> list[str]:
    fields: dict[str, object] = {
        "id": system.id,
        "name": system.name,
        "version": system.version,
        "roles": tuple(role.value for role in system.roles),
        "assessed_class": system.assessed_class,
        "self_assessed_class": system.self_assessed_class,
        "annex_iii_area": system.annex_iii_area,
        "eu_db_id": system.eu_db_id,
        "autonomy": system.autonomy,
        "sector": system.sector,
        "persons_per_month": int(system.persons_per_month),
        "deployed": system.deployed,
        "foundation_model": system.foundation_model,
        "training_flop": system.training_flop,
    }
    return [_pair(name, value) for name, value in fields.items() if value is not None]


def _evidence_lines(firm: SampleFirm, outcome: TestOutcome, file: File) -> list[str]:
    accredited = outcome.independence is Independence.ACCREDITED
    lines = [
        _pair("file", file.path),
        _pair("test", outcome.test),
        _pair("evaluator", ASSESSORS[firm.number % len(ASSESSORS)] if accredited else firm_name(firm)),
        _pair("independence", outcome.independence.value),
        _pair("sha256", sha256_hex(file.content)),
    ]
    return [*lines, _pair("registered_at", outcome.registered_at)] if outcome.registered_at else lines


def _pair(name: str, value: object) -> str:
    return f"{name} = {_toml(value)}"


def _toml(value: object) -> str:
    """A value as TOML; amounts in euros."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Money):
        return _euros(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _euros(amount: Money) -> str:
    whole, cents = divmod(amount.cents, CENTS_PER_EURO)
    return f"{whole}.{cents:02d}" if cents else str(whole)


# --- incidents.csv and obligations.csv

_INCIDENT_COLUMNS = (
    "id", "system", "peril", "occurred_at", "aware_at", "reported_at", "source", "severity", "persons_affected",
    "loss_eur", "description",
)  # fmt: skip
_OBLIGATION_COLUMNS = ("system", "kind", "due", "delivered", "completeness")


def _incident_rows(firm: SampleFirm) -> Iterator[Sequence[object]]:
    for i in firm.incidents:
        days = (i.occurred_at, i.aware_at, i.reported_at or "")
        yield i.id, i.system, i.peril, *days, i.source, i.severity, i.persons_affected, _euros(i.loss), i.description


def _obligation_rows(firm: SampleFirm) -> Iterator[Sequence[object]]:
    return ((o.system, o.kind, o.due, o.delivered or "", f"{o.completeness:g}") for o in firm.obligations)


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
