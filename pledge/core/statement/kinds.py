"""Every kind of statement that this version understands, and the way between statements and payloads."""

from typing import Any

from pledge.core.statement.canonical import format_json, parse_json
from pledge.core.statement.envelope import Envelope, format_payload_type, parse_payload_type
from pledge.core.statement.finding import Finding, Reply
from pledge.core.statement.keys import Issuance, Issuers, Key, KeyRevocation
from pledge.core.statement.lab import Lab
from pledge.core.statement.members import Codec, nested
from pledge.core.statement.operation import Genesis, PolicyText, Release, TipDigest
from pledge.core.statement.pledge_text import PledgeText
from pledge.core.statement.signing import Renewal, Signing, Withdrawal
from pledge.core.statement.statement import Statement
from pledge.errors import MalformedError, NotUnderstoodError

KINDS: dict[str, type[Statement]] = {
    cls.kind: cls
    for cls in (
        *(Genesis, PolicyText, Release, PledgeText, Lab),
        *(Key, KeyRevocation, Issuers, Issuance),
        *(Signing, Renewal, Withdrawal),
        *(Finding, Reply, TipDigest),
    )
}

_CODECS: dict[str, Codec[Any]] = {kind: nested(cls) for kind, cls in KINDS.items()}


def parse_statement(envelope: Envelope) -> Statement:
    """Return the statement in an envelope; its signatures are not looked at.

    Raises:
        NotUnderstoodError: a kind or version that this reader does not know, which is no fault of the entry.
        MalformedError: a known kind whose payload does not follow its format.
    """
    return parse_payload(envelope.payload_type, envelope.payload)


def parse_payload(payload_type: str, payload: bytes) -> Statement:
    """Return the statement in a payload of a given type.

    Raises:
        NotUnderstoodError: a kind or version that this reader does not know.
        MalformedError: a known kind whose payload does not follow its format.
    """
    kind = parse_payload_type(payload_type)
    codec = _CODECS.get(kind)
    if codec is None:
        raise NotUnderstoodError("This reader does not know this kind of statement.")
    members = parse_json(payload)
    if not isinstance(members, dict):
        raise MalformedError("A payload is an object.")
    version = members.pop("type", None)
    if version != f"{kind}/v1":
        if isinstance(version, str) and version.startswith(f"{kind}/"):
            raise NotUnderstoodError(f"This reader does not know this version of {kind}.")
        raise MalformedError("The type in this payload is not what its envelope says.")
    try:
        statement: Statement = codec.parse(members)
    except MalformedError as error:
        raise MalformedError(f"{kind}: {error}") from None
    return statement


def format_statement(statement: Statement) -> bytes:
    """Return the payload of a statement, which ``parse_payload`` turns into the same statement again.

    Raises:
        MalformedError: a member's value is not what its kind allows.
    """
    codec = _CODECS[statement.kind]
    payload = format_json({"type": f"{statement.kind}/v1", **codec.format(statement)})  # type: ignore[dict-item]  # a record's codec writes an object
    if parse_payload(format_payload_type(statement.kind), payload) != statement:
        raise MalformedError("This statement cannot be written.")
    return payload


def seal(statement: Statement) -> Envelope:
    """Return an envelope around a statement, still without signatures."""
    return Envelope(format_statement(statement), format_payload_type(statement.kind))
