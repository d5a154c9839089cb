"""What can go wrong, as one small family of exceptions.

Each carries a stable ``code`` that programs may rely on and a message fit to show to whoever made the
request: it never repeats an address, a secret or the text of a tip. One table in ``web`` maps the kinds to
HTTP statuses, and ``web.strings`` translates where a message is shown: it stands in the call as one literal string, or
in a constant marked with ``noop``.
"""


def noop(text: str) -> str:
    """Mark a string for translation where it is shown, and give it as it is."""
    return text


class PledgeError(Exception):
    """Base of every error this project raises on purpose.

    Args:
        message: One or two plain sentences: what is wrong and what to do.
        code: Stable, lower-case, hyphenated; narrower than the class where a caller can act on it.
        values: What stands in the message as ``%(name)s``, which is then still one string to translate.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.values = values
        if code is not None:
            self.code = code


class MalformedError(PledgeError):
    """Bytes or values that do not follow their format."""

    code = "malformed"


class VerificationError(PledgeError):
    """A signature, proof, commitment or count that does not check out."""

    code = "not-verified"


class NotUnderstoodError(PledgeError):
    """A kind or version this reader does not know: neither malformed nor verified."""

    code = "not-understood"


class NotFoundError(PledgeError):
    """Something that is not, or is no longer, here."""

    code = "not-found"


class ConflictError(PledgeError):
    """A request that was right when it began and is not any more."""

    code = "conflict"


class ForbiddenError(PledgeError):
    """A request that this requester may not make."""

    code = "forbidden"


class LimitError(PledgeError):
    """Too much or too often."""

    code = "limit"


class UnavailableError(PledgeError):
    """The service refuses for now rather than break a promise."""

    code = "unavailable"
