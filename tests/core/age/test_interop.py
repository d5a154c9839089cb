"""Files of this project opened by other implementations of age, and theirs by this one."""

import base64
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyrage
import pytest

from pledge.core.age.armor import decode_armor, encode_armor
from pledge.core.age.envelope import seal
from pledge.core.age.file import decrypt, encrypt
from pledge.core.age.keytext import (
    format_hybrid_identity,
    format_recipient,
    format_x25519_identity,
    parse_identity,
    parse_recipient,
)
from pledge.core.age.scrypt import ScryptIdentity, ScryptRecipient
from tests.age_command import run_age
from tests.node import find_node

BROWSER: Final = Path(__file__).parents[3] / "pledge" / "browser"
HYBRID: Final = [format_hybrid_identity(bytes([number]) * 32) for number in range(3)]
CLASSICAL: Final = [format_x25519_identity(bytes([number]) * 32) for number in range(3)]
PASSPHRASE: Final = "ognuno sta solo, è subito sera"  # noqa: S105  # a test
PLAINTEXTS: Final = [b"", b"tip", bytes(65_535), bytes(65_536), bytes(65_537), bytes(range(256)) * 1000]
WORK_FACTOR: Final = 10

with_npm = pytest.mark.skipif(
    not (BROWSER / "node_modules" / "age-encryption").is_dir(),
    reason="the browser packages are not installed",
)


def recipients_of(identities: Sequence[str]) -> list[str]:
    return [format_recipient(parse_identity(identity).recipient) for identity in identities]


def encrypt_here(identities: Sequence[str], plaintext: bytes) -> bytes:
    recipients = [parse_identity(identity).recipient for identity in identities]
    return b"".join(encrypt(recipients, [plaintext], random_bytes=os.urandom))


def encrypt_here_to_passphrase(plaintext: bytes) -> bytes:
    recipient = ScryptRecipient(PASSPHRASE, WORK_FACTOR)
    return b"".join(encrypt([recipient], [plaintext], random_bytes=os.urandom))


def decrypt_here(identity: str, file: bytes) -> bytes:
    return b"".join(decrypt([parse_identity(identity)], [file]))


def run_npm(jobs: Sequence[dict[str, Any]]) -> list[str]:
    done = subprocess.run(
        [find_node(), "testing/age.js"],
        cwd=BROWSER,
        input=json.dumps(jobs).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    results: list[str] = json.loads(done.stdout)
    return results


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


@with_npm
def test_npm_finds_the_same_recipients() -> None:
    identities = [*HYBRID, *CLASSICAL]
    jobs = [{"do": "recipient", "identity": identity} for identity in identities]
    assert run_npm(jobs) == recipients_of(identities)


@with_npm
@pytest.mark.parametrize("identities", [HYBRID, CLASSICAL], ids=["hybrid", "X25519"])
def test_npm_decrypts_what_is_encrypted_here(identities: list[str]) -> None:
    jobs = [
        {"do": "decrypt", "identities": identities[1:2], "file": encode(encrypt_here(identities, plaintext))}
        for plaintext in PLAINTEXTS
    ]
    assert [base64.b64decode(result) for result in run_npm(jobs)] == PLAINTEXTS


@with_npm
@pytest.mark.parametrize("identities", [HYBRID, CLASSICAL], ids=["hybrid", "X25519"])
def test_what_npm_encrypts_is_decrypted_here(identities: list[str]) -> None:
    recipients = recipients_of(identities)
    jobs = [
        {"do": "encrypt", "recipients": recipients, "plaintext": encode(plaintext)}
        for plaintext in PLAINTEXTS
    ]
    files = [base64.b64decode(result) for result in run_npm(jobs)]
    for identity in identities:
        assert [decrypt_here(identity, file) for file in files] == PLAINTEXTS


@with_npm
def test_npm_opens_envelopes() -> None:
    recipients = list(map(parse_recipient, recipients_of(HYBRID)))
    envelope = b"".join(seal(recipients, [b"tip"], random_bytes=os.urandom))  # type: ignore[arg-type]
    jobs = [{"do": "decrypt", "identities": [identity], "file": encode(envelope)} for identity in HYBRID]
    assert [base64.b64decode(result) for result in run_npm(jobs)] == [b"tip"] * len(HYBRID)


@with_npm
def test_npm_and_this_project_share_passphrases_and_armor() -> None:
    file = encrypt_here_to_passphrase(b"here")
    jobs: list[dict[str, Any]] = [
        {"do": "decrypt", "identities": [], "passphrase": PASSPHRASE, "file": encode(file)},
        {
            "do": "decrypt",
            "identities": HYBRID[:1],
            "armored": True,
            "file": encode(b"".join(encode_armor([encrypt_here(HYBRID, PLAINTEXTS[-1])]))),
        },
        {
            "do": "encrypt",
            "recipients": [],
            "passphrase": PASSPHRASE,
            "workFactor": WORK_FACTOR,
            "plaintext": encode(b"there"),
        },
        {
            "do": "encrypt",
            "recipients": recipients_of(HYBRID),
            "armored": True,
            "plaintext": encode(PLAINTEXTS[-1]),
        },
    ]
    here, here_armored, there, there_armored = (base64.b64decode(result) for result in run_npm(jobs))
    assert here == b"here"
    assert here_armored == PLAINTEXTS[-1]
    assert b"".join(decrypt([ScryptIdentity(PASSPHRASE)], [there])) == b"there"
    assert decrypt_here(HYBRID[0], b"".join(decode_armor([there_armored]))) == PLAINTEXTS[-1]


@pytest.mark.parametrize("plaintext", PLAINTEXTS, ids=len)
def test_pyrage_shares_x25519(plaintext: bytes) -> None:
    identity = pyrage.x25519.Identity.from_str(CLASSICAL[0])
    assert str(identity.to_public()) == recipients_of(CLASSICAL)[0]
    assert pyrage.decrypt(encrypt_here(CLASSICAL, plaintext), [identity]) == plaintext
    assert decrypt_here(CLASSICAL[0], pyrage.encrypt(plaintext, [identity.to_public()])) == plaintext


def test_pyrage_shares_passphrases_and_armor() -> None:
    """A file under a passphrase by pyrage is among the vectors: making one takes seconds."""
    assert pyrage.passphrase.decrypt(encrypt_here_to_passphrase(b"here"), PASSPHRASE) == b"here"
    identity = pyrage.x25519.Identity.from_str(CLASSICAL[0])
    armored = pyrage.encrypt(PLAINTEXTS[-1], [identity.to_public()], armored=True)
    assert decrypt_here(CLASSICAL[0], b"".join(decode_armor([armored]))) == PLAINTEXTS[-1]
    assert pyrage.decrypt(b"".join(encode_armor([encrypt_here(CLASSICAL, b"here")])), [identity]) == b"here"


@pytest.mark.parametrize("identities", [HYBRID, CLASSICAL], ids=["hybrid", "X25519"])
@pytest.mark.parametrize("plaintext", PLAINTEXTS, ids=len)
def test_the_command_shares_recipients_and_armor(
    identities: list[str], plaintext: bytes, tmp_path: Path
) -> None:
    post_quantum = identities is HYBRID
    key = tmp_path / "key"
    key.write_text(identities[1] + "\n")
    file = encrypt_here(identities, plaintext)
    for given in (file, b"".join(encode_armor([file]))):
        opened = run_age(["--decrypt", "--identity", str(key)], given, post_quantum=post_quantum)
        assert opened == plaintext
    to = ["--encrypt", *(f"--recipient={recipient}" for recipient in recipients_of(identities))]
    assert decrypt_here(identities[2], run_age(to, plaintext)) == plaintext
    armored = run_age([*to, "--armor"], plaintext)
    assert decrypt_here(identities[0], b"".join(decode_armor([armored]))) == plaintext
