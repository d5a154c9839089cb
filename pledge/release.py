"""Releases: the hashes of every script, style and form of the pages on which people sign, in the log before use."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.instance import Instance
from pledge.log.models import Entry
from pledge.log.notary import log_statement
from pledge.web.assets import static_folder, template_folder

_SERVED = (".css", ".js", ".svg")
_FORMS = (
    "layout/*.html",
    "macros/*.html",
    "pledges/*.html",
    "stewards/*.html",
    "tips/*.html",
    "verify/*.html",
)


def release_files() -> dict[str, str]:
    """Give path → SHA-256 of what is served to who signs, tips or reads tips: built scripts and styles, templates."""
    static = {
        f"static/{path.name}": path
        for path in sorted(static_folder().iterdir())
        if path.suffix in _SERVED and not path.name.startswith(".")
    }
    forms = {
        f"templates/{path.relative_to(template_folder())}": path
        for pattern in _FORMS
        for path in sorted(template_folder().glob(pattern))
    }
    return {name: _sha256(path) for name, path in sorted((static | forms).items())}


def log_release(instance: Instance) -> bool:
    """Log what is served now, unless the newest release entry says the same; tells whether it was logged."""
    files = release_files()

    def work(session: Session) -> bool:
        if _newest(session) == files:
            return False
        # The number of releases before makes the entry new, also where a release is rolled back on the same day.
        before = session.scalar(select(func.count()).select_from(Entry).where(Entry.kind == "release"))
        statement = st.Release(
            origin=instance.notary.origin,
            day=instance.clock().date(),
            version=f"{version('pledge')}+{before}",
            files=files,
        )
        log_statement(session, statement, notary=instance.notary, random_bytes=instance.random_bytes)
        return True

    return instance.log.run(work)


def _newest(session: Session) -> dict[str, str] | None:
    leaf = session.scalar(
        select(Entry.leaf).where(Entry.kind == "release").order_by(Entry.index.desc()).limit(1)
    )
    statement = None if leaf is None else st.parse_statement(st.parse_envelope(leaf))
    return statement.files if isinstance(statement, st.Release) else None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
