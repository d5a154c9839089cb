"""``pledge sign``: sign from a terminal with an OpenSSH key, so that no script of a site has to be trusted."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import click

from pledge.audit.console import UNREADABLE, Stop, plain_errors, printable, read_bounded, write_atomically
from pledge.audit.link_page import LinkPage
from pledge.audit.published import MAX_TEXT_BYTES
from pledge.audit.site import Site
from pledge.audit.statement_file import MAX_STATEMENT_BYTES, ToSign, check_words, describe, parse_to_sign
from pledge.core.receipt import MAX_RECEIPT_BYTES, parse_receipt
from pledge.core.sshsig import NAMESPACE, parse_armor, parse_public_line, public_line, verify_sshsig
from pledge.core.statement import parse_envelope
from pledge.errors import (
    ConflictError,
    MalformedError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)

_MAX_PAGE_BYTES: Final = 2**21
_MAX_PUB_BYTES: Final = 8192
_MAX_ARMOR_BYTES: Final = 16_384
_TRIES: Final = 5
_RECEIPT = Path("my.pledge-receipt.json")


@click.command()
@click.argument("link")
@click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("pledge-key"),
    show_default=True,
    help="An OpenSSH private key; or a .pub file, for a key that an agent holds.",
)
@click.option(
    "--receipt",
    "receipt_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=_RECEIPT,
    show_default=True,
    help="Where to keep the receipt.",
)
def sign(link: str, key_file: Path, receipt_file: Path) -> None:
    """Sign the statement behind the LINK in your mail with an OpenSSH key of your own.

    A key that you use elsewhere points to you for ever. Make one for this: ssh-keygen -t ed25519 -f pledge-key -C ""
    """
    with plain_errors():
        if receipt_file.exists():
            raise Stop(f"{receipt_file} is there already: name another file with --receipt.", UNREADABLE)
        key = read_public_key(key_file)
        site, target = open_link(link)
        try:
            _sign(site, target, key=key, key_file=key_file, receipt_file=receipt_file)
        finally:
            site.close()


def open_link(link: str) -> tuple[Site, str]:
    """Take a mailed link apart.

    Returns:
        The site, and the link's path there.

    Raises:
        MalformedError: It is not a link to sign.
    """
    parts = urlsplit(link)
    folders = parts.path.split("/")
    if folders[:2] != ["", "sign"] or len(folders) != 3 or parts.query or parts.fragment:  # noqa: PLR2004  # /sign/<token>
        raise MalformedError("Copy the whole link from the mail: https://…/sign/…")
    return Site(f"{parts.scheme}://{parts.netloc}"), parts.path


def read_public_key(key_file: Path) -> bytes:
    """Read the public half of a key: ``FILE.pub``, or the file itself if that is its name.

    Raises:
        NotFoundError: There is none.
        MalformedError: It is no public key that may sign.
    """
    public = key_file if key_file.suffix == ".pub" else key_file.with_name(f"{key_file.name}.pub")
    if not public.exists():
        raise NotFoundError(f'There is no {public}. Make a key: ssh-keygen -t ed25519 -f {key_file} -C ""')
    return parse_public_line(read_bounded(public, _MAX_PUB_BYTES).decode(errors="replace"))


def _sign(site: Site, target: str, *, key: bytes, key_file: Path, receipt_file: Path) -> None:
    page = LinkPage(site.follow(target, max_bytes=_MAX_PAGE_BYTES).body)
    query = quote(public_line(key), safe="")
    data = site.follow(f"{target}/statement?key={query}", max_bytes=MAX_STATEMENT_BYTES).body
    to_sign, openings = parse_to_sign(data, key), page.openings()
    pledge = to_sign.signing.pledge
    text = site.read(f"pledges/{pledge.slug}/{pledge.version}.txt", max_bytes=MAX_TEXT_BYTES)
    check_words(to_sign.signing, openings, text)
    click.echo("\n".join(describe(to_sign, openings, text, key)))
    click.confirm("Sign this?", abort=True)
    armor = make_signature(to_sign.data, key=key, key_file=key_file)
    where = _post(site, target, csrf_token=page.csrf_token, armor=armor)
    click.echo(f"Signed. Your receipt's page, for thirty days: {site.address}{where}")
    receipt = _fetch_receipt(site, where, to_sign)
    if receipt is None:
        click.echo(
            "The log has not taken it in yet. Fetch the receipt from that page in a while, and keep it."
        )
        return
    write_atomically(receipt_file, receipt)
    click.echo(f"The receipt is in {receipt_file}. Keep it, and check it: pledge verify {receipt_file}")


def make_signature(data: bytes, *, key: bytes, key_file: Path) -> str:
    """Have the user's own ``ssh-keygen`` sign, which asks for passphrases and touches as it always does.

    Raises:
        NotFoundError: There is no ``ssh-keygen``.
        UnavailableError: It did not sign.
        VerificationError: It signed with another key.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        raise NotFoundError("There is no ssh-keygen on this machine. Nothing was signed.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "statement.txt")
        file.write_bytes(data)
        command = [program, "-q", "-Y", "sign", "-f", str(key_file), "-n", NAMESPACE, str(file)]
        done = subprocess.run(command, check=False)  # noqa: S603  # the program's own path, no shell
        if done.returncode:
            raise UnavailableError("ssh-keygen did not sign. Nothing was sent.")
        armor = read_bounded(Path(f"{file}.sig"), _MAX_ARMOR_BYTES).decode(errors="replace")
    if verify_sshsig(parse_armor(armor), data) != key:
        raise VerificationError("ssh-keygen signed with another key than the public one. Nothing was sent.")
    return armor


def _post(site: Site, target: str, *, csrf_token: str, armor: str) -> str:
    form = urlencode({"csrf_token": csrf_token, "armor": armor}).encode()
    reply = site.request("POST", target, max_bytes=_MAX_PAGE_BYTES, form=form)
    if reply.location is None or not reply.location.startswith("/receipts/"):
        said = LinkPage(reply.body).error or f"it answers {reply.status}"
        raise ConflictError(f"The site did not take the signature: {printable(said)}")
    return reply.location


def _fetch_receipt(site: Site, where: str, to_sign: ToSign) -> bytes | None:
    """Fetch the receipt, as soon as the log has taken the entry in.

    Raises:
        VerificationError: It is a receipt for something else.
    """
    for attempt in range(_TRIES):
        time.sleep(attempt)
        try:
            data = site.follow(f"{where}/file", max_bytes=MAX_RECEIPT_BYTES).body
        except NotFoundError:
            continue
        if parse_envelope(parse_receipt(data).leaf).payload != to_sign.payload:
            raise VerificationError("The receipt is for something else than you signed. Ask the operator.")
        return data
    return None
