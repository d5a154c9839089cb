"""Who is let into a mailbox, and what is shown of it: nothing to others, and nothing that does not check out."""

import base64
import json
import os
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from pledge.core.keys import SigningKey, format_key
from pledge.core.tip.frame import ANSWER_BYTES
from pledge.core.tip.mailbox import challenge
from pledge.instance import Instance
from pledge.tips.models import Message, Thread
from tests.site_kit import Clock
from tests.steward_kit import Steward, found_stewards
from tests.tips.http_kit import OCTETS, Source, answer_frame, sha256_of

FORM = "multipart/form-data"


@pytest.fixture
def stewards(instance: Instance) -> list[Steward]:
    return found_stewards(instance, 2)


@pytest.fixture
def source(app: Flask, stewards: list[Steward]) -> Source:
    return Source(app)


def thread_id(instance: Instance) -> str:
    with instance.database.reading() as session:
        return session.scalars(select(Thread.id)).one().hex()


def put_answer(source: Source, steward: Steward, tip: bytes, number: int = 2, **changes: Any) -> bytes:
    """Let a steward answer, whatever the answer is; gives its envelope."""
    frame = answer_frame(steward, tip, source, number, **changes)
    path = f"/stewards/threads/{thread_id(source.instance)}/answers"
    response = steward.sign_in(source.app).post(path, data=frame, content_type=OCTETS)
    assert response.status_code == 201, response.text
    return frame[ANSWER_BYTES:]


def test_the_challenge_is_the_same_for_everybody_and_good_for_a_while(source: Source, clock: Clock) -> None:
    clock.now = clock.now.replace(minute=0, second=0)
    auth = source.auth()
    assert source.app.test_client().get("/mailbox/challenge").get_json() == {"nonce": auth["nonce"]}
    for passed, status in ((0, 200), (299, 200), (300, 200), (599, 200), (600, 403), (86_400, 403)):
        clock.now = clock.now.replace(minute=0, second=0)
        clock.now += timedelta(seconds=passed)
        assert source.client.post("/mailbox/thread", json=auth).status_code == status, passed
        clock.now -= timedelta(seconds=passed)


@pytest.mark.sqlite_only
def test_only_the_mailbox_key_opens_it(source: Source, stewards: list[Steward]) -> None:
    put_answer(source, stewards[0], source.tip())
    good, other = source.auth(number=2), SigningKey.from_seed(bytes([3]) * 32)
    nonce = bytes.fromhex(str(good["nonce"]))

    def signed(message: bytes) -> str:
        return base64.b64encode(other.sign(message)).decode()

    for_this = challenge(source.codename.mailbox, nonce, origin=source.instance.keys.origin)
    elsewhere = challenge(source.codename.mailbox, nonce, origin="other.example")
    own_elsewhere = base64.b64encode(source.codename.key.sign(elsewhere)).decode()
    wrong = [
        {"signature": signed(for_this)},
        {"signature": own_elsewhere},
        {"signature": base64.b64encode(bytes(64)).decode()},
        {"nonce": "00" * 32},
        {"nonce": str(good["nonce"]).upper()},
    ]
    for change in wrong:
        for path in ("/mailbox/thread", "/mailbox/envelope", "/mailbox/burn"):
            assert source.client.post(path, json=good | change).status_code == 403, (change, path)
    # A key of somebody else opens that one's own mailbox, which has nothing.
    foreign = good | {"key": format_key(other.public), "signature": signed(for_this)}
    assert source.client.post("/mailbox/envelope", json=foreign).status_code == 403
    assert len(source.thread()) == 2


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b"{}",
        b'"x"',
        b"{" * 5000,
        b"[" * 60_000,
        b'{"key":' * 5000,
        b'{"key":1,"nonce":2,"signature":3}',
        b'{"key":"ed25519:AAAA","nonce":"","signature":""}',
        b'{"key":null,"nonce":null,"signature":null}',
        b"9" * 5000,
        b"1e999999",
        b"\xff",
        b'{"key":"' + b"A" * 100_000 + b'"}',
    ],
    ids=range(16),
)
def test_what_is_no_request_is_refused(source: Source, body: bytes) -> None:
    for path in ("/mailbox/thread", "/mailbox/envelope", "/mailbox/burn"):
        response = source.client.post(path, data=body, content_type="application/json")
        assert response.status_code in ({400, 403} if body else {411}), path


@pytest.mark.sqlite_only
@pytest.mark.parametrize("number", [0, 1, 3, -1, 2**70, "2", None, True, 2.0, [2], {"a": 1}])
def test_only_answers_can_be_fetched(source: Source, stewards: list[Steward], number: object) -> None:
    envelope = put_answer(source, stewards[0], source.tip())
    assert source.client.post("/mailbox/envelope", json=source.auth(number=2)).data == envelope
    assert source.client.post("/mailbox/envelope", json=source.auth(number=number)).status_code == 404


def answers_of(source: Source) -> list[object]:
    """All that a mailbox says, with scripts and without."""
    got: list[object] = []
    for path in ("/mailbox/thread", "/mailbox/envelope", "/mailbox/burn"):
        response = source.client.post(path, json=source.auth(number=1))
        got.append((response.status_code, response.data, sorted(response.headers.items())))
    forms = [
        ("/mailbox", {"words": source.words}),
        ("/mailbox/file", {"words": source.words, "number": "2", "file": "1"}),
        ("/mailbox/reply", {"words": source.words, "text": "Hello?"}),
        ("/mailbox/burn-by-words", {"words": source.words}),
        ("/mailbox/burn-by-words", {"words": source.words, "sure": "yes"}),
    ]
    for path, data in forms:
        response = source.client.post(path, data=data, content_type=FORM)
        page = response.text.replace(source.words, "the words")
        headers = [header for header in response.headers.items() if header[0] != "Content-Length"]
        got.append((path, response.status_code, page, sorted(headers)))
    return got


def test_a_mailbox_that_never_was_and_one_that_was_burned_are_one_thing(
    source: Source, stewards: list[Steward]
) -> None:
    unknown = answers_of(Source(source.app))
    put_answer(source, stewards[0], source.tip())
    assert answers_of(source) != unknown
    assert answers_of(source) == unknown


def test_how_long_a_list_is_tells_little_of_it(source: Source, stewards: list[Steward]) -> None:
    sizes = [len(source.client.post("/mailbox/thread", json=source.auth()).data)]
    tip = source.tip()
    sizes.append(len(source.client.post("/mailbox/thread", json=source.auth()).data))
    put_answer(source, stewards[0], tip)
    sizes.append(len(source.client.post("/mailbox/thread", json=source.auth()).data))
    assert sizes == [8192] * 3


def page_of(source: Source) -> str:
    response = source.client.post("/mailbox", data={"words": source.words})
    assert response.status_code == 200
    return response.text


def test_without_scripts_what_does_not_check_out_is_not_shown(
    source: Source, stewards: list[Steward]
) -> None:
    tip = source.tip()
    marker = "Marker of a forged answer"
    stranger = SigningKey.from_seed(bytes([8]) * 32)
    envelope = put_answer(source, stewards[0], tip, text=marker, key=stranger, files=[("a.txt", b"a")])
    page = page_of(source)
    assert marker not in page
    assert "Message 2: It is not by a steward of this site." in page
    file = source.client.post("/mailbox/file", data={"words": source.words, "number": "2", "file": "1"})
    assert file.status_code == 400
    assert marker not in file.text
    # The source may still answer: what it names is the envelope, whatever is in it.
    assert envelope


@pytest.mark.sqlite_only
def test_an_answer_that_was_meant_for_another_place_or_thread_is_not_shown(
    source: Source, stewards: list[Steward]
) -> None:
    tip = source.tip()
    put_answer(source, stewards[0], b"another envelope", text="Marker one")
    page = page_of(source)
    assert "Marker one" not in page
    assert "Message 2: It does not follow the one before." in page
    assert tip


@pytest.mark.sqlite_only
def test_an_answer_that_was_damaged_is_not_shown_and_hides_no_other(
    source: Source, stewards: list[Steward]
) -> None:
    first = put_answer(source, stewards[0], source.tip(), text="Marker one")
    put_answer(source, stewards[1], first, 3, text="Marker two")
    damaged = first[:-1] + bytes([first[-1] ^ 1])

    def damage(session: Any) -> None:
        session.execute(update(Message).where(Message.number == 2).values(content=damaged))

    source.instance.log.run(damage)
    page = page_of(source)
    assert "Marker one" not in page
    assert "Marker two" in page
    assert "cannot be opened" in page


def revoke_by_hand(source: Source, steward: Steward, reason: str) -> None:
    """Say that a key was revoked today, as the log's entry would have it."""
    from pledge.accounts.models import StewardKey  # noqa: PLC0415  # for this alone

    day = source.instance.clock().date()
    source.instance.log.run(
        lambda session: session.execute(
            update(StewardKey)
            .where(StewardKey.account == steward.id)
            .values(revoked_day=day, revoked_reason=reason)
        )
    )


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("reason", "is_shown"), [("rotated", True), ("compromised", False)])
def test_what_a_key_signed_before_it_was_rotated_stands(
    source: Source, stewards: list[Steward], reason: str, *, is_shown: bool
) -> None:
    put_answer(source, stewards[0], source.tip(), text="Marker one")
    revoke_by_hand(source, stewards[0], reason)
    assert ("Marker one" in page_of(source)) is is_shown


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("number", "file", "status"),
    [
        *(("2", "2", 404), ("2", "0", 404), ("1", "1", 404), ("3", "1", 404)),
        *(("", "1", 400), ("2", "²", 400), ("-1", "1", 400), ("99999", "1", 400), ("2", "", 400)),
    ],
)
def test_only_files_that_are_there_are_given(
    source: Source, stewards: list[Steward], number: str, file: str, status: int
) -> None:
    files = [('../../päss wd;"x.txt', os.urandom(300_000))]
    put_answer(source, stewards[0], source.tip(), files=files)
    asked = {"words": source.words, "number": "2", "file": "1"}
    got = source.client.post("/mailbox/file", data=asked)
    assert got.data == files[0][1]
    assert got.headers["Content-Disposition"].startswith("attachment; filename")
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Cache-Control"] == "no-store"
    again = source.client.post("/mailbox/file", data=asked | {"number": number, "file": file})
    assert again.status_code == status


HOSTILE_WORDS = ["", " ", "abandon", "abandon " * 12, "x " * 12, "zoo " * 100_000, "\0" * 12, "😀 " * 12]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("words", HOSTILE_WORDS, ids=range(len(HOSTILE_WORDS)))
def test_words_that_are_none_open_nothing_and_are_not_repeated(source: Source, words: str) -> None:
    for path in ("/mailbox", "/mailbox/file", "/mailbox/reply", "/mailbox/burn-by-words"):
        data = {"words": words, "number": "2", "file": "1", "sure": "yes", "text": "x"}
        response = source.client.post(path, data=data, content_type=FORM)
        assert response.status_code in {400, 413, 429}, path
        assert "abandon" not in response.text
        assert "zoo" not in response.text


def test_no_cookie_is_set_anywhere_and_nothing_may_be_stored(source: Source) -> None:
    source.tip()
    client = source.app.test_client()
    answers = [client.get(path) for path in ("/tips/new", "/mailbox", "/mailbox/challenge")]
    data = {"words": source.words, "sure": "yes", "text": "x"}
    answers += [
        client.post(path, data=data, content_type=FORM)
        for path in ("/mailbox", "/mailbox/reply", "/mailbox/burn-by-words")
    ]
    answers.append(client.post("/tips/new", data={"text": "x"}, content_type=FORM))
    answers.append(client.post("/mailbox/thread", json=source.auth()))
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.status_code == 200, answer.text
    for page in answers[:2] + answers[3:7]:
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert "trusted-types 'none'" in policy
        assert "unsafe" not in policy


def test_other_sites_can_cause_nothing(source: Source) -> None:
    frame = source.frame(source.seal())
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        posts = [
            source.client.post("/tips", data=frame, content_type=OCTETS, headers=headers),
            source.client.post("/tips/new", data={"text": "x"}, content_type=FORM, headers=headers),
            source.client.post("/mailbox/burn", json=source.auth(), headers=headers),
            source.client.post("/mailbox", data={"words": source.words}, headers=headers),
        ]
        assert [post.status_code for post in posts] == [403] * 4
    with source.instance.database.reading() as session:
        assert session.scalar(select(Thread.id)) is None


HOSTILE_FORMS: list[dict[str, Any]] = [
    {},
    {"text": ""},
    {"text": " \n "},
    {"text": "x" * 100_001},
    {"text": ["a", "b"]},
    {"text": "x", "lab": "../../etc"},
    {"text": "x", "lab": ["mistral", "cohere"]},
    {"text": "x", "clauses": ["a b"]},
    {"text": "x", "clauses": ["say-so", "say-so"]},
    {"text": "x", "files": [(BytesIO(b""), f"{n}.txt") for n in range(101)]},
    {f"field{n}": "x" for n in range(400)},
]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("data", HOSTILE_FORMS, ids=range(len(HOSTILE_FORMS)))
def test_forms_that_make_no_message_keep_nothing_and_say_why(source: Source, data: dict[str, Any]) -> None:
    response = source.client.post("/tips/new", data=data, content_type=FORM)
    assert response.status_code in {400, 413, 429}
    assert "Traceback" not in response.text
    with source.instance.database.reading() as session:
        assert session.scalar(select(Thread.id)) is None
    directory = source.instance.config.home / "tips"
    assert not directory.is_dir() or list(directory.iterdir()) == []


def test_programs_are_told_in_json_what_is_wrong(source: Source) -> None:
    envelope = source.tip()
    again = source.post("/tips", source.frame(source.seal("another")))
    assert (again.status_code, again.get_json()["code"]) == (409, "mailbox-taken")
    short = source.post("/tips", b"pledge")
    assert (short.status_code, short.get_json()["code"]) == (400, "frame")
    assert json.dumps(sha256_of(envelope).hex()) not in again.text


def sealed_form(body: bytes) -> dict[str, Any]:
    return {"sealed": FileStorage(BytesIO(body), "x.pledge-tip")}


def send_form(source: Source, data: dict[str, Any]) -> TestResponse:
    """Post a form whose parts come in this order."""
    boundary, body = encode_multipart(data)  # the test client itself would spool a large one to a file
    return source.client.post("/tips/new", data=body, content_type=f"{FORM}; boundary={boundary}")


@pytest.mark.parametrize("size", [0, 300_000])
def test_a_tip_that_was_sealed_offline_comes_by_the_form(
    source: Source, stewards: list[Steward], size: int
) -> None:
    envelope = source.seal(files=[("a.bin", os.urandom(size))] if size else ())
    response = send_form(source, sealed_form(source.frame(envelope)))
    assert response.status_code == 200, response.text
    assert "<li>" not in response.text  # no new words
    with source.instance.database.reading() as session:
        message = session.scalars(select(Message)).one()
    assert (message.sha256, message.way) == (sha256_of(envelope), "sealed")
    assert [listed["sha256"] for listed in source.thread()] == [sha256_of(envelope).hex()]


@pytest.mark.sqlite_only
def test_a_sealed_file_stands_alone_and_is_whole(source: Source) -> None:
    frame = source.frame(source.seal(files=[("a.bin", os.urandom(300_000))]))
    text = {"text": "And this too."}
    forms = [
        sealed_form(frame) | text,
        text | sealed_form(frame),
        sealed_form(frame) | {"files": FileStorage(BytesIO(b"x"), "a.txt")},
        {"files": FileStorage(BytesIO(b"x"), "a.txt")} | sealed_form(frame),
        sealed_form(frame[:-1]),
        sealed_form(frame[:100]),
        sealed_form(b""),
        sealed_form(b"age-encryption.org/v1\n"),
    ]
    for data in forms:
        response = send_form(source, data)
        assert response.status_code == 400
        with source.instance.database.reading() as session:
            assert session.scalar(select(Thread.id)) is None
        directory = source.instance.config.home / "tips"
        assert not directory.is_dir() or list(directory.iterdir()) == []
