"""What a site shows of itself, read so that nothing in it can be old: counts and removals between two checkpoints.

    first checkpoint ≤ counts, removals ≤ second checkpoint, in entries

Caches may hold each of them back for a few seconds, which is waited for. In a mirror both checkpoints are the same
file, so that all cover just as many entries.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeVar

from pledge.audit.claims import Claims, parse_claims
from pledge.audit.published import Published
from pledge.audit.removals import Removals, read_removals
from pledge.audit.report import Problem, Report
from pledge.audit.source import Source
from pledge.core.policy import Policy, VerifiedCheckpoint, verify_checkpoint
from pledge.errors import MalformedError, NotFoundError, NotUnderstoodError

T = TypeVar("T")

_TRIES: Final = 3


class Heads(NamedTuple):
    """What was read, in this order; ``claims`` and ``removals`` are None where they cannot be used."""

    first: VerifiedCheckpoint
    claims: Claims | None
    removals: Removals | None
    seen: VerifiedCheckpoint


def read_heads(published: Published, policy: Policy, report: Report) -> Heads:
    """Read both checkpoints and what is between; ``report`` learns what is wrong with the latter.

    Raises:
        MalformedError: A checkpoint is none.
        NotFoundError: There is none.
        VerificationError: A checkpoint is not by a log of the policy.
    """
    first = verify_checkpoint(policy, published.checkpoint())
    low = first.checkpoint.size

    def is_new(found: Claims | Removals | None) -> bool:
        return found is None or found.size >= low

    def read_second() -> VerifiedCheckpoint:
        report.note = published.checkpoint()
        return verify_checkpoint(policy, report.note)

    def read_claims() -> Claims | None:
        return _read(lambda: parse_claims(published.claims()), "counts", "tallies.json", report)

    def read_ledger() -> Removals | None:
        return _read(lambda: read_removals(published.removals), "removals", "removals.json", report)

    claims = _until(is_new, read_claims, published.source)
    removals = _until(is_new, read_ledger, published.source)
    high = max(low, *(found.size for found in (claims, removals) if found is not None))
    seen = _until(lambda found: found.checkpoint.size >= high, read_second, published.source)
    return Heads(first, claims, removals, seen)


def check_heads(heads: Heads, report: Report) -> None:
    """Check that counts and removals are no older than the first checkpoint, and no newer than the second."""
    low, high = heads.first.checkpoint.size, heads.seen.checkpoint.size
    if heads.claims is not None:
        report.problems += _check_size("counts", "counts", heads.claims.size, low, high)
    if heads.removals is not None:
        report.problems += _check_size("removals", "tells the removals of", heads.removals.size, low, high)


def _check_size(rule: str, does: str, size: int, low: int, high: int) -> Iterator[Problem]:
    if size < low:
        yield Problem(rule, f"the site {does} {size} entries, and its checkpoint had {low} already")
    if size > high:
        yield Problem(rule, f"the site {does} {size} entries, and its checkpoint has {high}")


def _read(read: Callable[[], T], rule: str, name: str, report: Report) -> T | None:
    try:
        return read()
    except NotUnderstoodError:
        report.other_not_understood.append(f"{name} is of a later version")
    except (MalformedError, NotFoundError) as error:
        report.problems.append(Problem(rule, f"{name}: {error}"))
    return None


def _until(is_new: Callable[[T], bool], read: Callable[[], T], source: Source) -> T:
    """Read anew while what was read is too old, as long as caches may be the reason."""
    found = read()
    for _ in range(_TRIES - 1):
        if is_new(found) or not source.is_live:
            break
        source.wait()
        found = read()
    return found
