r"""Twelve words: the one kind of secret that people keep.

A source's codename and a signatory's recovery words are BIP39 mnemonics in English: 128 bits of entropy and four
bits of its SHA-256, cut into twelve indexes of 11 bits into a list of 2,048 words. Keys come from the entropy
itself, not from BIP39's own seed, which exists for wallets and passphrases:

    seed = HKDF-SHA256(entropy, salt = SHA-256("pledge/words/v1\n<origin>"), info = purpose, 32 bytes)

No memory-hard function: 128 random bits need none. No error here repeats a word or tells more than the place of
one that is not on the list.
"""

import hashlib
import unicodedata
from typing import Final, Literal, NewType, get_args

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from mnemonic import Mnemonic

from pledge.errors import MalformedError

Entropy = NewType("Entropy", bytes)
"""The 16 secret bytes behind twelve words."""

SecretWords = NewType("SecretWords", str)
"""Twelve words as they are shown: lower case, one space between them."""

Seed = NewType("Seed", bytes)
"""The 32 secret bytes a key is made from."""

Purpose = Literal["signing", "age", "mailbox", "digest"]
"""What a seed is for. Each purpose has its own key, so that none tells anything of another."""

ENTROPY_BYTES: Final = 16
SEED_BYTES: Final = 32
WORD_COUNT: Final = 12
MAX_TEXT: Final = 1000

_PURPOSES: Final = frozenset(get_args(Purpose))
_ENGLISH: Final = Mnemonic("english")
_LIST: Final = frozenset(_ENGLISH.wordlist)


def words_from_entropy(entropy: bytes) -> SecretWords:
    """Write entropy as twelve words (BIP39, "Generating the mnemonic").

    Args:
        entropy: 16 uniformly random bytes; a secret.

    Raises:
        MalformedError: Another length.
    """
    _check_entropy(entropy)
    return SecretWords(_ENGLISH.to_mnemonic(entropy))


def entropy_from_words(text: str) -> Entropy:
    """Read twelve words back, whatever their case and the white space around them.

    Compatibility forms, such as full-width letters, count as what they stand for (NFKC).

    Args:
        text: What a person typed or pasted; a secret.

    Raises:
        MalformedError: There are not twelve words (code ``words-count``), one is not on the list
            (``words-unknown``; the message says which place), or they do not belong together
            (``words-checksum``). None of it repeats a word.
    """
    words = unicodedata.normalize("NFKC", text[: MAX_TEXT + 1]).lower().split()
    if len(text) > MAX_TEXT or len(words) != WORD_COUNT:
        raise MalformedError("There have to be twelve words.", code="words-count")
    for place, word in enumerate(words, start=1):
        if word not in _LIST:
            raise MalformedError(
                "Word %(place)s is not on the list. Check its spelling.", code="words-unknown", place=place
            )
    try:
        return Entropy(bytes(_ENGLISH.to_entropy(words)))
    except ValueError:
        raise MalformedError(
            "The words do not belong together. Check that none is missing, changed or out of order.",
            code="words-checksum",
        ) from None


def derive_seed(entropy: bytes, *, origin: str, purpose: Purpose) -> Seed:
    """Derive the seed of one key, with HKDF-SHA256 (RFC 5869).

    Args:
        entropy: The 16 bytes behind the words; a secret.
        origin: The log's origin: the same words give other keys elsewhere.
        purpose: What the key is for.

    Returns:
        32 bytes; a secret.

    Raises:
        MalformedError: Entropy of another length, an empty origin, or a purpose that does not exist.
    """
    _check_entropy(entropy)
    if not origin or purpose not in _PURPOSES:
        raise MalformedError("A key needs an origin and one of the known purposes.", code="words-purpose")
    salt = hashlib.sha256(f"pledge/words/v1\n{origin}".encode()).digest()
    hkdf = HKDF(algorithm=hashes.SHA256(), length=SEED_BYTES, salt=salt, info=purpose.encode())
    return Seed(hkdf.derive(entropy))


def _check_entropy(entropy: bytes) -> None:
    if len(entropy) != ENTROPY_BYTES:
        raise MalformedError("Twelve words stand for 16 bytes.", code="words-entropy")
