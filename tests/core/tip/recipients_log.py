"""A log of stewards with fixed keys, its recipients file, and what a server could do to it.

``python -m tests.core.tip.recipients_log`` writes ``tests/vectors/recipients.json``.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pledge.core.age.hybrid import HybridIdentity
from pledge.core.age.keytext import format_recipient
from pledge.core.keys import format_key
from pledge.core.policy import format_policy
from pledge.core.statement import (
    Envelope,
    Key,
    KeyMaterial,
    KeyRevocation,
    Statement,
    format_envelope,
    seal,
)
from pledge.core.tip.recipients import ProvenEntry, format_recipients
from pledge.core.tlog.note import ED25519, VerifierKey, format_vkey
from pledge.core.tlog.tree import leaf_hash
from tests.core.sample_log import (
    DAY,
    GENESIS,
    LAB,
    NOTARY,
    ORIGIN,
    OTHER_NOTARY,
    STEWARDS,
    TEXT,
    UNTIL,
    Signer,
    checkpoint_of,
    holder,
    inclusion_path,
    key_entry,
    signed,
    trust,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "recipients.json"
ADA, BEA, CYD, DEE = STEWARDS
NEW_ADA = holder("steward", "ada's second key")
LATER = date(2026, 12, 23)
MUCH_LATER = date(2027, 1, 23)


def identity_of(steward: Signer) -> HybridIdentity:
    return HybridIdentity.from_seed(hashlib.sha256(b"age" + steward.key.public).digest())


def steward_key(steward: Signer, **changes: Any) -> Key:
    keys = KeyMaterial(
        signing=format_key(steward.key.public), age=format_recipient(identity_of(steward).recipient)
    )
    return replace(key_entry(steward, keys=keys), **changes)


def admitted(steward: Signer, *by: Signer, day: date = DAY, **changes: Any) -> Envelope:
    return signed(steward_key(steward, day=day, founder=False, **{"from_": day, **changes}), *by)


def founded(steward: Signer, *by: Signer, **changes: Any) -> Envelope:
    return signed(steward_key(steward, **changes), *(by or (NOTARY,)))


def revoked(steward: Signer, *by: Signer, reason: str = "rotated", day: date = LATER) -> Envelope:
    statement = KeyRevocation(
        origin=ORIGIN, day=day, role="steward", key=format_key(steward.key.public), reason=reason
    )
    return signed(statement, *by)


OTHERS = tuple(signed(statement, NOTARY) for statement in (TEXT, LAB))
FOUNDERS = (signed(GENESIS, NOTARY), OTHERS[0], founded(ADA), founded(BEA), OTHERS[1])
ROTATED = (
    *FOUNDERS,
    admitted(CYD, BEA, ADA, day=date(2026, 12, 1), until=date(2027, 1, 1)),
    admitted(NEW_ADA, ADA, BEA, day=LATER),
    revoked(ADA, ADA, BEA, CYD),
    revoked(BEA, NEW_ADA, CYD, reason="lost", day=date(2026, 12, 30)),
)


def is_theirs(envelope: Envelope) -> bool:
    """Say whether an entry belongs into the file."""
    payload = json.loads(envelope.payload)
    return envelope.kind == "genesis" or payload.get("role") == "steward"


def file_of(
    log: Sequence[Envelope],
    *,
    choose: Callable[[Envelope], bool] = is_theirs,
    change: Callable[[list[ProvenEntry]], list[ProvenEntry]] = lambda entries: entries,
    **signers: int,
) -> bytes:
    """Return the recipients file of a whole log, with entries changed after they were proven."""
    leaves = [format_envelope(envelope) for envelope in log]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    entries = [
        ProvenEntry(index=index, leaf=leaf, path=inclusion_path(hashes, index))
        for index, leaf in enumerate(leaves)
        if choose(log[index])
    ]
    return format_recipients(checkpoint_of(leaves, **signers), change(entries))


def raw(data: bytes, **members: Any) -> str:
    """Return a file whose members were changed, still canonical."""
    value = {**json.loads(data), **members}
    return json.dumps(
        {name: item for name, item in value.items() if item is not None},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def _with_path(entries: list[ProvenEntry]) -> list[ProvenEntry]:
    *rest, last = entries
    return [*rest, replace(last, path=(bytes(32), *last.path[1:]))]


def _with_leaf(envelope: Envelope) -> Callable[[list[ProvenEntry]], list[ProvenEntry]]:
    return lambda entries: [*entries[:-1], replace(entries[-1], leaf=format_envelope(envelope))]


def _swapped(data: bytes) -> str:
    entries = json.loads(data)["entries"]
    return raw(data, entries=[entries[0], *reversed(entries[1:])])


def refused() -> dict[str, tuple[bytes | str, str]]:
    """Return files that have to be refused, with the code of the error."""
    whole = file_of(FOUNDERS)
    entries = json.loads(whole)["entries"]
    notary_key = signed(key_entry(OTHER_NOTARY), NOTARY)
    of_another_log = replace(steward_key(ADA), origin="other.example")
    other_key = VerifierKey("other.example", ED25519, NOTARY.key.public)
    other_genesis = replace(GENESIS, origin="other.example", log=(format_vkey(other_key),))
    unsigned: Statement = steward_key(CYD, founder=False)
    return {
        "a steward without signatures": (file_of((*FOUNDERS, seal(unsigned))), "signature-missing"),
        "a steward with one signature of two": (
            file_of((*FOUNDERS, admitted(CYD, ADA))),
            "signature-missing",
        ),
        "a steward with one signature twice": (
            file_of((*FOUNDERS, admitted(CYD, ADA, ADA))),
            "signature-repeated",
        ),
        "a steward admitted by the notary": (file_of((*FOUNDERS, admitted(CYD, NOTARY, ADA))), "key-unknown"),
        "a steward admitted by itself": (file_of((*FOUNDERS, admitted(CYD, ADA, CYD))), "key-unknown"),
        "a signature over something else": (
            file_of(
                (*FOUNDERS, replace(admitted(CYD, ADA, BEA), signatures=admitted(DEE, ADA, BEA).signatures))
            ),
            "not-verified",
        ),
        "a founder after the first k": (file_of((*FOUNDERS, founded(CYD))), "founder-late"),
        "a founder by another notary": (file_of((FOUNDERS[0], founded(ADA, OTHER_NOTARY))), "key-unknown"),
        "a key that comes back": (
            file_of((*ROTATED, admitted(ADA, NEW_ADA, CYD, day=date(2026, 12, 31)))),
            "key-repeated",
        ),
        "an admission by a revoked key": (
            file_of((*ROTATED, admitted(DEE, NEW_ADA, BEA, day=date(2026, 12, 31)))),
            "key-unknown",
        ),
        "an admission by a key that has run out": (
            file_of((*ROTATED, admitted(DEE, NEW_ADA, CYD, day=date(2027, 1, 2)))),
            "key-unknown",
        ),
        "a revocation by one steward": (
            file_of((*FOUNDERS, revoked(ADA, BEA))),
            "signature-missing",
        ),
        "a revocation of nobody's key": (file_of((*FOUNDERS, revoked(CYD, ADA, BEA))), "key-unknown"),
        "an entry of another log": (
            file_of((FOUNDERS[0], signed(of_another_log, NOTARY))),
            "origin-wrong",
        ),
        "an entry twice": (file_of((*FOUNDERS, FOUNDERS[2])), "payload-repeated"),
        "a day that goes back": (
            file_of((*FOUNDERS, admitted(CYD, ADA, BEA, day=LATER), admitted(DEE, ADA, BEA))),
            "day-decreases",
        ),
        "a pledge text among them": (file_of(FOUNDERS, choose=lambda _: True), "recipients-kind"),
        "a notary's key among them": (
            file_of((*FOUNDERS, notary_key), choose=lambda e: is_theirs(e) or e is notary_key),
            "recipients-kind",
        ),
        "a path with a wrong hash": (file_of(FOUNDERS, change=_with_path), "not-verified"),
        "a path that is too short": (
            file_of(FOUNDERS, change=lambda e: [*e[:-1], replace(e[-1], path=e[-1].path[:-1])]),
            "not-verified",
        ),
        "another leaf at a place": (
            file_of(FOUNDERS, change=_with_leaf(admitted(CYD, ADA, BEA))),
            "not-verified",
        ),
        "an index past the log": (
            file_of(FOUNDERS, change=lambda e: [*e[:-1], replace(e[-1], index=99)]),
            "not-verified",
        ),
        "a genesis of another log": (file_of((signed(other_genesis, NOTARY),)), "origin-wrong"),
        "no genesis": (raw(whole, entries=entries[1:]), "malformed"),
        "a key where the genesis is": (
            raw(file_of((FOUNDERS[2], *FOUNDERS[:2]), choose=lambda e: e is FOUNDERS[2])),
            "genesis-place",
        ),
        "the wrong order": (_swapped(whole), "malformed"),
        "no entries": (raw(whole, entries=[]), "malformed"),
        "an unknown member": (raw(whole, note="Trust me."), "malformed"),
        "an unknown member of an entry": (
            raw(whole, entries=[entries[0] | {"by": "me"}, *entries[1:]]),
            "malformed",
        ),
        "another type": (raw(whole, type="recipients/v2"), "malformed"),
        "no checkpoint": (raw(whole, checkpoint=None), "malformed"),
        "not canonical": (whole.decode() + "\n", "malformed"),
        "a leaf that is no envelope": (file_of(FOUNDERS, change=_with_garbage), "not-verified"),
        "a checkpoint of another log": (
            raw(whole, checkpoint=json.loads(whole)["checkpoint"].replace(ORIGIN, "other.example/log")),
            "not-verified",
        ),
        "a checkpoint without the log's signature": (
            file_of(FOUNDERS, log_keys=0, witnesses=2),
            "not-verified",
        ),
        "a checkpoint without the quorum": (file_of(FOUNDERS, witnesses=1), "quorum"),
    }


def _with_garbage(entries: list[ProvenEntry]) -> list[ProvenEntry]:
    return [*entries[:-1], replace(entries[-1], leaf=b"{}")]


def _accepted(name: str, log: Sequence[Envelope], days: Sequence[date]) -> dict[str, Any]:
    from pledge.core.tip.recipients import parse_recipients  # noqa: PLC0415  # what the test compares with

    data = file_of(log)
    keys = parse_recipients(data, trust())
    return {
        "name": name,
        "file": data.decode(),
        "origin": keys.origin,
        "quorum": keys.quorum,
        "size": keys.checkpoint.size,
        "keys": [
            {
                "entry": key.entry,
                "signing": key.signing,
                "recipient": key.recipient,
                "from": key.from_.isoformat(),
                "until": key.until.isoformat(),
                "founder": key.is_founder,
                "revoked": key.revoked and {"day": key.revoked.day.isoformat(), "reason": key.revoked.reason},
            }
            for key in keys.keys
        ],
        "days": [
            {
                "day": day.isoformat(),
                "current": [key.signing for key in keys.current(day)],
                "open": keys.is_open(day),
                "may_have_signed": [key.signing for key in keys.keys if key.may_have_signed(day)],
            }
            for day in days
        ],
    }


def main() -> None:
    days = [date(2026, 11, 22), DAY, LATER, date(2026, 12, 24), date(2027, 1, 1), MUCH_LATER, UNTIL]
    days.append(date(2027, 12, 24))
    policies = {"both": trust(), "none": trust(quorum="none"), "another notary": trust(notary=OTHER_NOTARY)}
    value = {
        "source": 'docs/formats.md, "Tips"; made by python -m tests.core.tip.recipients_log.',
        "policies": {name: format_policy(policy) for name, policy in policies.items()},
        "accepted": [
            _accepted("two founders", FOUNDERS, days),
            _accepted("rotated, expired and lost keys", ROTATED, days),
            _accepted("nobody yet", FOUNDERS[:2], days[:2]),
        ],
        "refused": [
            *(
                {
                    "name": name,
                    "policy": "both",
                    "file": data if isinstance(data, str) else data.decode(),
                    "code": code,
                }
                for name, (data, code) in refused().items()
            ),
            {
                "name": "the policy's notary is another",
                "policy": "another notary",
                "file": file_of(FOUNDERS).decode(),
                "code": "notary-unknown",
            },
        ],
    }
    VECTORS.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
