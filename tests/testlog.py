"""A whole log in one call, for tests of whatever reads one: entries, tiles, checkpoint, counts, policy and texts.

``make_log(5)`` is a log that begins as every log does and has five signings. ``log.write(directory)`` lays it out as a
site serves it and ``pledge export`` mirrors it. All keys are fixed; they are those of ``tests/core/sample_log.py``.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pledge.core.calendar import months_later
from pledge.core.policy import format_policy
from pledge.core.receipt import Receipt, format_receipt
from pledge.core.statement import (
    Affiliation,
    Commitments,
    Renewal,
    Signatory,
    Signing,
    Statement,
    Withdrawal,
    commit,
    format_envelope,
    format_json,
    seal,
)
from pledge.core.tally import Tally
from pledge.core.tlog.checkpoint import Checkpoint, sign_checkpoint
from pledge.core.tlog.cosignature import sign_ed25519_cosignature
from pledge.core.tlog.note import COSIGNATURE_ED25519, NoteSignature, VerifierKey, format_note, parse_note
from pledge.core.tlog.proof import TlogProof, format_tlog_proof
from pledge.core.tlog.tile import Tile, append, format_bundle, format_tile_path
from pledge.core.tlog.tile_path import ENTRIES_LEVEL, WIDTH
from pledge.core.tlog.tree import leaf_hash, root_hash
from tests.core.sample_log import (
    GENESIS,
    LAB,
    LOG_KEY,
    LOG_ML_DSA_KEY,
    NOTARY,
    OPENINGS,
    ORIGIN,
    PLEDGE,
    SIGNING,
    TEXT,
    WITNESSES,
    Signer,
    inclusion_path,
    signatory,
    signed,
    trust,
)

DAY = date(2024, 11, 25)
POLICY = format_policy(trust(quorum="both"))


def noon(day: date) -> int:
    """Seconds since the Unix epoch at noon of a day."""
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


@dataclass
class WholeLog:
    """A log that grows by ``add`` and ``sign``; what a site would serve of it comes from ``files``."""

    day: date = DAY
    entries: list[bytes] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    removed: list[Withdrawal] = field(default_factory=list)

    def add(self, statement: Statement, *signers: Signer) -> str:
        """Append a statement, signed in this order; gives the SHA-256 of its payload."""
        sealed = seal(statement)
        self.tally.apply(sealed.payload_sha256, statement)
        if isinstance(statement, Withdrawal) and statement.is_removal:
            self.removed.append(statement)
        return self.append(format_envelope(signed(statement, *signers)), sealed.payload_sha256)

    def append(self, entry: bytes, name: str = "") -> str:
        """Append bytes, whatever they are."""
        self.entries.append(entry)
        return name

    def sign(self, name: str, **changes: object) -> str:
        """Append a signing by the person of a name; gives the SHA-256 of its payload."""
        return self.add(self.signing(name, **changes), signatory(name), NOTARY)

    def signing(self, name: str, **changes: object) -> Signing:
        """The statement that a person signs on the log's day."""
        statement = replace(
            SIGNING,
            day=self.day,
            until=months_later(self.day, 12),
            signatory=Signatory(key=signatory(name).keyid, visibility="named"),
            commitments=Commitments(
                name=commit(replace(OPENINGS["name"], value=name)), role=None, reason=None
            ),
            affiliation=Affiliation(lab=LAB.slug, assurance="lab-email", scope="lab", day=self.day),
        )
        return replace(statement, **changes)  # type: ignore[arg-type]  # a test names members it knows

    def renew(self, name: str, signing: str) -> str:
        """Append a renewal by the signatory."""
        return self.add(Renewal(origin=ORIGIN, day=self.day, signing=signing, reason="own"), signatory(name))

    def withdraw(self, name: str, signing: str, reason: str = "left-lab") -> str:
        """Append a withdrawal by the signatory."""
        return self.add(
            Withdrawal(origin=ORIGIN, day=self.day, signing=signing, reason=reason), signatory(name)
        )

    def remove(self, signing: str, reason: str = "spam") -> str:
        """Append a removal by the notary."""
        return self.add(
            Withdrawal(origin=ORIGIN, day=self.day, signing=signing, reason=f"removed:{reason}"), NOTARY
        )

    def checkpoint(self, *, witnesses: int = 2, seconds: int | None = None, origin: str = ORIGIN) -> bytes:
        """The checkpoint over all entries, at noon of the log's day, cosigned by some witnesses."""
        at = noon(self.day) if seconds is None else seconds
        checkpoint = Checkpoint(origin, len(self.entries), root_hash([*map(leaf_hash, self.entries)]))
        note = parse_note(sign_checkpoint(checkpoint, ed25519=LOG_KEY, ml_dsa=LOG_ML_DSA_KEY, seconds=at))
        cosigned = tuple(
            NoteSignature(
                name,
                VerifierKey(name, COSIGNATURE_ED25519, key.public).key_id,
                sign_ed25519_cosignature(key, checkpoint, at),
            )
            for name, key in list(WITNESSES.items())[:witnesses]
        )
        return format_note(note._replace(signatures=note.signatures + cosigned))

    def proof(self, index: int, *, witnesses: int = 2) -> bytes:
        """The tlog-proof of an entry."""
        path = inclusion_path([*map(leaf_hash, self.entries)], index)
        return format_tlog_proof(TlogProof(index, path, self.checkpoint(witnesses=witnesses)))

    def receipt(self, index: int, name: str, *, witnesses: int = 2) -> bytes:
        """The receipt of the signing at an index, by the person of a name."""
        return format_receipt(
            Receipt(
                leaf=self.entries[index],
                proof=self.proof(index, witnesses=witnesses),
                openings={"name": replace(OPENINGS["name"], value=name)},
                text=PLEDGE,
                notary_leaf=self.entries[0],
                notary_proof=self.proof(0, witnesses=witnesses),
            )
        )

    def claims(self) -> bytes:
        """``tallies.json`` after all entries, lapses counted up to the log's day."""
        rows = [
            {**cell._asdict(), "count": count}
            for cell, count in sorted(self.tally.counts(self.day).items(), key=lambda item: str(item[0]))
        ]
        return format_json(
            {
                "type": "tallies/v1",
                "size": len(self.entries),
                "day": self.day.isoformat(),
                "counts": [*rows],
            },
            max_bytes=2**24,
        )

    def removals(self) -> bytes:
        """``removals.json`` after all entries: a line for each removal."""
        lines: list[dict[str, Any]] = [
            {
                "day": removal.day.isoformat(),
                "signatory": removal.signing[:32],
                "field": "signing",
                "action": "withdrawn",
                "reason": removal.reason.removeprefix("removed:"),
            }
            for removal in reversed(self.removed)
        ]
        return format_json(
            {"type": "removals/v1", "size": len(self.entries), "next": None, "lines": [*lines]}
        )

    def log_files(self) -> dict[str, bytes]:
        """Tiles and entry bundles by their paths, full ones and the partial ones of this size."""
        tiles = append(0, [*map(leaf_hash, self.entries)], _no_tile).tiles
        files = {
            f"log/{format_tile_path(Tile(level, index, len(data) // 32))}": data
            for (level, index), data in tiles.items()
        }
        for first in range(0, len(self.entries), WIDTH):
            some = self.entries[first : first + WIDTH]
            path = format_tile_path(Tile(ENTRIES_LEVEL, first // WIDTH, len(some)))
            files[f"log/{path}"] = format_bundle(some)
        return files

    def files(self) -> dict[str, bytes]:
        """Everything that a site serves of its log."""
        return self.log_files() | {
            "log/checkpoint": self.checkpoint(),
            "log/policy": POLICY.encode(),
            "tallies.json": self.claims(),
            "removals.json": self.removals(),
            f"pledges/{TEXT.slug}/1.txt": PLEDGE.encode(),
        }

    def write(self, directory: Path) -> Path:
        """Lay the files out below a directory."""
        return write_files(directory, self.files())


def make_log(signings: int = 5, *, day: date = DAY) -> WholeLog:
    """A log with its genesis, a pledge, a lab, and some signings."""
    log = WholeLog(day)
    for statement in (GENESIS, TEXT, LAB):
        log.add(replace(statement, day=day), NOTARY)
    for number in range(signings):
        log.sign(f"signatory {number}")
    return log


def write_files(directory: Path, files: dict[str, bytes]) -> Path:
    """Write files by their paths below a directory."""
    for path, data in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return directory


def _no_tile(_level: int, _index: int, _width: int) -> bytes:
    raise AssertionError
