"""``pledge tips fetch``: take what a steward needs to work elsewhere, ciphertext only, onto a disk."""

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import click

from pledge.audit.console import plain_errors, read_bounded, write_atomically
from pledge.audit.published import Published
from pledge.audit.site import Site
from pledge.audit.trust import read_trust
from pledge.core.policy import Policy
from pledge.core.statement.canonical import format_json
from pledge.core.tip.digest import LEAF_BYTES, MAX_LEAVES
from pledge.core.tip.recipients import MAX_RECIPIENTS_BYTES
from pledge.errors import MalformedError, NotFoundError, VerificationError
from pledge.offline.desk import (
    DIGESTS,
    INBOX,
    KEYS,
    MAX_DIGESTS_BYTES,
    MAX_INBOX_BYTES,
    Desk,
    Listed,
    parse_dummies,
    parse_inbox,
)
from pledge.offline.digest_entries import find_entries
from pledge.offline.private import FILE, POLICY

_MAX_TOKEN_BYTES: Final = 4096


@click.command()
@click.argument("url")
@click.option("--token-file", type=FILE, required=True, help="A token from your account page.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True)
@POLICY
def fetch(url: str, token_file: Path, output: Path, policy_file: Path | None) -> None:
    """Fetch the inbox of the site at URL into a directory: envelopes that are not there yet, and the days' digests.

    Nothing is opened, and no key is needed. Run it again to go on. An onion service is reached under torsocks.
    """
    with plain_errors():
        policy = read_trust(policy_file).policy
        site = Site(url, token=read_token(token_file))
        try:
            new, there = fetch_inbox(site, Desk(output), policy)
        finally:
            site.close()
        click.echo(f"{output}: {new} new envelopes, {there} were there.")


def read_token(path: Path) -> str:
    """Read a token.

    Raises:
        MalformedError: The file holds something else.
    """
    token = read_bounded(path, _MAX_TOKEN_BYTES).decode("ascii", errors="replace").strip()
    if not token or not all("!" <= char <= "~" for char in token):
        raise MalformedError(f"{path} does not hold a token.")
    return token


def fetch_inbox(site: Site, desk: Desk, policy: Policy) -> tuple[int, int]:
    """Bring a directory up to date.

    Returns:
        How many envelopes are new, and how many were there already.

    Raises:
        VerificationError: An envelope is not the one that is listed, or the log is not the policy's.
        MalformedError, NotFoundError, UnavailableError: The site does not give what it should.
    """
    desk.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = site.read("stewards/keys.json", max_bytes=MAX_RECIPIENTS_BYTES)
    write_atomically(desk.root / KEYS, keys)
    inbox = _canonical(site.read("stewards/inbox.json", max_bytes=MAX_INBOX_BYTES))
    listed = [message for thread in parse_inbox(inbox).threads for message in thread.messages]
    missing = [message for message in listed if not _is_there(desk.envelope(message), message)]
    desk.envelope(listed[0]).parent.mkdir(mode=0o700, exist_ok=True) if listed else None
    with _progress(sum(message.size_bytes for message in missing)) as bar:
        for message in missing:
            _fetch_envelope(site, desk.envelope(message), message, bar)
    write_atomically(desk.root / INBOX, inbox)
    _fetch_digests(site, desk, policy)
    return len(missing), len(listed) - len(missing)


def _is_there(path: Path, listed: Listed) -> bool:
    """Say whether an envelope is there whole: it gets its name only once it is. What is in it, ``open`` checks."""
    return path.is_file() and path.stat().st_size == listed.size_bytes


def _fetch_envelope(site: Site, path: Path, listed: Listed, bar: Any) -> None:  # noqa: ANN401  # click's progress bar
    part = path.with_suffix(".part")
    digest = hashlib.sha256()
    with part.open("wb") as file:

        def take(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)
            bar.update(len(piece))

        site.download(f"{site.prefix}/stewards/envelopes/{listed.id}", max_bytes=listed.size_bytes, take=take)
    if digest.hexdigest() != listed.sha256:
        part.unlink()
        raise VerificationError(f"The site gives another envelope as {listed.id} than it lists.")
    part.replace(path)


def _fetch_digests(site: Site, desk: Desk, policy: Policy) -> None:
    data = _canonical(site.read("stewards/digests.json", max_bytes=MAX_DIGESTS_BYTES))
    missing = [
        day.day for day in parse_dummies(data).days if not desk.digest(day.day, ".tlog-proof").exists()
    ]
    for day in missing:
        leaves = _leaves(site, day)
        if leaves is not None:
            write_atomically(desk.digest(day), leaves)
    for found in find_entries(Published(site), policy, missing):
        write_atomically(desk.digest(found.day, ".entry"), found.leaf)
        write_atomically(desk.digest(found.day, ".tlog-proof"), found.proof)
    write_atomically(desk.root / DIGESTS, data)


def _leaves(site: Site, day: date) -> bytes | None:
    try:
        return site.read(f"tips/digests/{day.isoformat()}", max_bytes=MAX_LEAVES * LEAF_BYTES)
    except NotFoundError:
        return None  # accounting says so


def _canonical(data: bytes) -> bytes:
    """Write JSON that a site wrote anyhow in the one form that is read here.

    Raises:
        MalformedError: It is no JSON.
    """
    try:
        return format_json(json.loads(data), max_bytes=max(MAX_INBOX_BYTES, MAX_DIGESTS_BYTES))
    except (ValueError, RecursionError):
        raise MalformedError("The site does not answer in JSON.") from None


@contextmanager
def _progress(size: int) -> Iterator[Any]:
    with click.progressbar(
        length=size, label="Envelopes", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        yield bar
