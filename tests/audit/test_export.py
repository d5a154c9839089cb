"""``pledge export``: the same files as over HTTP, from one snapshot, again and again."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete
from sqlalchemy.orm import Session

from pledge.audit.export import export, export_log
from pledge.audit.service import audit
from pledge.audit.source import Directory
from pledge.core import statement as st
from pledge.core.policy import parse_policy
from pledge.errors import ConflictError, NotFoundError, UnavailableError
from pledge.instance import Instance, trust_policy
from pledge.log.models import Entry, Head
from pledge.log.notary import log_statement
from pledge.tick import tick
from tests.audit.conftest import change
from tests.site_kit import Clock, Person, make_app, make_config, make_instance
from tests.steward_kit import found_stewards


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def instance(tmp_path: Path, clock: Clock) -> Iterator[Instance]:
    opened = make_instance(make_config(tmp_path / "home"), clock)
    yield opened
    opened.database.close()


@pytest.fixture
def ada(instance: Instance) -> Person:
    return Person(make_app(instance))


def fill(instance: Instance, entries: int, version: str = "0") -> None:
    """Log so many entries at once."""

    def work(session: Session) -> None:
        for number in range(entries):
            release = st.Release(
                origin=instance.notary.origin,
                day=instance.clock().date(),
                version=f"{version}.{number}",
                files={"a.js": f"{number:064x}"},
            )
            log_statement(session, release, notary=instance.notary, random_bytes=instance.random_bytes)

    instance.log.run(work)


def run(instance: Instance, directory: Path) -> Result:
    """Run the command as the root does."""
    root = click.Group("pledge", commands=[export])
    return CliRunner().invoke(root, ["export", str(directory)], obj=lambda: instance)


def paths(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def test_a_mirror_is_what_the_site_serves(ada: Person, tmp_path: Path) -> None:
    ada.sign()
    result = run(ada.instance, tmp_path / "mirror")
    assert result.exit_code == 0, result.output
    files = paths(tmp_path / "mirror")
    assert {path.split("/")[0] for path in files} == {
        "log",
        "pledges",
        "policy",
        "removals.json",
        "tallies.json",
    }
    for path, data in files.items():
        assert ada.client.get(f"/{path}").data == data, path
    assert f"{len(files)} files written, 0 left" in result.output


def test_a_mirror_is_audited(ada: Person, clock: Clock, tmp_path: Path) -> None:
    ada.sign()
    export_log(ada.instance, tmp_path / "mirror")
    policy = parse_policy(trust_policy(ada.instance))
    report = audit(Directory(tmp_path / "mirror"), policy, today=clock().date(), jobs=1)
    assert report.problems == []
    assert report.counts is not None
    assert sum(report.counts.values()) == 1


def test_full_tiles_are_left_as_they_are(instance: Instance, tmp_path: Path) -> None:
    fill(instance, 250)
    first = export_log(instance, tmp_path)
    assert first.kept == 0
    full = tmp_path / "log" / "tile" / "entries" / "000"
    written = full.stat().st_mtime_ns
    fill(instance, 5, "1")
    second = export_log(instance, tmp_path)
    assert second.size == first.size + 5
    assert second.kept == 2
    assert full.stat().st_mtime_ns == written
    assert {"log/tile/1/000.p/1", "log/tile/0/000"} <= paths(tmp_path).keys()


@pytest.mark.parametrize("path", ["log/tile/entries/000", "log/tile/0/000"])
def test_a_full_tile_that_was_changed_is_neither_trusted_nor_written_over(
    instance: Instance, tmp_path: Path, path: str
) -> None:
    fill(instance, 250)
    export_log(instance, tmp_path)
    full = tmp_path / path
    good = full.read_bytes()
    for other in (good[:-1], good[:-1] + b"x"):
        full.write_bytes(other)
        with pytest.raises(ConflictError, match="Keep both"):
            export_log(instance, tmp_path)
        assert full.read_bytes() == other
    full.unlink()
    export_log(instance, tmp_path)
    assert full.read_bytes() == good


def test_an_interrupted_export_has_no_new_checkpoint_and_goes_on(
    instance: Instance, clock: Clock, tmp_path: Path
) -> None:
    """The disk is full, here a directory stands where the last file should: what was there before still audits."""
    target = tmp_path / "mirror"
    export_log(instance, target)
    fill(instance, 300)
    blocked = target / "log" / "tile" / "1" / "000.p" / "1"
    blocked.mkdir(parents=True)
    assert run(instance, target).exit_code == 2
    policy = parse_policy(trust_policy(instance))
    old = audit(Directory(target), policy, today=clock().date(), jobs=1)
    assert old.problems == []
    blocked.rmdir()
    assert export_log(instance, target).kept == 2
    assert not list(target.rglob(".new-*"))
    new = audit(Directory(target), policy, today=clock().date(), jobs=1)
    assert new.problems == []
    assert new.checkpoint is not None
    assert old.checkpoint is not None
    assert new.checkpoint.size == old.checkpoint.size + 300


def test_a_mirror_of_another_log_is_not_mixed_with_this_one(instance: Instance, tmp_path: Path) -> None:
    other = make_instance(make_config(tmp_path / "other"), Clock())
    export_log(other, tmp_path / "mirror")
    other.database.close()
    before = paths(tmp_path / "mirror")
    with pytest.raises(ConflictError):
        export_log(instance, tmp_path / "mirror")
    assert run(instance, tmp_path / "mirror").exit_code == 1
    assert paths(tmp_path / "mirror") == before


def test_a_database_that_lacks_what_is_mirrored_is_not_mirrored(instance: Instance, tmp_path: Path) -> None:
    export_log(instance, tmp_path)
    with instance.database.writing() as session:
        session.execute(delete(Head))
        session.commit()
    with pytest.raises(NotFoundError):
        export_log(instance, tmp_path)


def test_a_damaged_database_is_not_mirrored(instance: Instance, tmp_path: Path) -> None:
    with instance.database.writing() as session:
        session.execute(delete(Entry).where(Entry.index == 3))
        session.commit()
    with pytest.raises(UnavailableError, match="damaged"):
        export_log(instance, tmp_path)
    assert not (tmp_path / "log" / "checkpoint").exists()


def test_digests_of_tips_are_mirrored_and_never_written_over(
    instance: Instance, clock: Clock, tmp_path: Path
) -> None:
    found_stewards(instance, 2)
    clock.pass_days(1)
    tick(instance)
    mirror = tmp_path / "mirror"
    assert run(instance, mirror).exit_code == 0
    (leaves,) = (mirror / "tips" / "digests").iterdir()
    assert len(leaves.read_bytes()) == 64 * 32
    report = audit(Directory(mirror), parse_policy(trust_policy(instance)), today=clock.now.date(), jobs=1)
    assert report.problems == []
    change(leaves)
    report = audit(Directory(mirror), parse_policy(trust_policy(instance)), today=clock.now.date(), jobs=1)
    assert [problem.rule for problem in report.problems] == ["digest"]
    with pytest.raises(ConflictError):
        export_log(instance, mirror)
