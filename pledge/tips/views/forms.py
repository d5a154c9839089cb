"""The tip line for who runs no scripts: forms whose contents the server seals and opens in memory.

These pages set no cookie. The twelve words travel in the bodies of POSTs and of their answers, which nobody may store,
and nowhere else. What shows that a form is meant is the words themselves, and the Origin header.
"""

from collections.abc import Iterator
from functools import partial

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.datastructures import Headers

from pledge.accounts.keys import current_keys, quorum, stewards_are_enough
from pledge.core.filename import fit_name
from pledge.core.pow import NO_STAMP
from pledge.core.tip.codename import Codename, derive_codename
from pledge.core.tip.digest import tip_leaf
from pledge.core.tip.frame import TipFrame
from pledge.core.tip.mailbox import derive_nonce
from pledge.core.words import ENTROPY_BYTES, SecretWords, words_from_entropy
from pledge.errors import MalformedError, PledgeError
from pledge.instance import Instance, get_instance, trust_policy
from pledge.labs.service import list_labs
from pledge.pledges.texts import latest_text, parse_text
from pledge.tips import intake, mailbox, reading, taking
from pledge.tips.sealing import Fields, check_alone, first_message, later_message, seal_form, take_sealed
from pledge.web.errors import status_of
from pledge.web.multipart import Part, read_parts
from pledge.web.strings import gettext, said
from pledge.web.uploads import get_upload

bp = Blueprint("tip_forms", __name__)

# Nothing from anywhere else, nothing inline, and no text that becomes a script.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src data:",  # an icon that shows nothing, or browsers would ask for the site's own
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)


@bp.get("/tips/new")
def new() -> Response:
    """Show the page on which a message is written; the same for everybody."""
    return _new_page()


@bp.post("/tips/new")
def new_post() -> Response:
    """Seal a form as it arrives, and show the twelve words; or take in what was sealed elsewhere."""
    instance, fields = get_instance(), Fields()
    try:
        parts = read_parts(get_upload(request.environ), request.content_type or "")
        sealed, rest = take_sealed(parts, fields)
        if sealed is not None:
            taking.receive_sealed_file(instance, sealed.chunks, partial(check_alone, fields, rest))
            return _page("tips/sent.html", words=None, day=instance.clock().date())
        words = _seal_tip(instance, fields, rest)
    except PledgeError as error:
        return _new_page(fields=fields, error=said(error), status=status_of(error))
    return _page("tips/sent.html", words=words.split(), day=instance.clock().date())


@bp.get("/mailbox")
def closed() -> Response:
    """Ask for the twelve words; the same for everybody."""
    return _page("tips/mailbox.html", error=None, policy=trust_policy(get_instance()))


@bp.post("/mailbox")
def opened() -> Response:
    """Open a mailbox with twelve words."""
    try:
        return _thread(_codename(request.form.get("words", "")), request.form.get("words", ""))
    except MalformedError as error:
        return _page("tips/mailbox.html", error=said(error), policy=trust_policy(get_instance()), status=400)


@bp.post("/mailbox/file")
def file() -> Response:
    """Give one file of an answer, opened, as a download."""
    instance, codename = get_instance(), _codename(request.form.get("words", ""))
    number, place = (_number(request.form.get(name, "")) for name in ("number", "file"))
    with instance.database.reading() as session:
        name, size_bytes, chunks = reading.open_file(
            session,
            taking.open_store(instance),
            codename,
            origin=instance.keys.origin,
            number=number,
            place=place,
        )
    headers = Headers()
    headers.set("Content-Disposition", "attachment", filename=fit_name(name))
    response = Response(chunks, content_type="application/octet-stream", headers=headers)
    response.content_length = size_bytes
    return response


@bp.post("/mailbox/reply")
def reply() -> Response:
    """Seal a further message as it arrives, and add it to the thread."""
    parts = read_parts(get_upload(request.environ), request.content_type or "")
    words = _first(parts, "words")
    codename, fields = _codename(words), Fields()
    try:
        _seal_reply(get_instance(), codename, fields, parts)
    except PledgeError as error:
        text = fields.values.get("text", [""])[0]
        return _thread(codename, words, error=said(error), text=text, status=status_of(error))
    return _thread(codename, words, has_sent=True)


@bp.post("/mailbox/burn-by-words")
def burn() -> Response:
    """Delete all that a mailbox holds."""
    codename = _codename(request.form.get("words", ""))
    if request.form.get("sure") != "yes":
        return _thread(
            codename,
            request.form.get("words", ""),
            error=gettext("Tick the box to delete everything."),
            status=400,
        )
    taking.burn(get_instance(), codename.mailbox)
    return _page("tips/burned.html")


def _seal_tip(instance: Instance, fields: Fields, parts: Iterator[Part]) -> SecretWords:
    entropy = instance.random_bytes(ENTROPY_BYTES)
    codename = derive_codename(entropy, origin=instance.keys.origin)
    today = instance.clock().date()
    with instance.database.reading() as session:
        intake.check_open(session, today)
        recipients = [key.recipient for key in current_keys(session, today)]
    make = partial(first_message, fields, codename=codename, origin=instance.keys.origin, day=today)
    envelope = seal_form(
        parts, fields, make, codename=codename, recipients=recipients, random_bytes=instance.random_bytes
    )
    received = taking.open_store(instance).receive(envelope, instance.random_bytes(16))
    leaf = tip_leaf(derive_nonce(codename.digest_seed, 1), received.sha256)
    frame = TipFrame(codename.key.public, leaf, NO_STAMP)
    taking.keep_tip(instance, frame, received, way="by-server")
    return words_from_entropy(entropy)


def _seal_reply(instance: Instance, codename: Codename, fields: Fields, parts: Iterator[Part]) -> None:
    today = instance.clock().date()
    with instance.database.reading() as session:
        intake.check_open(session, today)
        before = mailbox.messages_of(session, codename.mailbox)
        recipients = [key.recipient for key in current_keys(session, today)]
    if not before:
        raise MalformedError("There is nothing here to add to. Write a new message instead.", code="empty")
    number = before[-1].number + 1
    make = partial(
        later_message,
        fields,
        codename=codename,
        origin=instance.keys.origin,
        day=today,
        number=number,
        previous=before[-1].sha256.hex(),
    )
    envelope = seal_form(
        parts, fields, make, codename=codename, recipients=recipients, random_bytes=instance.random_bytes
    )
    received = taking.open_store(instance).receive(envelope, instance.random_bytes(16))
    leaf = tip_leaf(derive_nonce(codename.digest_seed, number), received.sha256)
    taking.keep_follow_up(
        instance,
        received,
        mailbox_key=codename.key.public,
        leaf=leaf,
        number=number,
        way="by-server",
    )


def _codename(words: str) -> Codename:
    return reading.codename_of(words, origin=get_instance().keys.origin)


def _thread(
    codename: Codename,
    words: str,
    *,
    error: str | None = None,
    text: str = "",
    has_sent: bool = False,
    status: int = 200,
) -> Response:
    instance = get_instance()
    with instance.database.reading() as session:
        shown = reading.open_thread(
            session, taking.open_store(instance), codename, origin=instance.keys.origin
        )
    return _page(
        "tips/thread.html",
        messages=shown,
        words=" ".join(words.split()),
        error=error,
        text=text,
        has_sent=has_sent,
        status=status,
    )


def _new_page(*, fields: Fields | None = None, error: str | None = None, status: int = 200) -> Response:
    instance, written = get_instance(), fields.values if fields else {}
    with instance.database.reading() as session:
        is_open = stewards_are_enough(session, instance.clock().date())
        needed = quorum(session)
        labs = [(lab.slug, lab.name) for lab in list_labs(session)]
        clauses = parse_text(latest_text(session).body).clauses
    return _page(
        "tips/new.html",
        is_open=is_open,
        quorum=needed,
        labs=labs,
        clauses=clauses,
        written={name: values[0] for name, values in written.items()},
        chosen=written.get("clauses", []),
        error=error,
        policy=trust_policy(instance),
        status=status,
    )


def _page(template: str, *, status: int = 200, **context: object) -> Response:
    response = make_response(render_template(template, **context), status)
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _first(parts: Iterator[Part], name: str) -> str:
    part = next(parts, None)
    if part is None or part.name != name or part.filename is not None:
        raise MalformedError("This form is not as the page sends it. Load the page again.", code="not-a-form")
    return part.text()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):  # noqa: PLR2004  # digits of the largest number
        raise MalformedError("This form is not as the page sends it. Load the page again.", code="not-a-form")
    return int(text)
