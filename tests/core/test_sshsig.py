import base64
import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledge.core import sshkey, sshsig
from pledge.errors import MalformedError, PledgeError, VerificationError

VECTORS = Path(__file__).parents[1] / "vectors"
VALID: Final = json.loads((VECTORS / "sshsig.json").read_text())["cases"]
REFUSED: Final = json.loads((VECTORS / "sshsig_refused.json").read_text())["cases"]
ED25519: Final = VALID[0]
REFUSALS: Final = {"malformed": MalformedError, "not-verified": VerificationError}


def unpack(case: dict[str, Any]) -> tuple[bytes, bytes]:
    return base64.b64decode(case["blob"]), base64.b64decode(case["message"])


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_what_ssh_keygen_signed_verifies(case: dict[str, Any]) -> None:
    blob, message = unpack(case)
    public_key = sshsig.verify_sshsig(blob, message, namespace=case["namespace"])
    assert sshsig.public_line(public_key) == case["public_line"]
    assert sshsig.fingerprint(public_key) == case["fingerprint"]
    assert sshsig.parse_public_line(case["public_line"] + " a comment\n") == public_key


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_armor_and_blob_are_written_as_ssh_keygen_writes_them(case: dict[str, Any]) -> None:
    blob, _ = unpack(case)
    assert sshsig.parse_armor(case["armor"]) == blob
    assert sshsig.format_armor(blob) == case["armor"]
    assert sshsig.format_sshsig(sshsig.parse_sshsig(blob)) == blob


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_what_must_be_refused_is_refused_for_its_own_reason(case: dict[str, Any]) -> None:
    blob, message = unpack(case)
    with pytest.raises(REFUSALS[case["error"]]) as caught:
        sshsig.verify_sshsig(blob, message)
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_any_one_byte_changed_fails(case: dict[str, Any]) -> None:
    blob, message = unpack(case)
    for index in range(len(blob)):
        changed = bytearray(blob)
        changed[index] ^= 0x01 << index % 8
        with pytest.raises((MalformedError, VerificationError)):
            sshsig.verify_sshsig(bytes(changed), message, namespace=case["namespace"])


def test_any_one_bit_changed_fails_for_ed25519() -> None:
    blob, message = unpack(ED25519)
    for index in range(len(blob)):
        for bit in range(8):
            changed = bytearray(blob)
            changed[index] ^= 1 << bit
            with pytest.raises((MalformedError, VerificationError)):
                sshsig.verify_sshsig(bytes(changed), message)


@given(st.binary(max_size=300))
def test_parsing_any_bytes_raises_nothing_but_its_own_errors(data: bytes) -> None:
    for blob in (data, b"SSHSIG\0\0\0\1" + data):
        try:
            parsed = sshsig.parse_sshsig(blob)
        except PledgeError:
            continue
        assert sshsig.format_sshsig(parsed) == blob


@settings(max_examples=50)
@given(st.sampled_from(VALID), st.data())
def test_parsing_a_damaged_blob_raises_nothing_but_its_own_errors(
    case: dict[str, Any], data: st.DataObject
) -> None:
    blob, message = unpack(case)
    start = data.draw(st.integers(0, len(blob)))
    end = data.draw(st.integers(start, len(blob)))
    damaged = blob[:start] + data.draw(st.binary(max_size=8)) + blob[end:]
    if damaged != blob:
        with pytest.raises(PledgeError):
            sshsig.verify_sshsig(damaged, message, namespace=case["namespace"])


@pytest.mark.parametrize(
    "change",
    [
        lambda armor: armor.replace("\n", "\r\n"),
        lambda armor: armor.replace("\n", " \n\t"),
        lambda armor: f"\n\n  {armor}\n\n",
        lambda armor: armor.rstrip("\n"),
        lambda armor: "\n".join(
            [*armor.split("\n")[:1], "".join(armor.split("\n")[1:-2]), *armor.split("\n")[-2:]]
        ),
    ],
    ids=["windows", "indented", "blank around", "no last line break", "one long line"],
)
def test_armor_may_suffer_from_being_pasted(change: Any) -> None:
    assert sshsig.parse_armor(change(ED25519["armor"])) == unpack(ED25519)[0]


@pytest.mark.parametrize(
    ("armor", "code"),
    [
        ("", "ssh-armor"),
        ("-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", "ssh-armor"),
        ("-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----\n", "ssh-armor"),
        ("-----BEGIN SSH SIGNATURE-----\nAAAA\n", "ssh-armor"),
        ("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\nmore", "ssh-armor"),
        ("-----BEGIN SSH SIGNATURE-----\n" + "AAAA\n" * 9999 + "-----END SSH SIGNATURE-----\n", "ssh-armor"),
        ("-----BEGIN SSH SIGNATURE-----\nAAA\n-----END SSH SIGNATURE-----\n", "ssh-base64"),
        ("-----BEGIN SSH SIGNATURE-----\nAA A\n-----END SSH SIGNATURE-----\n", "ssh-base64"),
        ("-----BEGIN SSH SIGNATURE-----\nAAé=\n-----END SSH SIGNATURE-----\n", "ssh-base64"),
        ("-----BEGIN SSH SIGNATURE-----\nAAB=\n-----END SSH SIGNATURE-----\n", "ssh-base64"),
        ("-----BEGIN SSH SIGNATURE-----\nAA_-\n-----END SSH SIGNATURE-----\n", "ssh-base64"),
    ],
)
def test_armor_that_is_none_is_refused(armor: str, code: str) -> None:
    with pytest.raises(MalformedError) as caught:
        sshsig.parse_armor(armor)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "ssh-line"),
        ("ssh-ed25519", "ssh-line"),
        ("ssh-rsa " + ED25519["public_line"].split()[1], "ssh-line"),
        ("ssh-ed25519  " + ED25519["public_line"].split()[1], "ssh-truncated"),
        (ED25519["public_line"] + "\n\n", "ssh-line"),
        (ED25519["public_line"] + "\nssh-ed25519 AAAA", "ssh-line"),
        (ED25519["public_line"] + " " + "x" * 4096, "ssh-line"),
        ("no-pty " + ED25519["public_line"], "ssh-base64"),
        ("ssh-ed25519 not*base64", "ssh-base64"),
    ],
)
def test_a_line_that_is_no_public_key_is_refused(line: str, code: str) -> None:
    with pytest.raises(MalformedError) as caught:
        sshsig.parse_public_line(line)
    assert caught.value.code == code


def test_a_public_key_longer_than_any_that_is_taken_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(MalformedError) as caught:
        sshkey.parse_public_key(bytes(2049))
    assert caught.value.code == "ssh-key"


def test_equal_keys_are_equal_objects_with_equal_bytes() -> None:
    first, second = (
        sshkey.parse_public_key(sshsig.parse_public_line(ED25519["public_line"])) for _ in range(2)
    )
    assert first == second
    assert hash(first) == hash(second)
    assert first != sshkey.parse_public_key(sshsig.parse_public_line(VALID[1]["public_line"]))


def run(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["ssh-keygen", *arguments], input=stdin, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    "kind", [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "521"), ("rsa", "2048")], ids="-".join
)
def test_a_key_made_now_by_the_ssh_keygen_of_this_machine_signs_for_us(
    tmp_path: Path, kind: tuple[str, str]
) -> None:
    key, message = tmp_path / "key", b"DSSEv1 1 a 1 b"
    run("-q", "-t", kind[0], "-b", kind[1], "-N", "", "-C", "comment", "-f", str(key))
    armor = run("-Y", "sign", "-n", "pledge", "-f", str(key), stdin=message).decode()
    public_key = sshsig.verify_sshsig(sshsig.parse_armor(armor), message)
    assert public_key == sshsig.parse_public_line(key.with_suffix(".pub").read_text())
    assert sshsig.fingerprint(public_key).encode() in run("-l", "-f", str(key.with_suffix(".pub")))


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_what_we_write_again_ssh_keygen_verifies(tmp_path: Path, case: dict[str, Any]) -> None:
    blob, message = unpack(case)
    signature, signers = tmp_path / "signature", tmp_path / "signers"
    signature.write_text(sshsig.format_armor(sshsig.format_sshsig(sshsig.parse_sshsig(blob))))
    signers.write_text(f"someone {sshsig.public_line(sshsig.parse_sshsig(blob).public_key)}\n")
    arguments = [
        "-Y",
        "verify",
        "-f",
        str(signers),
        "-I",
        "someone",
        "-n",
        case["namespace"],
        "-s",
        str(signature),
    ]
    assert case["fingerprint"].encode() in run(*arguments, stdin=message)
