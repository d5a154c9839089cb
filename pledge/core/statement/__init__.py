"""Statements: canonical JSON in signed envelopes, one record for each kind, commitments and signatories' keys."""

from pledge.core.statement.canonical import format_base64, format_json, parse_base64, parse_json
from pledge.core.statement.commitment import Field, Opening, commit, verify_opening
from pledge.core.statement.envelope import (
    Envelope,
    Signature,
    format_envelope,
    format_payload_type,
    pae,
    parse_envelope,
)
from pledge.core.statement.finding import Finding, Polarity, Reply, State
from pledge.core.statement.keys import (
    Issuance,
    Issued,
    IssuerKey,
    Issuers,
    Key,
    KeyMaterial,
    KeyRevocation,
    Role,
)
from pledge.core.statement.kinds import KINDS, format_statement, parse_payload, parse_statement, seal
from pledge.core.statement.lab import Domain, Headcount, Lab, Population, Scope
from pledge.core.statement.operation import Genesis, PolicyText, Release, TipDigest
from pledge.core.statement.pledge_text import Clauses, PledgeText
from pledge.core.statement.signer import keyid_of, normal_key, verify_signatory
from pledge.core.statement.signing import (
    TERM_MONTHS,
    Affiliation,
    Assurance,
    Commitments,
    Credential,
    PledgeReference,
    Renewal,
    Signatory,
    Signing,
    Visibility,
    Withdrawal,
)
from pledge.core.statement.statement import Statement

__all__ = [
    "KINDS",
    "TERM_MONTHS",
    "Affiliation",
    "Assurance",
    "Clauses",
    "Commitments",
    "Credential",
    "Domain",
    "Envelope",
    "Field",
    "Finding",
    "Genesis",
    "Headcount",
    "Issuance",
    "Issued",
    "IssuerKey",
    "Issuers",
    "Key",
    "KeyMaterial",
    "KeyRevocation",
    "Lab",
    "Opening",
    "PledgeReference",
    "PledgeText",
    "Polarity",
    "PolicyText",
    "Population",
    "Release",
    "Renewal",
    "Reply",
    "Role",
    "Scope",
    "Signatory",
    "Signature",
    "Signing",
    "State",
    "Statement",
    "TipDigest",
    "Visibility",
    "Withdrawal",
    "commit",
    "format_base64",
    "format_envelope",
    "format_json",
    "format_payload_type",
    "format_statement",
    "keyid_of",
    "normal_key",
    "pae",
    "parse_base64",
    "parse_envelope",
    "parse_json",
    "parse_payload",
    "parse_statement",
    "seal",
    "verify_opening",
    "verify_signatory",
]
