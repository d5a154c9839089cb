"""An audit of a real site while it runs: what it serves is what an audit asks for."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pledge.audit.export import export_log
from pledge.audit.report import Report
from pledge.audit.service import audit
from pledge.audit.source import Directory
from pledge.core.policy import parse_policy
from pledge.errors import NotFoundError
from pledge.instance import trust_policy
from pledge.pages import views
from pledge.pledges import changes, review
from pledge.release import log_release
from pledge.web.assets import static_folder
from tests.site_kit import Person

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.sqlite_only


@dataclass
class Client:
    """A source that asks the application."""

    client: "FlaskClient"
    is_live: bool = True

    def read(self, path: str, *, max_bytes: int) -> bytes:
        with self.client.get(f"/{path}") as response:
            if response.status_code == 404:
                raise NotFoundError(path)
            assert response.status_code == 200, path
            assert len(response.data) <= max_bytes
            return bytes(response.data)

    def wait(self) -> None:
        pass

    def close(self) -> None:
        pass


def audited(person: Person) -> Report:
    instance = person.instance
    policy = parse_policy(trust_policy(instance))
    return audit(Client(person.client), policy, today=instance.clock().date(), jobs=1)


def remove(person: Person, path: str) -> None:
    """As ``pledge review remove`` does."""
    instance, now = person.instance, person.instance.clock()

    def work(session: "Session") -> None:
        row = changes.remove(
            session,
            path[-32:],
            "spam",
            notary=instance.notary,
            now=now,
            random_bytes=instance.random_bytes,
        )
        review.add_removal(session, row.public_id, reason_class="spam", day=now.date())

    instance.log.run(work)


def hide_and_show(person: Person, path: str, times: int) -> None:
    day = person.instance.clock().date()

    def work(session: "Session") -> None:
        for _ in range(times):
            review.hide(session, path[-32:], "name", reason_class="abuse", day=day)
            review.show(session, path[-32:], "name", day=day)

    person.instance.log.run(work)


def test_a_real_site_is_well(ada: Person) -> None:
    log_release(ada.instance)
    ada.sign()
    report = audited(ada)
    assert report.problems == []
    assert any("forms of release" in remark for remark in report.remarks)


def test_removals_stand_in_the_ledger_in_stretches_and_in_a_mirror(
    ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_LEDGER_LINES", 2)
    path = ada.sign_publicly()
    hide_and_show(ada, path, 2)
    remove(ada, path)
    first = ada.client.get("/removals.json").json
    assert first is not None
    assert [line["action"] for line in first["lines"]] == ["withdrawn", "restored"]
    assert first["next"] is not None
    older = ada.client.get(f"/removals.json?before={first['next']}").json
    assert older is not None
    assert len(older["lines"]) == 2
    assert audited(ada).problems == []
    export_log(ada.instance, tmp_path)
    policy = parse_policy(trust_policy(ada.instance))
    mirror = audit(Directory(tmp_path), policy, today=ada.instance.clock().date(), jobs=1)
    assert mirror.problems == []


def test_a_removal_that_was_not_entered_is_found(ada: Person) -> None:
    path = ada.sign_publicly()
    instance = ada.instance
    instance.log.run(
        lambda session: changes.remove(
            session,
            path[-32:],
            "spam",
            notary=instance.notary,
            now=instance.clock(),
            random_bytes=instance.random_bytes,
        )
    )
    assert [problem.rule for problem in audited(ada).problems] == ["removals"]


def test_a_script_that_is_not_in_the_log_is_found(ada: Person, tmp_path: Path) -> None:
    log_release(ada.instance)
    other = tmp_path / "static"
    other.mkdir()
    for file in static_folder().iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    (other / "statement.js").write_bytes(b"changed")
    ada.app.static_folder = str(other)
    assert [problem.message for problem in audited(ada).problems] == [
        "static/statement.js is not the one whose hash the log has"
    ]
