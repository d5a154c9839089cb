"""``pledge verify``: what is accepted, by whose word, and what is said about it."""

from dataclasses import replace
from pathlib import Path

import pytest

from pledge.core.policy import format_policy
from pledge.core.receipt import format_receipt, parse_receipt
from pledge.core.statement import Envelope, Opening, format_envelope, parse_envelope
from tests.audit.conftest import Run
from tests.core.sample_log import OTHER_NOTARY, SALT, trust
from tests.testlog import WholeLog, make_log


@pytest.fixture
def receipt(log: WholeLog, tmp_path: Path) -> Path:
    path = tmp_path / "my.pledge-receipt.json"
    path.write_bytes(log.receipt(4, "signatory 1"))
    return path


def test_a_receipt_is_accepted_and_explained(run: Run, receipt: Path, policy: Path) -> None:
    result = run("verify", receipt, "--policy", policy)
    assert result.exit_code == 0
    for words in (
        "Accepted.",
        "signatory 1\n",
        "(self-stated)",
        "witnessed",
        "notary's word",
        "2024-11-25 12:00 UTC",
    ):
        assert words in result.output
    assert str(policy) in result.output


def test_without_enough_witnesses_it_is_logged_only(
    run: Run, log: WholeLog, receipt: Path, policy: Path
) -> None:
    receipt.write_bytes(log.receipt(4, "signatory 1", witnesses=0))
    result = run("verify", receipt, "--policy", policy)
    assert result.exit_code == 0
    assert "logged: signed by the log alone" in result.output
    assert "not known: no quorum" in result.output


@pytest.mark.parametrize(
    ("affiliation", "words"),
    [
        (None, "none; an address was checked"),
        ({"assurance": "group-email", "scope": "group"}, "that it is this lab is self-stated"),
        ({"assurance": "email", "scope": None}, "(self-stated; an address elsewhere was checked"),
    ],
)
def test_each_assurance_is_said_for_what_it_is(
    run: Run, receipt: Path, policy: Path, affiliation: dict[str, str] | None, words: str
) -> None:
    log = make_log(0)
    stated = log.signing("ada").affiliation
    assert stated is not None
    log.sign("ada", affiliation=None if affiliation is None else replace(stated, **affiliation))  # type: ignore[arg-type]  # these are its members
    receipt.write_bytes(log.receipt(3, "ada"))
    assert words in run("verify", receipt, "--policy", policy).output


def test_what_is_not_opened_is_said_to_be_stated(
    run: Run, log: WholeLog, receipt: Path, policy: Path
) -> None:
    parsed = parse_receipt(log.receipt(4, "signatory 1"))
    receipt.write_bytes(format_receipt(replace(parsed, openings={})))
    assert "stated, and not opened" in run("verify", receipt, "--policy", policy).output


def test_every_changed_byte_is_rejected(run: Run, receipt: Path, policy: Path) -> None:
    """A sample of bytes over the whole file; ``core`` tests all of them."""
    data = receipt.read_bytes()
    for place in range(0, len(data), 251):
        receipt.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        result = run("verify", receipt, "--policy", policy)
        assert result.exit_code == 1, place
        assert "Rejected." in result.stderr


@pytest.mark.parametrize("what", ["log", "notary"])
def test_keys_inside_a_receipt_are_not_believed(run: Run, receipt: Path, policy: Path, what: str) -> None:
    if what == "notary":
        policy.write_text(format_policy(trust(notary=OTHER_NOTARY)))
    else:
        policy.write_text("quorum none\n")
    result = run("verify", receipt, "--policy", policy)
    assert result.exit_code == 1
    assert "Accepted" not in result.output


def test_the_failed_check_is_named_on_one_line(run: Run, log: WholeLog, receipt: Path, policy: Path) -> None:
    parsed = parse_receipt(log.receipt(4, "signatory 1"))
    other = {"name": Opening("name", SALT, "somebody else")}
    receipt.write_bytes(format_receipt(replace(parsed, openings=other)))  # type: ignore[arg-type]  # a field's name
    result = run("verify", receipt, "--policy", policy)
    assert result.exit_code == 1
    assert result.stderr == "Error: Rejected. This name is not what was committed to. [wrong-opening]\n"


def test_a_kind_that_is_not_known_is_not_understood(
    run: Run, log: WholeLog, receipt: Path, policy: Path
) -> None:
    parsed = parse_receipt(log.receipt(4, "signatory 1"))
    leaf = parse_envelope(parsed.leaf)
    later = Envelope(leaf.payload.replace(b"signing/v1", b"signing/v2"), leaf.payload_type, leaf.signatures)
    receipt.write_bytes(format_receipt(replace(parsed, leaf=format_envelope(later))))
    result = run("verify", receipt, "--policy", policy)
    assert result.exit_code == 3
    assert "does not know this version" in result.stderr


def test_an_entry_that_is_no_signing_is_rejected(
    run: Run, log: WholeLog, receipt: Path, policy: Path
) -> None:
    parsed = parse_receipt(log.receipt(4, "signatory 1"))
    receipt.write_bytes(format_receipt(replace(parsed, leaf=log.entries[1], proof=log.proof(1))))
    assert run("verify", receipt, "--policy", policy).exit_code == 1


def test_no_name_can_steer_the_terminal(run: Run, receipt: Path, policy: Path) -> None:
    log = make_log(0)
    name = "Ada \u202eecalevoL\u200f"
    log.sign(name)
    receipt.write_bytes(log.receipt(3, name))
    result = run("verify", receipt, "--policy", policy)
    assert result.exit_code == 0
    assert "\u202e" not in result.output
    assert "Ada \\u{202e}ecalevoL\\u{200f}" in result.output


def test_a_policy_is_installed_and_used(run: Run, receipt: Path, policy: Path, tmp_path: Path) -> None:
    result = run("verify", "--install-policy", policy)
    assert result.exit_code == 0
    assert (tmp_path / "config" / "pledge" / "policy").read_text() == policy.read_text()
    result = run("verify", receipt)
    assert result.exit_code == 0
    assert str(tmp_path / "config") in result.output


def test_another_policy_takes_its_place_only_when_confirmed(run: Run, policy: Path, tmp_path: Path) -> None:
    run("verify", "--install-policy", policy)
    other = tmp_path / "other"
    other.write_text("quorum none\n")
    installed = tmp_path / "config" / "pledge" / "policy"
    assert run("verify", "--install-policy", other, typed="n\n").exit_code == 1
    assert installed.read_text() == policy.read_text()
    assert run("verify", "--install-policy", other, typed="y\n").exit_code == 0
    assert installed.read_text() == "quorum none\n"
    assert run("verify", "--install-policy", other).exit_code == 0


def test_installing_and_checking_go_together(run: Run, receipt: Path, policy: Path) -> None:
    assert run("verify", receipt, "--install-policy", policy).exit_code == 0


def test_a_home_without_xdg_is_found(
    run: Run, policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("verify", "--install-policy", policy).exit_code == 0
    assert (tmp_path / ".config" / "pledge" / "policy").exists()


@pytest.mark.parametrize("content", [b"log nonsense\n", b"\xff\n", b"quorum none", b"x" * 2**22])
def test_a_policy_that_cannot_be_read_says_nothing_about_the_receipt(
    run: Run, receipt: Path, policy: Path, content: bytes
) -> None:
    policy.write_bytes(content)
    result = run("verify", receipt, "--policy", policy)
    assert result.exit_code == 2
    assert "is not a policy" in result.stderr


def test_wrong_usage_is_told_apart(run: Run, receipt: Path, policy: Path, tmp_path: Path) -> None:
    assert run("verify").exit_code == 2
    assert run("verify", receipt).exit_code == 2  # no policy anywhere
    assert run("verify", tmp_path / "nowhere", "--policy", policy).exit_code == 2
    receipt.write_bytes(b"x" * (2**20 + 1))
    assert run("verify", receipt, "--policy", policy).exit_code == 2


def test_a_policy_without_witnesses_says_so(run: Run, receipt: Path, policy: Path) -> None:
    policy.write_text(format_policy(trust(quorum="none")))
    result = run("verify", receipt, "--policy", policy)
    assert "this policy asks for no witnesses" in result.output
    assert "logged: signed" in result.output
    policy.write_text(format_policy(trust(quorum="w0")))
    assert "quorum   w0" in run("verify", receipt, "--policy", policy).output
