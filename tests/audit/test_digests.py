"""Digests of tips in an audit: what the log commits to, what is served, and days without any."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pledge.core.tip.digest import Digest, build_digest, digest_root, format_leaves, parse_leaves
from tests.audit.conftest import Audit
from tests.audit.serving import serving
from tests.core.sample_log import NOTARY, STEWARDS, TIP_DIGEST, key_entry
from tests.testlog import DAY, WholeLog, make_log

NEXT = timedelta(days=1)
Files = dict[str, bytes]


def leaves_of(day: date, tips: int = 3) -> Digest:
    """A day's digest, the same each time."""
    numbers = iter(range(1000))

    def draw(size: int) -> bytes:
        return day.isoformat().encode().rjust(size - 2, b"\0") + next(numbers).to_bytes(2, "big")

    return build_digest([draw(32) for _ in range(tips)], random_bytes=draw)  # type: ignore[misc]  # leaves are bytes


def add_digest(log: WholeLog, day: date, tips: int = 3) -> Files:
    """Log a day's digest; gives the file of its leaves."""
    leaves = leaves_of(day, tips).leaves
    log.add(
        replace(TIP_DIGEST, day=day, root=digest_root(leaves).hex(), leaves=len(leaves)),
        NOTARY,
    )
    log.day = day
    return {f"tips/digests/{day}": format_leaves(leaves)}


def log_of(days: int, *, stewards: int = 2) -> tuple[WholeLog, Files]:
    """A log with founding stewards and a digest on each of the days after."""
    log = make_log(2)
    for steward in STEWARDS[:stewards]:
        log.add(key_entry(steward, day=DAY, from_=DAY, until=DAY + timedelta(days=365)), NOTARY)
    files: Files = {}
    for number in range(1, days + 1):
        files |= add_digest(log, DAY + number * NEXT)
    return log, files


def test_digests_that_are_well_are_well(audited: Audit) -> None:
    log, files = log_of(3)
    result = audited(log, **files)
    assert result.exit_code == 0, result.output
    assert "no digest" not in result.output


def test_a_byte_changed_in_a_leaves_file_is_named(audited: Audit) -> None:
    log, files = log_of(3)
    path = f"tips/digests/{DAY + 2 * NEXT}"
    leaves = list(parse_leaves(files[path]))
    for place in (0, 1000, -1):
        changed = bytearray(files[path])
        changed[place] ^= 1
        result = audited(log, **files | {path: bytes(changed)})
        assert result.exit_code == 1
        assert path in result.output
        assert f"{DAY + NEXT}" not in result.output.partition("Wrong:")[2]
    result = audited(log, **files | {path: format_leaves(leaves[:-1])})
    assert result.exit_code == 1
    assert path in result.output


def test_a_forged_root_and_a_wrong_number_are_named(audited: Audit) -> None:
    log, files = log_of(1)
    day = DAY + 2 * NEXT
    leaves = leaves_of(day).leaves
    log.add(replace(TIP_DIGEST, day=day, root="0" * 64, leaves=len(leaves)), NOTARY)
    log.day = day
    result = audited(log, **files | {f"tips/digests/{day}": format_leaves(leaves)})
    assert result.exit_code == 1
    assert "commits to" in result.output
    assert f"entry {len(log.entries) - 1}" in result.output
    log, files = log_of(1)
    log.add(replace(TIP_DIGEST, day=day, root=digest_root(leaves).hex(), leaves=128), NOTARY)
    log.day = day
    assert audited(log, **files | {f"tips/digests/{day}": format_leaves(leaves)}).exit_code == 1


def test_leaves_that_are_not_there_are_named(audited: Audit) -> None:
    log, files = log_of(2)
    path = f"tips/digests/{DAY + NEXT}"
    del files[path]
    result = audited(log, **files)
    assert result.exit_code == 1
    assert path in result.output


def test_a_day_without_a_digest_is_told_and_two_on_a_day_are_wrong(audited: Audit) -> None:
    log, files = log_of(1)
    for number in (3, 4):
        files |= add_digest(log, DAY + number * NEXT)
    result = audited(log, **files)
    assert result.exit_code == 0, result.output
    assert f"no digest of tips on {DAY + 2 * NEXT}: late" in result.output
    files |= add_digest(log, log.day, tips=5)
    result = audited(log, **files)
    assert result.exit_code == 1
    assert "has a digest already" in result.output


def test_many_missing_days_are_counted(audited: Audit) -> None:
    log, files = log_of(1)
    files |= add_digest(log, DAY + 30 * NEXT)
    assert "and 18 more days" in audited(log, **files).output


@pytest.mark.parametrize(
    ("days", "later", "is_wrong"), [(3, 2, False), (3, 3, True), (0, 2, False), (0, 3, True)]
)
def test_digests_that_stop_while_tips_are_open_are_wrong(
    audited: Audit, days: int, later: int, *, is_wrong: bool
) -> None:
    """Later than two days after the newest digest or, where there is none, after tips were opened."""
    log, files = log_of(days)
    log.day = DAY + (days + later) * NEXT
    result = audited(log, **files)
    assert (result.exit_code == 1) is is_wrong, result.output
    assert ("digest-stopped" in result.output) is is_wrong


def test_digests_may_stop_when_tips_are_closed(audited: Audit) -> None:
    log, files = log_of(0, stewards=1)
    log.day = DAY + 30 * NEXT
    assert audited(log, **files).exit_code == 0


def test_no_more_is_read_than_the_log_says(audited: Audit) -> None:
    log, files = log_of(1)
    path = f"tips/digests/{DAY + NEXT}"
    result = audited(log, **files | {path: files[path] * 2})
    assert result.exit_code == 1
    assert "more than" in result.output


def test_a_site_is_audited_by_the_day_of_the_audit(run: Audit, policy: object) -> None:
    """The keys of these stewards have long run out, so that nothing has to come."""
    log, files = log_of(2)
    with serving(log.files() | files) as site:
        result = run("audit", site.address, "--policy", policy)
    assert "digest" not in result.output.partition("Wrong")[2], result.output
