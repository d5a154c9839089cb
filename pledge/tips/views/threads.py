"""What stewards ask for: lists, envelopes, and to take an answer. The server opens nothing for them."""

import json

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectField
from wtforms.validators import Optional

from pledge.accounts.access import current_account, steward_required
from pledge.core.statement.canonical import format_base64
from pledge.errors import MalformedError
from pledge.instance import get_instance
from pledge.tips import taking, threads
from pledge.tips.digests import dummies_by_day
from pledge.tips.listing import list_threads
from pledge.tips.rows import LABELS
from pledge.tips.threads import Change
from pledge.web.forms import SiteForm, choice
from pledge.web.uploads import get_upload

bp = Blueprint("tip_threads", __name__)


class ThreadForm(SiteForm):
    """What stewards note about a thread; each field by itself or all together."""

    assigned = SelectField(choices=[choice("me", "me"), choice("nobody", "nobody")], validators=[Optional()])
    label = SelectField(choices=[choice(*label) for label in LABELS.items()], validators=[Optional()])
    state = SelectField(choices=[choice("open", "open"), choice("closed", "closed")], validators=[Optional()])

    def to_change(self, account: bytes) -> Change:
        """Give what is to be changed."""
        return Change(
            assigned={"me": account, "nobody": None}[self.assigned.data] if self.assigned.data else ...,
            label=self.label.data or None,
            state=self.state.data or None,
        )


@bp.get("/stewards/inbox.json")
@steward_required(allow_token=True)
def inbox() -> Response:
    """List all threads."""
    with get_instance().database.reading() as session:
        return _json({"threads": list_threads(session), "type": "inbox/v1"})


@bp.get("/stewards/envelopes/<message_id>")
@steward_required(allow_token=True)
def envelope(message_id: str) -> Response:
    """Give an envelope, sealed."""
    instance = get_instance()
    with instance.database.reading() as session:
        message = threads.get_message(session, message_id)
    chunks = taking.open_store(instance).read(message.id, message.content)
    response = Response(chunks, content_type="application/octet-stream")
    response.content_length = message.size_bytes
    response.headers["Content-Disposition"] = f'attachment; filename="{message_id[:8]}-{message.number}.age"'
    return response


@bp.post("/stewards/threads/<thread_id>/answers")
@steward_required(allow_token=True)
def answer(thread_id: str) -> AnyResponse:
    """Take in a sealed answer."""
    if request.mimetype != "application/octet-stream":
        raise MalformedError("An answer is sent as bytes.", code="content-type")
    message_id, number = taking.receive_answer(
        get_instance(), threads.parse_id(thread_id), get_upload(request.environ)
    )
    return Response(
        json.dumps({"id": message_id.hex(), "number": number}), 201, content_type="application/json"
    )


@bp.post("/stewards/threads/<thread_id>")
@steward_required()
def change(thread_id: str) -> AnyResponse:
    """Note something about a thread."""
    form = ThreadForm(request.form)
    if not form.validate():
        raise MalformedError(
            "This form was open too long, or is not as the page sends it. Load the page again."
        )
    work = form.to_change(current_account().id)
    get_instance().log.run(lambda session: threads.change(session, threads.parse_id(thread_id), work))
    return redirect("/stewards/inbox", 303)


@bp.get("/stewards/digests.json")
@steward_required(allow_token=True)
def digests() -> Response:
    """Tell what fills up each day's digest, so that every leaf can be accounted for."""
    instance = get_instance()
    with instance.database.reading() as session:
        days = dummies_by_day(session, today=instance.clock().date())
    listed = [
        {"day": day.isoformat(), "dummies": [format_base64(r) for r in dummies]}
        for day, dummies in days.items()
    ]
    return _json({"days": listed, "type": "dummies/v1"})


def _json(value: dict[str, object]) -> Response:
    return Response(json.dumps(value), content_type="application/json")
