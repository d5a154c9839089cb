"""The notary: the server's key that says what the operator has checked, and logs it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.keys import SigningKey, role_key_id
from pledge.log.sequencer import add_pending

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Notary:
    """The notary's key, and the origin it speaks at."""

    origin: str
    key: SigningKey

    @property
    def keyid(self) -> str:
        """The hint that names this key in an envelope."""
        return f"notary:{role_key_id('notary', self.key.public)}"

    def sign(self, envelope: st.Envelope) -> st.Envelope:
        """Add the notary's signature after those that are there."""
        signature = st.Signature(self.keyid, self.key.sign(st.pae(envelope.payload_type, envelope.payload)))
        return st.Envelope(envelope.payload, envelope.payload_type, (*envelope.signatures, signature))


def log_statement(
    session: Session, statement: st.Statement, *, notary: Notary, random_bytes: RandomBytes
) -> bytes:
    """Hand a statement that the notary alone signs to the log; gives the SHA-256 of its payload."""
    leaf = st.format_envelope(notary.sign(st.seal(statement)))
    return add_pending(session, leaf=leaf, day=statement.day, pending_id=random_bytes(16))
