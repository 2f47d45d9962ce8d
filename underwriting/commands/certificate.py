"""`waarborg audit certificate`: what a tariff can never do, with the proof, and the search that tries to break it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from underwriting import settings
from underwriting.certificate_text import bounds, claim_title, number, proof_line, verdict_word, witness_line
from underwriting.cli import Options, lang_option
from underwriting.commands.printing import say
from underwriting.desk import IN_FORCE
from underwriting.export import SCHEMA_VERSION, to_json
from underwriting.texts import text

if TYPE_CHECKING:
    from actuarial.certificate import Certificate, Witness
    from actuarial.searching.adversary import Challenge

GLYPHS = {"proved": "✓", "refuted": "✗", "not_applicable": "·"}
SEED = 2027  # of the search: the same tariff is searched the same way


@click.command()
@click.option("--tariff", metavar="ID", default=IN_FORCE, help="The calibration to certify; by default in-force.")
@click.option("--regime", metavar="ID", help="The regime to certify it under, instead of the one in force.")
@click.option(
    "--search", is_flag=True, help="Also search for a firm that breaks a claim; it takes some ten to thirty seconds."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@lang_option()
@click.pass_obj
def certificate(
    options: Options, tariff: str, regime: str | None, search: bool, as_json: bool, lang: str | None
) -> int:
    """Print the certificate of a tariff: every claim with its proof, and the firm that refutes it if one does.

    Exit code: 0 valid and unbroken, 1 a claim is refuted or broken, 2 bad input.
    """
    desk, lang = options.existing(regime), lang or settings.language()
    calibration = desk.calibration_of(desk.calibration_row(tariff).sha256)
    found = desk.certificate(calibration)
    challenges: Sequence[Challenge] = ()
    if search:
        from actuarial.searching.adversary import challenge  # noqa: PLC0415 - the optimiser costs half a second

        say(text("search.begins", lang), err=True)
        challenges = challenge(calibration, desk.regime, seed=SEED)
    currency = desk.regime.currency
    if as_json:
        click.echo(to_json(certificate_data(found, challenges, currency)))
    else:
        for line in certificate_lines(found, challenges, desk.regime.id, currency, lang):
            say(line)
    return int(not found.valid or any(challenge.witness for challenge in challenges))


def certificate_lines(
    found: Certificate, challenges: Sequence[Challenge], regime_id: str, currency: str, lang: str
) -> Iterator[str]:
    """The certificate as text: verdict, claims with their proofs, and what the search found."""
    yield text(
        "certificate.valid" if found.valid else "certificate.invalid",
        lang,
        calibration=found.calibration_sha256,
        regime=regime_id,
        refuted=len(found.refuted),
        claims=len(found.claims),
    )
    for claim in found.claims:
        interval = bounds(claim, lang)
        yield ""
        yield f"{GLYPHS[claim.verdict]} {claim_title(claim, lang)}: {verdict_word(claim, lang)} {interval}".rstrip()
        for step in claim.proof:
            yield f"    {'  ' if step.holds else GLYPHS['refuted'] + ' '}{proof_line(step, lang)}"
        if claim.witness:
            yield f"    {text('witness.word', lang)}: {witness_line(claim.witness, currency, lang)}"
    if challenges:
        yield from ("", text("search.title", lang))
    for challenge in challenges:
        word = text(
            "search.broken" if challenge.witness else "search.unbroken", lang, tried=number(challenge.tried, lang)
        )
        yield f"  {GLYPHS['refuted' if challenge.witness else 'proved']} {challenge.claim:<20} {word}"
        if challenge.witness:
            yield f"      {witness_line(challenge.witness, currency, lang)}"


def certificate_data(found: Certificate, challenges: Sequence[Challenge], currency: str) -> dict[str, Any]:
    """The certificate for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "calibration": found.calibration_sha256,
        "regime": found.regime_sha256,
        "currency": currency,
        "valid": found.valid,
        "claims": [
            {
                "id": claim.id,
                "verdict": claim.verdict.value,
                "low": claim.low,
                "high": claim.high,
                "proof": [
                    {
                        "code": step.code,
                        "holds": step.holds,
                        "values": dict(step.values),
                        "text": proof_line(step, "en"),
                    }
                    for step in claim.proof
                ],
                "witness": _witness_data(claim.witness),
            }
            for claim in found.claims
        ],
        "search": [
            {"claim": c.claim, "tried": c.tried, "broken": c.witness is not None, "witness": _witness_data(c.witness)}
            for c in challenges
        ],
    }


def _witness_data(witness: Witness | None) -> dict[str, Any] | None:
    if witness is None:
        return None
    return {
        "firm": dict(witness.firm),
        "changed": witness.changed,
        "before": witness.before,
        "after": witness.after,
        "due_before": witness.due_before,
        "due_after": witness.due_after,
    }
