"""An audit: everything that a log and its site publish, held against each other and against a policy.

    heads      ← counts and removals between two checkpoints, so that neither is old
    checkpoint ← the policy's keys and witnesses, and earlier checkpoints
    tree       ← entry bundles; tiles and root computed afresh
    entries    ← the ledger's rules in order, signatures in parallel, days by cosignature times
    counts     ← the fold of ``core.tally`` at the size and day that the site claims
    removals   ← the log's own removals, line by line
    digests    ← leaves of tips, root and number in the log, day by day
    documents  ← the hashes in the log, of texts and policy; of scripts and styles too where a site serves them

What is wrong is collected in a report; only what cannot be read at all is raised.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import date
from typing import Final

from pledge.audit.claims import Claims, check_day, compare
from pledge.audit.digests import check_days, check_digests
from pledge.audit.fold import Fold, days_of
from pledge.audit.heads import check_heads, read_heads
from pledge.audit.published import Published, read_ahead
from pledge.audit.removals import compare_removals
from pledge.audit.report import Problem, Report
from pledge.audit.served import check_documents, check_release
from pledge.audit.signatures import Verifiers
from pledge.audit.site_policy import check_keys, check_site_policy
from pledge.audit.source import Source
from pledge.audit.tree import Earlier, Tree, read_tile
from pledge.core.policy import NO_QUORUM, Policy, VerifiedCheckpoint
from pledge.core.rules import MAX_DAYS_APART
from pledge.core.tlog.tile import Tile
from pledge.core.tlog.tile_path import ENTRIES_LEVEL, WIDTH, tile_width
from pledge.errors import MalformedError, VerificationError

Progress = Callable[[int, int], None]
"""Told after each bundle: how many entries are done, of how many."""

_MIN_ENTRIES_FOR_PROCESSES: Final = 1024


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
        heads = read_heads(published, policy, report)
    except (MalformedError, VerificationError) as error:
        report.problems.append(Problem("checkpoint", str(error)))
        return report
    seen = heads.seen
    _check_checkpoint(report, policy, seen)
    check_heads(heads, report)
    days = days_of(seen, old, today=today)
    fold = Fold(days, heads.claims)
    earlier = [*_earlier(report, seen, old), *_begun(report, seen, heads.first)]
    _read_entries(report, published, seen, fold=fold, earlier=earlier, jobs=jobs, progress=progress)
    state = fold.ledger.state
    if fold.problem is None:
        report.not_understood = fold.ledger.not_understood
        report.problems += check_keys(state, seen.checkpoint.origin, policy, report.remarks)
        check_site_policy(published, state, report)
        report.problems += check_documents(published, state)
        if source.is_live:
            report.problems += check_release(published, state, report.remarks)
        shown = today if source.is_live else min(today, days.seen or date.min)
        report.problems += check_digests(published, fold.tips.digests)
        report.problems += check_days(
            fold.tips, state.keyrings["steward"], quorum=state.quorum, day=shown, remarks=report.remarks
        )
        if heads.claims is not None:
            _check_claims(report, heads.claims, fold, shown=shown, today=today)
        if heads.removals is not None:
            report.problems += compare_removals(heads.removals, fold.removed)
    return report


def _check_checkpoint(report: Report, policy: Policy, seen: VerifiedCheckpoint) -> None:
    report.checkpoint = seen.checkpoint
    report.witnesses = seen.witnesses
    report.cosigned_seconds = seen.newest_cosignature_seconds
    if policy.quorum == NO_QUORUM:
        report.remarks.append(
            "this policy asks for no witnesses: the log may be showing others something else"
        )
    elif not seen.quorum_met:
        report.problems.append(Problem("quorum", "too few witnesses of the policy cosigned this checkpoint"))


def _earlier(report: Report, seen: VerifiedCheckpoint, old: VerifiedCheckpoint | None) -> Iterator[Earlier]:
    """Give the checkpoint that the auditor had, where its root can be compared."""
    if old is None:
        return
    report.since = old.checkpoint.size
    if old.checkpoint.origin != seen.checkpoint.origin:
        report.problems.append(Problem("consistency", "the checkpoint that you had is of another log"))
    elif old.checkpoint.size > seen.checkpoint.size:
        message = f"the log had {old.checkpoint.size} entries and shows {seen.checkpoint.size} now"
        report.problems.append(Problem("consistency", message))
    else:
        yield Earlier(
            old.checkpoint, "this log does not continue the checkpoint that you had: keep both, they prove it"
        )


def _begun(report: Report, seen: VerifiedCheckpoint, first: VerifiedCheckpoint) -> Iterator[Earlier]:
    """Give the checkpoint that the site showed when the audit began."""
    now = seen.checkpoint
    if first.checkpoint.origin != now.origin or first.checkpoint.size > now.size:
        message = (
            f"the site showed {first.checkpoint.size} entries of {first.checkpoint.origin} a moment before"
        )
        report.problems.append(Problem("consistency", message))
    else:
        yield Earlier(
            first.checkpoint, "this log does not continue the checkpoint that the site showed a moment before"
        )


def _read_entries(
    report: Report,
    published: Published,
    seen: VerifiedCheckpoint,
    *,
    fold: Fold,
    earlier: Iterable[Earlier],
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
        tree.finish(published, earlier)
        bad = verifiers.finish()
    report.signatures = fold.signatures - len(bad)
    report.problems += tree.problems
    report.problems += [Problem(code, message, entry) for entry, code, message in bad]
    if fold.problem is not None:
        report.problems.append(fold.problem)
        report.remarks.append("entries after one that breaks a rule, and counts, were not judged")
    if not tree.is_whole:
        report.remarks.append("the rest of the log was not read, nor its root compared")


def _check_claims(report: Report, claims: Claims, fold: Fold, *, shown: date, today: date) -> None:
    if fold.counts is None:
        return  # they count more entries than there are
    report.counts = fold.counts
    report.counted = f"after {claims.size} entries, lapses up to {claims.day}"
    report.problems += compare(claims, fold.counts)
    report.problems += check_day(claims, last_entry=fold.last_day, shown=shown, today=today)
    if shown < today and (today - claims.day).days > MAX_DAYS_APART:
        report.remarks.append(f"this mirror counts as of {claims.day}, and says nothing of what came later")
