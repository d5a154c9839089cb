"""Open Badges 3.0 (1EdTech) of named signings that stand: verifiable credentials, the same bytes at any time.

The library writes and signs; it never fetches a context. What a badge says follows from the log and from the name that
its page shows, and its proof is dated to the day of the signing, so nothing here depends on when it is downloaded.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from openbadgeslib import baking, ob3
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.badges.issuer import Issuer, Json, midnight
from pledge.badges.status_lists import BITS, list_address
from pledge.errors import NotFoundError
from pledge.labs.models import Lab
from pledge.pledges.models import Shown, Signing, Text
from pledge.pledges.reading import name_is_shown

_LAB_MAIL: Final = "read mail at an address of"
_WORDS: Final = {
    "lab-email": "On {day} this person {mail} {lab}. That shows a mailbox, not a job, a role or a person.",
    "group-email": (
        "On {day} this person {mail} the group that {lab} belongs to. That they work at {lab} is their own word."
    ),
    "email": "On {day} this person read mail at some address.",
}
_CLAIMED: Final = " That they work at {lab} is their own word."


@dataclass(frozen=True, slots=True)
class Facts:
    """What a badge says of a signing."""

    public_id: str
    index: int
    name: str
    day: date
    until: date
    assurance: str
    lab: str | None
    pledge: str
    version: int
    title: str


@dataclass
class _Credential(ob3.OpenBadgeCredential):
    """With members that the specification has and the library's records lack."""

    narrative: str = ""
    criteria: str = ""
    image: str = ""

    def to_vc(self) -> Json:
        document = super().to_vc()
        subject = document["credentialSubject"]
        subject["narrative"] = self.narrative
        subject["achievement"]["criteria"]["id"] = self.criteria
        document["image"] = {"id": self.image, "type": "Image"}
        return document


def find_facts(session: Session, public_id: str, *, today: date) -> Facts:
    """Give what the badge of a signing says.

    Raises:
        NotFoundError: There is none: no such signing, an anonymous one, one that stands no longer, or no name is shown.
    """
    row = session.execute(
        select(Signing, Shown.value, Text.title, Lab.name)
        .join(Shown, name_is_shown())
        .join(Text, (Text.slug == Signing.pledge) & (Text.version == Signing.version))
        .outerjoin(Lab, Lab.slug == Signing.lab)
        .where(Signing.public_id == public_id, Signing.visibility == "named", Signing.status == "current")
        .where(Signing.until >= today)
    ).one_or_none()
    if row is None:
        raise NotFoundError(
            "There is no Open Badge here. Only a signing that stands, with a name that shows, has one."
        )
    signing, name, title, lab = row
    return Facts(
        public_id=signing.public_id,
        index=signing.index,
        name=name,
        day=signing.day,
        until=signing.until,
        assurance=signing.assurance,
        lab=lab,
        pledge=signing.pledge,
        version=signing.version,
        title=title,
    )


def write_badge(facts: Facts, issuer: Issuer) -> bytes:
    """Write and sign the badge of a signing: JSON in ASCII, so that it may stand in any XML too."""
    signed = issuer.signer.sign(_credential(facts, issuer), created=midnight(facts.day))
    return json.dumps(signed, indent=1).encode()


def bake(svg: bytes, badge: bytes) -> bytes:
    """Put a badge into a picture (Open Badges 3.0, section 5.3.2.1)."""
    return baking.bake_svg(
        svg,
        badge.decode(),
        element=baking.SVG_ELEMENT_OB3,
        namespace=baking.SVG_NS_OB3,
        as_text=True,
    )


def _credential(facts: Facts, issuer: Issuer) -> _Credential:
    page = f"{issuer.url}/signatories/{facts.public_id}"
    text = f"{issuer.url}/pledges/{facts.pledge}/{facts.version}"
    return _Credential(
        id=f"{page}/open-badge.json",
        issuer=ob3.Issuer(id=issuer.did, name=issuer.name, url=issuer.url),
        recipient_id=page,
        identifiers=[ob3.IdentityObject(identity_hash=facts.name, identity_type="name", hashed=False)],
        narrative=f"The name is self-stated. {_affiliation(facts)}",
        achievement=ob3.Achievement(
            id=text,
            name=f"{facts.title}, version {facts.version}",
            description="Signed a public pledge, which stands for twelve months unless it is renewed or withdrawn.",
            criteria_narrative=f"Signed the text at {text} with a key of their own, which a public log shows.",
            image_url=f"{issuer.url}/badge/pledge/{facts.pledge}.svg",
            achievement_type="Badge",
        ),
        criteria=text,
        image=f"{issuer.url}/badge/signatory/{facts.public_id}.svg",
        issuance_date=midnight(facts.day),
        expiration_date=midnight(facts.until) + timedelta(hours=23, minutes=59, seconds=59),
        evidence=[
            ob3.Evidence(
                id=f"{page}/receipt",
                name="Receipt",
                narrative=(
                    f"Entry {facts.index} of the log {issuer.origin}. This receipt shows the signing without trust "
                    "in this site; the badge rests on the site's word."
                ),
            )
        ],
        credential_status=[
            ob3.status_entry(list_address(issuer.url, facts.index // BITS), "revocation", facts.index % BITS)
        ],
    )


def _affiliation(facts: Facts) -> str:
    day = f"{facts.day.day} {facts.day:%B %Y}"
    words = _WORDS[facts.assurance]
    if facts.assurance == "email" and facts.lab is not None:
        words += _CLAIMED
    return words.format(day=day, lab=facts.lab, mail=_LAB_MAIL)
