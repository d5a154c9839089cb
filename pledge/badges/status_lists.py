"""Which Open Badges hold no longer (W3C Bitstring Status List 1.0): one bit for each entry of the log, on 16 KiB lists.

Bit ``index % 131,072`` of list ``index // 131,072`` is set where a named signing was withdrawn, or its name is not, or
no longer, shown. So a list tells what the log and the pages tell, and who asks for it names no one badge. A signing
that lapsed has no bit: its badge has ended by its own date. A name that was hidden and is shown again loses its bit.

Making a list takes one look at its 131,072 entries, however many signatories there are; it is then kept for a minute.
"""

import base64
import gzip
import json
import re
import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Final

from openbadgeslib import ob3
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.badges.issuer import CREDENTIAL_TYPE, Issuer, midnight
from pledge.db import Database
from pledge.log.service import tree_size
from pledge.pledges.models import Shown, Signing
from pledge.pledges.reading import name_is_shown
from pledge.web.prepared import Answer

BITS: Final = 131_072
"""The least that the specification allows, so that many share a list."""

_PATH: Final = re.compile(r"/open-badges/status/(0|[1-9][0-9]{0,9})")
_SECONDS: Final = 300
_KEPT: Final = timedelta(seconds=60)
_VALID: Final = timedelta(days=2)
"""How long somebody could show an old list for a new one."""


def list_address(url: str, number: int) -> str:
    """Give the address of a list, which is its id."""
    return f"{url}/open-badges/status/{number}"


def ended(session: Session, number: int) -> Iterable[int]:
    """Give the bits of a list that are set."""
    first = number * BITS
    has_name = select(Shown.sha256).where(name_is_shown()).exists()
    indexes = session.scalars(
        select(Signing.index).where(
            Signing.index.between(first, first + BITS - 1),
            Signing.visibility == "named",
            Signing.status.in_(("former", "withdrawn")) | ~has_name,
        )
    )
    return (index - first for index in indexes)


def write_list(issuer: Issuer, number: int, bits: Iterable[int], *, day: date) -> bytes:
    """Write and sign a list as it is on a day, JSON."""
    address = list_address(issuer.url, number)
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.did,
        "validFrom": f"{midnight(day):%Y-%m-%dT%H:%M:%SZ}",
        "validUntil": f"{midnight(day) + _VALID:%Y-%m-%dT%H:%M:%SZ}",
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": _encode(bits),
            "ttl": 1000 * _SECONDS,
        },
    }
    signed = ob3.add_data_integrity_proof(
        document, issuer.signer.privkey_pem, issuer.method, created=midnight(day)
    )
    return json.dumps(signed, indent=1).encode()


class StatusLists:
    """Answers the paths of the lists, each made at most once a minute.

    Args:
        database: Read.
        issuer: Signs.
        clock: Gives the time, in UTC.
    """

    def __init__(self, database: Database, issuer: Issuer, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._issuer = issuer
        self._clock = clock
        self._mutex = threading.Lock()
        self._kept: dict[int, tuple[datetime, Answer]] = {}

    def __call__(self, path: str) -> Answer | None:
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        number, now = int(match[1]), self._clock()
        with self._mutex:  # so that many who ask at once wait for one that looks
            made, answer = self._kept.get(number, (now - 2 * _KEPT, None))
            if answer is None or abs(now - made) > _KEPT or made.date() != now.date():
                answer = self._make(number, now.date())
                if answer is not None:
                    self._kept[number] = now, answer
        return answer

    def _make(self, number: int, day: date) -> Answer | None:
        with self._database.reading() as session:
            if number and number * BITS >= tree_size(session):
                return None
            body = write_list(self._issuer, number, ended(session, number), day=day)
        return Answer(body, CREDENTIAL_TYPE, f"public, max-age={_SECONDS}", may_lag=False)


def _encode(bits: Iterable[int]) -> str:
    """Write a bitstring as lists have it (section 3.3): gzip in multibase, the same bytes for the same bits."""
    packed = bytearray(BITS // 8)
    for bit in bits:
        packed[bit // 8] |= 0x80 >> bit % 8
    zipped = gzip.compress(bytes(packed), mtime=0)
    return "u" + base64.urlsafe_b64encode(zipped).rstrip(b"=").decode()
