"""News: to whom it goes, and each way in which it stops."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pledge.instance import Instance
from pledge.pledges.models import Contact
from tests.command_kit import Run, refused
from tests.site_kit import Person, csrf_token, link_in, make_app, newest_mail


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_text("What happened\n\nTwo labs have answered.\n", encoding="utf-8")
    return path


@pytest.fixture
def bob(local: Instance) -> Person:
    """Somebody who asked for news; another person did not."""
    app = make_app(local)
    Person(app, address="eve@mistral.ai").sign(reminder="y")
    bob = Person(app, address="bob@mistral.ai")
    bob.sign(news="y")
    return bob


def kept(person: Person) -> int:
    with person.instance.database.reading() as session:
        return session.scalar(select(func.count()).where(Contact.purpose == "news")) or 0


def stop_link(mail: dict[str, str]) -> str:
    match = re.search(r"http://127\.0\.0\.1:8000(/stop/[0-9a-f]{32}/[0-9a-f]{64})\n", mail["text"])
    assert match, mail["text"]
    return match[1]


def test_news_goes_to_who_asked_and_stops_with_one_click(run: Run, bob: Person, letter: Path) -> None:
    sent = run("news", str(letter), "--yes")
    assert re.fullmatch("[0-9a-f]{64} sent\n", sent.output)
    mail = newest_mail(bob.instance)
    assert (mail["to"], mail["subject"]) == ("bob@mistral.ai", "What happened")
    assert "Two labs have answered." in mail["text"]
    link = stop_link(mail)
    raw = message_from_bytes(
        max(bob.instance.outbox.directory.glob("*.eml")).read_bytes(), policy=policy.default
    )
    assert raw["List-Unsubscribe"] == f"<http://127.0.0.1:8000{link}>"
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    reader = Person(bob.app).client
    assert reader.get(link).status_code == 200
    assert kept(bob) == 1
    assert "erased" in reader.post(link, data={"List-Unsubscribe": "One-Click"}).text
    assert kept(bob) == 0
    assert run("news", str(letter), "--yes").output == ""


def test_nobody_stops_the_news_of_somebody_else(run: Run, bob: Person, letter: Path) -> None:
    run("news", str(letter), "--yes")
    link = stop_link(newest_mail(bob.instance))
    for wrong in (f"{link[:-1]}{'0' if link[-1] != '0' else '1'}", link[:-64] + "é" * 64, link[:-64] + "x"):
        assert bob.client.get(wrong).status_code == 404
        assert bob.client.post(wrong, data={"x": "y"}).status_code == 404
    assert kept(bob) == 1


def test_a_mailed_link_stops_reminders_and_news_and_nothing_else(bob: Person) -> None:
    token = csrf_token(bob.client.get("/change").text)
    bob.client.post("/change", data={"csrf_token": token, "address": bob.address})
    link = link_in(newest_mail(bob.instance))
    assert 'value="quiet"' in bob.client.get(link).text
    bob.change_by_mail("quiet")
    assert kept(bob) == 0
    assert "Ada Lovelace" in bob.client.get("/signatories").text
    bob.client.post("/change", data={"csrf_token": token, "address": bob.address})
    assert 'value="quiet"' not in bob.client.get(link_in(newest_mail(bob.instance))).text


def test_the_command_goes_on_where_it_was(run: Run, bob: Person, letter: Path) -> None:
    sent = run("news", str(letter), "--yes").output.split()[0]
    assert run("news", str(letter), "--yes", "--after", sent).output == ""
    refused(run("news", str(letter), "--yes", "--after", "here"), "64 hex digits")


@pytest.mark.parametrize("text", ["", "Subject only\n", "Subject\nno empty line\n", "\n\ntext\n"])
def test_a_letter_of_another_form_is_not_sent(run: Run, bob: Person, letter: Path, text: str) -> None:
    letter.write_text(text, encoding="utf-8")
    refused(run("news", str(letter), "--yes"), "subject")


def test_a_key_cannot_ask_for_what_only_a_mail_can(local: Instance) -> None:
    ada = Person(make_app(local))
    path = ada.sign_publicly(news="y")
    fields = ada.change_fields(path, "renew") | {"action": "quiet"}
    assert ada.client.post(f"{path}/change", data=fields).status_code == 400
    assert kept(ada) == 1
