"""Sending: by SMTP, or into files where no server is configured.

An address lives in this module only for as long as the sending takes. It is never logged; what fails says so
without it.
"""

import os
import secrets
import smtplib
import ssl
import time
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pledge.errors import MalformedError, UnavailableError

_TIMEOUT_SECONDS = 15.0
_MAX_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Mail:
    """A plain-text mail to one address; ``stop`` is where it can be stopped with one click (RFC 8058)."""

    to: str
    subject: str
    text: str
    stop: str | None = None


@dataclass(frozen=True, slots=True)
class Outbox:
    """Where mail goes.

    Args:
        url: ``smtp://[user:password@]host[:port]`` (STARTTLS required unless the host is this machine),
            ``smtps://…``, or ``file:``.
        sender: The From address.
        directory: Where ``file:`` writes ``.eml`` files.
    """

    url: str
    sender: str
    directory: Path

    @property
    def is_local(self) -> bool:
        """Whether mail goes to files."""
        return self.url.startswith("file:")

    def send(self, mail: Mail, *, now: datetime) -> None:
        """Send, or raise.

        Raises:
            MalformedError: The address cannot stand in a header as it is.
            UnavailableError: The mail server did not take it.
        """
        check_mailable(mail.to)
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{secrets.token_hex(16)}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        if mail.stop is not None:
            message["List-Unsubscribe"] = f"<{mail.stop}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(mail.text, cte="8bit")
        if self.is_local:
            self._write(message)
            return
        try:
            _deliver(urlsplit(self.url), message, sender=self.sender, to=mail.to)
        except (OSError, smtplib.SMTPException):
            raise UnavailableError(
                "The mail could not be sent. Check the address, or try again in a few minutes.", code="mail"
            ) from None

    def written(self) -> list[dict[str, str]]:
        """Give the newest fifty mails that were written to files: to, subject, text."""
        files = sorted(self.directory.glob("*.eml"), reverse=True)[:_MAX_SHOWN]
        messages = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return [
            {"to": str(message["To"]), "subject": str(message["Subject"]), "text": message.get_content()}
            for message in messages
        ]

    def forget(self, before: datetime) -> None:
        """Delete mails that were written to files before a time."""
        oldest = int(before.timestamp() * 1e9)
        for file in self.directory.glob("*.eml"):
            if int(file.name.partition("-")[0]) < oldest:
                file.unlink(missing_ok=True)

    def _write(self, message: EmailMessage) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{secrets.token_hex(4)}.eml"  # in order of writing
        handle = os.open(self.directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes())


def check_mailable(address: str) -> None:
    """Check that a mail goes to exactly this address: that its header, read again, gives it and nothing else.

    Encoded words (RFC 2047) look like a dot-atom, and are decoded even where they may not stand. Taken, they would give
    one mailbox any number of addresses, and seats.

    Raises:
        MalformedError: It would not; the message does not repeat the address.
    """
    header = EmailMessage()
    try:
        header["To"] = address
        read = [each.addr_spec for each in header["To"].addresses]
    except ValueError:
        read = []
    if read != [address]:
        raise MalformedError("Mail cannot be sent to an address of this form.", code="address-local")


def _deliver(url: SplitResult, message: EmailMessage, *, sender: str, to: str) -> None:
    host = url.hostname or "localhost"
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, url.port or 465, timeout=_TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, url.port or 587, timeout=_TIMEOUT_SECONDS)
    with server:
        if url.scheme == "smtp" and host not in {"localhost", "127.0.0.1", "::1"}:
            server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message, from_addr=sender, to_addrs=[to])
