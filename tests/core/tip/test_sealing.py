import os
from dataclasses import replace

import pytest

from pledge.core.age.keytext import format_recipient
from pledge.core.age.x25519 import X25519Identity
from pledge.core.tip import sealing
from pledge.core.tip.contents import open_contents, read_files
from pledge.core.tip.message import MAX_FILES, File, Message
from pledge.core.tip.sealing import Given, seal_message
from pledge.errors import LimitError, MalformedError
from tests.core.tip.kit import SOURCE, TIP
from tests.core.tip.sealing import READER

RECIPIENTS = [format_recipient(READER.recipient)]


def make(files: tuple[File, ...]) -> Message:
    return replace(TIP, files=files)


def test_what_is_sealed_is_opened() -> None:
    files = [Given("../../etc/passwd", [b"root", b":x"]), Given("😀" * 4000, [])]
    envelope = b"".join(seal_message(files, make, key=SOURCE, recipients=RECIPIENTS, random_bytes=os.urandom))
    contents = open_contents([READER], lambda: [envelope])
    read = [(file.name, b"".join(data)) for file, data in read_files(contents, lambda: [envelope])]
    assert read == [("....etcpasswd", b"root:x"), ("😀" * 50, b"")]
    assert contents.manifest.message.text == TIP.text


def test_other_recipients_are_refused_at_once() -> None:
    classical = format_recipient(X25519Identity.from_seed(bytes([1]) * 32).recipient)
    for recipients in ([], [classical], [RECIPIENTS[0], RECIPIENTS[0]], ["age1pq1nonsense"]):
        with pytest.raises(MalformedError):
            seal_message([], make, key=SOURCE, recipients=recipients, random_bytes=os.urandom)


def test_too_many_and_too_large_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Given("a", [])] * (MAX_FILES + 1)
    with pytest.raises(LimitError):
        b"".join(seal_message(many, make, key=SOURCE, recipients=RECIPIENTS, random_bytes=os.urandom))
    monkeypatch.setattr(sealing, "MAX_FILES_BYTES", 5)
    large = [Given("a", [b"abc"]), Given("b", [b"abc"])]
    with pytest.raises(LimitError):
        b"".join(seal_message(large, make, key=SOURCE, recipients=RECIPIENTS, random_bytes=os.urandom))
