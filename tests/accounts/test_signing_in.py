"""Getting in over HTTP, and all the ways of getting in that must not work."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select

from pledge.accounts import joining, signing_in
from pledge.accounts.models import AccessToken, Account, AccountSession, Invitation, RecoveryCode, Throttle
from pledge.accounts.signing_in import Credentials
from pledge.core import password as passwords
from pledge.core import totp
from pledge.errors import ForbiddenError, MalformedError, NotFoundError, UnavailableError
from pledge.instance import Instance
from pledge.tick import tick
from tests.site_kit import Clock, csrf_token, random_bytes
from tests.steward_kit import PASSWORD, Steward, join, join_with_password

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

SIGN_IN = "/stewards/sign-in"
ACCOUNT = "/stewards/account"


@pytest.fixture
def ada(instance: Instance, clock: Clock) -> Steward:
    """Somebody with a password, a minute ago: the code of joining is used."""
    made = join_with_password(instance, "Ada")
    clock.now += timedelta(minutes=1)
    return made


def post(client: "FlaskClient", **fields: str) -> "TestResponse":
    page = client.get(SIGN_IN).text
    return client.post(SIGN_IN, data={"csrf_token": csrf_token(page), **fields})


def try_with(instance: Instance, name: str, code: str, password: str = PASSWORD) -> str:
    return signing_in.sign_in(instance, Credentials(name, password, code)).token


def test_password_and_code_let_in(app: Flask, ada: Steward) -> None:
    client = app.test_client()
    answer = post(client, name="Ada", password=PASSWORD, code=ada.code())
    assert (answer.status_code, answer.location) == (303, ACCOUNT)
    assert "Ada" in client.get(ACCOUNT).text


def test_one_factor_alone_does_not(instance: Instance, ada: Steward) -> None:
    for code, password in (("", PASSWORD), ("000000", PASSWORD), (ada.code(), "not the password")):
        with pytest.raises(ForbiddenError):
            try_with(instance, "Ada", code, password)


def test_a_code_works_once(instance: Instance, ada: Steward, clock: Clock) -> None:
    """Nor does one that is older than the last."""
    before = ada.code()
    clock.now += timedelta(seconds=30)
    code = ada.code()
    try_with(instance, "Ada", code)
    for used in (code, before):
        with pytest.raises(ForbiddenError):
            try_with(instance, "Ada", used)


def test_a_code_beside_a_wrong_password_is_used_up(instance: Instance, ada: Steward) -> None:
    code = ada.code()
    with pytest.raises(ForbiddenError):
        try_with(instance, "Ada", code, "not the password")
    with pytest.raises(ForbiddenError):
        try_with(instance, "Ada", code)


def test_a_recovery_code_stands_in_for_the_app_once(instance: Instance, ada: Steward) -> None:
    with pytest.raises(ForbiddenError):
        try_with(instance, "Ada", ada.codes[0], "not the password")
    try_with(instance, "Ada", ada.codes[0].upper())
    with pytest.raises(ForbiddenError):
        try_with(instance, "Ada", ada.codes[0])
    try_with(instance, "Ada", ada.codes[1])


def test_a_recovery_code_is_its_owners(instance: Instance, ada: Steward) -> None:
    bea = join(instance, "Bea")
    with pytest.raises(ForbiddenError):
        try_with(instance, "Ada", bea.codes[0])


def test_new_recovery_codes_end_the_old(instance: Instance, ada: Steward) -> None:
    codes = instance.log.run(
        lambda session: signing_in.renew_codes(session, ada.id, random_bytes=random_bytes)
    )
    with pytest.raises(ForbiddenError):
        try_with(instance, "Ada", ada.codes[0])
    try_with(instance, "Ada", codes[0])


def test_an_invitation_works_once(instance: Instance, clock: Clock, app: Flask) -> None:
    token = instance.log.run(
        lambda session: joining.invite(
            session, "Cleo", is_founder=False, now=clock(), random_bytes=random_bytes
        )
    )
    client = app.test_client()
    assert client.get(f"/stewards/join/{token}").status_code == 200
    assert client.get(f"/stewards/join/{token}").status_code == 200  # looking uses nothing up
    instance.log.run(lambda session: joining.add_account(session, instance, token))
    assert client.get(f"/stewards/join/{token}").status_code == 404
    with pytest.raises(NotFoundError):
        instance.log.run(lambda session: joining.add_account(session, instance, token))


def test_an_invitation_ends_after_seven_days(instance: Instance, clock: Clock, app: Flask) -> None:
    token = instance.log.run(
        lambda session: joining.invite(
            session, "Cleo", is_founder=False, now=clock(), random_bytes=random_bytes
        )
    )
    clock.pass_days(7)
    assert app.test_client().get(f"/stewards/join/{token}").status_code == 404


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "Z" * 64, "0" * 65, "é" * 64])
def test_a_guessed_invitation_is_none(app: Flask, token: str) -> None:
    assert app.test_client().get(f"/stewards/join/{token}").status_code == 404


def test_a_name_that_nobody_has_is_answered_the_same(
    app: Flask, ada: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No memory is spent on it, nor on a wrong code; and the page is the same, try after try."""

    def never(*_: object, **__: object) -> bool:
        raise AssertionError("a password was hashed for somebody without the code")

    monkeypatch.setattr(signing_in, "is_password", never)
    client = app.test_client()
    for _ in range(8):
        answers = [
            post(client, name=name, password=PASSWORD, code="000000") for name in ("Ada", "Nobody at all")
        ]
        assert {answer.status_code for answer in answers} == {403}
        bare = [re.sub(r'value="[^"]*"|"challenge": "[^"]*"', "", answer.text) for answer in answers]
        assert bare[0] == bare[1]


def test_too_many_tries_make_everybody_wait(instance: Instance, ada: Steward, clock: Clock) -> None:
    for _ in range(6):
        with pytest.raises(ForbiddenError):
            try_with(instance, "Ada", "000000")
    with pytest.raises(ForbiddenError):
        try_with(instance, "Ada", ada.code())
    clock.now += timedelta(seconds=31)
    try_with(instance, "Ada", ada.code())
    with instance.database.reading() as session:
        assert session.scalars(select(Throttle.failures)).all() == [0]


def test_waits_grow_and_end_at_a_quarter_of_an_hour(instance: Instance, ada: Steward, clock: Clock) -> None:
    waits = []
    for _ in range(14):
        with pytest.raises(ForbiddenError):
            try_with(instance, "Ada", "000000")
        with instance.database.reading() as session:
            until = session.scalars(select(Throttle.until_seconds)).one()
        waits.append(max(0, until - int(clock().timestamp())))
        clock.now += timedelta(seconds=waits[-1])
    assert waits == [0] * 5 + [30, 60, 120, 240, 480] + [900] * 4


def test_a_crowd_does_not_take_the_memory(
    instance: Instance, ada: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While two passwords are hashed, others wait, and then are told to come back."""
    monkeypatch.setattr(signing_in, "_HASH_WAIT_SECONDS", 0.01)
    with signing_in._hashing(), signing_in._hashing(), pytest.raises(UnavailableError):
        try_with(instance, "Ada", ada.code())


def test_a_session_of_before_is_not_taken_over(app: Flask, ada: Steward, instance: Instance) -> None:
    """What an attacker put into the cookie is gone once somebody signs in, and the token is new."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "f" * 64
        cookie["planted"] = "yes"
    post(client, name="Ada", password=PASSWORD, code=ada.code())
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "f" * 64
        assert "planted" not in cookie
        assert "_id" not in cookie  # Flask-Login's hash of address and browser
    with instance.database.reading() as session:
        kept = session.scalars(select(AccountSession)).all()
    assert all(row.token_hash != b"f" * 32 for row in kept)


def test_signing_out_ends_it_on_the_server(app: Flask, ada: Steward) -> None:
    client, copy = ada.sign_in(app), app.test_client()
    with client.session_transaction() as cookie, copy.session_transaction() as stolen:
        stolen.update(cookie)
    assert copy.get(ACCOUNT).status_code == 200
    token = csrf_token(client.get(ACCOUNT).text)
    client.post("/stewards/sign-out", data={"csrf_token": token})
    assert client.get(ACCOUNT).status_code == 401
    assert copy.get(ACCOUNT).status_code == 401


def test_a_session_ends_by_itself(app: Flask, ada: Steward, clock: Clock) -> None:
    client = ada.sign_in(app)
    clock.now += timedelta(hours=12)
    assert client.get(ACCOUNT).status_code == 401


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example/stewards/", "/stewards//x", "/stewards/\\evil", "/sign"]
)
def test_nobody_is_sent_elsewhere(app: Flask, ada: Steward, place: str) -> None:
    answer = post(app.test_client(), name="Ada", password=PASSWORD, code=ada.code(), next=place)
    assert answer.location == ACCOUNT


def test_one_goes_back_to_where_one_was_stopped(app: Flask, ada: Steward) -> None:
    client = app.test_client()
    stopped = client.get("/stewards/approvals", headers={"Accept": "text/html"})
    assert stopped.location == f"{SIGN_IN}?next=%2Fstewards%2Fapprovals"
    answer = post(client, name="Ada", password=PASSWORD, code=ada.code(), next="/stewards/approvals")
    assert answer.location == "/stewards/approvals"


def test_a_new_password_takes_the_old_one_and_ends_the_rest(
    app: Flask, ada: Steward, clock: Clock, instance: Instance
) -> None:
    client, elsewhere = ada.sign_in(app), ada.sign_in(app)
    page = client.get("/stewards/account/password").text
    found = re.search(r'name="secret"[^>]*value="([A-Z2-7]{32})"', page)
    assert found
    new = Steward(instance, ada.id, "Ada", totp.parse_secret(found[1]), [])
    fields = {
        "csrf_token": csrf_token(page),
        "secret": found[1],
        "password": "another password",
        "code": new.code(),
    }
    assert client.post("/stewards/account/password", data={**fields, "current": "wrong"}).status_code == 403
    answer = client.post("/stewards/account/password", data={**fields, "current": PASSWORD})
    assert "Your recovery codes" in answer.text
    assert elsewhere.get(ACCOUNT).status_code == 401
    assert client.get(ACCOUNT).status_code == 200
    clock.now += timedelta(minutes=1)
    with pytest.raises(ForbiddenError):
        try_with(instance, "Ada", ada.code())
    try_with(instance, "Ada", new.code(), "another password")


def test_a_password_is_long_enough_and_the_app_is_there(instance: Instance, clock: Clock) -> None:
    secret = random_bytes(20)
    for password, code in (("too short", "000000"), (PASSWORD, "000000"), ("x" * 201, "000000")):
        with pytest.raises(MalformedError):
            signing_in.prepare_password(instance, signing_in.NewPassword(password, secret, code))


def test_what_is_kept_opens_nothing(instance: Instance, ada: Steward) -> None:
    """Neither password nor code secret nor recovery code nor token stands in the database's rows."""
    token = ada.token()
    with instance.database.reading() as session:
        row = session.get_one(Account, ada.id)
        codes = [kept.code_hash for kept in session.scalars(select(RecoveryCode))]
    assert row.password_hash is not None
    assert passwords.is_password(PASSWORD, row.password_hash)
    assert row.totp_secret is not None
    assert ada.secret not in row.totp_secret
    assert not {code.replace("-", "").encode() for code in ada.codes} & set(codes)
    assert bytes.fromhex(token) not in codes


def test_the_day_forgets_what_is_over(instance: Instance, ada: Steward, clock: Clock) -> None:
    """Sessions, tokens, invitations, answered challenges, and who tried in vain."""
    ada.token()
    instance.log.run(
        lambda session: joining.invite(
            session, "Cleo", is_founder=False, now=clock(), random_bytes=random_bytes
        )
    )
    with pytest.raises(ForbiddenError):
        try_with(instance, "Nobody", "000000")
    clock.pass_days(30)
    tick(instance)
    with instance.database.reading() as session:
        for kind in (AccountSession, AccessToken, Invitation, Throttle):
            assert session.scalars(select(kind)).all() == []
