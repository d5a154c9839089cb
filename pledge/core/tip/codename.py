"""What a source's twelve words give: the mailbox's key, the identity that answers are sealed to, the seed of nonces."""

from typing import NamedTuple

from pledge.core.age.hybrid import HybridIdentity
from pledge.core.keys import SigningKey
from pledge.core.tip.mailbox import MailboxId, mailbox_id
from pledge.core.words import Seed, derive_seed


class Codename(NamedTuple):
    """Everything a source is to this site; all of it a secret but the public halves."""

    key: SigningKey
    identity: HybridIdentity
    digest_seed: Seed

    @property
    def mailbox(self) -> MailboxId:
        """The mailbox's name."""
        return mailbox_id(self.key.public)


def derive_codename(entropy: bytes, *, origin: str) -> Codename:
    """Derive all of it.

    Args:
        entropy: The 16 bytes behind the words (``words.entropy_from_words``); a secret.
        origin: The log's: the same words give another mailbox elsewhere.
    """
    return Codename(
        key=SigningKey.from_seed(derive_seed(entropy, origin=origin, purpose="mailbox")),
        identity=HybridIdentity.from_seed(derive_seed(entropy, origin=origin, purpose="age")),
        digest_seed=derive_seed(entropy, origin=origin, purpose="digest"),
    )
