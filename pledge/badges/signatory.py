"""What the badge of a signatory says, and whether a picture with a proof inside says what the proof shows. Pure."""

from pledge.badges.look import parse_look
from pledge.badges.render import Badge, State, render_badge
from pledge.badges.words import LANGUAGES, Words
from pledge.core.badge_proof import BadgeProof, embed_proof
from pledge.core.statement import Signing, parse_envelope, parse_statement
from pledge.errors import MalformedError


def say(status: str, assurance: str | None, lang: str) -> Badge:
    """Say how somebody stands, ``current``, ``former``, ``lapsed`` or ``withdrawn``, and what address was checked."""
    words = LANGUAGES[lang]
    said, state = _standing(words, status)
    if status == "current" and assurance == "lab-email":
        said = f"{said} · {words.lab_address}"
    return Badge(words.pledge, said, words.pledge, state, rings=2)


def draw_with_proof(proof: BadgeProof) -> bytes:
    """Draw the badge of a signing that is current in the proof's look, with the proof inside."""
    return embed_proof(draw(proof), proof)


def draw(proof: BadgeProof) -> bytes:
    """Draw what a proof shows, whether it holds or not.

    Raises:
        MalformedError: Its leaf is not a signing.
    """
    signing = parse_statement(parse_envelope(proof.leaf))
    if not isinstance(signing, Signing):
        raise MalformedError("This proof is not of a signing.")
    look = parse_look(proof.look)
    assurance = signing.affiliation.assurance if signing.affiliation else None
    return render_badge(say("current", assurance, look.lang), look)


def _standing(words: Words, status: str) -> tuple[str, State]:
    if status == "current":
        return words.signed, "good"
    return {"former": words.former, "lapsed": words.lapsed, "withdrawn": words.withdrawn}[status], "plain"
