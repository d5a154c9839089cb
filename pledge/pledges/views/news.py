"""Stopping news, by the link in each of its mails."""

from functools import partial

from flask import Blueprint, render_template

from pledge.instance import get_instance
from pledge.pledges.changes import get_signing
from pledge.pledges.contacts import check_stop, stop_news

bp = Blueprint("news", __name__)


@bp.get("/stop/<public_id>/<token>")
def ask(public_id: str, token: str) -> str:
    """Ask once more. Stops nothing: mail scanners follow links."""
    instance = get_instance()
    with instance.database.reading() as session:
        check_stop(get_signing(session, public_id).sha256, token, key=instance.keys.contacts)
    return render_template("pages/news_stopped.html", is_stopped=False)


@bp.post("/stop/<public_id>/<token>")
def stop(public_id: str, token: str) -> str:
    """Erase the address. Mail programs post here too (RFC 8058), so the token in the address is all it takes."""
    instance = get_instance()
    with instance.database.reading() as session:
        sha256 = get_signing(session, public_id).sha256
    instance.log.run(partial(stop_news, sha256=sha256, token=token, key=instance.keys.contacts))
    return render_template("pages/news_stopped.html", is_stopped=True)
