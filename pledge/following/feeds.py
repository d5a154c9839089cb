"""Feeds: Atom (RFC 4287) made from what happened. The same log and counts give the same bytes.

``/feeds/all.atom``, ``/feeds/labs/<slug>.atom`` and ``/feeds/pledges/<slug>.atom``. Ids are tag URIs (RFC 4151) under
the log's origin and the day on which it began, so that they outlive the site's address.
"""

import re
import xml.etree.ElementTree as ET
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from pledge.following.events import ALL, Event, newest, topic_name
from pledge.instance import Instance
from pledge.web.prepared import Answer
from pledge.web.strings import gettext, language

MEDIA_TYPE: Final = "application/atom+xml; charset=utf-8"
MAX_ENTRIES: Final = 50
HUB: Final = "/hub"
"""Where programs ask to be posted to."""
_PATH: Final = re.compile(r"/feeds/(all|(?:labs|pledges)/[a-z0-9-]{1,64})\.atom")
_NO_XML: Final = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # XML 1.0, section 2.2


def answer(instance: Instance, path: str) -> Answer | None:
    """Answer a path under ``/feeds/``; None leaves it to Flask."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    with instance.database.reading() as session:
        body = render_feed(instance, session, match[1])
    return None if body is None else Answer(body, MEDIA_TYPE, "public, max-age=300")


def feed_path(topic: str) -> str:
    """Give the path of a topic's feed."""
    return f"/feeds/{topic}.atom"


def render_feed(instance: Instance, session: Session, topic: str) -> bytes | None:
    """Write the feed of a topic; None where there is no such topic."""
    name = topic_name(session, topic)
    if name is None:
        return None
    events = newest(session, topic, most=MAX_ENTRIES)
    origin, url = instance.keys.origin, instance.config.url
    tag = f"tag:{origin},{instance.genesis.day}:"
    everything = gettext("What happened")
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": language()})
    _add(feed, "id", f"{tag}feeds/{topic}")
    _add(feed, "title", f"{name or everything} · {origin}")
    _add(feed, "updated", _instant(max((event.day for event in events), default=instance.genesis.day)))
    _add(_add(feed, "author"), "name", origin)
    _link(feed, "self", url + feed_path(topic), "application/atom+xml")
    ET.SubElement(feed, "link", {"rel": "hub", "href": url + HUB})
    _link(feed, "alternate", url + ("/" if topic == ALL else f"/{topic}"), "text/html")
    for event in events:
        _add_entry(feed, event, tag=tag, url=url)
    ET.indent(feed, " ")
    body: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _add_entry(feed: ET.Element, event: Event, *, tag: str, url: str) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", tag + event.key)
    _add(entry, "title", event.title)
    _add(entry, "updated", _instant(event.day))
    kind = "application/json" if event.path.endswith(".json") else "text/html"
    _link(entry, "alternate", url + event.path, kind)
    _add(entry, "content", "\n".join(event.lines)).set("type", "text")


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = None if text is None else _NO_XML.sub("\ufffd", text)
    return element


def _link(parent: ET.Element, rel: str, href: str, kind: str) -> None:
    ET.SubElement(parent, "link", {"rel": rel, "type": kind, "href": href})


def _instant(day: date) -> str:
    """Give the beginning of a day, which is as exact as what happened is dated (RFC 3339)."""
    return f"{day}T00:00:00Z"
