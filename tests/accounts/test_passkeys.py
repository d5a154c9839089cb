"""Passkeys: what a device's answer must be, and each way in which it may be another's, an old one or a lie."""

import json
from datetime import timedelta
from typing import Any

import pytest

from pledge.accounts import joining, passkeys, sessions, signing_in
from pledge.accounts.secrets import hash_token
from pledge.errors import ConflictError, ForbiddenError, LimitError, NotFoundError
from pledge.instance import Instance
from tests.accounts.device import PRESENT, VERIFIED, Device
from tests.site_kit import Clock, random_bytes

HANDLE = hash_token("what the invitation's page was for")


def plain(options: dict[str, Any]) -> dict[str, Any]:
    """The options as the page has them."""
    return json.loads(json.dumps(options, default=dict))  # type: ignore[no-any-return]  # of JSON


def invite(instance: Instance, name: str) -> str:
    return instance.log.run(
        lambda session: joining.invite(
            session, name, is_founder=False, now=instance.clock(), random_bytes=random_bytes
        )
    )


def creation(instance: Instance, handle: bytes = HANDLE) -> dict[str, Any]:
    return plain(passkeys.registration_options(instance, handle=handle, name="Ada", known=()))


def request(instance: Instance) -> dict[str, Any]:
    return plain(passkeys.sign_in_options(instance))


def join(instance: Instance, device: Device, name: str = "Ada") -> signing_in.SignedIn:
    return passkeys.join(instance, invite(instance, name), HANDLE, device.make(creation(instance)))


def add(instance: Instance, account: bytes, device: Device) -> None:
    passkeys.add(instance, account, device.make(creation(instance, account)))


def test_a_passkey_lets_in(instance: Instance) -> None:
    device = Device()
    ada = join(instance, device)
    again = passkeys.sign_in(instance, device.show(request(instance)))
    assert again.id == ada.id
    assert again.token != ada.token
    with instance.database.reading() as session:
        found = sessions.find_session(session, again.token, now=instance.clock())
    assert found is not None
    assert found.name == "Ada"


def test_an_answer_works_once(instance: Instance) -> None:
    device = Device()
    join(instance, device)
    answer = device.show(request(instance))
    passkeys.sign_in(instance, answer)
    with pytest.raises(ForbiddenError):
        passkeys.sign_in(instance, answer)


@pytest.mark.parametrize(
    "lie",
    [
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:8000"},
        {"party": "evil.example"},
    ],
    ids=["not verified", "not present", "another page", "a number", "another site"],
)
def test_a_device_must_know_its_user_and_the_site(instance: Instance, lie: dict[str, Any]) -> None:
    honest = Device()
    join(instance, honest)
    lying = Device(id=honest.id, key=honest.key, **lie)
    with pytest.raises(ForbiddenError):
        passkeys.sign_in(instance, lying.show(request(instance)))
    with pytest.raises(ForbiddenError):
        join(instance, Device(**lie), "Bea")


def test_another_key_of_the_same_name_does_not_let_in(instance: Instance) -> None:
    device = Device()
    join(instance, device)
    with pytest.raises(ForbiddenError):
        passkeys.sign_in(instance, Device(id=device.id).show(request(instance)))
    with pytest.raises(ForbiddenError):
        passkeys.sign_in(instance, Device().show(request(instance)))


def test_a_copy_of_a_device_that_counts_is_noticed(instance: Instance) -> None:
    device = Device(counter=7)
    join(instance, device)
    for counter in (7, 3, 0):
        device.counter = counter
        with pytest.raises(ForbiddenError):
            passkeys.sign_in(instance, device.show(request(instance)))
    device.counter = 8
    passkeys.sign_in(instance, device.show(request(instance)))


def test_a_challenge_is_for_one_purpose_of_one_site_and_soon(instance: Instance, clock: Clock) -> None:
    device = Device()
    ada = join(instance, device)
    with pytest.raises(ForbiddenError):
        passkeys.sign_in(instance, device.show(creation(instance)))
    with pytest.raises(ForbiddenError):
        add(instance, random_bytes(16), Device(origin="http://evil.example"))
    others = creation(instance, random_bytes(16))
    with pytest.raises(ForbiddenError):
        passkeys.add(instance, ada.id, Device().make(others))
    own = request(instance)
    own["publicKey"]["challenge"] = "A" * len(own["publicKey"]["challenge"])
    with pytest.raises(ForbiddenError):
        passkeys.sign_in(instance, device.show(own))
    old = request(instance)
    clock.now += timedelta(minutes=10)
    with pytest.raises(ForbiddenError):
        passkeys.sign_in(instance, device.show(old))


def test_an_invitation_makes_one_account(instance: Instance) -> None:
    token = invite(instance, "Ada")
    passkeys.join(instance, token, HANDLE, Device().make(creation(instance)))
    with pytest.raises(NotFoundError):
        passkeys.join(instance, token, HANDLE, Device().make(creation(instance)))


def test_a_lie_does_not_use_the_invitation_up(instance: Instance) -> None:
    token = invite(instance, "Ada")
    with pytest.raises(ForbiddenError):
        passkeys.join(instance, token, HANDLE, Device(flags=PRESENT).make(creation(instance)))
    passkeys.join(instance, token, HANDLE, Device().make(creation(instance)))


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '"x"', '{"id": 1}', '{"rawId": "AAAA", "response": {}}', "\x00"]
)
def test_anything_else_is_refused(instance: Instance, answer: str) -> None:
    with pytest.raises(ForbiddenError):
        passkeys.sign_in(instance, answer)
    with pytest.raises(ForbiddenError):
        passkeys.join(instance, invite(instance, "Ada"), HANDLE, answer)


def test_the_last_way_in_stays(instance: Instance) -> None:
    ada = join(instance, Device())
    second = Device()
    add(instance, ada.id, second)
    with instance.database.reading() as session:
        first, other = (row.id for row in passkeys.list_passkeys(session, ada.id))
    instance.log.run(lambda session: passkeys.remove(session, ada.id, first))
    with pytest.raises(ConflictError):
        instance.log.run(lambda session: passkeys.remove(session, ada.id, other))
    with pytest.raises(NotFoundError):
        instance.log.run(lambda session: passkeys.remove(session, random_bytes(16), other))


def test_a_passkey_is_of_one_account_and_an_account_has_ten(instance: Instance) -> None:
    device = Device()
    join(instance, device)
    bea = join(instance, Device(), "Bea")
    with pytest.raises(ConflictError):
        add(instance, bea.id, device)
    for _ in range(passkeys.MAX_PASSKEYS - 1):
        add(instance, bea.id, Device())
    with pytest.raises(LimitError):
        add(instance, bea.id, Device())
