"""``pledge audit`` of a mirror: what is well, and each way in which it is not."""

import json
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pledge.audit.service import audit
from pledge.audit.source import Directory
from pledge.core.keys import format_key
from pledge.core.policy import format_policy, parse_policy, verify_checkpoint
from pledge.core.statement import Envelope, format_envelope, parse_envelope, seal
from pledge.core.tlog.encoding import encode_base64
from pledge.core.tlog.note import ED25519, VerifierKey, format_vkey
from tests.audit.conftest import Audit, Run, change
from tests.core.sample_log import (
    GENESIS,
    LAB,
    LOG_KEY,
    NOTARY,
    OTHER_NOTARY,
    POLICY_TEXT,
    RELEASE,
    TEXT,
    key_entry,
    signatory,
    signed,
    trust,
)
from tests.testlog import DAY, POLICY, WholeLog, make_log, noon


def test_a_sound_log_is_well(run: Run, mirror: Path, policy: Path) -> None:
    result = run("audit", mirror, "--policy", policy)
    assert result.exit_code == 0, result.output
    for words in (
        "All is well",
        "Entries    8",
        "13 verified",
        "5  scaling, example-lab, lab-email, current",
    ):
        assert words in result.output


def test_the_same_as_json(run: Run, mirror: Path, policy: Path) -> None:
    result = run("audit", mirror, "--policy", policy, "--json")
    found = json.loads(result.stdout)
    assert found["outcome"] == "well"
    assert found["size"] == 8
    assert found["signatures"] == 13
    assert found["problems"] == []
    assert found["counts"][0]["count"] == 5


def test_the_installed_policy_serves_too(run: Run, mirror: Path, policy: Path) -> None:
    assert run("audit", mirror).exit_code == 2
    run("verify", "--install-policy", policy)
    assert run("audit", mirror).exit_code == 0


def test_an_empty_log_is_well(audited: Audit) -> None:
    log = WholeLog()
    result = audited(log)
    assert result.exit_code == 0, result.output
    assert "Entries    0" in result.output


@pytest.mark.parametrize(
    "path", ["log/tile/0/000.p/8", "tallies.json", "pledges/scaling/1.txt", "log/checkpoint"]
)
def test_a_changed_byte_in_any_file_is_found(run: Run, mirror: Path, policy: Path, path: str) -> None:
    data = (mirror / path).read_bytes()
    for place in range(0, len(data), max(1, len(data) // 25)):
        change(mirror / path, place)
        result = run("audit", mirror, "--policy", policy)
        assert result.exit_code in {1, 3}, (path, place)
        (mirror / path).write_bytes(data)


def test_a_changed_byte_in_the_sites_policy_is_found(run: Run, mirror: Path, policy: Path) -> None:
    """In a key; who the witnesses are is nobody's word but the policy's own."""
    for line in ("log ", "notary "):
        (mirror / "log/policy").write_text(POLICY.replace(line, line[:-1] + "x ", 1))
        assert run("audit", mirror, "--policy", policy).exit_code == 1
    (mirror / "log/policy").write_text(format_policy(trust(notary=OTHER_NOTARY)))
    result = run("audit", mirror, "--policy", policy)
    assert result.exit_code == 1
    assert "which the log does not [site-policy]" in result.output
    (mirror / "log/policy").write_bytes(b"\xff")
    assert run("audit", mirror, "--policy", policy).exit_code == 1


def test_a_kind_of_key_in_the_sites_policy_that_is_not_known_is_not_understood(
    run: Run, mirror: Path, policy: Path
) -> None:
    public = bytes([9]) + bytes(32)
    name = "witness.example/c"
    key_id = sha256(f"{name}\n".encode() + public).hexdigest()[:8]
    vkey = f"{name}+{key_id}+{encode_base64(public)}"
    (mirror / "log/policy").write_text(f"{POLICY}witness w9 {vkey}\n")
    result = run("audit", mirror, "--policy", policy)
    assert result.exit_code == 3
    assert "log/policy has a kind of key that is not known" in result.output


def test_a_directory_without_a_log_is_unreadable(run: Run, tmp_path: Path, policy: Path) -> None:
    assert run("audit", tmp_path, "--policy", policy).exit_code == 2
    assert run("audit", tmp_path / "nowhere", "--policy", policy).exit_code == 2
    (tmp_path / "log" / "checkpoint").mkdir(parents=True)
    assert run("audit", tmp_path, "--policy", policy).exit_code == 2
    (tmp_path / "log" / "checkpoint").rmdir()
    (tmp_path / "log" / "checkpoint").write_bytes(b"x" * 300_000)
    assert run("audit", tmp_path, "--policy", policy).exit_code == 1


def test_another_policy_believes_nothing_of_it(run: Run, mirror: Path, policy: Path) -> None:
    policy.write_text("quorum none\n")
    result = run("audit", mirror, "--policy", policy)
    assert result.exit_code == 1
    assert "No known key signed" in result.output or "No log of the policy" in result.output


def test_a_policy_with_another_notary_does_not_take_the_logs(run: Run, mirror: Path, policy: Path) -> None:
    policy.write_text(format_policy(trust(notary=OTHER_NOTARY)))
    result = run("audit", mirror, "--policy", policy)
    assert result.exit_code == 1
    assert "names a notary that the policy does not [genesis-keys]" in result.output


def test_a_policy_without_a_notary_leaves_it_to_the_log(run: Run, mirror: Path, policy: Path) -> None:
    lines = [line for line in POLICY.splitlines() if not line.startswith("notary")]
    policy.write_text("\n".join([*lines, ""]))
    result = run("audit", mirror, "--policy", policy)
    assert result.exit_code == 0
    assert "names no notary" in result.output


def test_too_few_witnesses_are_too_few_for_a_policy_that_asks(
    audited: Audit, log: WholeLog, policy: Path
) -> None:
    result = audited(log, **{"log/checkpoint": log.checkpoint(witnesses=1)})
    assert result.exit_code == 1
    assert "[quorum]" in result.output
    policy.write_text(format_policy(trust(quorum="none")))
    result = audited(log, **{"log/checkpoint": log.checkpoint(witnesses=0)})
    assert result.exit_code == 0
    assert "asks for no witnesses" in result.output


def test_a_forged_count_is_named(audited: Audit, log: WholeLog) -> None:
    forged = log.claims().replace(b'"count":5', b'"count":6')
    result = audited(log, **{"tallies.json": forged})
    assert result.exit_code == 1
    assert (
        "scaling, example-lab, lab-email, current: the site says 6, the log has 5 [counts]" in result.output
    )


@pytest.mark.parametrize(
    "forged",
    [
        b'{"counts":[],"day":"2024-11-25","size":8,"type":"tallies/v1"}',
        b'{"counts":[],"day":"2024-11-25","size":9,"type":"tallies/v1"}',
        b'{"counts":[],"day":"2024-11-25","type":"tallies/v1"}',
        b'{"counts":[],"day":"2024-11-25","size":8,"type":"counts"}',
        b"[]",
        b"no JSON",
    ],
)
def test_counts_that_do_not_fit_or_are_none_are_wrong(audited: Audit, log: WholeLog, forged: bytes) -> None:
    result = audited(log, **{"tallies.json": forged})
    assert result.exit_code == 1
    assert "[counts]" in result.output


def test_a_cell_is_counted_once(audited: Audit, log: WholeLog) -> None:
    claims = log.claims()
    row = claims[claims.index(b"[") + 1 : claims.index(b"]")]
    twice = claims.replace(row, row.replace(b":5", b":2") + b"," + row.replace(b":5", b":3"))
    assert "a cell is counted twice" in audited(log, **{"tallies.json": twice}).output


def test_later_versions_are_not_understood(audited: Audit, log: WholeLog) -> None:
    later = log.claims().replace(b"tallies/v1", b"tallies/v2")
    result = audited(log, **{"tallies.json": later})
    assert result.exit_code == 3
    assert "tallies.json is of a later version" in result.output
    leaf = parse_envelope(log.entries[2])
    payload = leaf.payload.replace(b"lab/v1", b"lab/v7")
    log.append(format_envelope(replace(signed(LAB, NOTARY), payload=payload)))
    log.append(format_envelope(Envelope(b"{}", "application/vnd.pledge.vote+json")))
    result = audited(log)
    assert result.exit_code == 3
    assert "Not understood: entries 8, 9" in result.output
    assert json.loads(audited(log, "--json").stdout)["notUnderstood"]["entries"] == [8, 9]


def test_counts_follow_renewals_withdrawals_and_lapses(audited: Audit) -> None:
    log = make_log(2)
    first, second = log.sign("first"), log.sign("second")
    log.day = DAY + timedelta(days=300)
    log.renew("first", first)
    log.withdraw("second", second)
    log.day = DAY + timedelta(days=370)
    log.sign("third")
    result = audited(log)
    assert result.exit_code == 0, result.output
    assert "2  scaling, example-lab, lab-email, current" in result.output
    assert "1  scaling, example-lab, lab-email, former" in result.output
    assert "2  scaling, example-lab, lab-email, lapsed" in result.output


def test_counts_from_before_hide_nothing(audited: Audit, log: WholeLog) -> None:
    """Withdrawals and lapses since then would not show."""
    claims = log.claims()
    for number in range(5):
        log.withdraw(f"signatory {number}", seal(log.signing(f"signatory {number}")).payload_sha256)
    result = audited(log, **{"tallies.json": claims})
    assert result.exit_code == 1
    assert "the site counts 8 entries, and its checkpoint had 13 already [counts]" in result.output
    none = b'{"counts":[],"day":"2024-11-25","size":0,"type":"tallies/v1"}'
    result = audited(log, **{"tallies.json": none})
    assert result.exit_code == 1
    assert "the site counts 0 entries, and its checkpoint had 13 already [counts]" in result.output


def test_the_day_of_the_counts_is_bounded(audited: Audit, log: WholeLog) -> None:
    claims = log.claims()
    for day, words in (
        ("9000-01-01", "which has not come"),
        ("2024-11-22", "its last entry is of 2024-11-25"),
    ):
        result = audited(log, **{"tallies.json": claims.replace(b"2024-11-25", day.encode())})
        assert result.exit_code == 1
        assert f"{words} [counts-day]" in result.output


def test_counts_are_of_the_day_on_which_witnesses_saw_the_log(audited: Audit, log: WholeLog) -> None:
    """Nothing was logged since, and terms ended all the same."""
    seen = log.checkpoint(seconds=noon(DAY + timedelta(days=3)))
    result = audited(log, **{"log/checkpoint": seen})
    assert result.exit_code == 1
    assert (
        "the site counts lapses up to 2024-11-25, and shows that on 2024-11-28 [counts-day]" in result.output
    )
    log.day = DAY + timedelta(days=1)
    assert audited(log, **{"log/checkpoint": seen}).exit_code == 0


def test_a_mirror_says_of_which_day_it_is(run: Run, mirror: Path, policy: Path) -> None:
    result = run("audit", mirror, "--policy", policy)
    assert "Note: this mirror counts as of 2024-11-25, and says nothing of what came later" in result.output


def test_the_policy_document_is_the_one_in_the_log(audited: Audit, log: WholeLog) -> None:
    log.add(replace(POLICY_TEXT, day=DAY, effective=DAY, sha256=sha256(b"old").hexdigest()), NOTARY)
    log.add(
        replace(POLICY_TEXT, day=DAY, effective=DAY, version=2, sha256=sha256(b"new").hexdigest()), NOTARY
    )
    assert audited(log, **{"policy/2.json": b"new"}).exit_code == 0
    result = audited(log, **{"policy/2.json": b"old"})
    assert result.exit_code == 1
    assert "policy/2.json is not the one whose hash the log has [policy]" in result.output


def test_a_mirror_holds_no_scripts_to_compare(audited: Audit, log: WholeLog) -> None:
    log.add(replace(RELEASE, day=DAY), NOTARY)
    result = audited(log)
    assert result.exit_code == 0, result.output
    assert "release" not in result.output


def test_an_entry_by_a_wrong_notary_is_named(audited: Audit, log: WholeLog) -> None:
    log.add(log.signing("mallory"), signatory("mallory"), OTHER_NOTARY)
    result = audited(log)
    assert result.exit_code == 1
    assert "Wrong: entry 8: No notary key of this name" in result.output


def test_a_bad_signature_is_named_and_the_rest_still_judged(audited: Audit, log: WholeLog) -> None:
    good = signed(log.signing("mallory"), signatory("mallory"), NOTARY)
    bad = replace(good.signatures[0], sig=bytes(64))
    entry = format_envelope(replace(good, signatures=(bad, good.signatures[1])))
    log.append(entry)
    log.sign("somebody after")
    result = audited(log)
    assert result.exit_code == 1
    assert "entry 8: " in result.output
    assert "entry 9: " not in result.output


def test_what_is_no_entry_is_named(audited: Audit, log: WholeLog) -> None:
    log.append(b"not an envelope")
    result = audited(log)
    assert result.exit_code == 1
    assert "entry 8: A log entry is an envelope" in result.output
    assert "were not judged" in result.output


def test_days_that_decrease_are_named(audited: Audit, log: WholeLog) -> None:
    log.day = DAY - timedelta(days=1)
    log.sign("late")
    result = audited(log, **{"log/checkpoint": log.checkpoint(seconds=noon(DAY))})
    assert result.exit_code == 1
    assert "entry 8: The day 2024-11-24 is before 2024-11-25. [day-decreases]" in result.output


def test_a_day_after_the_witnesses_is_named(audited: Audit, log: WholeLog) -> None:
    log.day = DAY + timedelta(days=3)
    log.sign("from the future")
    result = audited(log, **{"log/checkpoint": log.checkpoint(seconds=noon(DAY))})
    assert result.exit_code == 1
    assert "entry 8: The day 2024-11-28 is after 2024-11-25, when it was seen. [day-far]" in result.output


def test_a_day_after_today_is_named_even_without_witnesses(log: WholeLog, mirror: Path) -> None:
    (mirror / "log/checkpoint").write_bytes(log.checkpoint(witnesses=0))
    policy = parse_policy(format_policy(trust(quorum="none")))
    report = audit(Directory(mirror), policy, today=DAY - timedelta(days=3), jobs=1)
    assert [problem.rule for problem in report.problems] == ["day-far"]
    assert audit(Directory(mirror), policy, today=DAY, jobs=1).problems == []


def test_a_time_past_the_calendar_bounds_nothing(audited: Audit, log: WholeLog) -> None:
    result = audited(log, **{"log/checkpoint": log.checkpoint(seconds=2**62)})
    assert result.exit_code == 0
    assert "seconds after 1970" in result.output


def test_an_entry_dated_before_the_checkpoint_it_came_after_is_named(
    audited: Audit, log: WholeLog, tmp_path: Path
) -> None:
    """The operator back-dates: the day does not decrease, and yet it had passed when a witness saw the log without."""
    kept = tmp_path / "checkpoint"
    kept.write_bytes(log.checkpoint(seconds=noon(DAY + timedelta(days=9))))
    log.sign("back-dated")
    result = audited(
        log, "--since", kept, **{"log/checkpoint": log.checkpoint(seconds=noon(DAY + timedelta(days=9)))}
    )
    assert result.exit_code == 1
    assert (
        "entry 8: The day 2024-11-25 is before 2024-12-04, when it was not there yet. [day-far]"
        in result.output
    )


def test_the_checkpoint_from_before_has_to_be_one(audited: Audit, log: WholeLog, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_bytes(log.checkpoint()[:-9])
    assert audited(log, "--since", kept).exit_code == 2


def test_checkpoints_of_two_logs_are_not_compared(log: WholeLog, mirror: Path) -> None:
    policy = parse_policy(POLICY)
    old = verify_checkpoint(policy, log.checkpoint())
    other = old._replace(checkpoint=replace(old.checkpoint, origin="another.example"))
    report = audit(Directory(mirror), policy, today=DAY, jobs=1, old=other)
    assert [problem.message for problem in report.problems] == [
        "the checkpoint that you had is of another log"
    ]


def test_a_first_entry_of_another_log_is_named(audited: Audit) -> None:
    vkey = format_vkey(VerifierKey("other.example", ED25519, LOG_KEY.public))
    log = WholeLog()
    log.add(replace(GENESIS, day=DAY, origin="other.example", log=(vkey,)), NOTARY)
    result = audited(log)
    assert result.exit_code == 1
    assert (
        "the entries are of other.example, and the checkpoint is of local.pledge.example/log" in result.output
    )
    assert "the log's first entry names no log key of the policy [genesis-keys]" in result.output


def test_a_notary_that_came_later_is_remarked_upon(audited: Audit, log: WholeLog) -> None:
    log.add(key_entry(OTHER_NOTARY, day=DAY, from_=DAY, until=date(2030, 1, 1)), NOTARY)
    log.add(log.signing("ada"), signatory("ada"), OTHER_NOTARY)
    result = audited(log)
    assert result.exit_code == 0, result.output
    assert f"{OTHER_NOTARY.keyid}, admitted later, is not in the policy" in result.output
    assert format_key(OTHER_NOTARY.key.public) not in result.output


def test_a_text_that_the_log_does_not_name_is_wrong(audited: Audit, log: WholeLog) -> None:
    result = audited(log, **{f"pledges/{TEXT.slug}/1.txt": b"another"})
    assert "is not the one whose hash the log has [text]" in result.output


def test_many_problems_are_cut_short(audited: Audit, log: WholeLog) -> None:
    forged = log.claims().replace(
        b'"counts":[',
        b'"counts":['
        + b",".join(
            b'{"assurance":"email","count":1,"lab":"lab-%d","pledge":"scaling","status":"current"}' % number
            for number in range(30)
        )
        + b",",
    )
    result = audited(log, **{"tallies.json": forged})
    assert "… and 10 more." in result.output
