"""Forms of signing, changing and reporting. They check syntax and end in a domain value."""

from collections.abc import Callable, Sequence
from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from pledge.core.address import CanonicalAddress, canonical_address
from pledge.core.names import clean_name, clean_reason, clean_role
from pledge.errors import ForbiddenError, MalformedError
from pledge.mail.service import check_mailable
from pledge.pledges.changes import Change
from pledge.pledges.links import Wish
from pledge.pledges.models import Text
from pledge.pledges.texts import Clause, parse_text
from pledge.web.forms import SiteForm, choice
from pledge.web.strings import lazy_gettext as _
from pledge.web.strings import said

REPORT_CLASSES = (
    ("not-this-person", _("This is not who it says")),
    ("abuse", _("It insults, threatens or exposes somebody")),
    ("wrong-lab", _("The lab is wrong")),
    ("other", _("Something else")),
)


def _clean(cleaner: Callable[[str], object]) -> Callable[[Any, Any], None]:
    """Check a field with one of core's rules, and say its message beside the field."""

    def check(_form: object, field: Any) -> None:  # noqa: ANN401  # any WTForms field
        try:
            cleaner(field.data or "")
        except MalformedError as error:
            raise ValidationError(said(error)) from None

    return check


def _address(text: str) -> CanonicalAddress:
    """Give the canonical address, where mail can be sent to it."""
    address = canonical_address(text)
    check_mailable(address.text)
    return address


class SignForm(SiteForm):
    """What somebody fills in to get a link to sign."""

    version = HiddenField(validators=[InputRequired(_("Load the page again."))])
    name = StringField(
        _("Your name"), [InputRequired(_("Say who you are.")), Length(max=400), _clean(clean_name)]
    )
    role = StringField(_("Your role"), [Optional(), Length(max=400), _clean(clean_role)])
    address = StringField(
        _("Your mail address"),
        [InputRequired(_("Give an address: the link goes there.")), Length(max=400), _clean(_address)],
    )
    lab = SelectField(_("The lab you work at"), validate_choice=True)
    clauses = SelectMultipleField(
        _("Clauses you may add"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    reason = TextAreaField(_("Why you sign"), [Optional(), Length(max=4000), _clean(clean_reason)])
    reminder = BooleanField(_("Remind me by mail two weeks before it ends"))
    news = BooleanField(_("Send me news, a few times a year"))

    def offer(self, text: Text, labs: Sequence[tuple[str, str]]) -> "SignForm":
        """Fill in what can be chosen: the labs and the optional clauses of a version."""
        self.lab.choices = [choice("", _("No lab")), *(choice(slug, name) for slug, name in labs)]
        self.clauses.choices = [choice(clause.id, clause.prose) for clause in parse_text(text.body).optional]
        return self

    def to_wish(self, text: Text) -> Wish:
        """Give what was filled in.

        Raises:
            MalformedError: The pledge has a newer version than the one that was read.
        """
        if self.version.data != str(text.version):
            raise MalformedError(
                "The pledge has a new version since you read it. Load the page again.", code="version"
            )
        parts = parse_text(text.body)
        chosen = set(self.clauses.data or [])
        return Wish(
            pledge=text.slug,
            version=text.version,
            clauses=tuple(
                clause.id for clause in parts.clauses if clause in parts.core or clause.id in chosen
            ),
            name=clean_name(self.name.data or ""),
            role=_cleaned(clean_role, self.role.data),
            reason=_cleaned(clean_reason, self.reason.data),
            lab=self.lab.data or None,
            address=_address(self.address.data or ""),
            reminder=bool(self.reminder.data),
            news=bool(self.news.data),
        )


class AddressForm(SiteForm):
    """An address, to get a link to change what was signed."""

    address = StringField(
        _("The mail address you signed with"),
        [InputRequired(_("Give the address.")), Length(max=400), _clean(_address)],
    )

    def to_address(self) -> CanonicalAddress:
        """Give the canonical address."""
        return _address(self.address.data or "")


class SignatureForm(SiteForm):
    """A signature: by the page's script (payload, key, signature) or by ssh-keygen (armor)."""

    payload = HiddenField(validators=[Length(max=100_000)])
    key = HiddenField(validators=[Length(max=100)])
    signature = HiddenField(validators=[Length(max=200)])
    armor = TextAreaField(
        _("The signature"), [Length(max=20_000)], render_kw={"rows": 8, "spellcheck": "false"}
    )


_RENEW = choice("renew", _("Renew: it stands for twelve more months from today"))
_WITHDRAW = choice("withdraw", _("Withdraw: it stands no longer. You can sign again"))
_ERASE = choice("erase", _("Erase my name, role and reason. The signing stays in the log, without them"))
_QUIET = choice("quiet", _("Send me no reminder and no news, and erase my address. Nothing else changes"))
_REASONS = (
    choice("own", _("No reason given")),
    choice("left-lab", _("I have left the lab, and am a former signatory there")),
    choice("changed-mind", _("I have changed my mind")),
)


class ChangeForm(SignatureForm):
    """A change and, where the key makes it, the signature on it."""

    action = RadioField(
        _("What do you want to do?"),
        choices=[_RENEW, _WITHDRAW, _ERASE],
        validators=[InputRequired(_("Choose what to do."))],
    )
    reason = RadioField(
        _("Why, if you withdraw"),
        choices=list(_REASONS),
        default="own",
    )

    def to_change(self) -> Change:
        """Give the change; the reason counts for a withdrawal only."""
        return Change.parse(self.action.data or "", self.reason.data or "")


class MailedChangeForm(ChangeForm):
    """A change on the word of a fresh mail, which is offered only what makes sense."""

    def offer(self, changes: Sequence[Change]) -> "MailedChangeForm":
        """Leave of what can be chosen what is among ``changes``."""
        actions, reasons = ({getattr(change, name) for change in changes} for name in ("action", "reason"))
        self.action.choices = [each for each in (_RENEW, _WITHDRAW, _ERASE, _QUIET) if each.value in actions]
        self.reason.choices = [each for each in _REASONS if each.value in reasons]
        return self


class ReportForm(SiteForm):
    """A reader's word that something about a signatory's page is wrong."""

    reason_class = RadioField(
        _("What is wrong"),
        choices=[choice(*each) for each in REPORT_CLASSES],
        validators=[InputRequired(_("Choose one."))],
    )
    text = TextAreaField(_("In your words"), [Optional(), Length(max=2000)], render_kw={"rows": 4})


def require_token(form: SiteForm) -> None:
    """Refuse a form whose CSRF token does not hold: nothing else in it is looked at.

    Raises:
        ForbiddenError: The token is missing, wrong or too old.
    """
    if form.csrf_failed:
        raise ForbiddenError(
            "This form was open for too long, or your browser keeps no cookies for it.", code="csrf"
        )


def clause_list(text: Text, ids: Sequence[str]) -> list[dict[str, object]]:
    """Give the chosen clauses with their prose, in the text's order."""
    parts = parse_text(text.body)

    def entry(clause: Clause) -> dict[str, object]:
        return {"id": clause.id, "text": clause.prose, "is_core": clause in parts.core}

    return [entry(clause) for clause in parts.clauses if clause.id in ids]


def _cleaned(cleaner: Callable[[str], str], text: str | None) -> str | None:
    """Clean a field that may be left empty."""
    return cleaner(text) if text and text.strip() else None
