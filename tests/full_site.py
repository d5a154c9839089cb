"""A site on which every page has something to show: signings of every kind and status, two versions of the text.

All the people are from novels, so that nobody takes a picture of it for the real thing.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from pledge.app import on_sequenced, open_site
from pledge.core import statement as st
from pledge.founding import DOCUMENTS, found
from pledge.instance import Instance
from pledge.keystore import LOCAL_ORIGIN
from pledge.log.notary import log_statement
from pledge.pledges import changes, review, texts
from pledge.tick import tick
from tests.site_kit import Clock, Person, make_app, make_config, random_bytes, read_json

WATCHED = "Mary Shelley"
_DOMAINS = {
    "mistral": "mistral.ai",
    "google-deepmind": "deepmind.com",
    "cohere": "cohere.com",
    "deepseek": "deepseek.com",
    "alibaba-qwen": "alibaba-inc.com",
    "": "example.org",
}
_LONG_NAME = "Dr. Maximiliana Wolkenstein-Trostburg von der Heydte"
_PEOPLE = (
    # days ago, name, role, lab, domain ("" for the lab's own)
    (400, "Miss Havisham", "", "cohere", ""),
    (200, "Captain Ahab", "team lead", "deepseek", ""),
    (200, "Edmond Dantès", "research engineer", "mistral", ""),
    (90, "Robert Walton", "", "mistral", ""),
    (90, "Henry Jekyll", "research scientist", "google-deepmind", ""),
    (60, "Dorothea Brooke", "research scientist", "mistral", ""),
    (60, "Sun Wukong", "", "alibaba-qwen", ""),
    (40, "Jean Valjean", "evaluations", "mistral", ""),
    (20, "Phileas Fogg", "", "cohere", ""),
    (20, _LONG_NAME, "principal research scientist, alignment and evaluation", "google-deepmind", ""),
    (9, WATCHED, "author", "", ""),
    (9, "Ishmael", "", "cohere", "example.org"),
    (4, "Jane Eyre", "governance", "", ""),
    (0, "Emma Woodhouse", "research engineer", "mistral", ""),
)


REASON = "I have seen what haste can do."
ROLES_AND_NAMES = tuple(words for _, name, role, _, _ in _PEOPLE for words in (name, role) if words)
"""What people say of themselves."""

_FIRST_OF_SECOND_VERSION = "Robert Walton"
_SECOND_VERSION = (
    ("a group that holds back alone may only fall behind", "whoever holds back alone may only fall behind"),
    ("\nScale alone is never a violation.\n", "\nScale alone is never a violation. Nor is speed alone.\n"),
)


def fill(home: Path, *, has_second_version: bool = True) -> dict[str, str]:
    """Found a site in an empty directory and let people sign over a year; gives public ids by name.

    The second version of the text is made up for tests; pictures do without it.
    """
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    clock = Clock(today - timedelta(days=_PEOPLE[0][0]))
    home.mkdir(parents=True)
    watch_list = home / "watch-list"
    watch_list.write_text(f"{WATCHED}\n", encoding="utf-8")
    config = make_config(home, PLEDGE_WATCH_LIST=str(watch_list))
    found(
        config,
        origin=LOCAL_ORIGIN,
        operator="whoever started this trial",
        contact="nobody@local-trial.invalid",
        on_sequenced=on_sequenced,
        clock=clock,
        random_bytes=random_bytes,
    )
    instance = open_site(config, clock=clock)
    people = _sign_all(instance, clock, today, has_second_version=has_second_version)
    clock.now = today
    tick(instance)
    ids = {name: public_id for name, (_, public_id) in people.items()}
    _change(*people["Edmond Dantès"], "withdraw", "left-lab")
    _change(*people["Captain Ahab"], "withdraw", "changed-mind")
    _change(*people["Robert Walton"], "erase")
    _review(instance, ids)
    instance.database.close()
    return ids


def _sign_all(
    instance: Instance, clock: Clock, today: datetime, *, has_second_version: bool
) -> dict[str, tuple[Person, str]]:
    """Let everybody sign on their day, through the pages; gives each with the signing's public id."""
    app = make_app(instance)
    people: dict[str, tuple[Person, str]] = {}
    for days, name, role, lab, domain in _PEOPLE:
        clock.now = today - timedelta(days=days)
        tick(instance)
        if has_second_version and name == _FIRST_OF_SECOND_VERSION:
            _publish_second_version(instance)
        mailbox = re.sub(r"[^a-z]", "", name.split()[-1].lower())
        person = Person(app, name=name, address=f"{mailbox}@{domain or _DOMAINS[lab]}", lab=lab)
        reason = REASON if name == "Jean Valjean" else ""
        path = person.sign(role=role, reason=reason, clauses=["ask-before-paying"] if role else [])
        page = person.client.get(path).text
        people[name] = person, page.split('href="/signatories/')[1][:32]
    return people


def _publish_second_version(instance: Instance) -> None:
    body = (DOCUMENTS / f"{texts.DEFAULT_SLUG}.v1.md").read_text(encoding="utf-8")
    for old, new in _SECOND_VERSION:
        assert old in body
        body = body.replace(old, new)

    def work(session: Session) -> None:
        day = instance.clock().date()
        text = texts.publish(session, slug=texts.DEFAULT_SLUG, body=body, notary=instance.notary, day=day)
        log_statement(session, text, notary=instance.notary, random_bytes=instance.random_bytes)

    instance.log.run(work)


def _change(person: Person, public_id: str, action: str, reason: str = "own") -> None:
    """Change a signing with its key, as the page's script does."""
    address = f"/signatories/{public_id}/change"
    page = person.client.get(address).text
    drafts = read_json(page, "drafts")
    draft = {"renew": drafts["renewal"], "erase": drafts["erasure"]}.get(action) or drafts["withdrawals"][
        reason
    ]
    fields = person.sign_payload(page, draft["payloadType"], st.format_json(draft["payload"]))
    answer = person.client.post(address, data={**fields, "action": action, "reason": reason})
    assert answer.status_code == 303, answer.text


def _review(instance: Instance, ids: dict[str, str]) -> None:
    """Do what an operator does: show a reason, hide a name, remove a signing."""
    day = instance.clock().date()

    def work(session: Session) -> None:
        review.show(session, ids["Jean Valjean"], "reason", day=day)
        review.hide(session, ids["Henry Jekyll"], "name", reason_class="not-this-person", day=day)
        changes.remove(
            session,
            ids["Ishmael"],
            "false-statement",
            notary=instance.notary,
            now=instance.clock(),
            random_bytes=instance.random_bytes,
        )
        review.add_removal(session, ids["Ishmael"], reason_class="false-statement", day=day)

    instance.log.run(work)
