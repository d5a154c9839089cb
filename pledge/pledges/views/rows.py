"""Signings in the shape that templates show."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.core.tlog.tree import leaf_hash
from pledge.labs.models import Lab
from pledge.log.models import Entry
from pledge.log.service import is_witnessed
from pledge.pledges.forms import clause_list
from pledge.pledges.models import Removal, Signing
from pledge.pledges.reading import shown
from pledge.pledges.texts import get_text


def lab_names(session: Session) -> dict[str, str]:
    """Give the name of each lab; there are dozens."""
    return dict(session.execute(select(Lab.slug, Lab.name)).all())


def row(signing: Signing, labs: Mapping[str, str]) -> dict[str, Any]:
    """Give what macros/signatories.html shows of a signing."""
    fields = shown(signing)
    return {
        "id": signing.public_id,
        "name": fields.get("name"),
        "name_state": name_state(signing),
        "is_anonymous": signing.visibility == "anonymous",
        "role": fields.get("role"),
        "reason": fields.get("reason"),
        "lab_slug": signing.lab,
        "lab_name": labs.get(signing.lab or ""),
        "assurance": signing.assurance,
        "day": signing.day,
        "until": signing.until,
        "status": signing.status,
        "index": signing.index,
        "key": signing.key,
    }


def detail(session: Session, signing: Signing) -> dict[str, Any]:
    """Give what the pages of one signing show."""
    leaf = session.scalars(select(Entry.leaf).where(Entry.index == signing.index)).one()
    text = get_text(session, signing.pledge, signing.version)
    return row(signing, lab_names(session)) | {
        "clauses": clause_list(text, signing.clauses),
        "leaf_hash": leaf_hash(leaf).hex(),
        "affiliation_day": signing.day,
        "is_ssh": not signing.key.startswith("ed25519:"),
        "is_witnessed": is_witnessed(session, signing.index),
        "removed_for": _removed_for(session, signing),
    }


def _removed_for(session: Session, signing: Signing) -> str | None:
    """Give the class of reason for which the operator withdrew a signing, or None."""
    return session.scalar(
        select(Removal.reason_class).where(
            Removal.public_id == signing.public_id, Removal.action == "withdrawn"
        )
    )


def name_state(signing: Signing) -> str:
    """Say why a name does not show: ``erased``, ``waiting`` or ``hidden``; else ``shown``."""
    return next((opening.state for opening in signing.openings if opening.field == "name"), "erased")


def rows(signings: Iterable[Signing], labs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give ``row`` of each."""
    return [row(signing, labs) for signing in signings]
