"""Bech32 (BIP173) without its limit on length, as age writes keys.

    text = <name> 1 <data, five bits a character> <checksum, six characters>

Text is all lower case or all upper case, and the checksum is that of the lower case.
"""

from collections.abc import Iterable
from typing import Final

from pledge.errors import MalformedError

MAX_TEXT: Final = 4096

_CHARACTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES: Final = {character: value for value, character in enumerate(_CHARACTERS)}
_CHECKSUM_CHARACTERS: Final = 6
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encode_bech32(name: str, data: bytes) -> str:
    """Write ``data`` under a name, in lower case (BIP173, "Bech32").

    Args:
        name: The human-readable part: printable ASCII in lower case, not empty.
        data: Any number of bytes.
    """
    values = _regroup(data, 8, 5)
    missing = -len(data) * 8 % 5
    if missing:
        last = int.from_bytes(data[-1:], "big")
        values.append(last << missing & 31)
    checksum = _polymod([*_expand(name), *values, *bytes(_CHECKSUM_CHARACTERS)]) ^ 1
    values += [checksum >> 5 * place & 31 for place in reversed(range(_CHECKSUM_CHARACTERS))]
    return f"{name}1{''.join(_CHARACTERS[value] for value in values)}"


def decode_bech32(text: str) -> tuple[str, bytes]:
    """Read what ``encode_bech32`` writes, in either case.

    No error repeats any of the text, which may be a secret.

    Returns:
        The name, in lower case, and the data.

    Raises:
        MalformedError: More than 4,096 characters, mixed case, no name, another alphabet, a wrong checksum, or
            padding that is not fewer than five zero bits.
    """
    lower = text.lower() if text.isascii() else ""
    name, _, encoded = lower.rpartition("1")
    if not name or not name.isprintable() or " " in name or len(text) > MAX_TEXT:
        raise MalformedError("A key is not in Bech32.")
    if text not in {lower, text.upper()}:
        raise MalformedError("A key in Bech32 mixes upper and lower case.")
    values = [_VALUES.get(character, -1) for character in encoded]
    if -1 in values or len(values) < _CHECKSUM_CHARACTERS:
        raise MalformedError("A key in Bech32 holds a character of another alphabet, or too few.")
    if _polymod([*_expand(name), *values]) != 1:
        raise MalformedError(
            "A key in Bech32 has a wrong checksum. Check that none of it is missing or changed."
        )
    data = bytes(_regroup(values[:-_CHECKSUM_CHARACTERS], 5, 8))
    if encode_bech32(name, data) != lower:
        raise MalformedError("A key in Bech32 has bits too many.")
    return name, data


def _expand(name: str) -> list[int]:
    """The name as the checksum takes it: high bits, zero, low bits."""
    return [ord(character) >> 5 for character in name] + [0] + [ord(character) & 31 for character in name]


def _polymod(values: Iterable[int]) -> int:
    """The checksum's remainder (BIP173, "Checksum")."""
    remainder = 1
    for value in values:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                remainder ^= generator
    return remainder


def _regroup(values: Iterable[int], width: int, new_width: int) -> list[int]:
    """Cut a string of bits, ``width`` to a value, into whole values of ``new_width`` bits; what is left falls away."""
    held = bits = 0
    regrouped = []
    for value in values:
        held = held << width | value
        bits += width
        while bits >= new_width:
            bits -= new_width
            regrouped.append(held >> bits)
            held &= (1 << bits) - 1
    return regrouped
