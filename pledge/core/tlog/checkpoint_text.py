"""The text of a checkpoint: three lines that say what a log is (C2SP tlog-checkpoint, "Note text").

    example.com/log                                   origin
    20852163                                          number of entries
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=      root hash

Extension lines are allowed by C2SP but refused here: signatures of kind 0x06 do not cover them.
"""

from dataclasses import dataclass
from typing import Final

from pledge.core.tlog.encoding import MAX_NUMBER, decode_base64, decode_decimal, encode_base64
from pledge.core.tlog.tree import EMPTY_ROOT, HASH_BYTES, Hash
from pledge.errors import MalformedError

MAX_ORIGIN_BYTES: Final = 255

_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log is at one moment; worth as much as the signatures under it.

    Attributes:
        origin: The name of the log, 1 to 255 bytes in UTF-8, no control characters below U+0020.
        size: Number of entries, 0 to 2^63 - 1.
        root: Root hash of the tree over them, 32 bytes; for none ``EMPTY_ROOT``.

    Raises:
        MalformedError: A value outside these ranges.
    """

    origin: str
    size: int
    root: Hash

    def __post_init__(self) -> None:
        try:
            origin = self.origin.encode()
        except UnicodeEncodeError as error:
            raise MalformedError("An origin is not Unicode.") from error
        if not 1 <= len(origin) <= MAX_ORIGIN_BYTES or min(origin) < ord(" "):
            raise MalformedError("An origin has 1 to 255 bytes and no control characters.")
        if not 0 <= self.size <= MAX_NUMBER:
            raise MalformedError("A tree has 0 to 2^63 - 1 entries.")
        if len(self.root) != HASH_BYTES:
            raise MalformedError("A root hash has 32 bytes.")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise MalformedError("The empty tree has another root.")


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Write the three lines, each with its newline."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{encode_base64(checkpoint.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read what ``format_checkpoint`` writes: the text of a note, without its signatures.

    Raises:
        MalformedError: Other lines than these three, extension lines included, or as ``Checkpoint``.
    """
    lines = text.split("\n")
    if len(lines) != _LINES + 1 or lines[-1]:
        raise MalformedError("A checkpoint has three lines: origin, size, root.")
    origin, size, root, _ = lines
    return Checkpoint(origin, decode_decimal(size), Hash(decode_base64(root)))
