"""The labs of the demo, which do not exist: how many work there, how many sign, and when.

Headcounts are for ``FULL`` signatories; a smaller demo has smaller labs, so that shares stay what they are.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from pledge.demo.growth import Wave, day_of
from pledge.labs.models import NO_CEILING

FULL = 20_000
NO_LAB = 3_400
"""How many of those belong to no lab."""

NO_LAB_WAVES = (Wave(0.2, 0.03, 1), Wave(0.62, 0.1, 3), Wave(0.93, 0.02, 1.5))


class Observation(NamedTuple):
    """What somebody says of how many work at a lab: ``high`` is None where they know no upper end.

    ``moment`` is when the operator accepts it, as a part of the whole time; 0 for the founding.
    """

    low: int
    high: int | None
    source: str
    moment: float = 0.0


class Invented(NamedTuple):
    """A lab: its slug and name, its own mail domain and that of its group, and what happens there.

    Attributes:
        signs: How many of ``FULL`` sign.
        since: When the operator adds it, as a part of the whole time.
    """

    slug: str
    name: str
    domain: str | None
    group: str | None
    signs: int
    observations: Sequence[Observation]
    waves: Sequence[Wave]
    since: float = 0.0


LABS = (
    Invented(
        "quellwater",
        "Quellwater",
        "quellwater.example",
        None,
        4_600,
        [Observation(15_200, 15_200, "Invented: the company's annual report")],
        [Wave(0.22, 0.04, 1), Wave(0.55, 0.05, 1.2), Wave(0.85, 0.06, 2.6)],
    ),
    Invented(
        "brightmoor-daughters",
        "Brightmoor & Daughters",
        "brightmoor.example",
        None,
        3_900,
        [Observation(17_000, 23_500, "Invented: an interview with its head of research")],
        [Wave(0.3, 0.06, 1.2), Wave(0.72, 0.09, 3)],
    ),
    Invented(
        "tallowgate",
        "Tallowgate",
        "tallowgate.example",
        None,
        2_900,
        [
            Observation(18_500, 18_500, "Invented: a filing with a register of companies"),
            Observation(25_000, 28_000, "Invented: a newspaper, which counts contractors", 0.63),
        ],
        [Wave(0.18, 0.02, 0.6), Wave(0.66, 0.015, 2), Wave(0.9, 0.05, 1)],
    ),
    Invented(
        "norrvik-institute",
        "Norrvik Institute",
        "norrvik.example",
        None,
        1_900,
        [Observation(9_000, None, "Invented: its own page says “more than 9,000 people”")],
        [Wave(0.15, 0.03, 1), Wave(0.6, 0.16, 3)],
    ),
    Invented(
        "larkspur-engine-works",
        "Larkspur Engine Works",
        "larkspur.example",
        None,
        1_300,
        [Observation(21_000, 21_000, "Invented: the company's annual report")],
        [Wave(0.5, 0.12, 1), Wave(0.95, 0.015, 0.6)],
    ),
    Invented(
        "ferrous-lake",
        "Ferrous Lake",
        "ferrous-lake.example",
        "kupfermeer.example",
        1_000,
        [Observation(7_500, 12_000, "Invented: an estimate by a trade journal")],
        [Wave(0.4, 0.1, 1), Wave(0.8, 0.1, 1.4)],
    ),
    Invented(
        "seven-herons",
        "Seven Herons",
        "sevenherons.example",
        None,
        700,
        [Observation(1_900, 1_900, "Invented: counted by its works council")],
        [Wave(0.1, 0.02, 1.2), Wave(0.7, 0.12, 2)],
    ),
    Invented(
        "mistwood",
        "Mistwood",
        "mistwood.example",
        None,
        300,
        [],
        [Wave(0.62, 0.04, 1), Wave(0.9, 0.04, 1)],
        0.42,
    ),
)


def changes_on(lab: Invented, last: date) -> set[date]:
    """Give the days on which something new is known of a lab."""
    return {
        day_of(max(moment, lab.since), last) for moment in (0, *(each.moment for each in lab.observations))
    }


def facts(lab: Invented, day: date, *, last: date, scale: float) -> dict[str, Any]:
    """Give a lab as ``labs.service.set_lab`` takes it, with what is known on a day."""
    domains = [(lab.domain, "lab"), (lab.group, "group")]
    return {
        "slug": lab.slug,
        "name": lab.name,
        "website": f"https://{lab.domain}",
        "domains": [{"domain": domain, "scope": scope} for domain, scope in domains if domain],
        "headcount": [
            {
                "low": _scaled(each.low, scale),
                "high": NO_CEILING if each.high is None else _scaled(each.high, scale),
                "population": "total",
                "as_of": f"{day_of(each.moment, last):%Y-%m}",
                "source": each.source,
                "accepted": True,
            }
            for each in lab.observations
            if day_of(each.moment, last) <= day
        ],
    }


def _scaled(people: int, scale: float) -> int:
    return max(1, round(people * scale))


ROLES = (
    *(
        "research scientist",
        "research engineer",
        "software engineer",
        "member of technical staff",
        "team lead",
    ),
    *(
        "evaluations",
        "interpretability",
        "pre-training",
        "inference",
        "data",
        "policy",
        "security",
        "site reliability",
    ),
    *(
        "PhD student",
        "postdoc",
        "professor",
        "product manager",
        "chief of staff",
        "technical writer",
        "hardware",
    ),
)
REASONS = (
    "I want to be able to say that I asked.",
    "Nobody in the room could tell me what would make us stop. I think that somebody should be able to.",
    "We plan bridges for loads that we have never seen. This is no harder, only newer.",
    "My team holds back already. I would like to know that we are not the only ones.",
    "Not against scale. Against not looking.",
    "I have children, and I have read the loss curves.",
    "A plan costs us a week. We spend that on naming the model.",
    "Because the people I learn from have signed.",
    "I objected once and was heard. Everybody should be.",
    "Speed is fine. I drive fast where I can see.",
)
AMENDMENTS = (
    (
        0.36,
        "a group that holds back alone may only fall behind",
        "whoever holds back alone may only fall behind",
    ),
    (
        0.7,
        "\nScale alone is never a violation.\n",
        "\nScale alone is never a violation. Nor is speed alone.\n",
    ),
)
"""When the text is amended, as a part of the whole time, and how. For the demo only."""
