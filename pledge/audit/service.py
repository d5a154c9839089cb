"""An audit: everything that a log and its site publish, held against each other and against a policy.

    checkpoint ← the policy's keys and witnesses, and an earlier checkpoint
    tree       ← entry bundles; tiles and root computed afresh
    entries    ← the ledger's rules in order, signatures in parallel, days by cosignature times
    counts     ← the fold of ``core.tally`` at the size and day that the site claims
    texts      ← the hashes in the log

What is wrong is collected in a report; only what cannot be read at all is raised.
"""

import hashlib
from collections.abc import Callable
from contextlib import closing
from datetime import date
from typing import Final

from pledge.audit.claims import Claims, check_day, compare, parse_claims
from pledge.audit.fold import Fold, days_of
from pledge.audit.published import Published, read_ahead
from pledge.audit.report import Problem, Report
from pledge.audit.signatures import Verifiers
from pledge.audit.site_policy import check_keys, check_site_policy
from pledge.audit.source import Source
from pledge.audit.tree import Tree, read_tile
from pledge.core.policy import NO_QUORUM, Policy, VerifiedCheckpoint, verify_checkpoint
from pledge.core.tlog.tile import Tile
from pledge.core.tlog.tile_path import ENTRIES_LEVEL, WIDTH, tile_width
from pledge.errors import MalformedError, NotFoundError, NotUnderstoodError, VerificationError

Progress = Callable[[int, int], None]
"""Told after each bundle: how many entries are done, of how many."""

_MIN_ENTRIES_FOR_PROCESSES: Final = 1024
_TRIES: Final = 3


def audit(
    source: Source,
    policy: Policy,
    *,
    today: date,
    jobs: int,
    old: VerifiedCheckpoint | None = None,
    progress: Progress = lambda _done, _size: None,
) -> Report:
    """Audit a whole log.

    Args:
        source: Where to read it.
        policy: Whom to believe.
        today: In UTC, by the auditor's own clock.
        jobs: Processes to verify signatures with, at least 1.
        old: An earlier checkpoint, verified under the same policy, that the log has to continue.
        progress: Told how far it is.

    Raises:
        UnavailableError: Something cannot be read now, so that nothing can be said.
    """
    report, published = Report(), Published(source)
    try:
        claims, seen = _read_heads(published, policy, report)
    except (MalformedError, VerificationError) as error:
        report.problems.append(Problem("checkpoint", str(error)))
        return report
    _check_checkpoint(report, policy, seen, old)
    fold = Fold(days_of(seen, old, today=today), claims)
    _read_entries(report, published, seen, fold=fold, old=old, jobs=jobs, progress=progress)
    state = fold.ledger.state
    if fold.problem is None:
        report.not_understood = fold.ledger.not_understood
        report.problems += check_keys(state, seen.checkpoint.origin, policy, report.remarks)
        check_site_policy(published, state, report)
        _check_texts(report, published, fold)
        if claims is not None:
            _check_claims(report, claims, fold, today=today)
    return report


def _read_heads(
    published: Published, policy: Policy, report: Report
) -> tuple[Claims | None, VerifiedCheckpoint]:
    """Read counts first and then the checkpoint, so that this covers those; try again where a cache was in between."""
    for _ in range(_TRIES):
        claims = _read_claims(published, report)
        report.note = published.checkpoint()
        seen = verify_checkpoint(policy, report.note)
        if claims is None or claims.size <= seen.checkpoint.size or not published.source.wait():
            break
    return claims, seen


def _read_claims(published: Published, report: Report) -> Claims | None:
    try:
        return parse_claims(published.claims())
    except NotUnderstoodError:
        report.other_not_understood.append("tallies.json is of a later version")
    except (MalformedError, NotFoundError) as error:
        report.problems.append(Problem("counts", f"tallies.json: {error}"))
    return None


def _check_checkpoint(
    report: Report, policy: Policy, seen: VerifiedCheckpoint, old: VerifiedCheckpoint | None
) -> None:
    report.checkpoint = seen.checkpoint
    report.witnesses = seen.witnesses
    report.cosigned_seconds = seen.newest_cosignature_seconds
    if policy.quorum == NO_QUORUM:
        report.remarks.append(
            "this policy asks for no witnesses: the log may be showing others something else"
        )
    elif not seen.quorum_met:
        report.problems.append(Problem("quorum", "too few witnesses of the policy cosigned this checkpoint"))
    if old is None:
        return
    report.since = old.checkpoint.size
    if old.checkpoint.origin != seen.checkpoint.origin:
        report.problems.append(Problem("consistency", "the checkpoint that you had is of another log"))
    elif old.checkpoint.size > seen.checkpoint.size:
        message = f"the log had {old.checkpoint.size} entries and shows {seen.checkpoint.size} now"
        report.problems.append(Problem("consistency", message))


def _read_entries(
    report: Report,
    published: Published,
    seen: VerifiedCheckpoint,
    *,
    fold: Fold,
    old: VerifiedCheckpoint | None,
    jobs: int,
    progress: Progress,
) -> None:
    """Read all bundles and tiles once, and check the tree, the rules and the signatures on the way.

    Reading ends at the first bundle that cannot be judged, or a size that was signed without its entries would be read
    for ever.
    """
    size, tree = seen.checkpoint.size, Tree(seen.checkpoint)
    bundles = range(-(-size // WIDTH))

    def read(index: int) -> tuple[bytes | None, bytes | None]:
        width = tile_width(ENTRIES_LEVEL, index, size)
        tiles = (Tile(ENTRIES_LEVEL, index, width), Tile(0, index, width))
        bundle, tile = (read_tile(published, tile) for tile in tiles)
        return bundle, tile

    with (
        Verifiers(jobs if size >= _MIN_ENTRIES_FOR_PROCESSES else 1) as verifiers,
        closing(read_ahead(bundles, read)) as reading,
    ):
        for index, (bundle, tile) in enumerate(reading):
            entries = tree.take(index, bundle, tile)
            if entries is None:
                fold.stop(
                    Problem("bundle", f"entries from {index * WIDTH} on lack some, and were not judged")
                )
            else:
                verifiers.submit(fold.take(entries))
            progress(min((index + 1) * WIDTH, size), size)
            if fold.problem is not None:
                break
        fold.finish()
        tree.finish(published, old.checkpoint if _is_continued(seen, old) and old else None)
        bad = verifiers.finish()
    report.signatures = fold.signatures - len(bad)
    report.problems += tree.problems
    report.problems += [Problem(code, message, entry) for entry, code, message in bad]
    if fold.problem is not None:
        report.problems.append(fold.problem)
        report.remarks.append("entries after one that breaks a rule, and counts, were not judged")
    if not tree.is_whole:
        report.remarks.append("the rest of the log was not read, nor its root compared")


def _is_continued(seen: VerifiedCheckpoint, old: VerifiedCheckpoint | None) -> bool:
    return (
        old is not None
        and old.checkpoint.origin == seen.checkpoint.origin
        and old.checkpoint.size <= seen.checkpoint.size
    )


def _check_texts(report: Report, published: Published, fold: Fold) -> None:
    """Compare every pledge text that the log names with the one that is served."""
    for (slug, version), text in sorted(fold.ledger.state.texts.items()):
        where = f"pledges/{slug}/{version}.txt"
        try:
            served = hashlib.sha256(published.text(slug, version)).hexdigest()
        except (MalformedError, NotFoundError) as error:
            report.problems.append(Problem("text", str(error)))
            continue
        if served != text.sha256:
            report.problems.append(Problem("text", f"{where} is not the text whose hash the log has"))


def _check_claims(report: Report, claims: Claims, fold: Fold, *, today: date) -> None:
    if fold.counts is None:
        message = f"the site counts {claims.size} entries, and its checkpoint has {fold.ledger.size}"
        report.problems.append(Problem("counts", message))
        return
    report.counts = fold.counts
    report.counted = f"after {claims.size} entries, lapses up to {claims.day}"
    report.problems += compare(claims, fold.counts)
    report.problems += check_day(claims, last_entry=fold.last_day, today=today)
