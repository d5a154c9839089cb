"""The form that asks for letters."""

from collections.abc import Sequence

from werkzeug.datastructures import MultiDict
from wtforms import SelectField
from wtforms.validators import InputRequired

from pledge.following.events import ALL
from pledge.pledges.forms import AddressForm
from pledge.web.forms import choice


class FollowForm(AddressForm):
    """An address, and what its letters shall be about."""

    topic = SelectField("What about", [InputRequired("Choose one.")])

    def __init__(self, posted: MultiDict[str, str] | None, labs: Sequence[tuple[str, str]]) -> None:
        super().__init__(posted)
        self.address.label.text = "Your mail address"
        of_labs = [choice(f"labs/{slug}", f"{name} only") for slug, name in labs]
        self.topic.choices = [choice(ALL, "Everything"), *of_labs]
