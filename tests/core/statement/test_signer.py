import json
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pledge.core.keys import format_key
from pledge.core.sshsig import SshSignature, format_sshsig, signed_data
from pledge.core.sshwire import format_string
from pledge.core.statement.canonical import format_base64, parse_base64
from pledge.core.statement.envelope import Signature
from pledge.core.statement.signer import keyid_of, normal_key, verify_signatory
from pledge.errors import MalformedError, VerificationError
from tests.core.sample_log import ADA, named_key

MESSAGE: Final = b"DSSEv1 1 a 2 {}"
SSH: Final = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
SSH_BLOB: Final = format_string(b"ssh-ed25519") + format_string(SSH.public_key().public_bytes_raw())
SSH_KEY: Final = format_base64(SSH_BLOB)
SSH_CASES: Final = json.loads((Path(__file__).parents[2] / "vectors" / "sshsig.json").read_text())["cases"]


def ssh_sign(message: bytes, *, namespace: str = "pledge") -> bytes:
    signature = SSH.sign(signed_data(message, namespace=namespace))
    parts = format_string(b"ssh-ed25519") + format_string(signature)
    return format_sshsig(SshSignature(SSH_BLOB, namespace, "sha512", parts))


def by_security_key(public: bytes, application: bytes) -> bytes:
    parts = (b"sk-ssh-ed25519@openssh.com", public, application)
    return b"".join(map(format_string, parts))


def test_an_ed25519_key_is_its_own_keyid() -> None:
    assert keyid_of(ADA.keyid) == ADA.keyid
    verify_signatory(ADA.keyid, Signature(ADA.keyid, ADA.key.sign(MESSAGE)), MESSAGE)


def test_an_ssh_key_is_named_by_its_fingerprint() -> None:
    keyid = keyid_of(SSH_KEY)
    assert keyid.startswith("sshsig:SHA256:")
    verify_signatory(SSH_KEY, Signature(keyid, ssh_sign(MESSAGE)), MESSAGE)


def test_one_key_has_one_normal_form_however_it_is_written() -> None:
    public = SSH.public_key().public_bytes_raw()
    vectors = {case["name"]: case["public_line"].split()[1] for case in SSH_CASES}
    held = vectors["sk-ed25519, touched"]
    curve = vectors["sk-ecdsa, touched"]
    assert normal_key(ADA.keyid) == ADA.keyid
    assert normal_key(SSH_KEY) == format_key(public)
    assert normal_key(format_base64(by_security_key(public, b"ssh:"))) == format_key(public)
    assert normal_key(format_base64(by_security_key(public, b"ssh:another"))) == format_key(public)
    assert normal_key(held).startswith("ed25519:")
    assert parse_base64(normal_key(curve)).startswith(format_string(b"ecdsa-sha2-nistp256"))
    assert normal_key(normal_key(curve)) == normal_key(curve)
    for plain in ("ecdsa-256", "ecdsa-521", "rsa-2048"):
        assert normal_key(vectors[plain]) == vectors[plain]
    assert len({normal_key(key) for key in vectors.values()}) == len({*vectors.values()})
    with pytest.raises(MalformedError):
        normal_key(format_base64(bytes(40)))


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        (ADA.keyid, Signature(ADA.keyid, ADA.key.sign(b"another message"))),
        (ADA.keyid, Signature(format_key(named_key("eve").public), ADA.key.sign(MESSAGE))),
        (ADA.keyid, Signature(ADA.keyid, named_key("eve").sign(MESSAGE))),
        (ADA.keyid, Signature(ADA.keyid, b"short")),
        (ADA.keyid, Signature(keyid_of(SSH_KEY), ssh_sign(MESSAGE))),
        (SSH_KEY, Signature(keyid_of(SSH_KEY), ssh_sign(b"another message"))),
        (SSH_KEY, Signature(keyid_of(SSH_KEY), ssh_sign(MESSAGE, namespace="git"))),
        (SSH_KEY, Signature(keyid_of(SSH_KEY), SSH.sign(MESSAGE))),
        (SSH_KEY, Signature(ADA.keyid, ssh_sign(MESSAGE))),
    ],
)
def test_other_signatures_do_not_verify(key: str, signature: Signature) -> None:
    with pytest.raises(VerificationError):
        verify_signatory(key, signature, MESSAGE)


def test_a_signature_by_another_ssh_key_does_not_verify() -> None:
    other = format_string(b"ssh-ed25519") + format_string(named_key("other").public)
    key = format_base64(other)
    with pytest.raises(VerificationError, match="another SSH key"):
        verify_signatory(key, Signature(keyid_of(key), ssh_sign(MESSAGE)), MESSAGE)


@pytest.mark.parametrize("key", ["ed25519", "ssh-ed25519 AAAA"])
def test_what_is_no_key_has_no_keyid(key: str) -> None:
    with pytest.raises(MalformedError):
        keyid_of(key)
