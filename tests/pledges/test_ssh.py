"""Signing and changing without scripts, with a real ssh-keygen."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_ssh_private_key
from flask import Flask
from werkzeug.test import TestResponse

from pledge.core import statement as st
from pledge.core.policy import parse_policy
from pledge.core.receipt import parse_receipt, verify_receipt
from pledge.instance import trust_policy
from tests.site_kit import Clock, Person, csrf_token
from tests.ssh import SshKey, make_key

pytestmark = pytest.mark.sqlite_only

KINDS = {
    "ed25519": ("ed25519",),
    "ecdsa-256": ("ecdsa", "-b", "256"),
    "ecdsa-384": ("ecdsa", "-b", "384"),
    "ecdsa-521": ("ecdsa", "-b", "521"),
    "rsa": ("rsa", "-b", "2048"),
}


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SshKey]:
    directory = tmp_path_factory.mktemp("ssh")
    return {name: make_key(directory / name, *kind) for name, kind in KINDS.items()}


def statement(person: Person, link: str, key: SshKey) -> bytes:
    """Download what is to be signed."""
    response = person.client.get(f"{link}/statement", query_string={"key": key.public_line})
    assert response.status_code == 200, response.text
    assert response.headers["Content-Disposition"] == 'attachment; filename="statement.txt"'
    assert response.headers["Cache-Control"] == "no-store"
    message: bytes = response.data
    return message


def post(person: Person, path: str, armor: str, *, as_file: bool = False, **fields: str) -> TestResponse:
    page = person.client.get(path).text
    data: dict[str, object] = {"csrf_token": csrf_token(page), **fields}
    data |= {"armor_file": (BytesIO(armor.encode()), "statement.txt.sig")} if as_file else {"armor": armor}
    return person.client.post(path, data=data, content_type="multipart/form-data")


def sign(person: Person, key: SshKey, *, as_file: bool = False) -> str:
    link = person.ask()
    response = post(person, link, key.sign(statement(person, link, key)), as_file=as_file)
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def own_path(person: Person, receipt: str) -> str:
    """The public page's path, by the receipt page."""
    envelope = st.parse_envelope(parse_receipt(person.receipt(receipt)).leaf)
    return f"/signatories/{envelope.payload_sha256[:32]}"


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_each_kind_signs(ada: Person, keys: dict[str, SshKey], kind: str, *, as_file: bool) -> None:
    receipt = parse_receipt(ada.receipt(sign(ada, keys[kind], as_file=as_file)))
    verified = verify_receipt(receipt, parse_policy(trust_policy(ada.instance)))
    assert verified.openings["name"].value == "Ada Lovelace"
    assert verified.signing.signatory.key == keys[kind].public_line.split()[1]


@pytest.mark.parametrize("is_ssh_first", [False, True])
def test_a_key_signs_once_in_whichever_spelling(
    ada: Person, app: Flask, keys: dict[str, SshKey], *, is_ssh_first: bool
) -> None:
    """The same Ed25519 key, at the browser and as OpenSSH writes it."""
    seed = load_ssh_private_key(keys["ed25519"].path.read_bytes(), None)
    assert isinstance(seed, Ed25519PrivateKey)
    other = Person(app, "Eve", "eve@mistral.ai", seed=seed.private_bytes_raw())
    if is_ssh_first:
        sign(ada, keys["ed25519"])
        link = other.ask()
        response = other.client.post(link, data=other.signed_fields(link))
    else:
        other.sign()
        link = ada.ask()
        response = post(ada, link, keys["ed25519"].sign(statement(ada, link, keys["ed25519"])))
    assert response.status_code == 409
    assert "signed this pledge already" in response.text


def test_the_comment_of_a_key_is_not_kept(ada: Person, keys: dict[str, SshKey]) -> None:
    assert "ada@mistral.ai" in keys["ed25519"].public_line
    receipt = sign(ada, keys["ed25519"])
    assert b"ada@mistral" not in ada.receipt(receipt)


def test_windows_line_ends_and_blanks_around_are_taken(ada: Person, keys: dict[str, SshKey]) -> None:
    link = ada.ask()
    armor = keys["ed25519"].sign(statement(ada, link, keys["ed25519"]))
    assert post(ada, link, "\r\n" + armor.replace("\n", "\r\n") + "  \r\n").status_code == 303


def test_another_namespace_is_refused(ada: Person, keys: dict[str, SshKey]) -> None:
    link = ada.ask()
    message = statement(ada, link, keys["ed25519"])
    for namespace in ("file", "git", "pledge2", "Pledge"):
        response = post(ada, link, keys["ed25519"].sign(message, namespace=namespace))
        assert response.status_code == 400
        assert "Nothing was signed" in response.text


def test_another_key_cannot_sign_a_statement_that_names_one(ada: Person, keys: dict[str, SshKey]) -> None:
    link = ada.ask()
    message = statement(ada, link, keys["ed25519"])
    assert post(ada, link, keys["ecdsa-256"].sign(message)).status_code == 400


def test_yesterdays_statement_and_somebody_elses_are_refused(
    ada: Person, app: Flask, keys: dict[str, SshKey], clock: Clock
) -> None:
    key = keys["ed25519"]
    clock.pass_days(-1)
    link = ada.ask()
    old = key.sign(statement(ada, link, key))
    clock.pass_days(1)
    link = ada.ask()
    other = Person(app, name="Eve", address="eve@mistral.ai")
    foreign = key.sign(statement(other, other.ask(), key))
    for armor in (old, foreign):
        response = post(ada, link, armor)
        assert response.status_code == 400
        assert "Nothing was signed" in response.text
    assert post(ada, link, key.sign(statement(ada, link, key))).status_code == 303


@pytest.mark.parametrize(
    "armor",
    [
        *(
            "x",
            "-----BEGIN SSH SIGNATURE-----",
            "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        ),
        *(
            "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n",
            "ssh-ed25519 AAAA",
            "é" * 100,
        ),
        "-----BEGIN SSH SIGNATURE-----\n" + "A" * 19_000 + "\n-----END SSH SIGNATURE-----\n",
    ],
)
@pytest.mark.parametrize("as_file", [False, True])
def test_what_is_no_signature_file_is_refused(ada: Person, armor: str, *, as_file: bool) -> None:
    link = ada.ask()
    response = post(ada, link, armor, as_file=as_file)
    assert response.status_code == 400
    assert "Nothing was signed" in response.text


def test_an_upload_of_other_bytes_is_refused(ada: Person) -> None:
    link = ada.ask()
    data = {
        "csrf_token": csrf_token(ada.client.get(link).text),
        "armor_file": (BytesIO(b"\xff\0" * 5000), "a.sig"),
    }
    response = ada.client.post(link, data=data, content_type="multipart/form-data")
    assert response.status_code == 400
    assert "Nothing was recorded" in response.text


@pytest.mark.parametrize(
    "line",
    [
        *(
            "",
            "x",
            "ssh-ed25519",
            "ssh-ed25519 !!!",
            "ssh-dss AAAAB3NzaC1kc3MAAACBAP",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
        ),
        *("-----BEGIN OPENSSH PRIVATE KEY-----", "ssh-ed25519 AAAA\nssh-ed25519 AAAA", "é" * 4000),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43,
    ],
)
def test_a_line_that_is_no_sound_public_key_gets_no_statement(ada: Person, line: str) -> None:
    link = ada.ask()
    response = ada.client.get(f"{link}/statement", query_string={"key": line})
    assert response.status_code == 400
    assert "<title>Error: Your statement" in response.text
    assert 'id="ssh-key-wrong"' in response.text
    assert "statement.txt.sig" in response.text
    assert len(line) < 12 or line not in response.text


def test_the_openings_open_what_the_statement_commits_to(ada: Person, keys: dict[str, SshKey]) -> None:
    link = ada.ask(role="Engineer", reason="Because.")
    given = ada.client.get(f"{link}/openings")
    assert given.headers["Content-Disposition"] == 'attachment; filename="openings.json"'
    _, brace, members = statement(ada, link, keys["ed25519"]).partition(b"{")
    payload = json.loads(brace + members)
    assert given.json is not None
    assert {field: opening["value"] for field, opening in given.json.items()} == {
        "name": "Ada Lovelace",
        "role": "Engineer",
        "reason": "Because.",
    }
    for field, opening in given.json.items():
        st.verify_opening(
            payload["commitments"][field],
            st.Opening(field, st.parse_base64(opening["salt"]), opening["value"]),
        )
    assert ada.client.get(f"/sign/{'0' * 64}/openings").status_code == 409


def test_the_page_names_the_command_that_reads_the_hashes(ada: Person) -> None:
    link = ada.ask()
    assert f"pledge sign {ada.instance.config.url}{link}" in ada.client.get(link).text


def test_a_short_rsa_key_is_refused(ada: Person, tmp_path: Path) -> None:
    key = make_key(tmp_path, "rsa", "-b", "1024")
    link = ada.ask()
    assert ada.client.get(f"{link}/statement", query_string={"key": key.public_line}).status_code == 400


def change(person: Person, path: str, key: SshKey, action: str, reason: str = "own") -> TestResponse:
    wanted = {"action": action, "reason": reason}
    message = person.client.get(f"{path}/change/statement", query_string=wanted)
    assert message.status_code == 200
    return post(person, f"{path}/change", key.sign(message.data), as_file=True, **wanted)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_the_same_key_renews_erases_and_withdraws(
    ada: Person, keys: dict[str, SshKey], clock: Clock, kind: str
) -> None:
    path = own_path(ada, sign(ada, keys[kind]))
    clock.pass_days(10)
    assert change(ada, path, keys[kind], "renew").status_code == 303
    assert "2027-12-03" in ada.client.get(path).text.replace("3 December 2027", "2027-12-03")
    assert change(ada, path, keys[kind], "erase").status_code == 303
    assert "Ada Lovelace" not in ada.client.get(path).text
    assert change(ada, path, keys[kind], "withdraw", "left-lab").status_code == 303
    assert "has since left the lab" in ada.client.get(path).text


def test_another_key_changes_nothing(ada: Person, keys: dict[str, SshKey]) -> None:
    path = own_path(ada, sign(ada, keys["ed25519"]))
    for action in ("renew", "erase", "withdraw"):
        response = change(ada, path, keys["rsa"], action)
        assert response.status_code == 400
        assert "Nothing was changed" in response.text
    assert "Ada Lovelace" in ada.client.get(path).text


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("renew", "Renewed"),
        ("withdraw:left-lab", "Withdrawn"),
        ("withdraw:own", "Withdrawn"),
        ("erase", "Erased"),
    ],
)
def test_the_signature_alone_tells_what_was_signed(
    ada: Person, keys: dict[str, SshKey], action: str, said: str
) -> None:
    path = own_path(ada, sign(ada, keys["ed25519"]))
    message = ada.client.get(f"{path}/change/statement", query_string={"action": action})
    response = post(ada, f"{path}/change", keys["ed25519"].sign(message.data), as_file=True)
    assert response.status_code == 303
    assert f"<h1>{said}</h1>" in ada.client.get(response.headers["Location"]).text


def test_a_signature_of_another_day_is_told_from_a_broken_one(
    ada: Person, keys: dict[str, SshKey], clock: Clock
) -> None:
    path = own_path(ada, sign(ada, keys["ed25519"]))
    message = ada.client.get(f"{path}/change/statement", query_string={"action": "renew"}).data
    clock.pass_days(1)
    response = post(ada, f"{path}/change", keys["ed25519"].sign(message))
    assert response.status_code == 400
    assert "This signature is for another statement than those of today." in response.text


def test_a_statement_signed_for_one_change_makes_no_other(ada: Person, keys: dict[str, SshKey]) -> None:
    path = own_path(ada, sign(ada, keys["ed25519"]))
    renew = ada.client.get(f"{path}/change/statement", query_string={"action": "renew"}).data
    armor = keys["ed25519"].sign(renew)
    for action, reason in (("withdraw", "own"), ("withdraw", "left-lab"), ("erase", "own")):
        response = post(ada, f"{path}/change", armor, action=action, reason=reason)
        assert response.status_code == 400, action
