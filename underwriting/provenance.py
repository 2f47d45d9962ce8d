"""What a quote was made from: the findings of intake, told apart from those that appetite makes again."""

from __future__ import annotations

from actuarial.calibration import Calibration
from policies.findings import Finding, WaarborgError
from policies.regimes import Regime
from underwriting.appetite import Case, judge
from underwriting.quote import Quote
from underwriting.quoting import quote_id


def handed_in(quote: Quote, regime: Regime, calibration: Calibration) -> tuple[Finding, ...]:
    """The findings of intake: all of a quote's but those of appetite.

    Raises WaarborgError when the quote's id is not that of its inputs, as with a what-if.
    """
    if quote.id != quote_id(quote.profile, quote.at, regime, calibration):
        raise WaarborgError(f"{quote.id} is not the quote of a dossier as it was read, so it is not saved")
    danger = {system.id: dict(system.danger) for system in quote.systems}
    judged = list(judge(Case(quote.profile, danger, quote.breakdown.offered_premium, quote.at, regime, calibration)))
    intake = []
    for finding in quote.findings:
        if finding in judged:
            judged.remove(finding)
        else:
            intake.append(finding)
    return tuple(intake)
