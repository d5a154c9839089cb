"""The API against its own description, by a tool that is not ours: it makes requests of the document, good and bad.

The site has signatories in every state of life, so that what is answered is not empty.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema

from pledge.api.operations import OPERATIONS
from pledge.tick import tick
from tests.site_kit import Clock, Person

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def described(ada: Person, clock: Clock) -> BaseSchema:
    ada.sign_publicly()
    left = Person(ada.app, name="Le Aving", address="left@mistral.ai")
    left.sign_publicly()
    left.change_by_mail("withdraw", "left-lab")
    Person(ada.app, name="No Lab", address="no@example.org", lab="").sign()
    clock.pass_days(200)
    tick(ada.instance)
    Person(ada.app, name="名 前", address="q1@alibaba-inc.com", lab="alibaba-qwen").sign_publicly()
    clock.pass_days(200)
    tick(ada.instance)
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", ada.app)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize("path", [operation.path for operation in OPERATIONS])
def test_answers_are_as_described(described: BaseSchema, path: str, mode: GenerationMode) -> None:
    operation = described[path]["GET"]
    if mode is GenerationMode.NEGATIVE and not any(op.path == path and op.parameters for op in OPERATIONS):
        return  # what has no parameters cannot be asked wrongly

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
        case.call_and_validate()

    check()
