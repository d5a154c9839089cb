"""What a site serves beside its log, compared with the hashes in it: texts, the policy document, scripts, styles."""

import hashlib
from collections.abc import Iterator
from typing import Final

from pledge.audit.published import Published
from pledge.audit.report import Problem
from pledge.core.logstate import LogState
from pledge.errors import MalformedError, NotFoundError

_FORMS: Final = "templates/"


def check_documents(published: Published, state: LogState) -> Iterator[Problem]:
    """Compare every pledge text that the log names, and its newest policy, with those that are served."""
    for (slug, version), text in sorted(state.texts.items()):
        yield from _check(published, "text", f"pledges/{slug}/{version}.txt", text.sha256)
    if state.policy is not None:
        yield from _check(published, "policy", f"policy/{state.policy.version}.json", state.policy.sha256)


def check_release(published: Published, state: LogState, remarks: list[str]) -> Iterator[Problem]:
    """Compare the scripts and styles that the newest release names with those that a site serves.

    Its forms are templates, which no site serves as they are: who has the source compares those.
    """
    if state.release is None:
        remarks.append("the log names no release: nobody can tell which scripts this site should serve")
        return
    forms = [path for path in state.release.files if path.startswith(_FORMS)]
    if forms:
        remarks.append(
            f"the forms of release {state.release.version} ({len(forms)}) are served filled in only: "
            "compare them with the source"
        )
    for path, sha256 in sorted(state.release.files.items()):
        if path not in forms:
            yield from _check(published, "release", path, sha256)


def _check(published: Published, rule: str, path: str, sha256: str) -> Iterator[Problem]:
    try:
        served = hashlib.sha256(published.document(path)).hexdigest()
    except (MalformedError, NotFoundError) as error:
        yield Problem(rule, str(error))
        return
    if served != sha256:
        yield Problem(rule, f"{path} is not the one whose hash the log has")
