"""The page that says how to follow the site."""

from flask import Blueprint, render_template

from pledge.following import feeds
from pledge.following.events import ALL
from pledge.instance import get_instance
from pledge.labs.service import list_labs

bp = Blueprint("following", __name__)


@bp.get("/follow")
def page() -> str:
    """Explain the ways to follow."""
    instance = get_instance()
    with instance.database.reading() as session:
        labs = [(lab.name, feeds.feed_path(f"labs/{lab.slug}")) for lab in list_labs(session)]
    return render_template("following/follow.html", everything=feeds.feed_path(ALL), labs=labs)
