"""The only place that wires things together."""

import os
import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.accounts.access import add_accounts
from pledge.accounts.keys import RecipientsAnswer
from pledge.accounts.views.account import bp as stewards_account_bp
from pledge.accounts.views.decisions import bp as stewards_bp
from pledge.accounts.views.entry import bp as stewards_entry_bp
from pledge.api.views import bp as api_bp
from pledge.badges import cards, embeds
from pledge.badges import service as badges
from pledge.badges.issuer import issuer_of
from pledge.badges.open_badge_views import bp as open_badges_bp
from pledge.badges.status_lists import StatusLists
from pledge.badges.views import bp as badges_bp
from pledge.config import Config
from pledge.core import statement as st
from pledge.following import feeds
from pledge.following.views import bp as following_bp
from pledge.instance import Instance, open_instance, utc_now
from pledge.log import views as log_views
from pledge.log.models import Cosigned, Head
from pledge.log.sequencer import Sequenced
from pledge.pages.headcounts import bp as headcounts_bp
from pledge.pages.headcounts import desk_bp as stewards_headcounts_bp
from pledge.pages.views import bp as pages_bp
from pledge.pledges import projection
from pledge.pledges.views.changes import bp as changes_bp
from pledge.pledges.views.news import bp as news_bp
from pledge.pledges.views.receipts import bp as receipts_bp
from pledge.pledges.views.signatories import bp as signatories_bp
from pledge.pledges.views.signing import bp as signing_bp
from pledge.pledges.views.texts import bp as texts_bp
from pledge.tallies import service as tallies
from pledge.tallies.models import TalliedDay
from pledge.tips import digests
from pledge.tips.uploads import upload_limit
from pledge.tips.views.forms import bp as tip_forms_bp
from pledge.tips.views.inbox import bp as inbox_bp
from pledge.tips.views.source import bp as tip_source_bp
from pledge.tips.views.threads import bp as tip_threads_bp
from pledge.web.assets import static_folder, static_hashes, template_folder
from pledge.web.bodies import MAX_BODY_BYTES, WholeBodies
from pledge.web.deadline import Deadline
from pledge.web.errors import add_error_pages
from pledge.web.forms import check_origin, check_text
from pledge.web.headers import add_security_headers
from pledge.web.onion import add_onion
from pledge.web.prepared import Answer, PreparedAnswers, Render
from pledge.web.strings import add_strings

SITE_NAME = "Pledge"
_PACKAGE = Path(__file__).parent
_BLUEPRINTS = (
    *(pages_bp, headcounts_bp, texts_bp, signing_bp, receipts_bp, signatories_bp, changes_bp, news_bp),
    *(stewards_bp, stewards_entry_bp, stewards_account_bp, stewards_headcounts_bp),
    *(badges_bp, open_badges_bp, api_bp, following_bp),
    *(tip_forms_bp, tip_source_bp, tip_threads_bp, inbox_bp),
)


def on_sequenced(session: Session, entries: Sequence[Sequenced]) -> None:
    """Keep signings and counts in step with the log, inside the sequencing transaction."""
    tallies.check_day(session, st.parse_statement(entries[-1].envelope).day)  # in the order of days
    tallies.apply_steps(session, projection.apply_entries(session, entries))


def open_site(
    config: Config,
    *,
    clock: Callable[[], datetime] = utc_now,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Instance:
    """Open the instance with everything that follows the log, for web and command line alike."""
    return open_instance(config, on_sequenced=on_sequenced, clock=clock, random_bytes=random_bytes)


def create_app(instance: Instance | None = None, *, body_deadline: Deadline | None = None) -> Flask:
    """Build the application.

    Args:
        instance: What to serve; by default what the environment says.
        body_deadline: What a request's body may take, where the server itself does not say.
    """
    if instance is None:
        instance = open_site(Config.from_environment(os.environ))
    app = Flask(
        "pledge",
        root_path=str(_PACKAGE),
        template_folder=str(template_folder()),
        static_folder=str(static_folder()),
    )
    app.extensions["pledge"] = instance
    _configure(app, instance)
    is_https, onion = instance.config.is_https, instance.config.onion
    add_security_headers(app, is_https=is_https, onion=onion)
    if onion is not None:
        add_onion(app, onion)
    add_error_pages(app)
    app.before_request(partial(check_origin, is_https=is_https, onion=onion))
    app.before_request(check_text)
    add_accounts(app)
    for bp in _BLUEPRINTS:
        app.register_blueprint(bp)
    whole = WholeBodies(app.wsgi_app, body_deadline, upload_limit=upload_limit)
    prepared = PreparedAnswers(
        whole, _renderers(app, instance), partial(_version, instance), queried=["badge", "embed"]
    )
    app.wsgi_app = prepared  # type: ignore[method-assign]  # Flask's documented way to add middleware
    return app


def _configure(app: Flask, instance: Instance) -> None:
    """Set Flask's own limits and cookie, and what every template is given."""
    app.config.update(
        SECRET_KEY=instance.keys.session,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        MAX_FORM_PARTS=200,
        SESSION_COOKIE_NAME="__Host-form" if instance.config.is_https else "form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=instance.config.is_https,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
    )
    if instance.config.is_loopback:
        # Nobody else's name may lead here, or a foreign page could read the mails of a local trial.
        app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost", "[::1]"]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(site=_site(instance), static_url=partial(_static_url, static_hashes()))
    add_strings(app)


def _site(instance: Instance) -> dict[str, object]:
    return {
        "name": SITE_NAME,
        "url": instance.config.url,
        "origin": instance.keys.origin,
        "operator": instance.genesis.operator,
        "contact": instance.genesis.contact,
        "is_local": instance.is_local,
        "is_demo": instance.is_demo,
        "mail_is_local": instance.outbox.is_local,
        "source": instance.config.source,
    }


def _static_url(hashes: dict[str, str], name: str) -> str:
    """Give a built file's address with its hash, so that browsers may keep it for ever.

    Not ``url_for``, which fails on the error page for a request whose Host header makes no sense.
    """
    return f"/static/{name}?v={hashes.get(name, '')}"


def _renderers(app: Flask, instance: Instance) -> dict[str, Render]:
    framed, card = (
        app.jinja_env.get_template(f"badges/{name}").render for name in ("embed.html", "card.svg")
    )
    return {
        "badge": partial(badges.answer, instance.database, instance.log.tiles),
        "card": _in_context(
            app,
            partial(cards.answer, instance.database, card, instance.config.url, is_demo=instance.is_demo),
        ),
        "embed": partial(embeds.answer, instance.database, framed, instance.config.url),
        "feeds": _in_context(app, partial(feeds.answer, instance)),
        "open-badges": StatusLists(instance.database, issuer_of(instance), instance.clock),
        "log": partial(log_views.answer, instance.database),
        "tallies.json": partial(tallies.answer, instance.database),
        "tips": partial(digests.answer, instance.database, instance.log.tiles),
        "stewards": RecipientsAnswer(instance.database, instance.log.tiles),
    }


def _in_context(app: Flask, render: Render) -> Render:
    """Let a renderer use the catalogue, which belongs to the application."""

    def rendered(asked: str) -> Answer | None:
        with app.app_context():
            return render(asked)

    return rendered


def _version(instance: Instance) -> tuple[int | date | None, ...]:
    """Give what changes whenever a prepared answer may: the tree's size, how much is cosigned, the counts' day."""
    with instance.database.reading() as session:
        return tuple(session.scalar(select(value)) for value in (Head.size, Cosigned.size, TalliedDay.day))
