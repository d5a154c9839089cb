"""What a source's browser asks for where scripts run: nothing but envelopes and signatures go in."""

import json

from flask import Blueprint, Response, request

from pledge.core.statement.canonical import MAX_ENTRY_BYTES
from pledge.core.tip.mailbox import MailboxId
from pledge.errors import MalformedError
from pledge.instance import get_instance
from pledge.tips import mailbox, taking
from pledge.web.uploads import get_upload

bp = Blueprint("tip_source", __name__)


@bp.post("/tips")
def submit() -> Response:
    """Take in a sealed tip."""
    return _acknowledged(taking.receive_tip(get_instance(), get_upload(request.environ)))


@bp.post("/mailbox/follow-ups")
def follow_up() -> Response:
    """Take in a sealed follow-up."""
    return _acknowledged(taking.receive_follow_up(get_instance(), get_upload(request.environ)))


@bp.get("/mailbox/challenge")
def challenge() -> Response:
    """Give what is to be signed to be let in; the same for everybody."""
    instance = get_instance()
    return _json({"nonce": mailbox.give_nonce(instance.keys.session, instance.clock()).hex()})


@bp.post("/mailbox/thread")
def thread() -> Response:
    """List what a mailbox holds."""
    instance = get_instance()
    name, _ = _let_in()
    with instance.database.reading() as session:
        return Response(mailbox.list_thread(instance, session, name), content_type="application/json")


@bp.post("/mailbox/envelope")
def envelope() -> Response:
    """Give a steward's answer, sealed."""
    instance = get_instance()
    name, asked = _let_in()
    with instance.database.reading() as session:
        message = mailbox.find_answer(session, name, asked.get("number"))
    chunks = taking.open_store(instance).read(message.id, message.content)
    response = Response(chunks, content_type="application/octet-stream")
    response.content_length = message.size_bytes
    return response


@bp.post("/mailbox/burn")
def burn() -> Response:
    """Delete all that a mailbox holds; the answer is the same where it held nothing."""
    name, _ = _let_in()
    taking.burn(get_instance(), name)
    return _json({"burned": True})


def _let_in() -> tuple[MailboxId, dict[str, object]]:
    instance = get_instance()
    data = request.get_data(cache=True)
    try:
        asked = json.loads(data) if len(data) <= MAX_ENTRY_BYTES else None
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise MalformedError("This request is not as the page sends it.", code="auth")
    name = mailbox.let_in(
        asked, session_key=instance.keys.session, origin=instance.keys.origin, now=instance.clock()
    )
    return name, asked


def _acknowledged(acknowledgement: bytes) -> Response:
    return Response(acknowledgement, 201, content_type="application/json")


def _json(value: dict[str, object]) -> Response:
    return Response(json.dumps(value), content_type="application/json")
