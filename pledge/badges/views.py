"""The page on which a badge is chosen and copied."""

import re
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from markupsafe import escape

from pledge.badges.embeds import HEIGHT, WIDTH, describe, frame
from pledge.badges.look import STYLES, Look, parse_look
from pledge.badges.render import Badge
from pledge.badges.service import PAGES, find_badge
from pledge.badges.words import LANGUAGES, NAMES
from pledge.errors import NotFoundError
from pledge.instance import get_instance
from pledge.web.strings import gettext

bp = Blueprint("badges", __name__)

_OF: Final = re.compile(r"(pledge|labs?|signatory)/([a-z0-9-]{1,64})")
_FIELDS: Final = ("style", "lang", "theme", "label", "color", "logo")
_LATEX: Final = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@bp.get("/badges/<kind>/<slug>")
def builder(kind: str, slug: str) -> str:
    """Show one badge as it was chosen, the choices, and how to put it elsewhere.

    Raises:
        NotFoundError: There is no such badge.
    """
    instance, of = get_instance(), f"{kind}/{slug}"
    asked = {name: text for name in _FIELDS if (text := request.args.get(name, ""))}
    look = parse_look(urlencode(asked))
    badge = None
    if _OF.fullmatch(of):
        with instance.database.reading() as session:
            badge = find_badge(session, kind, slug, look.lang)
    if badge is None:
        raise NotFoundError("There is no such badge here.")
    query = urlencode(asked)
    image = f"{instance.config.url}/badge/{of}.svg" + (f"?{query}" if query else "")
    page = instance.config.url + PAGES[kind].format(slug)
    return render_template(
        "badges/builder.html",
        of=of,
        badge=badge,
        look=look,
        asked=asked,
        styles=STYLES,
        languages=[(lang, NAMES[lang]) for lang in LANGUAGES],
        image=image,
        page=page,
        snippets=_snippets(
            badge, image, page, look, card=f"{instance.config.url}/embed/{of}{_card_query(look)}"
        ),
    )


@bp.get("/oembed")
def oembed() -> Response:
    """Tell another site how to embed a page of ours (https://oembed.com)."""
    instance = get_instance()
    try:
        body, kind = describe(
            instance.database,
            instance.config.url,
            request.query_string.decode("latin-1"),
            name=instance.genesis.operator,
        )
    except NotImplementedError:
        return Response("This format is none of oEmbed's.\n", 501, content_type="text/plain; charset=utf-8")
    response = Response(body, content_type=kind)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _snippets(badge: Badge, image: str, page: str, look: Look, *, card: str) -> dict[str, str]:
    """Write the badge for the places where people put badges."""
    words = badge.title
    html_image, html_page, html_words = (str(escape(text)) for text in (image, page, words))
    bracketed = re.sub(r"([\[\]\\])", r"\\\1", words)
    snippets = {
        "Markdown": f"[![{bracketed}]({image})]({page})",
        "HTML": f'<a href="{html_page}"><img src="{html_image}" alt="{html_words}"></a>',
        "reStructuredText": f".. image:: {image}\n   :alt: {words}\n   :target: {page}",
        "AsciiDoc": f'image:{image}["{words.replace(chr(34), "")}",link={page}]',
        gettext("A card in a frame"): frame(card, words, WIDTH, HEIGHT),
        gettext("PNG, for where no SVG is taken"): re.sub(r"\.svg(?=\?|$)", ".png", image),
        "LaTeX": rf"\href{{{_latex(page)}}}{{{_latex(words)}}}",
    }
    if look.style == "seal" and look.theme == "auto":
        dark = str(escape(image + ("&" if "?" in image else "?") + "theme=dark"))
        snippets[gettext("HTML for GitHub, light and dark")] = (
            f'<a href="{html_page}"><picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
            f'<img src="{html_image}" alt="{html_words}"></picture></a>'
        )
    return snippets


def _card_query(look: Look) -> str:
    """Give what a card takes over of a badge's look."""
    asked = {"lang": look.lang} if look.lang != "en" else {}
    query = urlencode(asked | ({"theme": look.theme} if look.theme != "auto" else {}))
    return f"?{query}" if query else ""


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
