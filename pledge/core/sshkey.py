"""OpenSSH public keys: parsing them, naming them, and verifying signatures made with them.

A public key blob is ``string type`` and what the type prescribes:

    ssh-ed25519                           string A[32]                              RFC 8709, section 4
    ecdsa-sha2-nistp256, -384, -521       string curve, string Q                    RFC 5656, section 3.1
    ssh-rsa                               mpint e, mpint n                          RFC 4253, section 6.6
    sk-ssh-ed25519@openssh.com            string A[32], string application          OpenSSH PROTOCOL.u2f
    sk-ecdsa-sha2-nistp256@openssh.com    string curve, string Q, string application

A signature blob is ``string type, string signature``; with the sk- types ``byte flags, uint32 counter`` follow,
and what a security key signs is SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(data).

Each key has one encoding here, so that equal keys are equal bytes: integers without superfluous bytes, points
uncompressed and on their curve, nothing after the end. Certificates, DSA and RSA with SHA-1 are refused.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from pledge.core.keys import check_ed25519_public, verify_ed25519
from pledge.core.sshwire import Reader, format_string
from pledge.errors import MalformedError, VerificationError, noop

MAX_KEY_BYTES: Final = 2048
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192
MAX_RSA_EXPONENT: Final = 2**32 - 1

_USER_PRESENT: Final = 0x01
_CURVES: Final[dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]]] = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
_RSA_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
}
_MISFIT: Final = noop("An SSH signature does not fit its key and message.")


class _Key(Protocol):
    """A key that can verify what stands in the ``signature`` string of a signature blob."""

    def verify(self, algorithm: str, signature: bytes, data: bytes) -> None:
        """Raise VerificationError, or MalformedError when the algorithm or shape is not the key's."""
        ...


@dataclass(frozen=True)
class _Ed25519:
    """``ssh-ed25519``."""

    public: bytes

    def verify(self, algorithm: str, signature: bytes, data: bytes) -> None:
        _check_algorithm(algorithm, "ssh-ed25519")
        verify_ed25519(self.public, data, signature)


@dataclass(frozen=True)
class _Ecdsa:
    """``ecdsa-sha2-<curve>``. Low S is not asked for: these signatures are malleable, so never identify by them."""

    public: ec.EllipticCurvePublicKey
    curve: str

    def verify(self, algorithm: str, signature: bytes, data: bytes) -> None:
        _check_algorithm(algorithm, f"ecdsa-sha2-{self.curve}")
        reader = Reader(signature)
        pair = encode_dss_signature(reader.mpint(), reader.mpint())
        reader.end()
        try:
            self.public.verify(pair, data, ec.ECDSA(_CURVES[self.curve][1]))
        except InvalidSignature as error:
            raise VerificationError(_MISFIT) from error


@dataclass(frozen=True)
class _Rsa:
    """``ssh-rsa``, with PKCS #1 v1.5 and SHA-2 (RFC 8332). Signatures are exactly as long as the modulus."""

    public: rsa.RSAPublicKey

    def verify(self, algorithm: str, signature: bytes, data: bytes) -> None:
        _check_algorithm(algorithm, *_RSA_HASHES)
        if len(signature) != (self.public.key_size + 7) // 8:
            raise VerificationError("An RSA signature is not as long as its key.")
        try:
            self.public.verify(signature, data, padding.PKCS1v15(), _RSA_HASHES[algorithm])
        except InvalidSignature as error:
            raise VerificationError(_MISFIT) from error


@dataclass(frozen=True)
class _SecurityKey:
    """An sk- type: a key held by a FIDO authenticator for one application (OpenSSH PROTOCOL.u2f)."""

    kind: str
    held: _Ed25519 | _Ecdsa
    application: bytes

    def verify_touched(self, algorithm: str, signature: bytes, tail: bytes, data: bytes) -> None:
        """Verify with ``tail`` = flags ‖ counter[4]; the bit for a person's presence must be set."""
        _check_algorithm(algorithm, self.kind)
        if not tail[0] & _USER_PRESENT:
            raise VerificationError("The security key was not touched.", code="ssh-user-presence")
        signed = hashlib.sha256(self.application).digest() + tail + hashlib.sha256(data).digest()
        self.held.verify(_held_algorithm(self.kind), signature, signed)


@dataclass(frozen=True)
class SshPublicKey:
    """A public key that passed every check.

    Attributes:
        kind: The type, such as ``ssh-ed25519``.
        blob: The bytes it was parsed from; equal keys have equal bytes.
    """

    kind: str
    blob: bytes
    _key: _Key | _SecurityKey = field(repr=False, compare=False)

    @property
    def plain(self) -> bytes:
        """The blob of the key alone, without the application for which a security key holds it."""
        if not isinstance(self._key, _SecurityKey):
            return self.blob
        start = len(format_string(self.kind.encode()))
        end = len(self.blob) - len(format_string(self._key.application))
        return format_string(_held_algorithm(self.kind).encode()) + self.blob[start:end]

    def verify(self, signature: bytes, data: bytes) -> None:
        """Verify a signature blob over ``data``.

        Raises:
            MalformedError: The blob does not follow its format, or belongs to another type of key.
            VerificationError: The signature does not fit, or a security key was used without a touch.
        """
        reader = Reader(signature)
        algorithm, raw = reader.name(), reader.string()
        tail = reader.take(5) if isinstance(self._key, _SecurityKey) else b""
        reader.end()
        if isinstance(self._key, _SecurityKey):
            self._key.verify_touched(algorithm, raw, tail, data)
        else:
            self._key.verify(algorithm, raw, data)


def parse_public_key(blob: bytes) -> SshPublicKey:
    """Parse a public key blob of at most 2,048 bytes.

    Raises:
        MalformedError: An unknown type (code ``ssh-key-type``), a key that is not sound (``ssh-key``), or bytes
            that are not the canonical encoding.
    """
    if len(blob) > MAX_KEY_BYTES:
        raise MalformedError("The SSH public key is too long.", code="ssh-key")
    reader = Reader(blob)
    kind = reader.name()
    key = _parse_key(kind, reader)
    reader.end()
    return SshPublicKey(kind=kind, blob=blob, _key=key)


def fingerprint(public_key: bytes) -> str:
    """Name a public key blob as OpenSSH does: ``SHA256:`` and 43 characters of base64 without padding."""
    digest = hashlib.sha256(public_key).digest()
    return "SHA256:" + base64.b64encode(digest).rstrip(b"=").decode()


def parse_public_line(line: str) -> bytes:
    """Read a line of a ``.pub`` file, ``<type> <base64> [comment]``, and return the checked blob.

    Options, as in ``authorized_keys``, are not taken. One line break at the end is.

    Raises:
        MalformedError: The line or the key does not follow its format, or the two types differ.
    """
    parts = line.removesuffix("\n").removesuffix("\r").split(" ", 2)
    if len(line) > 2 * MAX_KEY_BYTES or "\n" in "".join(parts) or len(parts) == 1:
        raise MalformedError("This is not one line of an SSH public key file.", code="ssh-line")
    blob = parse_base64(parts[1])
    if parse_public_key(blob).kind != parts[0]:
        raise MalformedError("The line names another type than its SSH key has.", code="ssh-line")
    return blob


def public_line(public_key: bytes) -> str:
    """Write a public key blob as in a ``.pub`` file, without comment or line break: ``ssh-ed25519 AAAA…``.

    Raises:
        MalformedError: As ``parse_public_key``.
    """
    return f"{parse_public_key(public_key).kind} {base64.b64encode(public_key).decode()}"


def parse_base64(text: str) -> bytes:
    """Decode standard base64 with padding, refusing what is not the one encoding of its bytes.

    Raises:
        MalformedError: Code ``ssh-base64``.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("The SSH data is not base64.", code="ssh-base64") from error
    if base64.b64encode(data).decode() != text:
        raise MalformedError("The SSH data is not canonical base64.", code="ssh-base64")
    return data


def _parse_key(kind: str, reader: Reader) -> _Key | _SecurityKey:
    """Parse what follows the type, up to where the key ends."""
    match kind:
        case "ssh-ed25519":
            return _parse_ed25519(reader)
        case "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521":
            return _parse_ecdsa(kind.removeprefix("ecdsa-sha2-"), reader)
        case "ssh-rsa":
            return _parse_rsa(reader)
        case "sk-ssh-ed25519@openssh.com":
            return _SecurityKey(kind, _parse_ed25519(reader), _parse_application(reader))
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            return _SecurityKey(kind, _parse_ecdsa("nistp256", reader), _parse_application(reader))
        case _:
            raise MalformedError("SSH keys of this type are not taken.", code="ssh-key-type")


def _parse_ed25519(reader: Reader) -> _Ed25519:
    public = reader.string()
    check_ed25519_public(public)
    return _Ed25519(public)


def _parse_ecdsa(curve: str, reader: Reader) -> _Ecdsa:
    """Parse the curve's name, which must be ``curve``, and an uncompressed point on it (SEC 1, 2.3.4)."""
    named, point = reader.name(), reader.string()
    if named != curve or point[:1] != b"\x04":
        raise MalformedError("The SSH key's curve or point is not of its type.", code="ssh-key")
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve][0], point)
    except ValueError as error:
        raise MalformedError("The SSH key's point is not on its curve.", code="ssh-key") from error
    return _Ecdsa(public, curve)


def _parse_rsa(reader: Reader) -> _Rsa:
    exponent, modulus = reader.mpint(), reader.mpint()
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        raise MalformedError("RSA keys have 2,048 to 8,192 bits here.", code="ssh-key")
    if not 3 <= exponent <= MAX_RSA_EXPONENT or not exponent & modulus & 1:  # noqa: PLR2004 RFC 8017, section 3.1
        raise MalformedError("The RSA key's exponent or modulus is not sound.", code="ssh-key")
    return _Rsa(rsa.RSAPublicNumbers(exponent, modulus).public_key())


def _parse_application(reader: Reader) -> bytes:
    """Parse what a security key was made for: ``ssh:`` and anything, so that no web login can pass for it."""
    application = reader.name()
    if not application.startswith("ssh:"):
        raise MalformedError("The security key was not made for SSH.", code="ssh-key")
    return application.encode()


def _held_algorithm(kind: str) -> str:
    """Name the plain algorithm of an sk- type."""
    return kind.removeprefix("sk-").removesuffix("@openssh.com")


def _check_algorithm(algorithm: str, *allowed: str) -> None:
    if algorithm not in allowed:
        raise MalformedError("The SSH signature is not of its key's type.", code="ssh-algorithm")
