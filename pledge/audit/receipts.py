"""What a verified receipt means, in plain words, and what it does not mean."""

from pledge.audit.console import fact, utc_minute
from pledge.badges.signatory import draw
from pledge.core.badge_proof import extract_proof, verify_badge_proof
from pledge.core.policy import Policy
from pledge.core.receipt import Verified, parse_receipt, verify_receipt
from pledge.core.statement import Signing, keyid_of
from pledge.errors import VerificationError

_LAB = {
    "lab-email": "{lab}: an address at the lab was checked on {day}. That is the notary's word",
    "group-email": "{lab}: an address of its group was checked on {day}, by the notary's word;\n"
    "that it is this lab is self-stated",
    "email": "{lab} (self-stated; an address elsewhere was checked on {day}, by the notary's word)",
    "credential": "{lab}: shown by an anonymous credential",
}

_CHECKED = """\
What was checked
  The signatory's key signed exactly this statement and this text.
  A notary of the policy signed it too.
  A log of the policy signed a state of itself that holds this entry.
  Whatever is opened of name, role and reason is what the signatory signed."""
_CHECKED_NOTARY = "  The notary stands in the same log, earlier."
_CHECKED_PICTURE = "  The picture says that, and nothing else."

_NOT_MEANT = """\
What this does not say
  Name, role and reason are self-stated. Nobody checked them.
  That the key belongs to somebody at the lab is the notary's word, not proven by any signature.
  Whether it was renewed or withdrawn since: a receipt shows one moment. The log tells."""

_LOGGED = """\
logged: signed by the log alone. No quorum of witnesses vouches
that the log shows everyone the same"""
_WITNESSED = "witnessed: a quorum of the policy's witnesses saw the log only ever grow"


def is_svg(data: bytes) -> bool:
    """Whether these bytes begin as a badge does; a receipt never does."""
    return data.lstrip()[:4] in {b"<svg", b"<?xm"}


def explain_receipt(data: bytes, policy: Policy) -> list[str]:
    """Verify a receipt, and say what it shows, in lines for a terminal.

    Raises:
        VerificationError, MalformedError, NotUnderstoodError: As ``verify_receipt``.
    """
    return [
        *_explain(verify_receipt(parse_receipt(data), policy)),
        "",
        _CHECKED,
        _CHECKED_NOTARY,
        "",
        _NOT_MEANT,
    ]


def explain_badge(data: bytes, policy: Policy) -> list[str]:
    """Verify a badge and the proof inside, and say what they show.

    Raises:
        VerificationError: The proof does not hold, or the picture is not the one that is drawn of it.
        MalformedError: There is no proof inside, or it does not follow its format.
        NotUnderstoodError: Its leaf is of a kind or version that this reader does not know.
    """
    picture, proof = extract_proof(data)
    verified = verify_badge_proof(proof, policy)
    if picture != draw(proof):
        raise VerificationError(
            "The proof inside holds, but this version draws another picture of it. Do not believe the picture.",
            code="badge-picture",
        )
    return [*_explain(verified), "", _CHECKED, _CHECKED_PICTURE, "", _NOT_MEANT]


def _explain(verified: Verified) -> list[str]:
    signing = verified.signing
    checkpoint = verified.checkpoint
    return [
        "Accepted.",
        "",
        fact("Pledge", f"{signing.pledge.slug}, version {signing.pledge.version}"),
        fact("Text", f"SHA-256 {signing.pledge.sha256}"),
        fact("Clauses", "\n".join(signing.clauses)),
        *_self_stated(verified),
        fact("Lab", _lab(signing)),
        fact("Signed", f"{signing.day}, for the days until {signing.until}"),
        fact("Key", keyid_of(signing.signatory.key)),
        fact("Signing", f"SHA-256 {verified.signing_sha256}"),
        fact(
            "Entry", f"{verified.index} of the log {checkpoint.origin}, seen with {checkpoint.size} entries"
        ),
        fact("Grade", _WITNESSED if verified.grade == "witnessed" else _LOGGED),
        fact("Freshness", _freshness(verified)),
    ]


def _self_stated(verified: Verified) -> list[str]:
    commitments = verified.signing.commitments
    lines = []
    for field in ("name", "role", "reason"):
        opening = verified.openings.get(field)
        if opening is not None:
            lines.append(fact(field.capitalize(), f"{opening.value}\n(self-stated)"))
        elif commitments is not None and getattr(commitments, field) is not None:
            lines.append(fact(field.capitalize(), "stated, and not opened in this receipt"))
    return lines


def _lab(signing: Signing) -> str:
    affiliation = signing.affiliation
    if affiliation is None:
        return "none; an address was checked, by the notary's word"
    return _LAB[affiliation.assurance].format(lab=affiliation.lab, day=affiliation.day)


def _freshness(verified: Verified) -> str:
    seconds = verified.newest_cosignature_seconds
    if seconds is None:
        return "not known: no quorum of the policy's witnesses says when it saw this"
    return f"seen by {', '.join(verified.witnesses)}; a quorum of them at {utc_minute(seconds)}"
