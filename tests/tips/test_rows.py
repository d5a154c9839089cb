from datetime import date
from typing import Any

import pytest

from pledge.tips.rows import ListedThread, by_day, size_in_words, time_left

TODAY = date(2026, 11, 26)


def listed_message(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{number:032x}",
        "number": number,
        "from": "source",
        "sha256": "0" * 64,
        "size_bytes": 16_654,
        "day": "2026-11-25",
        "way": "sealed",
        **changes,
    }


def listed(moved: str = "2026-11-25", *messages: dict[str, Any], **changes: Any) -> ListedThread:
    thread: Any = {
        "id": "a" * 32,
        "mailbox": "0123456789abcdef" * 2,
        "opened": "2026-11-20",
        "moved": moved,
        "expires": "2026-12-30",
        "state": "open",
        "label": "new",
        "assigned": None,
        "messages": messages or [listed_message(1)],
        **changes,
    }
    result: ListedThread = thread
    return result


def test_threads_stand_by_the_day_on_which_they_moved() -> None:
    """The newest first; nothing where nothing is."""
    days = by_day([listed("2026-11-20"), listed("2026-11-25"), listed("2026-11-20")], today=TODAY)
    assert [(day.day.isoformat(), len(day.threads)) for day in days] == [("2026-11-25", 1), ("2026-11-20", 2)]
    assert by_day([], today=TODAY) == []


def test_a_thread_is_told_by_what_the_server_knows() -> None:
    """How many messages, the class of the largest, which way they came, and what stewards chose."""
    answer = listed_message(2, **{"from": "steward", "size_bytes": 78_094, "way": "by-server"})
    [day] = by_day(
        [listed("2026-11-25", listed_message(1), answer, label="working", assigned="Ada")], today=TODAY
    )
    [row] = day.threads
    assert (row.name, row.count, row.size) == ("aaaaaaaa", "2 messages", "64 KiB")
    assert (row.way, row.label_words, row.assigned) == ("sealed by the server", "being worked on", "Ada")
    assert row.left == "deleted in 34 days"
    assert [(m.file, m.from_source, m.size) for m in row.messages] == [
        ("aaaaaaaa-1.age", True, "16 KiB"),
        ("aaaaaaaa-2.age", False, "76 KiB"),
    ]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "1 byte"),
        (27, "27 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (65_536, "64 KiB"),
        (20 << 20, "20 MiB"),
    ],
)
def test_sizes_are_said_as_in_the_browser(size: int, words: str) -> None:
    """Not more exactly than anybody needs."""
    assert size_in_words(size) == words


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        ("2026-12-26", "deleted in 30 days"),
        ("2026-11-27", "deleted in 1 day"),
        ("2026-11-26", "deleted tonight"),
    ],
)
def test_what_is_left_is_said_in_days(expires: str, words: str) -> None:
    """The last day is tonight."""
    assert time_left(date.fromisoformat(expires), today=TODAY) == words
