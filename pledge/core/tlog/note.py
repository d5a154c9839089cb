"""Signed notes: text, and signatures by named keys under it (C2SP signed-note).

    Ognuno sta solo sul cuor della terra                                  text, any lines;
    trafitto da un raggio di sole:                                        the last newline is part of it

    ed è subito sera.
                                                                          the last empty line
    — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/…          signature lines, one or more

A signature line is an em dash (U+2014), a space, the name of the key, a space, and base64(key ID[4] ‖ signature).
A note is UTF-8 without control characters below U+0020 other than newline. Its text means nothing until
``verify_note`` has named the keys that signed it.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from pledge.core.keys import verify_ed25519
from pledge.core.tlog.cosignature import verify_cosignature
from pledge.core.tlog.encoding import decode_base64, encode_base64
from pledge.core.tlog.vkey import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA44,
    ED25519,
    KEY_ID_BYTES,
    VerifierKey,
    check_name,
    format_vkey,
    parse_vkey,
)
from pledge.errors import MalformedError, VerificationError

__all__ = [
    "COSIGNATURE_ED25519",
    "COSIGNATURE_ML_DSA44",
    "ED25519",
    "Note",
    "NoteSignature",
    "VerifierKey",
    "format_note",
    "format_vkey",
    "parse_note",
    "parse_vkey",
    "verify_note",
]

MAX_SIGNATURES: Final = 64
MAX_NOTE_BYTES: Final = 262_144

_DASH: Final = "— "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteSignature(NamedTuple):
    """One signature line, not verified.

    Attributes:
        name: The name of the key.
        key_id: Four bytes; with the name they say which key is meant.
        signature: What follows them, at least one byte; its form depends on the kind of the key.
    """

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A note, not verified.

    Attributes:
        text: What is signed, its last newline included.
        signatures: 1 to 64 of them, in the order of the lines.
    """

    text: str
    signatures: tuple[NoteSignature, ...]


def format_note(note: Note) -> bytes:
    """Write a note (C2SP signed-note, "Format").

    Raises:
        MalformedError: What would be written could not be read back as the same note.
    """
    lines = [
        f"{_DASH}{name} {encode_base64(key_id + signature)}\n" for name, key_id, signature in note.signatures
    ]
    try:
        data = f"{note.text}\n{''.join(lines)}".encode()
    except UnicodeEncodeError as error:
        raise MalformedError("A note is not Unicode.") from error
    if parse_note(data) != note:
        raise MalformedError("This note cannot be written.")
    return data


def parse_note(data: bytes) -> Note:
    """Read a note without believing it.

    Takes up to 64 signature lines (C2SP asks for at least 16) and 256 KiB. Lines of unknown keys and kinds are
    kept as they are.

    Raises:
        MalformedError: Too large, not UTF-8, a control character, no text, no signature line, a line of another
            form, or base64 that is not canonical.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise MalformedError(f"A note has at most {MAX_NOTE_BYTES} bytes.")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("A note is not UTF-8.") from error
    if _CONTROL.search(whole):
        raise MalformedError("A note holds a control character.")
    text, gap, signatures = whole.rpartition("\n\n")
    lines = signatures.split("\n")
    if not gap or lines.pop():
        raise MalformedError("A note is text, an empty line, and lines of signatures.")
    if not 1 <= len(lines) <= MAX_SIGNATURES:
        raise MalformedError(f"A note has 1 to {MAX_SIGNATURES} signatures.")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[tuple[VerifierKey, NoteSignature], ...]:
    """Verify every signature by a known key (C2SP signed-note, "Signatures").

    A line belongs to a known key when name and key ID are both the key's; other lines are ignored.

    Args:
        note: As read.
        keys: Those whose word counts here; two different ones must not share a name and key ID.

    Returns:
        Each known key with the line it signed, in the order of the lines, at least one. A key that signed
        twice is there twice.

    Raises:
        VerificationError: No known key signed, a signature by a known key is bad (the whole note is refused
            then), or two known keys cannot be told apart.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for vkey in keys:
        if known.setdefault((vkey.name, vkey.key_id), vkey) != vkey:
            raise VerificationError("Two known keys share a name and key ID.")
    verified = []
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            _verify_signature(key, note.text, line.signature)
            verified.append((key, line))
    if not verified:
        raise VerificationError("No known key signed this note.")
    return tuple(verified)


def _verify_signature(vkey: VerifierKey, text: str, signature: bytes) -> None:
    """Verify one signature by the rules of its key's kind, or raise VerificationError."""
    if vkey.kind == ED25519:
        verify_ed25519(vkey.public, text.encode(), signature)
    else:
        verify_cosignature(vkey, text, signature)


def _parse_line(line: str) -> NoteSignature:
    """Read one signature line, without its newline."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    check_name(name)
    signature = decode_base64(encoded)
    if not line.startswith(_DASH) or len(signature) <= KEY_ID_BYTES:
        raise MalformedError("A signature line is not — <name> base64(key ID and signature).")
    return NoteSignature(name, signature[:KEY_ID_BYTES], signature[KEY_ID_BYTES:])
