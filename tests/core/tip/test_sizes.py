import json
import os
from pathlib import Path

import pytest

from pledge.core.age.envelope import seal
from pledge.core.age.hybrid import HybridIdentity
from pledge.core.archive import SIZE_CLASSES
from pledge.core.tip.sizes import class_of

CASES = json.loads((Path(__file__).parents[2] / "vectors/envelope-size.json").read_text(encoding="utf-8"))[
    "cases"
]


@pytest.mark.parametrize("case", CASES)
def test_the_class_follows_from_the_length(case: dict[str, int | None]) -> None:
    """As in the browser."""
    assert case["envelope_bytes"] is not None
    assert class_of(case["envelope_bytes"]) == case["class_bytes"]


@pytest.mark.parametrize("recipients", [1, 9])
def test_what_is_sealed_is_of_its_class(recipients: int) -> None:
    """Whatever the number of those who may read it."""
    stewards = [HybridIdentity.from_seed(bytes([n]) * 32).recipient for n in range(recipients)]
    for size in SIZE_CLASSES[:5]:
        envelope = b"".join(seal(stewards, [bytes(size)], random_bytes=os.urandom))
        assert class_of(len(envelope)) == size
