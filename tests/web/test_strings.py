"""Strings: what is put into them is escaped, errors keep their values apart, programs are told in English."""

from datetime import date

import pytest
from flask import Flask

from pledge.core.names import clean_name
from pledge.errors import LimitError, MalformedError
from pledge.web.strings import day_in_words, gettext, lazy_gettext, ngettext, said
from tests.pseudo import accent, speak_pseudo

pytestmark = pytest.mark.sqlite_only


@pytest.fixture(scope="module")
def pseudo(shared_app: Flask) -> Flask:
    speak_pseudo(shared_app)
    return shared_app


def render(app: Flask, source: str, **context: object) -> str:
    """Render a template as a page is, where values are escaped."""
    with app.test_request_context():
        return app.jinja_env.from_string("{% autoescape true %}" + source + "{% endautoescape %}").render(
            context
        )


def test_what_is_put_into_a_string_is_escaped(app: Flask) -> None:
    assert render(app, '{{ _("<b>%(x)s</b>", x=x) }}', x="<i>") == "<b>&lt;i&gt;</b>"
    assert render(app, "{% trans %}<b>{{ x }}</b>{% endtrans %}", x="<i>") == "<b>&lt;i&gt;</b>"
    assert (
        render(app, "{% trans n=n %}one {{ x }}{% pluralize %}{{ n }} {{ x }}{% endtrans %}", n=2, x="&")
        == "2 &amp;"
    )


def test_a_per_cent_sign_is_one(app: Flask) -> None:
    assert (
        render(app, '{{ _("20 %%") }} {% trans x=1 %}{{ x }} %{% endtrans %} {% trans %}2 %{% endtrans %}')
        == "20 % 1 % 2 %"
    )


def test_lines_of_a_string_are_one_sentence(app: Flask) -> None:
    assert render(app, "{% trans %}\n  Read it,\n  and sign.\n{% endtrans %}") == "Read it, and sign."


def test_outside_of_a_request_strings_are_english() -> None:
    assert gettext("At most %(most)s.", most=3) == "At most 3."
    assert [ngettext("%(num)s byte", "%(num)s bytes", n) for n in (0, 1, 2)] == [
        "0 bytes",
        "1 byte",
        "2 bytes",
    ]
    assert str(lazy_gettext("Sign")) == "Sign"
    assert day_in_words(date(2026, 5, 1)) == "1 May 2026"


def test_an_error_is_one_string_with_its_values(pseudo: Flask) -> None:
    error = LimitError("A message has at most %(most)s files.", code="too-large", most=9)
    assert (str(error), error.code) == ("A message has at most 9 files.", "too-large")
    assert str(MalformedError("100 %")) == "100 %"
    with pytest.raises(MalformedError) as refused:
        clean_name("")
    with pseudo.test_request_context():
        assert said(error) == accent("A message has at most %(most)s files.") % {"most": 9}
        assert said(refused.value) == accent("The %(what)s is empty.") % {"what": accent("name")}


def test_programs_are_told_in_english(pseudo: Flask) -> None:
    client = pseudo.test_client()
    problem = client.get("/labs/none", headers={"Accept": "application/json"}).get_json()
    assert problem["title"] == "There is nothing here"
    assert problem["detail"].isascii()
    assert accent("There is nothing here") in client.get("/labs/none").text


def test_days_are_written_as_they_were_in_english(app: Flask) -> None:
    with app.test_request_context():
        for month in range(1, 13):
            day = date(2026, month, 3)
            assert day_in_words(day) == f"3 {day:%B} 2026"
