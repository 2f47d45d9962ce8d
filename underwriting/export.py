"""What scripts read: a quote, the list and the catalogue as JSON. Keys are English and stable; money is whole cents."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from policies.digest import plain
from policies.heads import HEADS
from policies.perils import PERILS
from policies.regimes import Regime
from policies.safety import catalogue
from underwriting.quote import Quote, SystemResult
from underwriting.records import QuoteRow
from underwriting.texts import lever_text, plain_amount, text

SCHEMA_VERSION = 1
LANG = "en"  # labels are the same whoever asks


def to_json(value: Any) -> str:
    """JSON for a person or a program; all but ASCII is escaped, so that no text can drive a terminal."""
    return json.dumps(plain(value), indent=2, allow_nan=False)


def quote_data(quote: Quote, regime: Regime) -> dict[str, Any]:
    """A quote as plain data (docs/cli.md names every field)."""
    premium = quote.breakdown
    return {
        "schema_version": SCHEMA_VERSION,
        "quote_id": quote.id,
        "at": quote.at,
        "decision": quote.decision,
        "regime": quote.regime_id,
        "calibration": quote.calibration_sha256,
        "dossier_sha256": quote.profile.sha256,
        "currency": regime.currency,
        "findings": quote.findings,
        "systems": [_system(system) for system in quote.systems],
        "lines": [
            {
                "code": line.code,
                "label": text(f"line.{line.code}", LANG),
                "cents": line.amount.cents,
                "factor": line.factor,
                "source": line.source,
            }
            for line in premium.lines
        ],
        "technical_premium_cents": premium.technical_premium.cents,
        "offered_premium_cents": premium.offered_premium.cents,
        "tax_cents": premium.tax.cents,
        "due_cents": premium.due.cents,
        "due_theta_low_cents": quote.due_low.cents,
        "due_theta_high_cents": quote.due_high.cents,
        "instalments_cents": [part.cents for part in quote.instalments],
        "levers": _levers(quote, regime),
    }


def row_data(row: QuoteRow) -> dict[str, Any]:
    """A row of the list as plain data."""
    return {
        "quote_id": row.id,
        "firm": row.firm,
        "obliged_class": row.obliged_class,
        "limit_cents": row.limit.cents,
        "due_cents": row.due.cents,
        "decision": row.decision,
        "at": row.at,
        "inception": row.inception,
    }


def catalogue_data(regime: Regime) -> dict[str, Any]:
    """Perils with the battery that a regime requires, harm heads, and the safety tests."""
    return {
        "schema_version": SCHEMA_VERSION,
        "regime": regime.id,
        "perils": [
            {"id": peril.id, "title": peril.title, "battery": regime.battery.get(peril.id, ())}
            for peril in PERILS.values()
        ],
        "heads": [{"id": head.id, "title": head.title} for head in HEADS.values()],
        "tests": [
            {
                "id": test.id,
                "peril": test.main_peril,
                "direction": test.direction,
                "minimum_trials": test.minimum_trials,
            }
            for test in catalogue().values()
        ],
    }


def _system(system: SystemResult) -> dict[str, Any]:
    return {
        "id": system.id,
        "danger": dict(sorted(system.danger.items())),
        "compliance": system.compliance,
        "perils": {
            peril: {"frequency": priced.frequency, "expected_loss_cents": priced.expected_loss.cents}
            for peril, priced in sorted(system.perils.items())
        },
    }


def _levers(quote: Quote, regime: Regime) -> list[dict[str, Any]]:
    money = partial(plain_amount, currency=regime.currency)
    return [
        {
            "change": lever_text(lever, quote, regime, LANG, money),
            "premium_cents": lever.premium.cents,
            "saving_cents": lever.saving.cents,
        }
        for lever in quote.levers
    ]
