"""The certificate in words, Dutch and English."""

from __future__ import annotations

from actuarial.certificate import Certificate, Claim, Number, ProofStep, Witness
from policies.money import Money
from underwriting.texts import plain_amount, text

SHORT = 12  # digits of a digest that are shown
DIGITS = 4  # significant digits of a number in a sentence


def claim_title(claim: Claim, lang: str) -> str:
    """What a claim says."""
    return text(f"claim.{claim.id}", lang)


def verdict_word(claim: Claim, lang: str) -> str:
    """What became of it."""
    return text(f"verdict.{claim.verdict}", lang)


def proof_line(step: ProofStep, lang: str) -> str:
    """A line of a proof as a sentence."""
    return text(f"proof.{step.code}", lang, **{name: number(value, lang) for name, value in step.values})


def witness_line(witness: Witness, currency: str, lang: str) -> str:
    """A counter-example as a sentence in plain numbers."""
    firm = ", ".join(f"{plain_name(name, lang)} {number(value, lang)}" for name, value in witness.firm)

    def amount(money: Money) -> str:
        return localised(plain_amount(money, currency), lang)

    return text(
        "witness.disclosure" if witness.changed.startswith("incident ") else "witness.line",
        lang,
        firm=firm,
        changed=plain_name(witness.changed, lang),
        before=number(witness.before, lang),
        after=number(witness.after, lang),
        due_before=amount(witness.due_before),
        due_after=amount(witness.due_after),
    )


def bounds(claim: Claim, lang: str) -> str:
    """What a claim bounds, as an interval; empty where it bounds nothing."""
    if claim.low is None and claim.high is None:
        return ""
    low = "-∞" if claim.low is None else number(claim.low, lang)
    high = "∞" if claim.high is None else number(claim.high, lang)
    return f"[{low}; {high}]"


def refusal(certificate: Certificate, currency: str, regime_id: str) -> str:
    """Why a calibration may not be used: every claim that does not hold, a line each, with the firm that shows it."""
    lines = [
        f"calibration {certificate.calibration_sha256[:SHORT]} has no valid certificate under {regime_id}: "
        f"{len(certificate.refuted)} of {len(certificate.claims)} claims are refuted"
    ]
    for claim in certificate.refuted:
        broken = next(step for step in claim.proof if not step.holds)
        lines.append(f"{claim.id}: does not hold: {proof_line(broken, 'en')}")
        if claim.witness:
            lines.append(f"{claim.id}: {witness_line(claim.witness, currency, 'en')}")
    return "\n".join(lines)


def plain_name(name: str, lang: str) -> str:
    """The name of a number of a firm; "danger_FIN" is danger and its peril. One without words is told as it is."""
    for kind in ("danger_", "incidents_", "failure_rate ", "incident "):
        if name.startswith(kind):
            return f"{_word(kind.strip(' _'), lang)} {name.removeprefix(kind)}"
    return _word(name, lang)


def _word(name: str, lang: str) -> str:
    try:
        return text(f"witness.{name}", lang)
    except KeyError:
        return name.replace("_", " ")


def number(value: Number, lang: str) -> str:
    """A number as it stands in a sentence; text as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 10**DIGITS):
        return localised(f"{int(value):,}", lang)
    written = f"{value:,.0f}" if abs(value) >= 10**DIGITS else f"{value:.{DIGITS}g}"
    return localised(written, lang)


def localised(written: str, lang: str) -> str:
    """An English number as the language writes it."""
    return written.translate(str.maketrans(",.", ".,")) if lang == "nl" else written
