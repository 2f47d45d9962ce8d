"""The perils: what can go wrong with an AI system. One row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peril:
    """A peril. `systemic` ones drive limit, attachment, conditions and referral rather than frequency; of a
    `capability` one the hazard is capability times safeguard failure (docs/methods/evidence.md, scores)."""

    id: str
    title: str
    title_nl: str
    systemic: bool = False
    capability: bool = False


PERILS: Mapping[str, Peril] = {
    peril.id: peril
    for peril in (
        Peril("BOD", "Bodily injury or death", "Letsel of overlijden"),
        Peril("PSY", "Psychological damage", "Psychische schade"),
        Peril("PRO", "Property damage, loss of data", "Zaakschade, verlies van gegevens"),
        Peril("PRV", "Disclosure of personal data", "Schending van privacy"),
        Peril("DIS", "Discrimination, unequal treatment", "Discriminatie, ongelijke behandeling"),
        Peril("FIN", "Financial loss from wrong output", "Vermogensschade door foute uitvoer"),
        Peril("IPR", "Infringement of intellectual property", "Inbreuk op intellectuele eigendom"),
        Peril("DIG", "Defamation, harm to dignity", "Smaad, aantasting van de persoon"),
        Peril("FRD", "Fraud on or manipulation of third parties", "Fraude of misleiding van derden"),
        Peril("SEC", "System compromise", "Overname of lek van het systeem"),
        Peril("CYB", "Uplift to cyber offence", "Hulp bij cyberaanvallen", systemic=True, capability=True),
        Peril(
            "CBR",
            "Uplift to mass-casualty weapons",
            "Hulp bij massavernietigingswapens",
            systemic=True,
            capability=True,
        ),
        Peril("LOC", "Loss of control", "Verlies van controle", systemic=True),
        Peril("SOC", "Disruption of society at scale", "Ontwrichting van de samenleving"),
    )
}
