"""The keys that a log and its site name, held against each other and against the auditor's policy."""

from collections.abc import Iterator

from pledge.audit.published import Published
from pledge.audit.report import Problem, Report
from pledge.core.keys import format_key
from pledge.core.logstate import LogState
from pledge.core.policy import Policy, parse_policy
from pledge.core.tlog.vkey import VerifierKey, format_vkey
from pledge.errors import MalformedError, NotFoundError, NotUnderstoodError


def check_keys(state: LogState, origin: str, policy: Policy, remarks: list[str]) -> Iterator[Problem]:
    """Check that the log's first entry is of this log, by keys that the policy believes.

    Keys that came later are the log's own affair: rotations are admitted by older keys. They are remarked upon, as
    receipts by a notary that the policy does not know will not be accepted.
    """
    genesis = state.genesis
    if genesis is None:
        return
    if genesis.origin != origin:
        yield Problem("origin", f"the entries are of {genesis.origin}, and the checkpoint is of {origin}", 0)
    if not {format_vkey(key) for key in policy.logs} & set(genesis.log):
        yield Problem("genesis-keys", "the log's first entry names no log key of the policy", 0)
    believed = {format_key(key.public) for key in policy.notaries}
    if not believed:
        remarks.append("this policy names no notary: whose word on affiliations counts is left to the log")
    elif genesis.notary not in believed:
        yield Problem("genesis-keys", "the log's first entry names a notary that the policy does not", 0)
    for keyid, term in state.keyrings["notary"].terms.items():
        if believed and term.key not in believed and term.key != genesis.notary:
            remarks.append(f"{keyid}, admitted later, is not in the policy")


def check_site_policy(published: Published, state: LogState, report: Report) -> None:
    """Check that the policy which the site claims for itself names no key that is not in its log."""
    try:
        policy = parse_policy(published.policy().decode())
    except NotUnderstoodError:
        report.other_not_understood.append("log/policy has a kind of key that is not known")
        return
    except (MalformedError, NotFoundError, UnicodeDecodeError) as error:
        report.problems.append(Problem("site-policy", f"log/policy: {error}"))
        return
    logs = set(state.genesis.log) if state.genesis else set()
    notaries = {term.key for term in state.keyrings["notary"].terms.values()}
    if state.genesis is None:
        return
    strangers = [key for key in policy.logs if format_vkey(key) not in logs and not _is_admitted(key, state)]
    strangers += [key for key in policy.notaries if format_key(key.public) not in notaries]
    report.problems += [
        Problem("site-policy", f"log/policy names {key.name} {key.key_id.hex()}, which the log does not")
        for key in strangers
    ]


def _is_admitted(key: VerifierKey, state: LogState) -> bool:
    publics = {term.key for term in state.keyrings["log"].terms.values()}
    return len(key.public) == 32 and format_key(key.public) in publics  # noqa: PLR2004  # Ed25519's length
