r"""Sizes: which class an envelope is of, told from its length alone, as anybody on the wire can.

::

    envelope = "age-encryption.org/v1\n"[22] ‖ stanza[1557] × 8n ‖ "--- " base64(MAC)[48] ‖ nonce[16]
               ‖ archive ‖ tag[16] for each 64 KiB of it

An archive has one of fourteen sizes, and no two of them, with any number of stanzas, make envelopes of one length.
"""

from typing import Final

from pledge.core.archive import SIZE_CLASSES

_STANZAS_BYTES: Final = 8 * 1557
_AROUND_BYTES: Final = 22 + 48 + 16
_MAX_GROUPS: Final = 16
_CHUNK_BYTES: Final = 65_536
_TAG_BYTES: Final = 16

_CLASSES: Final = {
    _AROUND_BYTES + groups * _STANZAS_BYTES + size + -(-size // _CHUNK_BYTES) * _TAG_BYTES: size
    for groups in range(1, _MAX_GROUPS + 1)
    for size in SIZE_CLASSES
}


def class_of(envelope_bytes: int) -> int | None:
    """Give the size in bytes to which an envelope's archive is padded; None where it is of no class."""
    return _CLASSES.get(envelope_bytes)
