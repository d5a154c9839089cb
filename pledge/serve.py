"""Serving with granian: several processes, each with threads, and in each watches over work, bodies and the hub."""

import logging
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.server import Server

from pledge.app import create_app
from pledge.config import Config
from pledge.errors import UnavailableError
from pledge.following.deliveries import tend
from pledge.instance import Instance, get_instance
from pledge.tick import tick_if_due
from pledge.web.deadline import Deadline

logger = logging.getLogger(__name__)

_THREADS = 16
_WATCH_SECONDS = 5
_BODY_SECONDS = 20


def serve(config: Config, *, app: str = "pledge.serve:build") -> None:
    """Serve until stopped. Access is not logged: that would keep addresses of people who trust us not to.

    Args:
        config: The settings.
        app: Where each worker finds what builds the application.
    """
    logging.getLogger("_granian").addFilter(_is_not_about_threads)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    Server(
        app,
        factory=True,
        address=config.host,
        port=config.port,
        uds=config.socket,
        uds_permissions=0o660,  # of the group that Tor is in
        interface=Interfaces.WSGI,
        workers=config.workers,
        blocking_threads=_THREADS,
        backlog=1024,
        log_access=False,
        respawn_failed_workers=True,
        websockets=False,
        http=HTTPModes.http1,  # one request at a time on a connection, or a body's deadline would end others
    ).serve()


def _is_not_about_threads(record: logging.LogRecord) -> bool:
    """Drop granian's advice to have no more threads than processors: ours mostly wait for the disk."""
    return "Python threads" not in record.getMessage()


def build(*, body_seconds: float = _BODY_SECONDS) -> Flask:
    """Build the application of one worker process, and start its watches.

    Args:
        body_seconds: What the body of a request may take.
    """
    deadline = Deadline(body_seconds)
    app = create_app(body_deadline=deadline)
    threading.Thread(target=deadline.watch, daemon=True, name="bodies").start()
    threading.Thread(target=_watch, args=(app, look_after), daemon=True, name="tick").start()
    threading.Thread(target=_watch, args=(app, look_outside), daemon=True, name="hub").start()
    return app


def look_after(instance: Instance) -> None:
    """See whether the database still holds what was published, whether witnesses are behind, whether work is due.

    Whichever process comes first does it; that two do the same does no harm. One that fails keeps no other waiting.
    """
    for work in (instance.log.check, instance.log.ask_witnesses, partial(tick_if_due, instance)):
        _try(work)


def look_outside(instance: Instance) -> None:
    """Post what has changed to programs that subscribed. Theirs may be slow, so nothing else waits for this."""
    _try(partial(tend, instance))


def _try(work: Callable[[], object]) -> None:
    try:
        work()
    except UnavailableError as error:
        logger.warning("%s", error)
    except Exception:  # a watch that dies would stop the clock; what failed is tried again
        logger.exception("the day's work failed; trying again in a few seconds")


def _watch(app: Flask, look: Callable[[Instance], None]) -> None:
    with app.app_context():
        instance = get_instance()
    while True:
        with app.app_context():  # for the language
            look(instance)
        time.sleep(_WATCH_SECONDS)
