"""The tree in an audit: each entry, bundle and tile that is not what the log signed is named."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pledge.audit.service import audit
from pledge.audit.source import Directory
from pledge.core.policy import parse_policy
from pledge.core.statement import format_envelope
from pledge.core.tlog.checkpoint import Checkpoint, sign_checkpoint
from pledge.core.tlog.tile import format_bundle, parse_bundle
from pledge.core.tlog.tree import leaf_hash
from tests.audit.conftest import Audit, Run, change
from tests.core.sample_log import (
    LOG_KEY,
    LOG_ML_DSA_KEY,
    NOTARY,
    ORIGIN,
    signatory,
    signed,
)
from tests.testlog import DAY, POLICY, WholeLog, make_log, noon, write_files


@pytest.mark.parametrize("place", [0, 1, 2, 40, 700, 1500])
@pytest.mark.parametrize("entry", [0, 3, 7])
def test_a_changed_byte_in_an_entry_names_it(audited: Audit, log: WholeLog, entry: int, place: int) -> None:
    """Also one in the length before it, which makes the bundle no bundle."""
    start = sum(2 + len(other) for other in log.entries[:entry])
    bundle = bytearray(format_bundle(log.entries))
    bundle[start + min(place, 1 + len(log.entries[entry]))] ^= 1
    result = audited(log, **{"log/tile/entries/000.p/8": bytes(bundle)})
    assert result.exit_code == 1
    assert f"Wrong: entry {entry}: this is not the entry that the log signed [entry-changed]" in result.output
    others = {f"entry {other}: this" for other in range(entry)}
    assert not any(words in result.output for words in others)


def test_a_changed_tile_hash_names_its_entry(run: Run, mirror: Path, policy: Path) -> None:
    change(mirror / "log/tile/0/000.p/8", 5 * 32)
    result = run("audit", mirror, "--policy", policy)
    assert "entry 5: tile/0/000.p/8 has another hash for this entry than its own [tile]" in result.output


def test_where_entry_and_tile_were_changed_each_is_named(audited: Audit, log: WholeLog) -> None:
    files = log.log_files()
    tile = bytearray(files["log/tile/0/000.p/8"])
    bundle = bytearray(format_bundle(log.entries))
    tile[2 * 32] ^= 1
    bundle[-5] ^= 1
    result = audited(log, **{"log/tile/0/000.p/8": bytes(tile), "log/tile/entries/000.p/8": bytes(bundle)})
    assert result.exit_code == 1
    assert "the entries do not lead to the root" in result.output
    assert "entry 2: " in result.output
    assert "entry 7: " in result.output


def test_a_dropped_entry_is_named(audited: Audit, log: WholeLog) -> None:
    entries = [*log.entries[:4], *log.entries[5:]]
    result = audited(log, **{"log/tile/entries/000.p/8": format_bundle(entries)})
    assert result.exit_code == 1
    assert "has 7 entries, not 8" in result.output
    assert "entry 4: this is not the entry that the log signed" in result.output
    assert "entry 3: " not in result.output


def test_reordered_entries_are_named(audited: Audit, log: WholeLog) -> None:
    entries = [*log.entries[:4], log.entries[5], log.entries[4], *log.entries[6:]]
    result = audited(log, **{"log/tile/entries/000.p/8": format_bundle(entries)})
    assert result.exit_code == 1
    assert "entry 4: this is not" in result.output
    assert "entry 5: this is not" in result.output
    assert "entry 6: " not in result.output


def test_of_many_changed_entries_the_first_are_named(audited: Audit) -> None:
    log = make_log(20)
    result = audited(log, **{"log/tile/entries/000.p/23": format_bundle(log.entries[::-1])})
    assert result.exit_code == 1
    assert "entry 0: this is not" in result.output
    assert "and 14 more entries, up to 22 [entry-changed]" in result.output


@pytest.mark.parametrize("path", ["tile/entries/000.p/8", "tile/0/000.p/8", "tallies.json", "policy", "text"])
def test_a_missing_file_is_named(run: Run, mirror: Path, policy: Path, path: str) -> None:
    places = {"tallies.json": "tallies.json", "text": "pledges/scaling/1.txt"}
    (mirror / places.get(path, f"log/{path}")).unlink()
    assert run("audit", mirror, "--policy", policy).exit_code == 1


def test_a_truncated_file_is_named(run: Run, mirror: Path, policy: Path) -> None:
    for path in ("log/tile/0/000.p/8", "log/tile/entries/000.p/8"):
        data = (mirror / path).read_bytes()
        (mirror / path).write_bytes(data[:-40])
        result = run("audit", mirror, "--policy", policy)
        assert result.exit_code == 1
        assert path.removeprefix("log/") in result.output
        (mirror / path).write_bytes(data)


def test_a_bundle_with_too_many_entries_is_named(audited: Audit, log: WholeLog) -> None:
    more = format_bundle([*log.entries, log.entries[0]])
    assert "has 9 entries, not 8" in audited(log, **{"log/tile/entries/000.p/8": more}).output


@pytest.mark.parametrize("more", [b"garbage", bytes(32), bytes(8192 - 8 * 32)])
def test_a_tile_has_no_byte_more(audited: Audit, log: WholeLog, more: bytes) -> None:
    tile = log.log_files()["log/tile/0/000.p/8"] + more
    result = audited(log, **{"log/tile/0/000.p/8": tile})
    assert result.exit_code == 1
    assert f"tile/0/000.p/8 has {len(tile)} bytes, not 256 [tile]" in result.output


def test_a_partial_bundle_is_no_full_one(audited: Audit, log: WholeLog) -> None:
    more = format_bundle([*log.entries, *[b"A"] * 248])
    result = audited(log, **{"log/tile/entries/000.p/8": more})
    assert result.exit_code == 1
    assert "has 256 entries, not 8 [bundle]" in result.output


@pytest.mark.parametrize("path", ["log/tile/0/000", "log/tile/entries/000"])
def test_what_is_read_in_place_of_a_partial_tile_is_a_full_one(tmp_path: Path, path: str) -> None:
    """At the full path only the full form counts, also where it begins with what was asked for."""
    small, files = make_log(200), make_log(260).files()
    short = files[path.replace("0/000", "0/001.p/7").replace("entries/000", "entries/001.p/7")]
    files |= {"log/checkpoint": small.checkpoint(), "tallies.json": small.claims()}
    for other in (files[path] + b"\0\0", files[path][:-1], files[path][: 203 * 32], short):
        directory = write_files(tmp_path / "grown", files | {path: other})
        report = audit(Directory(directory), parse_policy(POLICY), today=DAY, jobs=1)
        assert report.exit_code == 1


@pytest.mark.parametrize("size", [9, 300, 2**40, 2**63 - 1])
def test_a_size_that_was_signed_without_its_entries_ends_the_audit(tmp_path: Path, size: int) -> None:
    files = make_log(5).files()
    checkpoint = Checkpoint(ORIGIN, size, leaf_hash(b"no tree"))
    files["log/checkpoint"] = sign_checkpoint(
        checkpoint, ed25519=LOG_KEY, ml_dsa=LOG_ML_DSA_KEY, seconds=noon(DAY)
    )
    directory = write_files(tmp_path / "huge", files)
    report = audit(Directory(directory), parse_policy(POLICY), today=DAY, jobs=1)
    rules = {problem.rule for problem in report.problems}
    assert "bundle" in rules
    assert len(report.problems) < 9
    assert "the rest of the log was not read" in " ".join(report.remarks)


def test_reading_ends_at_an_entry_that_breaks_a_rule(tmp_path: Path) -> None:
    """Bundles of junk are soon made: a site that serves them without end would otherwise be read without end."""
    log = make_log(5)
    for number in range(9 * 256):
        log.append(b"%d" % number)
    asked: list[str] = []

    class Counting(Directory):
        def read(self, path: str, *, max_bytes: int) -> bytes:
            asked.append(path)
            return super().read(path, max_bytes=max_bytes)

    source = Counting(log.write(tmp_path / "junk"))
    report = audit(source, parse_policy(POLICY), today=DAY, jobs=1)
    assert [problem.entry for problem in report.problems] == [8]
    assert "log/tile/entries/009.p/8" not in asked


def test_a_bundle_that_is_not_whole_still_has_its_entries_named(tmp_path: Path) -> None:
    files = make_log(260).files()
    path = "log/tile/entries/000"
    files[path] = files[path][:-5]
    report = audit(Directory(write_files(tmp_path / "cut", files)), parse_policy(POLICY), today=DAY, jobs=1)
    assert [(problem.rule, problem.entry) for problem in report.problems] == [
        ("bundle", None),
        ("entry-changed", 255),
        ("bundle", None),
    ]


def test_a_log_that_grew_continues_its_checkpoint(audited: Audit, log: WholeLog, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    assert audited(log, "--save", kept).exit_code == 0
    assert kept.read_bytes().startswith(b"local.pledge.example/log\n8\n")
    log.day = DAY + timedelta(days=9)
    log.sign("later")
    result = audited(log, "--since", kept, "--save", kept)
    assert result.exit_code == 0, result.output
    assert "the checkpoint of 8 entries that you had" in result.output
    assert kept.read_bytes().startswith(b"local.pledge.example/log\n9\n")


def test_a_rewritten_log_does_not(audited: Audit, log: WholeLog, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_bytes(before := log.checkpoint())
    other = make_log(4)
    other.sign("put in its place")
    other.sign("later")
    result = audited(other, "--since", kept, "--save", kept)
    assert result.exit_code == 1
    assert "does not continue the checkpoint that you had" in result.output
    assert kept.read_bytes() == before


def test_a_log_that_shrank_does_not(audited: Audit, log: WholeLog, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_bytes(log.checkpoint())
    result = audited(make_log(4), "--since", kept)
    assert result.exit_code == 1
    assert "the log had 8 entries and shows 7 now [consistency]" in result.output


def test_a_larger_log_is_audited_over_processes(tmp_path: Path) -> None:
    """Tiles of two levels, a full bundle read in place of a partial one, and a bad signature far inside."""
    log = make_log(1100)
    bad = signed(log.signing("mallory"), signatory("mallory"), NOTARY)
    signature = replace(bad.signatures[1], sig=bytes(63) + b"\x01")
    log.append(format_envelope(replace(bad, signatures=(bad.signatures[0], signature))))
    files = log.files()
    assert "log/tile/1/000.p/4" in files
    last = max(path for path in files if path.startswith("log/tile/entries/"))
    directory = write_files(tmp_path / "large", files)
    policy = parse_policy(POLICY)
    done: list[tuple[int, int]] = []
    report = audit(
        Directory(directory), policy, today=DAY, jobs=2, progress=lambda *state: done.append(state)
    )
    assert [(problem.entry, problem.rule) for problem in report.problems if problem.entry] == [
        (1103, "not-verified")
    ]
    assert done[-1] == (1104, 1104)
    assert parse_bundle(files[last])
    change(directory / "log/tile/1/000.p/4", 33)
    change(directory / "log/tile/0/001", 64)
    report = audit(Directory(directory), policy, today=DAY, jobs=2)
    messages = " ".join(problem.message for problem in report.problems)
    assert "tile/1/000.p/4 does not fit the entries 256 to 511" in messages
    assert "tile/0/001 has another hash" in messages


def test_partial_tiles_may_have_grown_full(tmp_path: Path) -> None:
    """A log may drop partial tiles once the full ones are there; an audit of the smaller tree reads those."""
    small, large = make_log(200), make_log(260)
    files = large.files() | {
        "log/checkpoint": small.checkpoint(),
        "tallies.json": small.claims(),
        "removals.json": small.removals(),
    }
    directory = write_files(tmp_path / "grown", files)
    report = audit(Directory(directory), parse_policy(POLICY), today=DAY, jobs=1)
    assert report.problems == []


def test_an_upper_tile_that_is_missing_or_short_is_named(tmp_path: Path) -> None:
    directory = make_log(260).write(tmp_path / "large")
    path = directory / "log/tile/1/000.p/1"
    path.write_bytes(path.read_bytes()[:31])
    report = audit(Directory(directory), parse_policy(POLICY), today=DAY, jobs=1)
    assert [problem.message for problem in report.problems] == ["tile/1/000.p/1 has 31 bytes, not 32"]
    path.unlink()
    report = audit(Directory(directory), parse_policy(POLICY), today=DAY, jobs=1)
    assert [problem.message for problem in report.problems] == ["tile/1/000.p/1 is missing"]
