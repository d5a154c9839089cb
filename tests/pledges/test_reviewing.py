"""What waits, what is hidden, what is erased: what people see, what the ledger says, and what stays true."""

import json
from typing import cast

import pytest
from sqlalchemy import func, select

from pledge.core.policy import parse_policy
from pledge.core.receipt import parse_receipt, verify_receipt
from pledge.errors import NotFoundError
from pledge.instance import Instance, trust_policy
from pledge.log.service import tree_size
from pledge.pledges import review
from pledge.pledges.models import Contact, NameToken, ReceiptLink, Report, Seat, Shown
from tests.site_kit import (
    Clock,
    Person,
    csrf_token,
    link_in,
    make_app,
    make_config,
    make_instance,
    newest_mail,
)

DAY = Clock().now.date()


def number_of(instance: Instance, table: type) -> int:
    with instance.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def found(person: Person, query: str) -> bool:
    page = person.client.get("/signatories", query_string={"q": query}).text
    return "Nobody here matches" not in page


def do(person: Person, what: str, path: str, name: str = "name", reason_class: str = "abuse") -> None:
    field = cast("review.Field", name)
    if what == "show":
        person.instance.log.run(lambda session: review.show(session, path[-32:], field, day=DAY))
    else:
        person.instance.log.run(
            lambda session: review.hide(session, path[-32:], field, reason_class=reason_class, day=DAY)
        )


def ledger(person: Person) -> list[tuple[str, str, str, str]]:
    with person.instance.database.reading() as session:
        return [(row.public_id, row.field, row.action, row.reason_class) for row in review.removals(session)]


@pytest.fixture
def watched(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Person:
    """Somebody at a site with a watch list."""
    home = tmp_path_factory.mktemp("watched")
    (home / "list.txt").write_text("# well known\nAlan Turing\n\nGrace Hopper\n", encoding="utf-8")
    instance = make_instance(make_config(home / "home", PLEDGE_WATCH_LIST=str(home / "list.txt")), clock)
    return Person(make_app(instance))


def test_a_name_on_the_watch_list_waits_and_counts(watched: Person) -> None:
    path = watched.sign_publicly(name="Dr. Turing, Alan", role="Fellow")
    assert "Turing" not in watched.client.get(path).text + watched.client.get("/").text
    assert not found(watched, "turing")
    counts = json.loads(watched.client.get("/tallies.json").data)["counts"]
    assert [cell["count"] for cell in counts] == [1]
    with watched.instance.database.reading() as session:
        assert {(row.field, row.value) for _, row in review.waiting(session)} == {
            ("name", "Dr. Turing, Alan"),
            ("role", "Fellow"),
        }
    do(watched, "show", path)
    assert "Dr. Turing, Alan" in watched.client.get(path).text
    assert found(watched, "turing")
    assert ledger(watched) == []
    watched.instance.database.close()


def test_another_name_does_not_wait(watched: Person) -> None:
    assert "Alana Turin" in watched.client.get(watched.sign_publicly(name="Alana Turin")).text
    watched.instance.database.close()


@pytest.mark.sqlite_only
def test_a_reason_waits_for_everybody(ada: Person) -> None:
    path = ada.sign_publicly(reason="Because it matters.\n\nTo us all.")
    assert "Because it matters" not in ada.client.get(path).text
    public = parse_receipt(ada.client.get(f"{path}/receipt").data)
    assert set(public.openings) == {"name"}
    do(ada, "show", path, "reason")
    assert "Because it matters" in ada.client.get(path).text
    assert set(parse_receipt(ada.client.get(f"{path}/receipt").data).openings) == {"name", "reason"}


def test_what_is_hidden_and_restored_stands_in_the_ledger(ada: Person) -> None:
    path = ada.sign_publicly(role="Engineer")
    do(ada, "hide", path, reason_class="not-this-person")
    assert "Ada Lovelace" not in ada.client.get(path).text
    assert not found(ada, "lovelace")
    assert b"Ada Lovelace" not in ada.client.get(f"{path}/receipt").data
    do(ada, "show", path)
    assert found(ada, "lovelace")
    assert "Ada Lovelace" in ada.client.get(path).text
    do(ada, "hide", path, "role")
    page = ada.client.get("/removals").text
    assert "Engineer" not in page + ada.client.get(path).text
    assert "Ada Lovelace" not in page
    public_id = path[-32:]
    assert ledger(ada) == [
        (public_id, "role", "hidden", "abuse"),
        (public_id, "name", "restored", "restored-on-review"),
        (public_id, "name", "hidden", "not-this-person"),
    ]
    assert page.count(f'href="{path}"') == 3


@pytest.mark.sqlite_only
def test_the_ledger_goes_on_over_pages(ada: Person) -> None:
    path = ada.sign_publicly()
    for _ in range(30):
        do(ada, "hide", path)
        do(ada, "show", path)
    first = ada.client.get("/removals").text
    assert first.count("<li>") - ada.client.get("/nothing").text.count("<li>") >= 40
    older = first.partition('href="/removals?before=')[2].partition('"')[0]
    second = ada.client.get(f"/removals?before={older}").text
    assert first.count(f'href="{path}"') + second.count(f'href="{path}"') == 60
    assert ada.client.get("/removals?before=0").status_code == 200


@pytest.mark.sqlite_only
def test_there_is_nothing_to_review_of_nobody(ada: Person) -> None:
    path = ada.sign_publicly()
    for where, name in ((path, "reason"), ("/signatories/" + "0" * 32, "name")):
        for what in ("show", "hide"):
            with pytest.raises(NotFoundError):
                do(ada, what, where, name)
    assert ledger(ada) == []


@pytest.mark.parametrize("by_mail", [False, True])
def test_erasing_takes_everything_that_names_a_person(ada: Person, *, by_mail: bool) -> None:
    private = ada.sign(role="Engineer", reason="Because.", reminder="y", news="y")
    receipt = ada.receipt(private)
    path = "/signatories/" + ada.client.get(private).text.partition("/badge/signatory/")[2][:32]
    with ada.instance.database.reading() as session:
        size = tree_size(session)
    if by_mail:
        ada.change_by_mail("erase")
    else:
        response = ada.client.post(f"{path}/change", data=ada.change_fields(path, "erase"))
        assert response.status_code == 303
    assert [number_of(ada.instance, table) for table in (Shown, NameToken, Contact, ReceiptLink)] == [
        0,
        0,
        0,
        0,
    ]
    with ada.instance.database.reading() as session:
        assert tree_size(session) == size
    for page in (path, f"{path}/change", "/", "/signatories", "/labs/mistral", f"{path}/receipt"):
        answer = ada.client.get(page)
        assert answer.status_code == 200, page
        assert "Lovelace" not in answer.text, page
    assert not found(ada, "lovelace")
    assert ada.client.get(private).status_code == 409
    policy = parse_policy(trust_policy(ada.instance))
    public = verify_receipt(parse_receipt(ada.client.get(f"{path}/receipt").data), policy)
    assert public.openings == {}
    assert verify_receipt(parse_receipt(receipt), policy).openings["name"].value == "Ada Lovelace"
    assert json.loads(ada.client.get("/tallies.json").data)["counts"][0]["count"] == 1


@pytest.mark.sqlite_only
def test_what_was_erased_cannot_be_shown_again(ada: Person) -> None:
    path = ada.sign_publicly()
    do(ada, "hide", path)
    ada.change_by_mail("erase")
    with pytest.raises(NotFoundError):
        do(ada, "show", path)
    assert "Lovelace" not in ada.client.get(path).text


@pytest.mark.sqlite_only
def test_erasing_after_withdrawing_works_with_the_key(ada: Person) -> None:
    path = ada.sign_publicly()
    ada.client.post(f"{path}/change", data=ada.change_fields(path, "withdraw"))
    assert ada.client.post(f"{path}/change", data=ada.change_fields(path, "erase")).status_code == 303
    assert "Lovelace" not in ada.client.get(path).text


@pytest.mark.sqlite_only
def test_erasing_after_withdrawing_works_by_mail_too(ada: Person) -> None:
    path = ada.sign_publicly()
    ada.change_by_mail("withdraw")
    page = ada.client.get(link_to_change(ada)).text
    assert 'value="erase"' in page
    assert 'value="renew"' not in page
    ada.change_by_mail("erase")
    assert "Lovelace" not in ada.client.get(path).text
    assert "Nothing there belongs to this address" in mail_about_changing(ada)
    assert number_of(ada.instance, Seat) == 0


@pytest.mark.sqlite_only
def test_erasing_by_mail_takes_all_that_an_address_has_signed(ada: Person) -> None:
    old = ada.sign_publicly()
    ada.change_by_mail("withdraw", "left-lab")
    moved = Person(ada.app, lab="")
    new = moved.sign_publicly()
    assert "A signing of this address from before" in ada.client.get(link_to_change(ada)).text
    ada.change_by_mail("erase")
    for path in (old, new):
        assert "Lovelace" not in ada.client.get(path).text
    assert number_of(ada.instance, Shown) == 0


@pytest.mark.sqlite_only
def test_a_renewal_by_mail_is_of_the_newest_signing(ada: Person) -> None:
    ada.sign_publicly()
    ada.change_by_mail("withdraw")
    new = Person(ada.app).sign_publicly()
    ada.change_by_mail("renew")
    assert "It binds until" in ada.client.get(new).text


def mail_about_changing(person: Person) -> str:
    token = csrf_token(person.client.get("/change").text)
    person.client.post("/change", data={"csrf_token": token, "address": person.address})
    return newest_mail(person.instance)["text"]


def link_to_change(person: Person) -> str:
    return link_in({"text": mail_about_changing(person)})


def report(person: Person, path: str, **fields: str) -> int:
    token = csrf_token(person.client.get(f"{path}/report").text)
    return person.client.post(
        f"{path}/report", data={"csrf_token": token, "reason_class": "abuse", "text": "Look.", **fields}
    ).status_code


@pytest.mark.sqlite_only
def test_reports_are_kept_up_to_a_limit_until_they_are_closed(ada: Person) -> None:
    path = ada.sign_publicly()
    other = Person(ada.app, address="bob@mistral.ai").sign_publicly(name="Bob")
    for _ in range(review.MAX_OPEN_REPORTS):
        assert report(ada, path) == 303
    assert report(ada, path) == 429
    assert report(ada, other) == 303
    ada.instance.log.run(lambda session: review.close_reports(session, path[-32:]))
    assert number_of(ada.instance, Report) == 1
    assert report(ada, path) == 303
    assert "Ada Lovelace" in ada.client.get(path).text


@pytest.mark.sqlite_only
@pytest.mark.parametrize("fields", [{"reason_class": "x"}, {"reason_class": ""}, {"text": "a" * 2001}])
def test_reports_of_another_form_get_the_page_again(ada: Person, fields: dict[str, str]) -> None:
    assert report(ada, ada.sign_publicly(), **fields) == 400
    assert number_of(ada.instance, Report) == 0


def test_a_report_may_say_anything_that_is_text(ada: Person) -> None:
    path = ada.sign_publicly()
    for text in (
        "",
        "😀" * 1000,
        "<script>alert(1)</script>",
        "'; DROP TABLE report; --",
        "\ud7ff\ue000",
        "\x01\x1b[31m",
    ):
        assert report(ada, path, text=text) == 303, text
    with ada.instance.database.reading() as session:
        ((public_id, count, first),) = review.reports(session)
    assert (public_id, count, [each.text for each in first]) == (
        path[-32:],
        6,
        ["", "😀" * 1000, "<script>alert(1)</script>"],
    )


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Аda Lovelace"},  # a Cyrillic А
        {"name": "Ada\u202eecalevoL"},
        {"name": "Ada\u200bLovelace"},
        {"name": "a" * 101},
        {"name": " \u00a0 "},
        {"name": "http://evil.org"},
        {"name": "Z" + "\u0301" * 9},
        {"role": "a" * 121},
        {"role": "a\nb"},
        {"reason": "a" * 1001},
        {"reason": "\u202e"},
        {"lab": "nowhere"},
        {"version": "2"},
        {"version": "1 "},
        {"version": "x"},
        {"version": ""},
    ],
)
def test_what_cannot_be_signed_is_refused_before_any_mail(ada: Person, fields: dict[str, str]) -> None:
    response = ada.client.post("/sign", data=ada.form(**fields))
    assert response.status_code == 400
    assert "<main" in response.text
    assert ada.instance.outbox.written() == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "李小龙",
        "مريم ميرزاخاني",
        "O’Brien",
        "Jean-Luc",
        "Ólafur Þórðarson",
        "Ольга Л.",
        "김연아",
    ],
)
def test_names_of_many_scripts_are_shown_as_they_are(ada: Person, name: str) -> None:
    assert name in ada.client.get(ada.sign_publicly(name=f"  {name} ")).text


@pytest.mark.sqlite_only
def test_markup_in_a_name_or_reason_is_text_everywhere(ada: Person) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    link = ada.ask(role=evil, reason=evil)
    assert evil not in ada.client.get(link).text
    fields = ada.signed_fields(link)
    private = ada.client.post(link, data=fields).headers["Location"]
    path = "/signatories/" + ada.client.get(private).text.partition("/badge/signatory/")[2][:32]
    for name in ("reason", "role"):
        do(ada, "show", path, name)
    for page in (private, path, "/signatories", "/", "/labs/mistral"):
        assert evil not in ada.client.get(page).text, page
        assert "<img src=x" not in ada.client.get(page).text, page
    assert newest_mail(ada.instance)
