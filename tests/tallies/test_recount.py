"""The law of the counts: after any sequence of actions, what the site claims is what counting the whole log gives."""

import random
from dataclasses import dataclass, field
from datetime import date

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.core.ledger import Ledger
from pledge.core.tally import Cell, Step, Tally, lapse
from pledge.db.migrate import migrations_directory, upgrade
from pledge.instance import Instance
from pledge.log.models import Entry
from pledge.log.service import tree_size
from pledge.pledges import changes, review
from pledge.pledges.models import Signing
from pledge.pledges.offers import offers
from pledge.tallies import service as tallies
from pledge.tallies.models import Count, DailyChange, TalliedDay
from pledge.tick import tick
from tests.site_kit import Clock, Person

_ADDRESSES = (
    *(("mistral", f"m{number}@mistral.ai") for number in range(6)),
    *(("alibaba-qwen", f"q{number}@alibaba-inc.com") for number in range(4)),
    *(("cohere", f"c{number}@example.org") for number in range(3)),
    *(("", f"n{number}@example.org") for number in range(3)),
)


def recount(instance: Instance) -> tuple[Tally, date]:
    """Verify the whole log by every rule; give its standings and the day up to which the site counts lapses."""
    ledger, tally = Ledger(), Tally()
    with instance.database.reading() as session:
        leaves = list(session.scalars(select(Entry.leaf).order_by(Entry.index)))
        day = session.scalars(select(TalliedDay.day)).one()
    for index, leaf in enumerate(leaves):
        envelope = st.parse_envelope(leaf)
        statement = ledger.verify(index, envelope)
        assert statement is not None
        tally.apply(envelope.payload_sha256, statement)
    return tally, day


def claimed(instance: Instance) -> dict[Cell, int]:
    with instance.database.reading() as session:
        cells = tallies.claims(session)["counts"]
    return {
        Cell(cell["pledge"], cell["lab"], cell["assurance"], cell["status"]): cell["count"] for cell in cells
    }


def written_down(instance: Instance) -> dict[tuple[date, Cell], int]:
    """What each day added, as the site keeps it."""
    with instance.database.reading() as session:
        rows = session.scalars(select(DailyChange).where(DailyChange.change != 0)).all()
    return {
        (row.day, Cell(row.pledge, row.lab or None, row.assurance, row.status)): row.change  # type: ignore[arg-type]  # as they are in the table
        for row in rows
    }


def check(instance: Instance) -> None:
    tally, day = recount(instance)
    assert claimed(instance) == tally.counts(day)
    assert written_down(instance) == tally.daily(day)
    with instance.database.reading() as session:
        rows = session.scalars(select(Signing)).all()
    kept = {row.sha256.hex(): (row.status, row.until, row.lab, row.assurance) for row in rows}
    assert kept == {
        sha256: (standing.status, standing.until, standing.lab, standing.assurance)
        for sha256, standing in ((name, lapse(s, day)) for name, s in tally.standings.items())
    }


@dataclass
class Play:
    """People who do something at random."""

    app: Flask
    clock: Clock
    dice: random.Random
    people: dict[str, Person] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    @property
    def instance(self) -> Instance:
        found: Instance = self.app.extensions["pledge"]
        return found

    def sign(self) -> None:
        lab, address = self.dice.choice(_ADDRESSES)
        person = Person(self.app, name="Some One", address=address, lab=lab, seed=self.dice.randbytes(32))
        link = person.ask()
        if link.startswith("/sign/"):
            response = person.client.post(link, data=person.signed_fields(link))
            assert response.status_code == 303
            path = person.client.get(response.headers["Location"]).text.partition("/badge/signatory/")[2][:32]
            self.people[address], self.paths[address] = person, f"/signatories/{path}"

    def by_key(self) -> None:
        if self.people:
            address = self.dice.choice(sorted(self.people))
            person, path = self.people[address], self.paths[address]
            self._post(person, path)

    def _post(self, person: Person, path: str) -> None:
        with self.instance.database.reading() as session:
            offered = offers(session.scalars(select(Signing).where(Signing.public_id == path[-32:])).one())
        if offered:
            change = self.dice.choice(offered)
            fields = person.change_fields(path, change.action, change.reason)
            assert person.client.post(f"{path}/change", data=fields).status_code in {303, 409}

    def by_mail(self) -> None:
        _, address = self.dice.choice(_ADDRESSES)
        person = Person(self.app, address=address)
        if person.ask().startswith("/change/"):
            action = self.dice.choice(["renew", "withdraw", "erase"])
            try:
                person.change_by_mail(action, self.dice.choice(changes.OWN_REASONS))
            except AssertionError:
                return  # renewed today already, or out of mails

    def remove(self) -> None:
        if self.paths:
            public_id = self.dice.choice(sorted(self.paths.values()))[-32:]
            with self.instance.database.reading() as session:
                status = session.scalars(select(Signing.status).where(Signing.public_id == public_id)).one()
            if status in {"current", "lapsed"}:
                self.instance.log.run(lambda session: self._remove(session, public_id))

    def _remove(self, session: Session, public_id: str) -> None:
        now = self.clock.now
        changes.remove(
            session,
            public_id,
            "abuse",
            notary=self.instance.notary,
            now=now,
            random_bytes=self.dice.randbytes,
        )
        review.add_removal(session, public_id, reason_class="abuse", day=now.date())

    def days(self) -> None:
        days = self.dice.choice([1, 1, 30, 200, 370])
        self.clock.pass_days(days)
        if days > 30 or self.dice.random() < 0.7:  # after a month without it, nothing is signed
            tick(self.instance)


@pytest.mark.parametrize("seed", [1, 2])
def test_claims_are_a_recount_after_any_sequence_of_actions(app: Flask, clock: Clock, seed: int) -> None:
    play = Play(app, clock, random.Random(seed))  # noqa: S311  # a game that can be played again
    actions = [
        play.sign,
        play.sign,
        play.sign,
        play.by_key,
        play.by_mail,
        play.days,
        play.remove,
    ]
    for _ in range(45):
        play.dice.choice(actions)()
    check(play.instance)
    # The ids in this game are the site's own and differ each time, so what it must have seen is played at its end.
    tick(play.instance)
    leaving = Person(app, name="Le Aving", address="leaving@mistral.ai")
    leaving_path = leaving.sign_publicly()
    fields = leaving.change_fields(leaving_path, "withdraw")
    assert leaving.client.post(f"{leaving_path}/change", data=fields).status_code == 303
    Person(app, name="Ke Eping", address="keeping@mistral.ai").sign()
    check(play.instance)
    play.clock.pass_days(400)
    tick(play.instance)
    check(play.instance)
    assert {cell.status for cell in claimed(play.instance)} >= {"lapsed", "withdrawn"}
    make_days_anew(play.instance)
    check(play.instance)


def make_days_anew(instance: Instance) -> None:
    """Go back to a database that did not write down days, and on from there."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(migrations_directory()))
    with instance.database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
        connection.commit()
    upgrade(instance.database.engine)


def test_what_is_claimed_over_http_is_the_same_and_sorted(ada: Person) -> None:
    ada.sign()
    Person(ada.app, address="x@example.org", lab="").sign()
    claims = ada.client.get("/tallies.json").get_json()
    assert claims["type"] == "tallies/v1"
    with ada.instance.database.reading() as session:
        assert claims["size"] == tree_size(session)
    assert [(row["lab"], row["assurance"], row["count"]) for row in claims["counts"]] == [
        (None, "email", 1),
        ("mistral", "lab-email", 1),
    ]


def test_no_count_can_fall_below_zero(instance: Instance) -> None:
    row = {"pledge": "p", "lab": "", "assurance": "email", "status": "current", "count": 0}
    with instance.database.writing() as session:
        session.execute(insert(Count), row)
        with pytest.raises(IntegrityError):
            tallies.apply_steps(session, [Step(date(2026, 11, 23), Cell("p", None, "email", "current"), -1)])
    with instance.database.writing() as session, pytest.raises(IntegrityError):
        tallies.apply_steps(session, [Step(date(2026, 11, 23), Cell("p", "mistral", "email", "current"), -1)])


@pytest.mark.sqlite_only
def test_a_headline_counts_only_what_proves_the_lab(ada: Person) -> None:
    for number, (address, lab) in enumerate(
        [("a@mistral.ai", "mistral"), ("b@example.org", "mistral"), ("c@alibaba-inc.com", "alibaba-qwen")]
    ):
        Person(ada.app, address=address, lab=lab, name=f"N {'abc'[number]}").sign()
    with ada.instance.database.reading() as session:
        labs = tallies.by_lab(session, "against-reckless-scaling")
        assert {lab: tallies.headline(cells) for lab, cells in labs.items()} == {
            "mistral": 1,
            "alibaba-qwen": 0,
        }
