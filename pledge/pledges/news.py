"""News by mail, to those who asked for it."""

from collections.abc import Callable

from pledge.core import atrest
from pledge.errors import MalformedError, PledgeError, noop
from pledge.instance import Instance
from pledge.mail.service import Mail
from pledge.pledges.contacts import next_for_news, stop_token
from pledge.web.strings import gettext

_MAX_SUBJECT = 200
_END = noop("""
--
You asked for this when you gave your address at %(url)s
To stop it, and have the address erased: %(stop)s
""")


def parse_news(text: str) -> tuple[str, str]:
    """Take a letter apart: its first line is the subject, then an empty line, then the text.

    Raises:
        MalformedError: It is not written like that.
    """
    subject, _, rest = text.partition("\n")
    if not 1 <= len(subject.strip()) <= _MAX_SUBJECT or not rest.startswith("\n") or not rest.strip():
        raise MalformedError("A letter begins with its subject, then an empty line, then the text.")
    return subject.strip(), rest.strip() + "\n"


def send_news(
    instance: Instance, subject: str, text: str, *, after: bytes = b"", sent: Callable[[bytes, bool], None]
) -> None:
    """Mail a letter to everybody who asked for news, one by one.

    Args:
        instance: Whose.
        subject: Of the mail.
        text: Of the mail; the way to stop is added.
        after: Where to go on, the SHA-256 of the last signing that was served; empty to begin.
        sent: Told of each signing, by its SHA-256, and whether the mail went out.
    """
    while True:
        with instance.database.reading() as session:
            found = next_for_news(session, after=after)
        if found is None:
            return
        after, address = found
        try:
            instance.outbox.send(_letter(instance, after, address, subject, text), now=instance.clock())
        except PledgeError:
            sent(after, False)
        else:
            sent(after, True)


def _letter(instance: Instance, sha256: bytes, address: bytes, subject: str, text: str) -> Mail:
    token = stop_token(instance.keys.contacts, sha256)
    stop = f"{instance.config.url}/stop/{sha256.hex()[:32]}/{token}"
    to = atrest.decrypt(instance.keys.contacts, address, context="contact/news").decode()
    return Mail(to, subject, text + gettext(_END, url=instance.config.url, stop=stop), stop)
