"""Envelopes: the age files that tips and answers travel in, which do not show how many may read them.

    age v1, binary; stanzas mlkem768x25519 only, their number brought to a multiple of 8, in random order

What is added are real encapsulations to fresh keys that no one keeps, so no stanza tells which it is. Sealing is
for who holds the plaintext; ``check_envelope`` is for who takes envelopes in and cannot open them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from pledge.core.age import hybrid
from pledge.core.age.blocks import Piece
from pledge.core.age.file import encrypt
from pledge.core.age.header import MAX_STANZAS, parse_header, split_header
from pledge.core.age.hybrid import HybridIdentity, HybridRecipient
from pledge.core.age.stanza import RandomBytes
from pledge.core.age.stream import plaintext_size
from pledge.errors import MalformedError

STEP: Final = 8


class Envelope(NamedTuple):
    """What an envelope shows without being opened.

    Attributes:
        stanzas: How many, a multiple of 8 up to 128.
        plaintext_bytes: How much it holds, 0 or more.
    """

    stanzas: int
    plaintext_bytes: int


def seal(
    recipients: Sequence[HybridRecipient], source: Iterable[Piece], *, random_bytes: RandomBytes
) -> Iterator[bytes]:
    """Encrypt a stream to recipients whose number does not show.

    Args:
        recipients: 1 to 128, all different.
        source: The plaintext, in pieces of any size; its length shows, so it is padded before.
        random_bytes: Source of all that is drawn; ``os.urandom``.

    Returns:
        The envelope, in pieces of up to 64 KiB and a little; a long first one for many recipients.

    Raises:
        MalformedError: No recipients, too many, one twice (code ``age-recipients``), or one of another kind
            (code ``age-mixed``).
    """
    if not 1 <= len(recipients) <= MAX_STANZAS or len(set(recipients)) != len(recipients):
        raise MalformedError(
            f"An envelope has 1 to {MAX_STANZAS} recipients, none of them twice.", code="age-recipients"
        )
    if any(recipient.kind != "post-quantum" for recipient in recipients):
        raise MalformedError("An envelope is sealed to hybrid recipients only.", code="age-mixed")
    missing = -len(recipients) % STEP
    strangers = [HybridIdentity.from_seed(random_bytes(hybrid.SEED_BYTES)).recipient for _ in range(missing)]
    return encrypt(_shuffle([*recipients, *strangers], random_bytes), source, random_bytes=random_bytes)


def check_envelope(start: bytes, size_bytes: int) -> Envelope:
    """Check all of an envelope that can be checked without its key.

    That leaves out the MAC and the payload: a sender may still send what no one can open.

    Args:
        start: The envelope, or as much of it as its header takes: 256 KiB are always enough.
        size_bytes: How long all of it is.

    Raises:
        MalformedError: Not binary age v1 (code ``age-header``), a stanza of another type (``age-mixed``), their
            number no multiple of 8 (``age-recipients``), a stanza of another size (``age-header``), or a length
            that no payload has (``age-payload``).
    """
    data, _ = split_header([start])
    stanzas = parse_header(data).stanzas
    if any(stanza.type != hybrid.STANZA_TYPE for stanza in stanzas):
        raise MalformedError("An envelope is sealed to hybrid recipients only.", code="age-mixed")
    if len(stanzas) % STEP:
        raise MalformedError(f"The stanzas of an envelope are a multiple of {STEP}.", code="age-recipients")
    for stanza in stanzas:
        hybrid.read_sealed(stanza)
    return Envelope(len(stanzas), plaintext_size(size_bytes - len(data)))


def _shuffle(recipients: Sequence[HybridRecipient], random_bytes: RandomBytes) -> list[HybridRecipient]:
    """Put recipients, at most 256, in an order drawn uniformly from all (Fisher and Yates)."""
    left = list(recipients)
    return [left.pop(_draw_below(len(left), random_bytes)) for _ in recipients]


def _draw_below(bound: int, random_bytes: RandomBytes) -> int:
    """Draw a number from 0 to ``bound`` - 1, each as likely; a byte that would favour some is drawn again."""
    fair = 256 - 256 % bound
    while (drawn := random_bytes(1)[0]) >= fair:
        pass
    return drawn % bound
