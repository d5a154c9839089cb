"""Cards to be framed by other pages, and what tells those pages how (https://oembed.com).

A card is one request: no script, no cookie, no form, nothing from elsewhere. It alone may be framed.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET

from markupsafe import escape

from pledge.badges.look import MAX_QUERY, parse_look
from pledge.badges.service import PAGES, find_badge
from pledge.badges.words import RIGHT_TO_LEFT
from pledge.db import Database
from pledge.errors import MalformedError, NotFoundError
from pledge.web.prepared import Answer

Render = Callable[..., str]
"""Renders ``badges/embed.html`` with what it is given."""

_PATH: Final = re.compile(r"/embed/(pledge|labs?|signatory)/([a-z0-9-]{1,64})")
_PAGE: Final = re.compile(r"/(pledges|labs|signatories)/([a-z0-9-]{1,64})")
_KINDS: Final = {"pledges": "pledge", "labs": "lab", "signatories": "signatory"}
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors *; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_SECONDS: Final = 300
WIDTH: Final = 480
HEIGHT: Final = 160
_LEAST_WIDTH: Final = 260
_LEAST_HEIGHT: Final = 150


def answer(database: Database, render: Render, url: str, asked: str) -> Answer | None:
    """Answer a path under ``/embed/`` with its query: ``lang`` and ``theme``, as badges have them."""
    path, _, query = asked.partition("?")
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    kind, name = match.groups()
    look = parse_look(query)
    with database.reading() as session:
        badge = find_badge(session, kind, name, look.lang)
    if badge is None:
        return None
    body = render(
        badge=badge,
        look=look,
        page=url + PAGES[kind].format(name),
        direction="rtl" if look.lang in RIGHT_TO_LEFT else "ltr",
    )
    return Answer(
        body.encode(),
        "text/html; charset=utf-8",
        f"public, max-age={_SECONDS}, s-maxage={_SECONDS}",
        content_policy=_POLICY,
    )


def describe(database: Database, url: str, query: str, *, name: str) -> tuple[bytes, str]:
    """Answer ``/oembed``: how one of our pages is embedded elsewhere.

    Args:
        database: Read.
        url: Of this site, without a slash at its end.
        query: As sent: ``url``, and if wished ``format``, ``maxwidth``, ``maxheight``.
        name: Of who provides it.

    Returns:
        The body and its type.

    Raises:
        NotFoundError: The address is not of a page here that can be embedded.
        NotImplementedError: A format that oEmbed does not have.
        MalformedError: A size that is no number.
    """
    asked = dict(parse_qsl(query[: 4 * MAX_QUERY], max_num_fields=16))
    form = asked.get("format", "json")
    if form not in {"json", "xml"}:
        raise NotImplementedError(form)
    kind, page = _page(asked.get("url", ""), url)
    with database.reading() as session:
        badge = find_badge(session, kind, page, "en")
    if badge is None:
        raise NotFoundError("There is nothing here to embed.")
    width = min(WIDTH, max(_LEAST_WIDTH, _size(asked.get("maxwidth"), WIDTH)))
    height = min(HEIGHT, max(_LEAST_HEIGHT, _size(asked.get("maxheight"), HEIGHT)))
    said: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": badge.title,
        "provider_name": name,
        "provider_url": url,
        "cache_age": _SECONDS,
        "width": width,
        "height": height,
        "html": frame(f"{url}/embed/{kind}/{page}", badge.title, width, height),
    }
    if form == "json":
        return json.dumps(said).encode(), "application/json"
    root = ET.Element("oembed")
    for key, value in said.items():
        ET.SubElement(root, key).text = str(value)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True), "text/xml; charset=utf-8"


def frame(source: str, title: str, width: int, height: int) -> str:
    """Write the HTML that frames a card."""
    return (
        f'<iframe src="{escape(source)}" title="{escape(title)}" width="{width}" height="{height}" '
        'frameborder="0" scrolling="no" loading="lazy"></iframe>'
    )


def _page(address: str, url: str) -> tuple[str, str]:
    """Read the address of one of our pages; gives whose badge it is about."""
    try:
        own, given = urlsplit(url), urlsplit(address)
    except ValueError:
        raise NotFoundError("There is nothing here to embed.") from None
    path = given.path.rstrip("/")
    match = _PAGE.fullmatch(path)
    if (given.scheme, given.netloc) != (own.scheme, own.netloc) or not (match or path == PAGES["labs"]):
        raise NotFoundError("There is nothing here to embed.")
    if match is None:
        return "labs", "all"
    return _KINDS[match[1]], match[2]


def _size(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 5):  # noqa: PLR2004  # digits of any screen
        raise MalformedError("A size is a whole number of pixels.")
    return int(text)
