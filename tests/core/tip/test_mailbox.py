import json
from pathlib import Path

import pytest

from pledge.core.keys import SigningKey
from pledge.core.tip.mailbox import (
    challenge,
    derive_nonce,
    follow_up,
    mailbox_id,
    parse_mailbox_id,
    verify_answer,
)
from pledge.core.words import derive_seed, entropy_from_words
from pledge.errors import MalformedError, VerificationError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/tip.json").read_text(encoding="utf-8"))
NONCE = bytes(range(32))


def test_all_of_a_mailbox_follows_from_its_codename() -> None:
    for vector in VECTORS["mailboxes"]:
        entropy = entropy_from_words(vector["words"])
        key = SigningKey.from_seed(derive_seed(entropy, origin=vector["origin"], purpose="mailbox"))
        assert key.public.hex() == vector["public"]
        assert mailbox_id(key.public) == vector["id"]
        message = challenge(mailbox_id(key.public), NONCE, origin=vector["origin"])
        assert message.decode() == vector["challenge"]
        assert key.sign(message).hex() == vector["answer"]
        seed = derive_seed(entropy, origin=vector["origin"], purpose="digest")
        assert [derive_nonce(seed, number).hex() for number in (1, 2)] == vector["nonces"]


def test_only_who_holds_the_key_is_let_in() -> None:
    key, other = (SigningKey.from_seed(bytes([n]) * 32) for n in (1, 2))
    mailbox = mailbox_id(key.public)
    signature = key.sign(challenge(mailbox, NONCE, origin="a.example"))
    verify_answer(mailbox, NONCE, origin="a.example", public=key.public, signature=signature)
    wrong: list[dict[str, object]] = [
        {"nonce": bytes(32)},
        {"origin": "b.example"},
        {"public": other.public, "signature": other.sign(challenge(mailbox, NONCE, origin="a.example"))},
        {"signature": bytes(64)},
        {"mailbox": mailbox_id(other.public)},
    ]
    right: dict[str, object] = {
        "mailbox": mailbox,
        "nonce": NONCE,
        "origin": "a.example",
        "public": key.public,
        "signature": signature,
    }
    for changes in wrong:
        with pytest.raises(VerificationError):
            verify_answer(**(right | changes))  # type: ignore[arg-type]  # in tests


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 32 + "\n"])
def test_other_names_are_no_mailbox(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_mailbox_id(text)
    assert parse_mailbox_id("0a" * 16) == "0a" * 16


def test_what_is_signed_to_add_a_message_names_all_of_it() -> None:
    mailbox = parse_mailbox_id("0" * 32)
    message = follow_up(mailbox, origin="a.example", number=3, leaf=bytes(32), envelope_sha256=b"\1" * 32)
    assert message.decode() == f"pledge/follow-up/v1\na.example\n{'0' * 32}\n3\n{'00' * 32}\n{'01' * 32}"
