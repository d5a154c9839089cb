"""Mail addresses made canonical, and the seats computed from them. Version 1, frozen with vectors.

One address has one seat per pledge. So that small differences in writing do not make new seats, an address is
canonicalised, always in this order:

1. Unicode NFC. There is exactly one ``@``. Control, format, private, surrogate and unassigned characters and every
   kind of white space are refused wherever they stand.
2. Domain: mapped by UTS 46 (non-transitional, STD3 rules), then IDNA 2008 (RFC 5891) to A-labels, lower case. Thus
   full-width letters and the ideographic full stop count as the ASCII they stand for, ß stays ß, and a homoglyph
   stays the different name it is, in punycode. At least two labels, no final dot, no IP address. googlemail.com
   is gmail.com: one set of mailboxes under two names.
3. Local part: a dot-atom (RFC 5322, section 3.2.3; RFC 6531 for what is beyond ASCII), never quoted, at most 64
   bytes. Lower case, NFC again. What follows the first ``+`` is dropped, and at the providers in ``_DOTLESS``,
   which document that they ignore dots, so are the dots. Something must remain.

Canonicalising a canonical address changes nothing. Mail goes to the canonical address too: who takes the seat must
read the mailbox that the seat is named after. What v1 gives for an address may never change, since seats already
taken depend on it: a change is a new version beside it. Characters that Unicode has not assigned yet are refused, and
normal forms and cases of all others are stable. The mapping of UTS 46 is not quite (15.1 changed the capital sharp s):
the vectors tell when a new release of ``idna`` would give other answers.
"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

import idna

from pledge.errors import MalformedError

CANONICALIZATION: Final = 1
SEAT_KEY_BYTES: Final = 32
MAX_LOCAL_BYTES: Final = 64
MAX_BYTES: Final = 254
MAX_INPUT: Final = 1024

_ALIASES: Final = {"googlemail.com": "gmail.com"}
_DOTLESS: Final = frozenset({"gmail.com"})

_ATEXT: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]|[^\x00-\x7f]")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_JOINERS: Final = frozenset("\u200c\u200d")


@dataclass(frozen=True)
class CanonicalAddress:
    """An address in the one form of version 1. Made by ``canonical_address`` only; shows no local part in its repr.

    Attributes:
        local: Before the ``@``: NFC, lower case, without tag.
        domain: A-labels, lower case.
    """

    local: str = field(repr=False)
    domain: str

    @property
    def text(self) -> str:
        """The whole: ``local@domain``."""
        return f"{self.local}@{self.domain}"


def canonical_address(text: str) -> CanonicalAddress:
    """Canonicalise an address, as the module's text says.

    Args:
        text: An address as given, without white space around it.

    Raises:
        MalformedError: The code tells which part: ``address-length``, ``address-character``, ``address-shape``
            (not one ``@``), ``address-local`` or ``address-domain``. No message repeats the address.
    """
    if len(text) > MAX_INPUT:
        raise MalformedError("The address is too long.", code="address-length")
    composed = unicodedata.normalize("NFC", text)
    if any(_is_refused(character) for character in composed):
        raise MalformedError("The address has a space or an invisible character.", code="address-character")
    if composed.count("@") != 1:
        raise MalformedError("An address has exactly one @ sign.", code="address-shape")
    local, given_domain = composed.split("@")
    domain = ascii_domain(given_domain)
    domain = _ALIASES.get(domain, domain)
    folded = _folded_local(local)
    if len(folded.encode()) > MAX_LOCAL_BYTES or len(f"{folded}@{domain}".encode()) > MAX_BYTES:
        raise MalformedError("The address is too long.", code="address-length")
    return CanonicalAddress(_without_tag(folded, domain), domain)


def ascii_domain(domain: str) -> str:
    """Turn a domain into lower-case A-labels, two or more.

    Raises:
        MalformedError: It is none, or an IP address, or has a single label or a final dot.
    """
    try:
        found = idna.encode(domain, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        raise MalformedError("The part after the @ is not a domain.", code="address-domain") from None
    labels = found.split(".")
    # A last label that is a number belongs to an IPv4 address (WHATWG URL, "ends in a number checker").
    if len(labels) == 1 or not labels[-1] or _NUMBER.fullmatch(labels[-1]):
        raise MalformedError("The part after the @ is not a full domain name.", code="address-domain")
    return found


def seat(seat_key: bytes, *, pledge: str, address: CanonicalAddress) -> bytes:
    r"""Compute the seat that an address takes at a pledge, 32 bytes.

    HMAC-SHA256(seat key, ``pledge/seat/v1\n<pledge slug>\n<canonical address>``): without the key, nobody can try
    whether an address has signed.

    Args:
        seat_key: 32 random bytes; a secret.
        pledge: The slug: lower-case letters, digits, single hyphens.
        address: Canonical.

    Raises:
        MalformedError: The key has another length, or the slug another shape.
    """
    if len(seat_key) != SEAT_KEY_BYTES or not _SLUG.fullmatch(pledge):
        raise MalformedError("A seat needs a key of 32 bytes and a pledge's slug.")
    message = f"pledge/seat/v1\n{pledge}\n{address.text}"
    return hmac.new(seat_key, message.encode(), hashlib.sha256).digest()


def _is_refused(character: str) -> bool:
    """Tell white space, and whatever has no shape of its own. Joiners are left to IDNA (RFC 5892, appendix A)."""
    return unicodedata.category(character)[0] in "CZ" and character not in _JOINERS


def _folded_local(local: str) -> str:
    """Check that a local part is a dot-atom without joiners, and fold its case."""
    if not all(_ATEXT.match(character) and character not in _JOINERS for character in local):
        raise MalformedError("The part before the @ has a character that is not taken.", code="address-local")
    if not all(local.split(".")):
        raise MalformedError("The part before the @ has a dot out of place.", code="address-local")
    return unicodedata.normalize("NFC", local.lower())


def _without_tag(local: str, domain: str) -> str:
    """Drop the tag and, at some providers, the dots; what remains is a dot-atom again."""
    mailbox = local.partition("+")[0]
    if domain in _DOTLESS:
        mailbox = unicodedata.normalize("NFC", mailbox.replace(".", ""))
    if not all(mailbox.split(".")):
        raise MalformedError("Nothing, or a dot, stands before the + of the address.", code="address-local")
    return mailbox
