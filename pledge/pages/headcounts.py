"""How many people a lab has: anybody proposes, stewards decide."""

import re
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from pledge.accounts.access import steward_required
from pledge.accounts.forms import ActForm, require_token, require_valid
from pledge.core.names import clean_name
from pledge.errors import ConflictError, MalformedError, NotFoundError
from pledge.instance import get_instance
from pledge.labs import headcounts
from pledge.labs.models import NO_CEILING
from pledge.labs.service import get_lab
from pledge.log.notary import log_statement
from pledge.web.forms import SiteForm, choice
from pledge.web.strings import lazy_gettext as _
from pledge.web.strings import said

bp = Blueprint("headcounts", __name__)
desk_bp = Blueprint("stewards_headcounts", __name__, url_prefix="/stewards/headcounts")

_MOST = NO_CEILING - 1
_AS_OF = re.compile(r"(19|20)[0-9]{2}(-(0[1-9]|1[0-2])(-[0-9]{2})?)?")
_NUMBER = _("A whole number of people, at least 1.")


class HeadcountForm(SiteForm):
    """An observation and where it is from."""

    low = IntegerField(_("At least"), [InputRequired(_NUMBER), NumberRange(1, _MOST, message=_NUMBER)])
    high = IntegerField(_("At most"), [Optional(), NumberRange(1, _MOST, message=_NUMBER)])
    is_open = BooleanField(_("The source knows no upper end"))
    population = SelectField(
        _("Who is counted"),
        choices=[
            choice("total", _("Everybody at the lab, or at the company it is")),
            choice("unit", _("The lab as a part of a larger company")),
            choice("research", _("Those who do research")),
        ],
    )
    as_of = StringField(
        _("As of"), [InputRequired(_("Such as 2026, 2026-03 or 2026-03-31.")), Length(max=10)]
    )
    source = StringField(
        _("Source"),
        [
            InputRequired(_("An address where anybody can look it up.")),
            Length(max=500),
            Regexp(
                r"https?://[^\s<>\"]{4,}\Z", message=_("An address that begins with https:// or http://.")
            ),
        ],
    )
    proposed_by = StringField(_("What to call you"), [Optional(), Length(max=200)])

    def validate_high(self, field: Any) -> None:  # noqa: ANN401  # any WTForms field
        """The upper end is not below the lower."""
        if field.data is not None and self.low.data is not None and field.data < self.low.data:
            raise ValidationError(_("This is less than the number above."))

    def validate_as_of(self, field: Any) -> None:  # noqa: ANN401  # any WTForms field
        """A year, month or day that is not still to come."""
        text = (field.data or "").strip()
        if not _AS_OF.fullmatch(text):
            raise ValidationError(_("Such as 2026, 2026-03 or 2026-03-31."))
        try:
            first = date.fromisoformat((text + "-01-01")[:10])
        except ValueError:
            raise ValidationError(_("There is no such day.")) from None
        if first > get_instance().clock().date():
            raise ValidationError(_("This day is still to come."))

    def validate_proposed_by(self, field: Any) -> None:  # noqa: ANN401  # any WTForms field
        """A name as signatories may have."""
        try:
            clean_name(field.data)
        except MalformedError as error:
            raise ValidationError(said(error)) from None

    def to_observation(self) -> headcounts.Observation:
        """Give what was filled in; without an upper end it is the lower one, unless none is known."""
        low = self.low.data or 0
        return headcounts.Observation(
            low=low,
            high=None if self.is_open.data else self.high.data or low,
            population=self.population.data,
            as_of=(self.as_of.data or "").strip(),
            source=self.source.data or "",
            proposed_by=clean_name(self.proposed_by.data) if self.proposed_by.data else "",
        )


@bp.get("/labs/<slug>/headcount")
def ask(slug: str) -> str:
    """Show the form for a proposal. It has a page of its own, so that reading of a lab sets no cookie."""
    return _page(slug, HeadcountForm())


@bp.post("/labs/<slug>/headcount")
def propose(slug: str) -> Response | tuple[str, int]:
    """Take a proposal."""
    instance, form = get_instance(), HeadcountForm(request.form)
    if not form.validate():
        require_token(form)
        return _page(slug, form), 400
    observation, day = form.to_observation(), instance.clock().date()
    instance.log.run(lambda session: headcounts.propose(session, slug, observation, day=day))
    return redirect(f"/labs/{slug}/headcount/thanks", 303)


@bp.get("/labs/<slug>/headcount/thanks")
def thanks(slug: str) -> str:
    """Say what happens now."""
    with get_instance().database.reading() as session:
        return render_template("labs/headcount_thanks.html", lab=get_lab(session, slug))


def _page(slug: str, form: HeadcountForm) -> str:
    with get_instance().database.reading() as session:
        return render_template("labs/headcount.html", lab=get_lab(session, slug), form=form)


@desk_bp.get("")
@steward_required()
def desk() -> str:
    """Show what was proposed and what counts."""
    with get_instance().database.reading() as session:
        return render_template(
            "stewards/headcounts.html",
            waiting=headcounts.waiting(session),
            accepted=headcounts.accepted(session),
            form=ActForm(),
        )


@desk_bp.post("/<int:number>/<decision>")
@steward_required()
def decide(number: int, decision: str) -> Response:
    """Accept an observation or drop it, and log what changed."""
    instance = get_instance()
    require_valid(ActForm(request.form))
    if decision not in {"accept", "drop"}:
        raise NotFoundError("There is no such decision.")

    def work(session: Session) -> None:
        statement = headcounts.decide(
            session,
            number,
            "accept" if decision == "accept" else "drop",
            origin=instance.notary.origin,
            day=instance.clock().date(),
        )
        if statement is not None:
            log_statement(session, statement, notary=instance.notary, random_bytes=instance.random_bytes)

    try:
        instance.log.run(work)
    except ConflictError as error:
        if error.code != "duplicate":
            raise
        raise ConflictError(
            "The log has said exactly this of the lab today, and takes no entry twice. Do it again tomorrow."
        ) from None
    return redirect("/stewards/headcounts", 303)
