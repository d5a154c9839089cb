import json
from datetime import date
from pathlib import Path

from pledge.core.pow import NO_STAMP, Work, find_stamp, is_stamp

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/pow.json").read_text(encoding="utf-8"))


def work_of(vector: dict[str, str]) -> Work:
    return Work(
        vector["origin"],
        date.fromisoformat(vector["day"]),
        bytes.fromhex(vector["mailbox_key"]),
        bytes.fromhex(vector["leaf"]),
    )


def test_stamps_are_what_the_vectors_say() -> None:
    for vector in VECTORS["stamps"]:
        assert find_stamp(work_of(vector)).hex() == vector["stamp"]
        assert is_stamp(work_of(vector), bytes.fromhex(vector["stamp"]))


def test_a_stamp_is_for_one_message_of_one_day() -> None:
    vector = VECTORS["stamps"][0]
    work, stamp = work_of(vector), bytes.fromhex(vector["stamp"])
    others = [
        work._replace(origin="other.example"),
        work._replace(day=date(2026, 12, 1)),
        work._replace(mailbox_key=bytes([7]) * 32),
        work._replace(leaf=bytes([7]) * 32),
    ]
    assert not any(is_stamp(other, stamp) for other in others)
    assert not any(is_stamp(work, wrong) for wrong in (NO_STAMP, stamp[:7], stamp + b"\0", b""))
