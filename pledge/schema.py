"""Every table in one place, for migrations and for the check that they match the models."""

from pledge.accounts import models as accounts
from pledge.db import Base
from pledge.following import models as following
from pledge.labs import models as labs
from pledge.log import models as log
from pledge.mail import models as mail
from pledge.pledges import models as pledges
from pledge.tallies import models as tallies
from pledge.tips import models as tips

metadata = Base.metadata
