"""One whole way, with scripts and without: a tip goes in, is opened, answered, answered back, and deleted."""

import re
from io import BytesIO

import pytest
from flask import Flask

from pledge.core.age.keytext import parse_identity
from pledge.core.tip.acknowledgement import verify_acknowledgement
from pledge.core.tip.contents import open_contents, read_files
from pledge.core.tip.digest import parse_leaves
from pledge.core.tip.frame import ANSWER_BYTES
from pledge.core.words import entropy_from_words
from pledge.instance import Instance
from pledge.tick import tick
from tests.site_kit import Clock
from tests.steward_kit import Steward, found_stewards
from tests.tips.http_kit import OCTETS, Source, answer_frame, sha256_of

TEXT = "他们没有评估计划。"


@pytest.fixture
def stewards(instance: Instance) -> list[Steward]:
    return found_stewards(instance, 2)


def opened_text(steward: Steward, envelope: bytes) -> str:
    contents = open_contents([parse_identity(steward.identity)], lambda: [envelope])
    return contents.manifest.message.text


def test_a_tip_that_came_sealed(app: Flask, stewards: list[Steward], clock: Clock) -> None:
    source, (ada, bea) = Source(app), stewards
    tip = source.tip(text=TEXT, files=[("plan.txt", b"x" * 300_000)])
    desk = ada.sign_in(app)
    (thread,) = desk.get("/stewards/inbox.json").get_json()["threads"]
    (message,) = thread["messages"]
    assert (thread["state"], thread["label"], message["way"]) == ("open", "new", "sealed")
    envelope = desk.get(f"/stewards/envelopes/{message['id']}").data
    assert envelope == tip
    assert opened_text(bea, envelope) == TEXT
    contents = open_contents([parse_identity(ada.identity)], lambda: [envelope])
    files = {file.name: b"".join(chunks) for file, chunks in read_files(contents, lambda: [envelope])}
    assert files == {"plan.txt": b"x" * 300_000}

    frame = answer_frame(ada, tip, source)
    path = f"/stewards/threads/{thread['id']}/answers"
    assert desk.post(path, data=frame, content_type=OCTETS).status_code == 201
    own, answer = source.thread()
    assert [own["from"], answer["from"]] == ["source", "steward"]
    verify_acknowledgement(
        own["acknowledgement"].encode(),
        notary=source.instance.notary.key.public,
        origin=source.instance.keys.origin,
        envelope_sha256=sha256_of(tip).hex(),
    )
    got = source.client.post("/mailbox/envelope", json=source.auth(number=2)).data
    assert got == frame[ANSWER_BYTES:]
    assert (
        open_contents([source.codename.identity], lambda: [got]).manifest.message.text == "Which run was it?"
    )

    more = source.seal("The one of May.", number=3, previous=sha256_of(got))
    assert source.post("/mailbox/follow-ups", source.follow_up_frame(more, 3)).status_code == 201

    clock.pass_days(1)
    tick(source.instance)
    desk = ada.sign_in(app)  # a session lasts a day
    day = clock.now.date().isoformat()
    assert day in source.client.get("/tips/digests.json").get_json()["days"]
    leaves = parse_leaves(source.client.get(f"/tips/digests/{day}").data)
    assert {source.leaf(tip), source.leaf(more, 3)} <= set(leaves)
    dummies = next(d for d in desk.get("/stewards/digests.json").get_json()["days"] if d["day"] == day)
    assert len(dummies["dummies"]) == len(leaves) - 2
    assert [m["digest"]["day"] for m in source.thread() if m["from"] == "source"] == [day, day]
    assert desk.get(f"/stewards/envelopes/{message['id']}").data == tip  # rewritten, and the same

    assert source.client.post("/mailbox/burn", json=source.auth()).get_json() == {"burned": True}
    assert source.thread() == []
    assert desk.get("/stewards/inbox.json").get_json()["threads"] == []
    assert list((source.instance.config.home / "tips").iterdir()) == []


def test_a_tip_without_scripts(app: Flask, stewards: list[Steward]) -> None:
    ada, client = stewards[0], app.test_client()
    assert client.get("/tips/new").status_code == 200
    page = client.post(
        "/tips/new",
        data={"lab": "mistral", "text": TEXT, "files": (BytesIO(b"y" * 400_000), "b.bin")},
        content_type="multipart/form-data",
    )
    assert page.status_code == 200, page.text
    words = " ".join(re.findall(r"<li>([a-z]+)</li>", page.text))
    assert len(words.split()) == 12
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"

    desk = ada.sign_in(app)
    (thread,) = desk.get("/stewards/inbox.json").get_json()["threads"]
    (message,) = thread["messages"]
    assert message["way"] == "by-server"
    tip = desk.get(f"/stewards/envelopes/{message['id']}").data
    contents = open_contents([parse_identity(ada.identity)], lambda: [tip])
    assert contents.manifest.message.text == TEXT
    assert contents.manifest.message.way == "sealed-by-server"
    assert [file.name for file in contents.manifest.message.files] == ["b.bin"]

    source = Source(app, entropy=entropy_from_words(words))
    frame = answer_frame(ada, tip, source, text="<b>谢谢</b>", files=[("c.bin", b"z" * 300_000)])
    path = f"/stewards/threads/{thread['id']}/answers"
    assert desk.post(path, data=frame, content_type=OCTETS).status_code == 201
    page = client.post("/mailbox", data={"words": words})
    assert "&lt;b&gt;谢谢&lt;/b&gt;" in page.text
    file = client.post("/mailbox/file", data={"words": words, "number": "2", "file": "1"})
    assert file.data == b"z" * 300_000
    reply = client.post(
        "/mailbox/reply", data={"words": words, "text": "Danke."}, content_type="multipart/form-data"
    )
    assert reply.status_code == 200, reply.text
    assert "sealed and here" in reply.text
    (thread,) = desk.get("/stewards/inbox.json").get_json()["threads"]
    third = desk.get(f"/stewards/envelopes/{thread['messages'][2]['id']}").data
    assert opened_text(ada, third) == "Danke."

    assert client.post("/mailbox/burn-by-words", data={"words": words}).status_code == 400
    gone = client.post("/mailbox/burn-by-words", data={"words": words, "sure": "yes"})
    assert gone.status_code == 200
    assert "There is nothing here" in client.post("/mailbox", data={"words": words}).text
