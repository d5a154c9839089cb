"""The stewards' inbox: one page, which lists what the server knows and opens the rest in the browser."""

from flask import Blueprint, Response, make_response, render_template

from pledge.accounts.access import current_account, steward_required
from pledge.accounts.keys import quorum, stewards_are_enough
from pledge.accounts.models import Account
from pledge.instance import get_instance, trust_policy
from pledge.labs.service import list_labs
from pledge.tips.listing import list_threads
from pledge.tips.rows import LABELS, by_day
from pledge.web.forms import SiteForm

bp = Blueprint("inbox", __name__)

# Where tips are opened nothing may come from anywhere else, and no text may ever become a script.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_BUNDLE_PATH = "/stewards/bundle"


@bp.get("/stewards/inbox")
@steward_required()
def page() -> Response:
    """Show the threads. Nothing in them can be opened here: the server has no keys."""
    instance, account = get_instance(), current_account()
    today = instance.clock().date()
    with instance.database.reading() as session:
        has_bundle = session.get_one(Account, account.id).wrapped_bundle is not None
        body = render_template(
            "stewards/inbox.html",
            steward=account.name,
            days=by_day(list_threads(session), today=today),
            labels=LABELS.items(),
            is_open=stewards_are_enough(session, today),
            quorum=quorum(session),
            has_bundle=has_bundle,
            form=SiteForm(),
            policy=trust_policy(instance),
            desk={
                "labs": {lab.slug: lab.name for lab in list_labs(session)},
                "bundle": _BUNDLE_PATH if has_bundle else None,
            },
        )
    response = make_response(body)
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    return response
