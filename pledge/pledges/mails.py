"""The mails that carry links. Subject lines say nothing that a colleague should not read."""

from flask import render_template

from pledge.core.address import CanonicalAddress
from pledge.instance import Instance
from pledge.mail.service import Mail
from pledge.pledges.links import LIFE, Link
from pledge.web.strings import lazy_gettext

SUBJECT = lazy_gettext("The link you asked for")
_TEMPLATES = {"sign": "mail/sign.txt", "change": "mail/change.txt", "nothing": "mail/nothing.txt"}
VALID_HOURS = int(LIFE.total_seconds() // 3600)


def send_link(instance: Instance, address: CanonicalAddress, link: Link, *, asked_to_sign: bool) -> None:
    """Mail a link, or nothing where the address has had its mails for the day.

    Args:
        instance: Whose outbox sends.
        address: To whom; used here and kept nowhere.
        link: What was found for it.
        asked_to_sign: Whether the person wanted to sign; the words differ where the address has signed.

    Raises:
        UnavailableError: The mail could not be sent.
    """
    if link.kind == "spent":
        return
    template = "mail/already.txt" if asked_to_sign and link.kind == "change" else _TEMPLATES[link.kind]
    path = "sign" if link.kind == "sign" else "change"
    text = render_template(
        template, link=f"{instance.config.url}/{path}/{link.token}", valid_hours=VALID_HOURS
    )
    instance.outbox.send(Mail(address.text, str(SUBJECT), text), now=instance.clock())


def expected(instance: Instance) -> dict[str, object]:
    """Give what pages tell of the mail that comes: its subject, how long its link works, how many there are a day."""
    return {"subject": SUBJECT, "valid_hours": VALID_HOURS, "most": instance.config.mails_per_address}
