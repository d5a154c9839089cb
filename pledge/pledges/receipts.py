"""Receipts: what a signatory keeps, put together from the log and from what is shown beside it."""

import re
from datetime import date, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.badge_proof import BadgeProof
from pledge.core.keys import parse_key
from pledge.core.receipt import Receipt, format_receipt
from pledge.core.statement.commitment import Field
from pledge.core.tlog.proof import format_tlog_proof
from pledge.core.tlog.tile import TileCache
from pledge.db import table_of
from pledge.errors import ConflictError, NotFoundError
from pledge.log.models import Entry
from pledge.log.notary import Notary
from pledge.log.service import prove_all
from pledge.pledges.links import hash_token
from pledge.pledges.models import ReceiptLink, Shown, Signing
from pledge.pledges.texts import get_text
from pledge.web.strings import gettext

_SHOWN, _RECEIPT_LINK = table_of(Shown), table_of(ReceiptLink)
_OPENINGS = select(_SHOWN).where(_SHOWN.c.sha256 == bindparam("sha256"))
_LINK = select(_RECEIPT_LINK).where(_RECEIPT_LINK.c.token_hash == bindparam("token_hash"))
_TOKEN = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ADMITTED: dict[tuple[str, bytes], bytes] = {}


def build_receipt(
    session: Session, sha256: bytes, *, notary: Notary, tiles: TileCache, is_private: bool
) -> bytes:
    """Put a receipt together, canonical JSON.

    Args:
        session: Reads.
        sha256: SHA-256 of the signing's payload.
        notary: Whose admission to the log the receipt proves.
        tiles: What is remembered of this log's tiles.
        is_private: Whether to include what is not, or not yet, shown to everybody.

    Raises:
        NotFoundError: The log has no such signing, or it still waits for its place.
    """
    (leaf, proof), (notary_leaf, notary_proof) = prove_all(
        session, [sha256, _notary_entry(session, notary)], tiles
    )
    return format_receipt(
        Receipt(
            leaf=leaf,
            proof=format_tlog_proof(proof),
            openings=_openings(session, sha256, is_private=is_private),
            text=_text_of(session, leaf),
            notary_leaf=notary_leaf,
            notary_proof=format_tlog_proof(notary_proof),
        )
    )


def build_badge_proof(session: Session, sha256: bytes, *, tiles: TileCache, look: str) -> BadgeProof:
    """Put together what a badge carries of a signing: what anybody may see, and how the picture was asked for.

    Raises:
        NotFoundError: The log has no such signing, or it still waits for its place.
    """
    [(leaf, proof)] = prove_all(session, [sha256], tiles)
    return BadgeProof(
        leaf=leaf,
        proof=format_tlog_proof(proof),
        openings=_openings(session, sha256, is_private=False),
        text=_text_of(session, leaf),
        look=look,
    )


def _openings(session: Session, sha256: bytes, *, is_private: bool) -> dict[Field, st.Opening]:
    return {
        row.field: st.Opening(field=row.field, salt=row.salt, value=row.value)
        for row in session.execute(_OPENINGS, {"sha256": sha256})
        if is_private or row.state == "shown"
    }


def _text_of(session: Session, leaf: bytes) -> str:
    signing = st.parse_statement(st.parse_envelope(leaf))
    if not isinstance(signing, st.Signing):
        raise NotFoundError("This entry is not a signing.")
    return get_text(session, signing.pledge.slug, signing.pledge.version).body


def find_receipt(session: Session, token: str, *, today: date) -> tuple[bytes, date]:
    """Give the signing's SHA-256 behind a private receipt link, and the last day of the link.

    Raises:
        NotFoundError: This was never such a link.
        ConflictError: The link is over.
    """
    if not _TOKEN.fullmatch(token):
        raise NotFoundError("There is no receipt of this name here.")
    link = session.execute(_LINK, {"token_hash": hash_token(token)}).one_or_none()
    if link is None or link.expires < today:
        raise ConflictError(
            "This private page is no longer kept. Your receipt file stays valid; the public one is on your "
            "page among the signatories.",
            code="link-over",
        )
    return link.sha256, link.expires


def renewal_calendar(signing: Signing, *, url: str, now_utc: str) -> str:
    """Give a calendar file (RFC 5545) that reminds of renewal two weeks before the term ends.

    Args:
        signing: Whose term.
        url: The page where it can be renewed.
        now_utc: The time of making, ``YYYYMMDDTHHMMSSZ``.
    """
    day = signing.until - timedelta(days=14)
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//pledge//renewal//EN",
        "BEGIN:VEVENT",
        f"UID:{signing.public_id}@pledge",
        f"DTSTAMP:{now_utc}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        "SUMMARY:" + _text(gettext("Renew or let lapse: your pledge")),
        "DESCRIPTION:" + _text(gettext("It stands until %(day)s.", day=signing.until.isoformat())),
        f"URL:{url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(_fold(line) + "\r\n" for line in lines)


def _text(words: str) -> str:
    """Escape words as a value (RFC 5545, section 3.3.11)."""
    return re.sub(r"([\\;,])", r"\\\1", words)


def _fold(line: str) -> str:
    """Fold a line at 75 octets, between characters (RFC 5545, section 3.1)."""
    pieces = [""]
    for character in line:
        if len((pieces[-1] + character).encode()) > 74:  # noqa: PLR2004  # and the space that begins the next
            pieces.append("")
        pieces[-1] += character
    return "\r\n ".join(pieces)


def _notary_entry(session: Session, notary: Notary) -> bytes:
    """Find the entry that admitted the notary's key: the genesis, or a later key entry.

    What the log has said it says for ever, so it is looked for once a process: key entries have no index of their own.
    """
    name = (notary.origin, notary.key.public)
    if name not in _ADMITTED:
        _ADMITTED[name] = _find_notary_entry(session, notary.key.public)
    return _ADMITTED[name]


def _find_notary_entry(session: Session, public: bytes) -> bytes:
    rows = session.execute(
        select(Entry.payload_sha256, Entry.leaf)
        .where(Entry.kind.in_(("genesis", "key")))
        .order_by(Entry.index)
    )
    for payload_sha256, leaf in rows:
        statement = st.parse_statement(st.parse_envelope(leaf))
        if isinstance(statement, st.Genesis) and parse_key(statement.notary) == public:
            return payload_sha256
        if (
            isinstance(statement, st.Key)
            and statement.role == "notary"
            and parse_key(statement.keys.signing) == public
        ):
            return payload_sha256
    raise NotFoundError("The log does not admit this server's notary key.", code="notary-unknown")
