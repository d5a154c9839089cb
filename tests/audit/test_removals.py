"""The ledger of removals in an audit: what the log says was removed, and nothing else, stands in it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pledge.audit.removals import Removals, parse_removals, read_removals
from pledge.core.statement import format_json, parse_json, seal
from pledge.errors import MalformedError, NotUnderstoodError
from tests.audit.conftest import Audit
from tests.testlog import DAY, WholeLog, make_log

HIDDEN = {"action": "hidden", "day": "2024-11-25", "field": "name", "reason": "abuse", "signatory": "0" * 32}


def changed(log: WholeLog, **changes: Any) -> bytes:
    """The ledger of a log with one line, and that line changed."""
    ledger: Any = parse_json(log.removals())
    ledger["lines"][0] |= changes
    return format_json(ledger)


@pytest.fixture
def removed() -> WholeLog:
    log = make_log(2)
    log.remove(seal(log.signing("signatory 0")).payload_sha256)
    return log


def test_a_removal_with_its_line_is_well(audited: Audit, removed: WholeLog) -> None:
    result = audited(removed)
    assert result.exit_code == 0, result.output


def test_other_lines_need_nothing_in_the_log(audited: Audit, removed: WholeLog) -> None:
    ledger: Any = parse_json(removed.removals())
    ledger["lines"] = [HIDDEN, *ledger["lines"], HIDDEN | {"action": "restored"}]
    assert audited(removed, **{"removals.json": format_json(ledger)}).exit_code == 0


def test_a_removal_without_a_line_is_named(audited: Audit, removed: WholeLog) -> None:
    ledger: Any = parse_json(removed.removals())
    result = audited(removed, **{"removals.json": format_json(ledger | {"lines": [HIDDEN]})})
    assert result.exit_code == 1
    assert (
        "entry 5: this removes a signing (spam), and no line of removals.json says so [removals]"
        in result.output
    )


@pytest.mark.parametrize(
    "changes", [{"reason": "other"}, {"day": "2024-11-26"}, {"signatory": "0" * 32}], ids=str
)
def test_a_line_that_says_another_thing_is_none(
    audited: Audit, removed: WholeLog, changes: dict[str, str]
) -> None:
    result = audited(removed, **{"removals.json": changed(removed, **changes)})
    assert result.exit_code == 1
    assert "entry 5: this removes a signing" in result.output
    assert "removals.json says that" in result.output


def test_a_withdrawal_that_the_log_does_not_have_is_named(audited: Audit, removed: WholeLog) -> None:
    ledger: Any = parse_json(removed.removals())
    result = audited(removed, **{"removals.json": format_json(ledger | {"lines": 2 * ledger["lines"]})})
    assert result.exit_code == 1
    assert "was withdrawn on 2024-11-25 (spam); the log does not [removals]" in result.output


def test_a_ledger_of_another_size_is_wrong(audited: Audit, removed: WholeLog) -> None:
    old = removed.removals()
    removed.day = DAY + timedelta(days=1)
    removed.sign("one more")
    result = audited(removed, **{"removals.json": old})
    assert result.exit_code == 1
    assert (
        "the site tells the removals of 6 entries, and its checkpoint had 7 already [removals]"
        in result.output
    )


def test_no_ledger_is_wrong_and_a_later_one_not_understood(audited: Audit, removed: WholeLog) -> None:
    assert "[removals]" in audited(removed, **{"removals.json": b"[]"}).output
    later = removed.removals().replace(b"removals/v1", b"removals/v2")
    result = audited(removed, **{"removals.json": later})
    assert result.exit_code == 3
    assert "removals.json is of a later version" in result.output


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "erased"},
        {"action": "hidden"},
        {"field": "name"},
        {"field": "key"},
        {"reason": "Not a class"},
        {"signatory": "0" * 64},
        {"day": "2024-11-31"},
        {"more": "1"},
    ],
    ids=str,
)
def test_other_lines_are_malformed(removed: WholeLog, changes: dict[str, str]) -> None:
    with pytest.raises(MalformedError):
        parse_removals(changed(removed, **changes))
    for kind in ("removals", "removals/v2"):
        with pytest.raises(NotUnderstoodError if "/" in kind else MalformedError):
            parse_removals(removed.removals().replace(b"removals/v1", kind.encode()))


def stretches(*parts: tuple[int | None, int]) -> Callable[[int | None], bytes]:
    """A ledger in stretches: ``next`` and the number of lines of each."""
    rest = list(parts)

    def read(_before: int | None) -> bytes:
        following, lines = rest.pop(0)
        ledger = {"type": "removals/v1", "size": 9, "next": following, "lines": [HIDDEN] * lines}
        return format_json(ledger)  # type: ignore[arg-type]  # lines are objects of strings

    return read


def test_a_ledger_is_read_stretch_by_stretch() -> None:
    found = read_removals(stretches((7, 3), (5, 2), (None, 1)))
    assert isinstance(found, Removals)
    assert (len(found.lines), found.size, found.next) == (6, 9, None)


@pytest.mark.parametrize("parts", [((7, 3), (7, 2)), ((7, 3), (8, 2)), ((7, 3), (None, 0)), ((7, 3), (5, 0))])
def test_a_ledger_comes_to_an_end(parts: tuple[tuple[int | None, int], ...]) -> None:
    with pytest.raises(MalformedError, match="end"):
        read_removals(stretches(*parts))
