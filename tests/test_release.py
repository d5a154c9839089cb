"""Releases: what is served to who signs is logged, once for each change of it."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from pledge import release
from pledge.core import statement as st
from pledge.instance import Instance
from pledge.log.models import Entry
from pledge.release import log_release, release_files
from pledge.web.assets import static_folder, template_folder
from tests.site_kit import Clock, Person


def releases(instance: Instance) -> list[st.Release]:
    with instance.database.reading() as session:
        leaves = session.scalars(
            select(Entry.leaf).where(Entry.kind == "release").order_by(Entry.index)
        ).all()
    found = [st.parse_statement(st.parse_envelope(leaf)) for leaf in leaves]
    return [statement for statement in found if isinstance(statement, st.Release)]


def test_what_is_served_is_logged_once(instance: Instance) -> None:
    assert log_release(instance)
    assert not log_release(instance)
    (statement,) = releases(instance)
    assert statement.files == release_files()


@pytest.mark.parametrize("days", [0, 1])
def test_a_change_of_what_is_served_is_logged_and_so_is_going_back(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, clock: Clock, days: int
) -> None:
    log_release(instance)
    changed = release_files() | {"static/statement.js": "00" * 32}
    clock.pass_days(days)
    with monkeypatch.context() as patched:
        patched.setattr(release, "release_files", lambda: changed)
        assert log_release(instance)
        assert not log_release(instance)
    clock.pass_days(days)
    assert log_release(instance)
    assert [statement.files for statement in releases(instance)] == [
        release_files(),
        changed,
        release_files(),
    ]


def test_every_script_style_and_form_of_signing_is_in_it(ada: Person) -> None:
    files = release_files()
    for path in static_folder().iterdir():
        if path.is_file():
            assert files[f"static/{path.name}"] == hashlib.sha256(path.read_bytes()).hexdigest()
    for name in ("pledges/statement.html", "pledges/change.html", "layout/page.html", "verify/verify.html"):
        served = template_folder() / name
        assert files[f"templates/{name}"] == hashlib.sha256(served.read_bytes()).hexdigest()
    page = ada.client.get(ada.ask()).text
    for name in ("statement.js", "style.css"):
        assert f"/static/{name}?v={files[f'static/{name}'][:12]}" in page


def test_the_browser_gets_the_bytes_that_are_logged(ada: Person) -> None:
    for name, sha256 in release_files().items():
        if name.startswith("static/"):
            with ada.client.get(f"/{name}") as response:
                assert hashlib.sha256(response.data).hexdigest() == sha256
                assert response.headers["Cache-Control"] == "public, max-age=31536000"


def test_paths_are_those_of_every_machine() -> None:
    assert all(not Path(name).is_absolute() and "\\" not in name for name in release_files())
    assert list(release_files()) == sorted(release_files())
