import json
from pathlib import Path

from pledge.core.tip.codename import derive_codename
from pledge.core.tip.mailbox import derive_nonce
from pledge.core.words import entropy_from_words

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/tip.json").read_text(encoding="utf-8"))


def test_all_of_a_source_follows_from_twelve_words() -> None:
    for vector in VECTORS["mailboxes"]:
        codename = derive_codename(entropy_from_words(vector["words"]), origin=vector["origin"])
        assert codename.mailbox == vector["id"]
        assert codename.key.public.hex() == vector["public"]
        assert [derive_nonce(codename.digest_seed, number).hex() for number in (1, 2)] == vector["nonces"]


def test_elsewhere_the_same_words_are_somebody_else() -> None:
    one, other = (derive_codename(bytes(16), origin=origin) for origin in ("a.example", "b.example"))
    assert one.mailbox != other.mailbox
    assert one.identity.recipient != other.identity.recipient
