"""The form that asks for letters."""

from collections.abc import Sequence

from werkzeug.datastructures import MultiDict
from wtforms import SelectField
from wtforms.validators import InputRequired

from pledge.following.events import ALL
from pledge.pledges.forms import AddressForm
from pledge.web.forms import choice
from pledge.web.strings import gettext
from pledge.web.strings import lazy_gettext as _


class FollowForm(AddressForm):
    """An address, and what its letters shall be about."""

    topic = SelectField(_("What about"), [InputRequired(_("Choose one."))])

    def __init__(self, posted: MultiDict[str, str] | None, labs: Sequence[tuple[str, str]]) -> None:
        super().__init__(posted)
        self.address.label.text = gettext("Your mail address")
        of_labs = [choice(f"labs/{slug}", gettext("%(lab)s only", lab=name)) for slug, name in labs]
        self.topic.choices = [choice(ALL, gettext("Everything")), *of_labs]
