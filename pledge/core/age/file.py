"""Age files: encrypted to recipients, decrypted with identities, as streams.

Neither side holds more than one chunk of 64 KiB and one piece of its source at a time, and nothing is yielded
that has not been authenticated.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from pledge.core.age.blocks import Piece, take
from pledge.core.age.header import make_header, parse_header, split_header, verify_mac
from pledge.core.age.hkdf import derive_key
from pledge.core.age.scrypt import check_alone
from pledge.core.age.stanza import FILE_KEY_BYTES, Identity, RandomBytes, Recipient, Stanza
from pledge.core.age.stream import NONCE_BYTES, decrypt_stream, encrypt_stream
from pledge.errors import MalformedError, VerificationError


def encrypt(
    recipients: Sequence[Recipient], source: Iterable[Piece], *, random_bytes: RandomBytes
) -> Iterator[bytes]:
    """Encrypt a stream so that any of the recipients can decrypt it.

    What is wrong with the recipients is found at once; the source is read as the result is.

    Args:
        recipients: 1 to 128 of one kind; a passphrase is alone.
        source: The plaintext, in pieces of any size.
        random_bytes: Source of the file key, the nonce, and what recipients need; ``os.urandom``.

    Returns:
        The file, binary, in pieces of up to 64 KiB and a little.

    Raises:
        MalformedError: No recipients, too many (code ``age-header``), or kinds that do not mix (code
            ``age-mixed``).
    """
    kinds = {recipient.kind for recipient in recipients}
    if len(kinds) > 1 or ("passphrase" in kinds and len(recipients) > 1):
        raise MalformedError("These kinds of recipients must not be mixed.", code="age-mixed")
    file_key = random_bytes(FILE_KEY_BYTES)
    stanzas = [recipient.wrap(file_key, random_bytes=random_bytes) for recipient in recipients]
    nonce = random_bytes(NONCE_BYTES)
    start = make_header(stanzas, file_key) + nonce
    return chain([start], encrypt_stream(_derive_payload_key(file_key, nonce), source))


def decrypt(identities: Sequence[Identity], source: Iterable[Piece]) -> Iterator[bytes]:
    """Decrypt what ``encrypt`` made for the recipient of one of the identities.

    The header is read at once; the rest of the source as the result is. Whoever iterates over the result must
    take back what was done with it if an error ends it: it was cut off or changed after what came so far.

    Args:
        identities: Tried in this order.
        source: The file, binary, in pieces of any size.

    Returns:
        The plaintext, authenticated, in pieces of up to 64 KiB.

    Raises:
        MalformedError: The header, or a stanza of an identity's type, breaks the rules (code ``age-header``).
        VerificationError: No identity fits (code ``age-no-match``), the header is not as it was written
            (``age-mac``), or, while iterating, the payload is not (``age-payload``).
    """
    data, rest = split_header(source)
    stanzas = parse_header(data).stanzas
    check_alone(stanzas)
    file_key = _unwrap(identities, stanzas)
    verify_mac(data, file_key)
    nonce, rest = take(rest, NONCE_BYTES)
    if len(nonce) < NONCE_BYTES:
        raise MalformedError("An age file ends after its header.", code="age-header")
    return decrypt_stream(_derive_payload_key(file_key, nonce), rest)


def _unwrap(identities: Sequence[Identity], stanzas: Sequence[Stanza]) -> bytes:
    for identity in identities:
        file_key = identity.unwrap(stanzas)
        if file_key is not None:
            return file_key
    raise VerificationError("No identity fits this age file.", code="age-no-match")


def _derive_payload_key(file_key: bytes, nonce: bytes) -> bytes:
    return derive_key(file_key, salt=nonce, info=b"payload")
