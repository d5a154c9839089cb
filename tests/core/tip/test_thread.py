from collections.abc import Callable
from dataclasses import replace

import pytest

from pledge.core.keys import SigningKey
from pledge.core.tip.mailbox import mailbox_id
from pledge.core.tip.message import Manifest, sign_message
from pledge.core.tip.thread import Place, check_thread
from pledge.errors import VerificationError
from tests.core.tip.kit import MAILBOX, ORIGIN, SOURCE, STEWARD, STEWARDS, follow, thread

Attack = Callable[[list[Place]], list[Place]]


def check(places: list[Place]) -> None:
    check_thread(places, origin=ORIGIN, mailbox=MAILBOX, stewards=STEWARDS)


def manifest_of(place: Place) -> Manifest:
    assert place.manifest is not None
    return place.manifest


def forged(places: list[Place], number: int, key: SigningKey, **changes: object) -> list[Place]:
    """Put another message into a place, signed by somebody."""
    old = manifest_of(places[number - 1]).message
    made = sign_message(replace(old, **changes), key)  # type: ignore[arg-type]  # in tests
    return [*places[: number - 1], Place(places[number - 1].envelope_sha256, made), *places[number:]]


def test_each_side_accepts_what_it_can_open() -> None:
    places = thread()
    check(places)
    check([])
    source = [
        place._replace(manifest=place.manifest if number % 2 else None) for number, place in enumerate(places)
    ]
    check(source)
    check([place._replace(manifest=None) for place in places])


ATTACKS: dict[str, tuple[Attack, str]] = {
    "an answer by nobody known": (
        lambda places: forged(places, 2, SigningKey.from_seed(bytes([7]) * 32)),
        "message-forged",
    ),
    "an answer by the source": (lambda places: forged(places, 2, SOURCE), "message-forged"),
    "a follow-up by a steward": (lambda places: forged(places, 3, STEWARD), "message-forged"),
    "words changed after signing": (
        lambda places: [
            *places[:1],
            Place(
                places[1].envelope_sha256,
                manifest_of(places[1])._replace(message=replace(manifest_of(places[1]).message, text="No.")),
            ),
        ],
        "not-verified",
    ),
    "an answer dropped": (lambda places: [places[0], *places[2:]], "message-order"),
    "two swapped": (lambda places: [places[0], places[2], places[1], places[3]], "message-order"),
    "one replayed": (lambda places: [*places, places[1]], "message-order"),
    "one replayed unseen": (
        lambda places: [place._replace(manifest=None) for place in [*places, places[1]]],
        "message-replayed",
    ),
    "of another log": (
        lambda places: forged(places, 2, STEWARD, origin="other.example"),
        "message-elsewhere",
    ),
    "of another mailbox": (
        lambda places: forged(places, 2, STEWARD, mailbox=mailbox_id(bytes(32))),
        "message-elsewhere",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda name: name.replace(" ", "-"))
def test_what_a_server_could_do_is_found_out(attack: str) -> None:
    make, code = ATTACKS[attack]
    with pytest.raises(VerificationError) as caught:
        check(make(thread()))
    assert caught.value.code == code


def test_another_tip_in_its_place_is_found_out_by_the_next_message() -> None:
    places = thread()
    other = sign_message(replace(manifest_of(places[0]).message, text="Nothing."), SOURCE)
    with pytest.raises(VerificationError):
        check([Place("0" * 64, other), *places[1:]])


def test_the_message_that_is_wrong_is_named() -> None:
    places = thread()
    message = follow(manifest_of(places[0]).message, 5, places[3].envelope_sha256)
    stranger = sign_message(message, STEWARD)
    with pytest.raises(VerificationError, match="Message 5: "):
        check([*places, Place("f" * 64, stranger)])
