"""Setting a lab to what it is already logs nothing."""

import pytest
from sqlalchemy.orm import Session

from pledge.instance import Instance
from pledge.labs.service import set_lab
from tests.site_kit import START

pytestmark = pytest.mark.sqlite_only

FACTS = {
    "slug": "new-lab",
    "name": "New Lab",
    "website": "https://new.example",
    "domains": [{"domain": "new.example", "scope": "lab"}],
    "headcount": [
        {"value": 74, "population": "research_percent", "as_of": "2026", "source": "a", "accepted": True},
        {"low": 10, "high": 20, "population": "total", "as_of": "2026", "source": "b", "accepted": True},
        {"value": 15, "population": "total", "as_of": "2026", "source": "c"},
    ],
}


def set_facts(instance: Instance, **changes: object) -> object:
    def work(session: Session) -> object:
        return set_lab(session, FACTS | changes, origin=instance.notary.origin, day=START.date())

    return instance.log.run(work)


def test_the_same_facts_say_nothing_new(instance: Instance) -> None:
    first = set_facts(instance)
    assert first is not None
    assert [row.low for row in first.headcount] == [10]  # type: ignore[attr-defined]  # a statement, as just asserted
    assert set_facts(instance) is None
    assert set_facts(instance, website="https://other.example") is None
    assert set_facts(instance, name="Newer Lab") is not None
