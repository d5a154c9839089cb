"""Sending: over SMTP to a real server, or into files; to exactly the address that was checked, or not at all."""

import email
import socket
from collections.abc import Iterator
from email import policy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pledge.core.address import canonical_address
from pledge.errors import MalformedError, UnavailableError
from pledge.mail.service import Mail, Outbox, check_mailable
from tests.mail_server import MailServer, serve_mail
from tests.site_kit import START

_MAIL = Mail(
    "ada@mistral.ai", "The link you asked for", "Grüße,\n\n.\nhttp://127.0.0.1/sign/" + "a" * 64 + "\n"
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serve_mail() as running:
        yield running


def outbox(url: str, directory: Path) -> Outbox:
    return Outbox(url, "pledge@pledge.example.org", directory / "mail")


def test_a_mail_arrives_whole(server: MailServer, tmp_path: Path) -> None:
    outbox(server.url, tmp_path).send(_MAIL, now=START)
    (delivery,) = server.deliveries
    assert (delivery.sender, delivery.recipients) == ("pledge@pledge.example.org", ["ada@mistral.ai"])
    message = email.message_from_bytes(delivery.data.replace(b"\r\n..", b"\r\n."), policy=policy.default)
    assert message.get_content().replace("\r\n", "\n") == _MAIL.text
    assert {name: str(message[name]) for name in ("From", "To", "Subject", "Auto-Submitted", "Date")} == {
        "From": "pledge@pledge.example.org",
        "To": "ada@mistral.ai",
        "Subject": "The link you asked for",
        "Auto-Submitted": "auto-generated",
        "Date": "Mon, 23 Nov 2026 12:00:00 +0000",
    }
    assert not (tmp_path / "mail").exists()


def test_user_and_password_are_sent(server: MailServer, tmp_path: Path) -> None:
    url = server.url.replace("//", "//me%40example.org:pass%2Fword@")
    outbox(url, tmp_path).send(_MAIL, now=START)
    assert server.deliveries[0].login


@pytest.mark.parametrize("refuses", ["MAIL", "RCPT", "DATA", "AUTH", "-EHLO", "-MAIL", "-RCPT", "-DATA"])
def test_a_refusal_is_unavailable_and_names_nobody(server: MailServer, tmp_path: Path, refuses: str) -> None:
    server.refuses = refuses
    url = server.url.replace("//", "//me:word@") if refuses == "AUTH" else server.url
    with pytest.raises(UnavailableError) as caught:
        outbox(url, tmp_path).send(_MAIL, now=START)
    assert "ada" not in str(caught.value)
    assert "word" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert server.deliveries == []


def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        with pytest.raises(UnavailableError):
            outbox(f"smtp://127.0.0.1:{taken.getsockname()[1]}", tmp_path).send(_MAIL, now=START)


def test_a_server_elsewhere_has_to_offer_tls(tmp_path: Path) -> None:
    with serve_mail("127.0.0.2") as server:  # this machine, by a name that could be another's
        with pytest.raises(UnavailableError):
            outbox(server.url, tmp_path).send(_MAIL, now=START)
        assert server.deliveries == []


def test_files_are_closed_to_others_and_newest_first(tmp_path: Path) -> None:
    box = outbox("file:", tmp_path)
    for number in range(60):
        box.send(Mail("ada@mistral.ai", f"Number {number}", "text\n"), now=START)
    assert [mail["subject"] for mail in box.written()] == [f"Number {number}" for number in range(59, 9, -1)]
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "mail").iterdir()} == {0o600}


_TRICKS = (
    "=?utf-8?q?ada?=@mistral.ai",
    "=?utf-8?b?YWRh?=@mistral.ai",
    "=?us-ascii?Q?=61da?=@mistral.ai",
    "=?utf-8?q?a=40evil.org=2c?=@mistral.ai",
    "=?utf-8?q?x=0abcc=3aevil=40evil.org?=@mistral.ai",
)


@pytest.mark.parametrize("address", _TRICKS)
def test_encoded_words_do_not_give_one_mailbox_many_addresses(
    server: MailServer, tmp_path: Path, address: str
) -> None:
    for url in (server.url, "file:"):
        box = outbox(url, tmp_path)
        with pytest.raises(MalformedError) as caught:
            box.send(Mail(address, "The link", "text\n"), now=START)
        assert "mistral" not in str(caught.value)
    assert server.deliveries == []
    assert box.written() == []


_LOCAL = some.text("abc.=?!#$%&'*+-/^_`{|}~qQbB64é漢", min_size=1, max_size=30)


@settings(max_examples=300, deadline=None)
@given(_LOCAL)
def test_what_is_taken_stands_in_the_header_exactly(local: str) -> None:
    try:
        address = canonical_address(f"{local}@mistral.ai").text
        check_mailable(address)
    except MalformedError:
        return
    parsed = email.message_from_string(f"To: {address}\n\n", policy=policy.SMTPUTF8)["To"].addresses
    assert [each.addr_spec for each in parsed] == [address]
