"""Forms of stewards. They check syntax and end in a domain value."""

import json
from datetime import date
from typing import Any

from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from pledge.accounts.decisions import APPROVED_DAYS, REASONS, Approved, Offer
from pledge.accounts.signing_in import Credentials, NewPassword
from pledge.core.password import MAX_CHARACTERS, check_password
from pledge.core.statement import parse_base64
from pledge.core.totp import parse_secret
from pledge.errors import ForbiddenError, MalformedError
from pledge.web.forms import SiteForm, choice
from pledge.web.strings import lazy_gettext as _
from pledge.web.strings import said

_MAX_CODE = 40
_MAX_RESPONSE = 32_768
_MAX_WRAPPED = 100_000
_SIGNATURE_BYTES = 64


def require_token(form: SiteForm) -> None:
    """Refuse a form whose CSRF token is missing, wrong or too old; the rest may be mended.

    Raises:
        ForbiddenError: It is.
    """
    if form.csrf_failed:
        raise ForbiddenError("This form was open for too long. Load the page again.", code="csrf")


def require_valid(form: SiteForm) -> None:
    """Refuse a form that only a script or a button fills in, where anything is wrong with it.

    Raises:
        ForbiddenError: The CSRF token is missing, wrong or too old.
        MalformedError: Something else is wrong.
    """
    if not form.validate():
        require_token(form)
        raise MalformedError("Something in this form is missing or not as it should be. Load the page again.")


def _new_password(_form: object, field: Any) -> None:  # noqa: ANN401  # any WTForms field
    try:
        check_password(field.data or "")
    except MalformedError as error:
        raise ValidationError(said(error)) from None


class ActForm(SiteForm):
    """A button."""


class SignInForm(SiteForm):
    """Name, password and second factor."""

    name = StringField(_("Name"), [InputRequired(_("Say who you are.")), Length(max=200)])
    password = PasswordField(
        _("Password"), [InputRequired(_("Give your password.")), Length(max=MAX_CHARACTERS)]
    )
    code = StringField(_("Code"), [InputRequired(_("Give the code of your app.")), Length(max=_MAX_CODE)])

    def to_credentials(self) -> Credentials:
        """Give what was typed."""
        return Credentials(self.name.data or "", self.password.data or "", self.code.data or "")


class PasswordForm(SiteForm):
    """A new password and the code app that goes with it."""

    secret = HiddenField(validators=[InputRequired(_("Load the page again.")), Length(max=_MAX_CODE)])
    password = PasswordField(_("Password"), [InputRequired(_("Choose a password.")), _new_password])
    code = StringField(_("Code from the app"), [InputRequired(_("Give the code.")), Length(max=_MAX_CODE)])

    def to_password(self) -> NewPassword:
        """Give what was typed.

        Raises:
            MalformedError: The secret is none.
        """
        secret = parse_secret(self.secret.data or "")
        return NewPassword(self.password.data or "", secret, self.code.data or "")


class ChangePasswordForm(PasswordForm):
    """The same in place of what there was; ``current`` where there was one."""

    current = PasswordField(_("Current password"), [Length(max=MAX_CHARACTERS)])


class PasskeyForm(SiteForm):
    """What a device answered."""

    response = HiddenField(validators=[InputRequired(), Length(max=_MAX_RESPONSE)])

    def to_response(self) -> str:
        """Give it, JSON still to be read."""
        return self.response.data or ""


class KeysForm(SiteForm):
    """New keys, as the page's script made them."""

    payload = HiddenField(validators=[InputRequired(), Length(max=_MAX_RESPONSE)])
    signature = HiddenField(validators=[InputRequired(), Length(max=100)])
    wrapped = HiddenField(validators=[Length(max=_MAX_WRAPPED)])

    def to_offer(self) -> Offer:
        """Give the offer.

        Raises:
            MalformedError: Something is not base64.
        """
        wrapped = parse_base64(self.wrapped.data) if self.wrapped.data else None
        return Offer(parse_base64(self.payload.data or ""), parse_base64(self.signature.data or ""), wrapped)


class ApprovalForm(SiteForm):
    """Signatures on a proposal: JSON, ``[{"day", "key": base64 or null, "revocation": base64 or null}, …]``."""

    signatures = HiddenField(validators=[InputRequired(), Length(max=_MAX_RESPONSE)])

    def to_approved(self) -> list[Approved]:
        """Give the signatures of each day.

        Raises:
            MalformedError: They are of another form.
        """
        try:
            rows = json.loads(self.signatures.data or "")
            found = [
                Approved(date.fromisoformat(row["day"]), _bytes(row["key"]), _bytes(row["revocation"]))
                for row in rows
            ]
        except (ValueError, TypeError, KeyError):
            raise MalformedError("These are no signatures.") from None
        if len(found) != APPROVED_DAYS:
            raise MalformedError("These are not the signatures of seven days.")
        return found


def _bytes(text: str | None) -> bytes | None:
    if text is None:
        return None
    data = parse_base64(text)
    if len(data) != _SIGNATURE_BYTES:
        raise MalformedError("A signature has 64 bytes.")
    return data


class RevocationForm(SiteForm):
    """Whose key shall end, and why."""

    key = HiddenField(validators=[InputRequired(), Length(max=60)])
    reason = SelectField(_("Why"), choices=[choice(value, label) for value, label in REASONS])


class InvitationForm(SiteForm):
    """Whom to invite."""

    name = StringField(_("Their name"), [InputRequired(_("Say whom you invite.")), Length(max=200)])
