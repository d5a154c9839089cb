"""The page that says how to follow the site, and the letters that are asked for there."""

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from pledge.errors import MalformedError, PledgeError
from pledge.following import feeds, followers, hub
from pledge.following.events import ALL, topic_name
from pledge.following.forms import FollowForm
from pledge.instance import Instance, get_instance
from pledge.labs.models import Lab
from pledge.mail.service import Mail
from pledge.pledges.forms import require_token
from pledge.pledges.links import LIFE
from pledge.pledges.views.signing import mail_policy
from pledge.web.errors import status_of
from pledge.web.forms import SiteForm
from pledge.web.strings import gettext
from pledge.web.strings import lazy_gettext as _

bp = Blueprint("following", __name__)

SUBJECT = _("The letter you asked for")
VALID_HOURS = int(LIFE.total_seconds() // 3600)


@bp.get("/follow")
def page() -> str:
    """Explain the ways to follow."""
    labs = _labs(get_instance())
    return _page(FollowForm(None, labs), labs)


@bp.post("/follow")
def ask() -> AnyResponse | tuple[str, int]:
    """Mail a link by which letters are confirmed; the answer is the same for every address."""
    instance = get_instance()
    labs = _labs(instance)
    form = FollowForm(request.form, labs)
    is_valid = form.validate()
    require_token(form)
    if not is_valid:
        return _page(form, labs), 400
    with instance.database.writing() as session:
        reply = followers.ask(
            session,
            form.to_address(),
            form.topic.data,
            policy=mail_policy(instance),
            now=instance.clock(),
            random_bytes=instance.random_bytes,
        )
        session.commit()
    _send(instance, form.to_address().text, reply)
    return redirect("/follow/sent", 303)


@bp.get("/follow/sent")
def sent() -> str:
    """Say that a mail is on its way, whatever it says."""
    most = min(followers.MAX_ASKED_A_DAY, get_instance().config.mails_per_address)
    return render_template("following/sent.html", subject=SUBJECT, valid_hours=VALID_HOURS, most=most)


@bp.get("/follow/confirm/<token>")
def confirm(token: str) -> str:
    """Show what a link would begin. Begins nothing: mail scanners follow links."""
    instance = get_instance()
    with instance.database.reading() as session:
        topic = followers.find_asked(session, token, now=instance.clock()).topic
        return _confirm_page(topic_name(session, topic), form=SiteForm())


@bp.post("/follow/confirm/<token>")
def confirm_post(token: str) -> str:
    """Begin the letters."""
    instance = get_instance()
    form = SiteForm(request.form)
    form.validate()
    require_token(form)
    with instance.database.writing() as session:
        name = topic_name(session, followers.confirm(session, token, now=instance.clock()))
        session.commit()
    return _confirm_page(name, form=None)


@bp.get("/follow/stop/<follower>/<token>")
def ask_to_stop(follower: str, token: str) -> str:
    """Ask once more. Stops nothing: mail scanners follow links."""
    followers.check_stop(follower, token, key=get_instance().keys.contacts)
    return render_template("following/stopped.html", is_stopped=False)


@bp.post("/follow/stop/<follower>/<token>")
def stop(follower: str, token: str) -> str:
    """Erase the address. Mail programs post here too (RFC 8058), so the token in the address is all it takes."""
    instance = get_instance()
    known = followers.check_stop(follower, token, key=instance.keys.contacts)
    with instance.database.writing() as session:
        followers.stop(session, known)
        session.commit()
    return render_template("following/stopped.html", is_stopped=True)


@bp.post(feeds.HUB)
def ask_hub() -> Response:
    """Take a request of a program (W3C WebSub, section 5.1). Its callback is asked later whether it meant it."""
    instance = get_instance()
    try:
        asked = hub.parse_request(_hub_fields(), url=instance.config.url)
        with instance.database.writing() as session:
            hub.ask(
                session,
                asked,
                keys=hub.HubKeys(instance.keys.seat, instance.keys.contacts),
                now=instance.clock(),
                random_bytes=instance.random_bytes,
            )
            session.commit()
    except PledgeError as error:
        return Response(f"{error}\n", status_of(error), content_type="text/plain; charset=utf-8")
    return Response(status=202, content_type="text/plain; charset=utf-8")


def _hub_fields() -> dict[str, str]:
    for name in request.form:
        if name.startswith("hub.") and len(request.form.getlist(name)) > 1:
            raise MalformedError("A field was sent twice.", code="sent-twice")
    return request.form.to_dict()


def _labs(instance: Instance) -> list[tuple[str, str]]:
    with instance.database.reading() as session:
        labs = [(row.slug, row.name) for row in session.execute(select(Lab.slug, Lab.name))]
    return sorted(labs, key=lambda lab: lab[1].casefold())


def _page(form: FollowForm, labs: list[tuple[str, str]]) -> str:
    return render_template(
        "following/follow.html",
        form=form,
        everything=feeds.feed_path(ALL),
        labs=[(name, feeds.feed_path(f"labs/{slug}")) for slug, name in labs],
    )


def _confirm_page(name: str | None, *, form: SiteForm | None) -> str:
    return render_template("following/confirm.html", about=name or gettext("everything"), confirmation=form)


def _send(instance: Instance, address: str, reply: followers.Reply) -> None:
    if reply.kind == "spent":
        return
    text = render_template(
        f"mail/follow_{reply.kind}.txt", link=instance.config.url + reply.path, valid_hours=VALID_HOURS
    )
    instance.outbox.send(Mail(address, str(SUBJECT), text), now=instance.clock())
