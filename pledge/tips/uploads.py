"""Which paths take uploads, and how large they may be."""

import re

from pledge.core.tip.frame import FOLLOW_UP_BYTES
from pledge.tips.store import MAX_ENVELOPE_BYTES
from pledge.web.multipart import OVERHEAD_BYTES

_FRAMED = re.compile(r"/tips|/mailbox/follow-ups|/stewards/threads/[0-9a-f]{32}/answers")
_FORMS = ("/tips/new", "/mailbox/reply")


def upload_limit(path: str) -> int | None:
    """Give how many bytes the body of a POST to a path may have, where it is read as a stream; else None."""
    if _FRAMED.fullmatch(path):
        return MAX_ENVELOPE_BYTES + FOLLOW_UP_BYTES
    return MAX_ENVELOPE_BYTES + OVERHEAD_BYTES if path in _FORMS else None
