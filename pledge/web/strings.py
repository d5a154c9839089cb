"""What people read, in their language. How a string is written: ``docs/architecture.md``, "Strings".

Pages speak English only for now; every string goes through here or Jinja's ``trans`` all the same, so that another
language is a catalogue and no change of code. ``tests/web/test_every_string.py`` holds that none is missed.
"""

from typing import cast

import flask_babel

from pledge.errors import PledgeError


def gettext(text: str, **values: object) -> str:
    """Translate a string, and put in what it has as ``%(name)s``."""
    return cast("str", flask_babel.gettext(text, **values))


def ngettext(one: str, several: str, num: int, **values: object) -> str:
    """Translate a string that depends on a number, which it may have as ``%(num)s``."""
    return cast("str", flask_babel.ngettext(one, several, num, **values))


def lazy_gettext(text: str) -> str:
    """Translate where it is shown: for labels, messages and tables that are made when a module is loaded."""
    return cast("str", flask_babel.lazy_gettext(text))  # it does what a str does


def said(error: PledgeError) -> str:
    """Give an error's message in the language of the page it is shown on; so with values that are words."""
    words = {
        name: gettext(value) if isinstance(value, str) else value for name, value in error.values.items()
    }
    return gettext(error.message, **words)


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
