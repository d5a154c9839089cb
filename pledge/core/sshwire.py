"""The data types of SSH (RFC 4251, section 5), read strictly and in their one canonical form.

    uint32    four bytes, big-endian
    string    uint32 length ‖ that many bytes
    mpint     string holding a two's complement integer, big-endian, no superfluous leading byte

Only positive mpints occur here, so a set top bit (negative) and the empty string (zero) are refused.
"""

from pledge.errors import MalformedError

_TOP_BIT = 0x80


class Reader:
    """Reads one value after another from bytes; every method raises MalformedError when they run out."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    def take(self, count: int) -> bytes:
        """Read ``count`` bytes as they are."""
        end = self._offset + count
        if end > len(self._data):
            raise MalformedError("The SSH data ends too early.", code="ssh-truncated")
        taken = self._data[self._offset : end]
        self._offset = end
        return taken

    def uint32(self) -> int:
        """Read four bytes, 0–4,294,967,295."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Read a string: its bytes without the length."""
        return self.take(self.uint32())

    def name(self) -> str:
        """Read a string that names something: 1–64 printable ASCII characters without a space."""
        raw = self.string()
        text = raw.decode("ascii", errors="replace")
        if not 1 <= len(raw) <= 64 or not all("!" <= character <= "~" for character in text):  # noqa: PLR2004 RFC 4251, section 6
            raise MalformedError("A name in the SSH data is not 1–64 ASCII characters.", code="ssh-name")
        return text

    def mpint(self) -> int:
        """Read a positive integer."""
        raw = self.string()
        if not raw or raw[0] & _TOP_BIT:
            raise MalformedError("An integer in the SSH data is not positive.", code="ssh-integer")
        if raw[0] == 0 and not (raw[1:] and raw[1] & _TOP_BIT):
            raise MalformedError("An integer in the SSH data has a superfluous byte.", code="ssh-integer")
        return int.from_bytes(raw, "big")

    def end(self) -> None:
        """Check that nothing is left.

        Raises:
            MalformedError: Something is.
        """
        if self._offset != len(self._data):
            raise MalformedError("The SSH data goes on after its end.", code="ssh-trailing")


def format_string(value: bytes) -> bytes:
    """Write a string: its length, then ``value``, which must be shorter than 4 GiB."""
    return len(value).to_bytes(4, "big") + value
