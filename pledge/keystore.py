"""The instance's secret keys: one JSON file each, mode 0600, in a directory of mode 0700.

| file | what | loses what, if lost |
|---|---|---|
| log.json | seeds of the log's Ed25519 and ML-DSA-44 keys | no further checkpoint can be signed |
| notary.json | seed of the key that co-signs checked affiliations | no further signing can be notarised |
| seat.json | HMAC key of seats and mail budgets | who has signed can no longer be recognised |
| contacts.json | key of mail addresses kept for a reminder or news | those addresses |
| session.json | key of the cookie and of stewards' code apps | sessions and code apps: stewards use passkeys |
| badges.json | seed of the key that signs Open Badges | those downloaded before: they no longer verify |

Each names the origin it was made for, so that keys of a local trial never serve a real site. Instances of older
releases lack ``badges.json``; it is made when they are next opened.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pledge.config import ConfigError
from pledge.core.keys import MlDsa44Key, SigningKey

LOCAL_ORIGIN = "local-trial.invalid"
"""Origin of an instance that someone started to try it; ``.invalid`` can never be a real name."""

DEMO_ORIGIN = "demo-of-invented-people.invalid"
"""Origin of what ``pledge demo`` fills; nobody on it exists, nor any lab."""

TRIAL_ORIGINS = (LOCAL_ORIGIN, DEMO_ORIGIN)

_ROLES = ("log-ed25519", "log-ml-dsa-44", "notary", "seat", "contacts", "session", "badges")
_FILES = {
    "log.json": ("log-ed25519", "log-ml-dsa-44"),
    "notary.json": ("notary",),
    "seat.json": ("seat",),
    "contacts.json": ("contacts",),
    "session.json": ("session",),
    "badges.json": ("badges",),
}
_LATER = "badges.json"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """All secret keys of an instance, as 32-byte seeds turned into what uses them."""

    origin: str
    log: SigningKey
    log_ml_dsa: MlDsa44Key
    notary: SigningKey
    seat: bytes
    seat_id: str
    contacts: bytes
    session: bytes
    badges: bytes


def create_keys(directory: Path, *, origin: str, random_bytes: Callable[[int], bytes]) -> Keys:
    """Make every key of a new instance: all of them, or, where this is interrupted, none.

    Args:
        directory: Missing or empty; made with mode 0700. Its parent is there.
        origin: What the log will be called for ever.
        random_bytes: ``os.urandom`` or, in tests, something that repeats.

    Raises:
        ConfigError: Something is in the directory already; nothing is overwritten.
    """
    if directory.is_dir() and any(directory.iterdir()):
        raise ConfigError(f"{directory} is not empty; keys are never overwritten")
    new = directory.with_name(directory.name + ".new")
    shutil.rmtree(new, ignore_errors=True)  # of an interrupted try; nothing was ever signed with those
    new.mkdir(mode=0o700)
    for name in _FILES:
        _write_new(new / name, _draw(name, origin, random_bytes))
    _sync(new)
    try:
        new.rename(directory)
    except OSError:
        raise ConfigError(f"{directory} cannot be made from {new.name} beside it") from None
    _sync(directory.parent)
    return load_keys(directory)


def add_missing_key(directory: Path, *, random_bytes: Callable[[int], bytes]) -> None:
    """Make the key that instances of older releases lack. Of several processes that do so at once, one makes it.

    Raises:
        ConfigError: It cannot be written.
    """
    if (directory / _LATER).exists() or not (directory / "log.json").exists():
        return
    origin = _read(directory / "log.json").get("origin", "")
    new = directory / f"{_LATER}.{random_bytes(4).hex()}.new"
    try:
        _write_new(new, _draw(_LATER, origin, random_bytes))
        with suppress(FileExistsError):
            os.link(new, directory / _LATER)
        new.unlink()
        _sync(directory)
    except OSError:
        raise ConfigError(
            f"key file {_LATER} is missing, and cannot be made in {directory}; let pledge write there once"
        ) from None


def load_keys(directory: Path) -> Keys:
    """Read every key.

    Raises:
        ConfigError: A file is missing, unreadable, open to others, or of another origin than the rest.
    """
    if directory.is_dir() and directory.stat().st_mode & 0o077:
        raise ConfigError(f"{directory} is open to others; it must have mode 0700")
    found: dict[str, str] = {}
    origins = set()
    for name, roles in _FILES.items():
        content = _read(directory / name)
        try:
            origins.add(content["origin"])
            found |= {role: content[role] for role in roles}
            found |= {"seat-id": content["id"]} if name == "seat.json" else {}
        except KeyError as missing:
            raise ConfigError(f"key file {name} lacks {missing}") from None
    if len(origins) != 1:
        raise ConfigError("the key files belong to different origins")
    if not all(re.fullmatch("[0-9a-f]{64}", found[role]) for role in _ROLES):
        raise ConfigError("a key file does not hold 32 bytes in hex")
    seeds = {role: bytes.fromhex(found[role]) for role in _ROLES}
    return Keys(
        origin=origins.pop(),
        log=SigningKey.from_seed(seeds["log-ed25519"]),
        log_ml_dsa=MlDsa44Key.from_seed(seeds["log-ml-dsa-44"]),
        notary=SigningKey.from_seed(seeds["notary"]),
        seat=seeds["seat"],
        seat_id=found["seat-id"],
        contacts=seeds["contacts"],
        session=seeds["session"],
        badges=seeds["badges"],
    )


def has_keys(directory: Path) -> bool:
    """Whether any key file is there."""
    return any((directory / name).exists() for name in _FILES)


def _draw(name: str, origin: str, random_bytes: Callable[[int], bytes]) -> str:
    """Give the content of a new key file."""
    content = {"origin": origin} | {role: random_bytes(32).hex() for role in _FILES[name]}
    if name == "seat.json":
        content["id"] = random_bytes(4).hex()
    return json.dumps(content, indent=1) + "\n"


def _write_new(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    """Put a directory's entries on disk, so that no log is begun with keys that a power cut takes away."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path.name} can be read by others; it must have mode 0600")
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"key file {path.name} is missing") from None
    except (OSError, ValueError):
        raise ConfigError(f"key file {path.name} cannot be read") from None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise ConfigError(f"key file {path.name} is not what `pledge init` writes")
    return content
