"""Fixtures: a site on which enough stewards read tips."""

import pytest

from pledge.instance import Instance
from tests.steward_kit import Steward, found_stewards
from tests.tips.source_kit import Source


@pytest.fixture
def stewards(instance: Instance) -> list[Steward]:
    """Enough of them, so that tips are open."""
    return found_stewards(instance, instance.genesis.quorum)


@pytest.fixture
def source(instance: Instance, stewards: list[Steward]) -> Source:
    """Somebody with something to tell."""
    return Source(instance)
