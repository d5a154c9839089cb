"""Open Badges to download, alone or inside a picture, and the document of the key that signs them."""

import json
from typing import Final

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from pledge.badges.issuer import CREDENTIAL_TYPE, did_document, issuer_of
from pledge.badges.look import Look
from pledge.badges.open_badges import bake, find_facts, write_badge
from pledge.badges.render import render_badge
from pledge.badges.service import find_badge
from pledge.instance import get_instance

bp = Blueprint("open_badges", __name__)

_SECONDS: Final = 300


@bp.get("/.well-known/did.json")
def did() -> AnyResponse:
    """Give the document that ``did:web`` leads to."""
    body = json.dumps(did_document(issuer_of(get_instance())), indent=1).encode()
    return _answer(body, "application/did+json")


@bp.get("/signatories/<public_id>/open-badge.json")
def badge(public_id: str) -> AnyResponse:
    """Give the badge of a named signing that stands."""
    return _answer(_write(public_id), CREDENTIAL_TYPE, name="open-badge.json")


@bp.get("/signatories/<public_id>/open-badge.svg")
def picture(public_id: str) -> AnyResponse:
    """Give the same inside the picture that shows it."""
    return _answer(_write(public_id, is_baked=True), "image/svg+xml; charset=utf-8", name="open-badge.svg")


def _write(public_id: str, *, is_baked: bool = False) -> bytes:
    instance = get_instance()
    with instance.database.reading() as session:
        facts = find_facts(session, public_id, today=instance.clock().date())
        drawn = find_badge(session, "signatory", public_id, "en")
    written = write_badge(facts, issuer_of(instance))
    return bake(render_badge(drawn, Look()), written) if is_baked and drawn is not None else written


def _answer(body: bytes, content_type: str, *, name: str | None = None) -> AnyResponse:
    """Answer for any site, to be asked again after five minutes; a badge names a person, so it is not for indexes."""
    response = Response(body, content_type=content_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = f"public, max-age={_SECONDS}"
    if name is not None:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag()
    return response.make_conditional(request)
