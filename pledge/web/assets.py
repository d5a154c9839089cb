"""Where templates and built files are, in a checkout and in a wheel, and how pages name built files."""

import hashlib
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def template_folder() -> Path:
    """Give where the templates are: beside the package in a checkout, inside it in a wheel."""
    beside = _PACKAGE.parent / "templates"
    return beside if beside.is_dir() else _PACKAGE / "_templates"


def static_folder() -> Path:
    """Give where the built scripts and styles are."""
    return _PACKAGE / "static"


def static_hashes() -> dict[str, str]:
    """Give the first 12 hex digits of the SHA-256 of each built file, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in sorted(static_folder().glob("*.*"))
    }
