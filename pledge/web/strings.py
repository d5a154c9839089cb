"""What people read, in their language. How a string is written: ``docs/architecture.md``, "Strings".

Pages speak English only for now; every string goes through here or Jinja's ``trans`` all the same, so that another
language is a catalogue and no change of code. ``tests/web/test_every_string.py`` holds that none is missed.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final, Protocol, cast

import flask_babel
from babel.core import Locale
from babel.dates import format_date
from babel.lists import format_list
from flask import Flask, current_app, g
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from pledge.errors import PledgeError

LANGUAGE = "en_GB"
SCRIPTS: Final = "scripts"
"""The name of the catalogue of what scripts say, which pages carry."""
_PLURALS: Final = 200
"""No language asks more of a number than its last two digits and whether it is below a hundred."""


class _Catalogue(Protocol):
    def ugettext(self, text: str) -> str: ...

    def ungettext(self, one: str, several: str, num: int) -> str: ...


def add_strings(app: Flask) -> None:
    """Let templates translate, with Jinja's ``trans`` and ``_``, and write days."""
    flask_babel.Babel(app, default_locale=LANGUAGE)
    app.extensions[SCRIPTS] = flask_babel.Domain(domain=SCRIPTS)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    # In place of Jinja's, which ask Flask-Babel for the catalogue at every string: that tripled a page's time.
    app.jinja_env.globals.update(
        _=_in_template,
        gettext=_in_template,
        ngettext=_in_template_by_number,
        day_in_words=day_in_words,
        language=language,
        text_direction=text_direction,
        script_strings=script_strings,
    )


def gettext(text: str, /, **values: object) -> str:
    """Translate a string, and put in what it has as ``%(name)s``."""
    said = _catalogue().ugettext(text)
    return said % values if values else said


def ngettext(one: str, several: str, num: int, /, **values: object) -> str:
    """Translate a string that depends on a number, which it may have as ``%(num)s``."""
    return _catalogue().ungettext(one, several, num) % {"num": num, **values}


def lazy_gettext(text: str) -> str:
    """Translate where it is shown: for labels, messages and tables that are made when a module is loaded."""
    return cast("str", flask_babel.lazy_gettext(text))  # it does what a str does


def said(error: PledgeError) -> str:
    """Give an error's message in the language of the page it is shown on; so with values that are words."""
    words = {
        name: gettext(value) if isinstance(value, str) else value for name, value in error.values.items()
    }
    return gettext(error.message, **words)


def script_strings() -> dict[str, object] | None:
    """Give the catalogue of what scripts say, as ``strings.js`` reads it; None for the language of the sources."""
    catalogue = current_app.extensions[SCRIPTS].get_translations()
    found = cast("dict[str | tuple[str, int], str]", getattr(catalogue, "_catalog", {}))  # no other way
    strings: dict[str, str | list[str]] = {}
    for key, text in sorted(found.items(), key=lambda item: (isinstance(item[0], tuple), item[0])):
        if isinstance(key, str):
            strings[key] = text
        else:
            forms = strings.setdefault(key[0], [])
            if isinstance(forms, list):
                forms.append(text)
    strings.pop("", None)  # the header
    if not strings:
        return None
    plurals = [catalogue.plural(number) for number in range(_PLURALS)]
    return {"language": language(), "strings": strings, "plurals": plurals}


class WtformsStrings:
    """Leads WTForms' own messages to the same catalogue. Those that can be seen here are listed for extraction."""

    listed = (
        lazy_gettext("Not a valid choice."),
        lazy_gettext("This field is required."),
        lazy_gettext("Field cannot be longer than %(max)d characters."),
    )

    def gettext(self, string: str) -> str:
        """Translate."""
        return gettext(string)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Translate, by number; every limit here is more than one."""
        return gettext(singular if n == 1 else plural)


def day_in_words(day: date, form: str = "long") -> str:
    """Write a day as the language does; ``form`` as Babel has it, such as ``MMM y``."""
    return _day_in_words(day, form, _locale())


def list_in_words(words: Sequence[str]) -> str:
    """Join what stands side by side, such as ``a, b and c``; empty where there is nothing."""
    return format_list(words, locale=_locale())


def language() -> str:
    """Give the tag of the language (BCP 47), such as ``en-GB``."""
    return _locale().replace("_", "-")


def text_direction() -> str:
    """Give where the language begins to be read: ``ltr`` or ``rtl``."""
    return Locale.parse(_locale()).text_direction


def _locale() -> str:
    return str(flask_babel.get_locale() or LANGUAGE)


@lru_cache(maxsize=4096)
def _day_in_words(day: date, form: str, locale: str) -> str:
    return format_date(day, form, locale)


def _catalogue() -> _Catalogue:
    """Give the catalogue of the language of this request, which Flask-Babel is asked for once."""
    try:
        return cast("_Catalogue", g.catalogue)
    except AttributeError:
        g.catalogue = flask_babel.get_translations()
        return cast("_Catalogue", g.catalogue)
    except RuntimeError:  # outside of a request
        return cast("_Catalogue", flask_babel.get_translations())


@pass_context
def _in_template(context: Context, text: str, /, **values: object) -> str:
    return _filled(context, _catalogue().ugettext(text), values)


@pass_context
def _in_template_by_number(context: Context, one: str, several: str, num: int, /, **values: object) -> str:
    return _filled(context, _catalogue().ungettext(one, several, num), {"num": num, **values})


def _filled(context: Context, said: str, values: dict[str, object]) -> str:
    text = Markup(said) if context.eval_ctx.autoescape else said  # noqa: S704  # ours; the values are escaped
    return text % values if "%" in said else text
