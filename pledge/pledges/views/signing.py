"""The way to sign: the form, the mail, the page with the exact statement."""

import base64
import json
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from pledge.core import sshsig
from pledge.core import statement as st
from pledge.errors import ConflictError, MalformedError, VerificationError
from pledge.instance import Instance, get_instance
from pledge.labs.service import list_labs
from pledge.pledges import links, mails, recording, signing, texts
from pledge.pledges.drafts import Draft, build_signing
from pledge.pledges.forms import SignatureForm, SignForm, clause_list, require_token
from pledge.pledges.models import Text
from pledge.pledges.views.rows import lab_names
from pledge.pledges.views.texts import folded
from pledge.web.errors import status_of
from pledge.web.strings import said

bp = Blueprint("signing", __name__)

# Shows the statement before its key is known: the base point's encoding, which nobody can sign with by accident.
_NO_KEY = "ed25519:WGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY"


@bp.get("/sign")
def form() -> str:
    """Show the form."""
    with get_instance().database.reading() as database:
        text = texts.latest_text(database)
        return _form_page(database, text, _sign_form(database, text))


@bp.post("/sign")
def ask() -> AnyResponse | tuple[str, int]:
    """Mail a link; the answer does not tell whether the address has signed."""
    instance = get_instance()
    with instance.database.reading() as database:
        text = texts.latest_text(database)
        filled = _sign_form(database, text)
        if not filled.validate():
            require_token(filled)
            return _form_page(database, text, filled), 400
    wish = filled.to_wish(text)
    link = instance.log.run(
        lambda writing: links.ask_to_sign(
            writing,
            wish,
            policy=mail_policy(instance),
            now=instance.clock(),
            random_bytes=instance.random_bytes,
        )
    )
    mails.send_link(instance, wish.address, link, asked_to_sign=True)
    return redirect(url_for("signing.sent"), 303)


@bp.get("/sign/sent")
def sent() -> str:
    """Say that a mail is on its way."""
    return render_template("pages/sign_sent.html", **mails.expected(get_instance()))


@bp.get("/sign/<token>")
def statement(token: str) -> str:
    """Show the exact statement and the ways to sign it. Uses nothing up: mail scanners follow links."""
    return _statement_page(token)


@bp.post("/sign/<token>")
def sign(token: str) -> AnyResponse | tuple[str, int]:
    """Verify, notarise, log, and lead to the receipt; or show the page again and say what was wrong."""
    try:
        receipt = _sign(get_instance(), token, read_signature(SignatureForm(request.form)))
    except (ConflictError, MalformedError, VerificationError) as error:
        if error.code == "link-over":
            raise
        by_ssh = not request.form.get("signature")
        return _statement_page(token, error=said(error), by_ssh=by_ssh), status_of(error)
    return redirect(url_for("receipts.page", token=receipt), 303)


def _sign(instance: Instance, token: str, signed: signing.Signed) -> links.Token:
    try:
        return _record(instance, token, signed)
    except ConflictError as error:
        with instance.database.reading() as database:
            receipt = signing.find_signed(database, token, signed) if error.code == "link-over" else None
        if receipt is None:
            raise
        return receipt


def _record(instance: Instance, token: str, signed: signing.Signed) -> links.Token:
    now = instance.clock()
    with instance.database.reading() as database:
        verified = signing.prepare_signing(database, token, signed, notary=instance.notary, now=now)
    policy = recording.SeatKey(instance.keys.seat_id, instance.is_watched)
    return instance.log.run_together(
        recording.record_signings, recording.Recording(verified, policy, now, instance.random_bytes)
    )


@bp.get("/sign/<token>/statement")
def download(token: str) -> Response | tuple[str, int]:
    """Give the bytes to sign with ssh-keygen, for a public key; or the page again, where it is none."""
    instance = get_instance()
    try:
        key = base64.b64encode(sshsig.parse_public_line(request.args.get("key", "").strip())).decode()
        with instance.database.reading() as database:
            prepared = signing.statement_to_sign(
                database, token, key=key, notary=instance.notary, now=instance.clock()
            )
    except MalformedError as error:
        return _statement_page(token, error=said(error), error_field="ssh-key", by_ssh=True), 400
    return pae_download(st.seal(prepared))


@bp.get("/sign/<token>/openings")
def openings(token: str) -> Response:
    """Give the words and salts of the statement's hashes, for who wants to compute them again."""
    with get_instance().database.reading() as database:
        link = links.open_link(database, token, "sign", now=get_instance().clock())
    text = json.dumps(_openings(Draft.from_json(link.draft)), ensure_ascii=False, indent=2)
    return _attachment(f"{text}\n", "openings.json", "application/json")


def pae_download(envelope: st.Envelope) -> Response:
    """Give what ssh-keygen is to sign, as a file."""
    data = st.pae(envelope.payload_type, envelope.payload)
    return _attachment(data, "statement.txt", "application/octet-stream")


def _attachment(content: bytes | str, name: str, content_type: str) -> Response:
    response = Response(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def read_signature(posted: SignatureForm) -> signing.Signed:
    """Read a posted signature, the page's own or ssh-keygen's.

    Raises:
        ForbiddenError: The CSRF token does not hold.
        MalformedError: There is no signature, or not one of these.
    """
    if not posted.validate():
        require_token(posted)
        raise MalformedError("The signature did not arrive whole. Nothing was recorded.")
    armor = read_armor(posted)
    if armor:
        return signing.from_ssh(armor)
    if posted.signature.data:
        return signing.from_browser(
            key=posted.key.data or "", payload=posted.payload.data or "", signature=posted.signature.data
        )
    raise MalformedError("There is no signature in this. Nothing was recorded.", code="no-signature")


def read_armor(posted: SignatureForm) -> str:
    """Give the text of a pasted or uploaded ``.sig`` file, empty where there is none.

    Raises:
        MalformedError: The file is not text.
    """
    upload = request.files.get("armor_file")
    if upload is None or not upload.filename:
        return posted.armor.data or ""
    try:
        text: str = upload.read(20_000).decode("ascii")
    except UnicodeDecodeError:
        raise MalformedError("This is not a signature file of ssh-keygen.") from None
    return text


def mail_policy(instance: Instance) -> links.MailPolicy:
    """Give the keys and budgets that mail is measured by."""
    return links.MailPolicy(
        seat_key=instance.keys.seat,
        contacts_key=instance.keys.contacts,
        per_address_day=instance.config.mails_per_address,
        per_site_hour=instance.config.mails_per_hour,
    )


def draft_payload(envelope: st.Envelope) -> dict[str, Any]:
    """Give a statement for the page's script: type, and the payload's members."""
    return {"payloadType": envelope.payload_type, "payload": json.loads(envelope.payload)}


def _sign_form(database: Session, text: Text) -> SignForm:
    form = SignForm(request.form if request.method == "POST" else None)
    if request.method == "GET":
        form.version.data = str(text.version)
        form.lab.data = request.args.get("lab", "")
    return form.offer(text, [(lab.slug, lab.name) for lab in list_labs(database)])


def _form_page(database: Session, text: Text, form: SignForm) -> str:
    return render_template(
        "pledges/sign_form.html",
        pledge=folded(text),
        form=form,
        labs=[
            {
                "slug": lab.slug,
                "name": lab.name,
                "domains": [{"domain": row.domain, "scope": row.scope} for row in lab.domains],
            }
            for lab in list_labs(database)
        ],
    )


def _statement_page(
    token: str, *, error: str | None = None, error_field: str | None = None, by_ssh: bool = False
) -> str:
    instance = get_instance()
    now = instance.clock()
    with instance.database.reading() as database:
        draft = Draft.from_json(links.open_link(database, token, "sign", now=now).draft)
        text = texts.get_text(database, draft.pledge, draft.version)
        lab_name = lab_names(database).get(draft.lab or "")
    unsigned = build_signing(draft, text, origin=instance.notary.origin, key=_NO_KEY, day=now.date())
    return render_template(
        "pledges/statement.html",
        token=token,
        error=error,
        error_field=error_field,
        by_ssh=by_ssh,
        pledge=text,
        s={
            "name": draft.name,
            "role": draft.role,
            "reason": draft.reason,
            "lab_name": lab_name,
            "assurance": draft.assurance,
            "day": unsigned.day,
            "until": unsigned.until,
            "clauses": clause_list(text, draft.clauses),
        },
        form=SignatureForm(),
        draft=_for_script(unsigned, draft, text, lab_name),
    )


def _for_script(unsigned: st.Signing, draft: Draft, text: Text, lab_name: str | None) -> dict[str, Any]:
    """Give what the page's script completes with its key, checks, shows and signs."""
    shown = draft_payload(st.seal(unsigned))
    shown["payload"]["signatory"]["key"] = ""
    return shown | {
        "origin": unsigned.origin,
        "openings": _openings(draft),
        "text": text.body,
        "labName": lab_name,
    }


def _openings(draft: Draft) -> dict[str, dict[str, str]]:
    """Give what opens each hash in the statement."""
    return {
        field: {"salt": st.format_base64(opening.salt), "value": opening.value}
        for field, opening in draft.openings().items()
    }
