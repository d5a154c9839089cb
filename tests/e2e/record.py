"""What left the browser and what it complained about, over a whole test; and whether a secret was in it."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

from pledge.core.words import derive_seed, entropy_from_words
from pledge.keystore import LOCAL_ORIGIN
from tests.running_site import Site

_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_IN_A_ROW = 3
"""Words of the list stand in every English text, one or two side by side by chance; three in order do not."""
_EXPECTED = re.compile(r"the server responded with a status of (400|404|409|410|413|429) ")
"""What Chromium says of an error page that a test asked for; responses are judged below, by their kind."""


@dataclass
class Record:
    """Requests, complaints and secrets of the contexts it watches."""

    sites: list[Site] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._marks = [site.relay.mark() for site in self.sites]

    def add(self, site: Site) -> None:
        """Keep what another site is sent, too."""
        self.sites.append(site)
        self._marks.append(0)

    def watch(self, context: BrowserContext) -> None:
        """Keep what a context sends and says from now on."""
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))

    def _on_request(self, request: Request) -> None:
        self.urls.append(request.url)

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status} for {response.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _EXPECTED.search(message.text):
            self.complaints.append(f"console: {message.text}")

    def judge(self) -> None:
        """Fail on anything foreign, secret or complained about."""
        assert self.complaints == []
        assert self.foreign() == []
        assert self.leaks() == []

    def foreign(self) -> list[str]:
        """Requests to anywhere but the sites under test."""
        ours = tuple(f"{site.url}/" for site in self.sites)
        return [url for url in self.urls if not url.startswith((*ours, "data:", "blob:"))]

    def forget(self) -> None:
        """Begin anew, after a leak that a test made on purpose."""
        self.__post_init__()

    @property
    def sent(self) -> bytes:
        """What the sites were sent since this record began, as it came over the wire."""
        return b"\n".join(
            site.relay.sent_since(mark) for site, mark in zip(self.sites, self._marks, strict=True)
        )

    def leaks(self) -> list[str]:
        """Name the secrets that are in what was sent, however it is encoded; empty where none is."""
        haystack = b"\n".join(_readings(self.sent))
        return [name for words in self.secrets for name in _traces(words, haystack)]


def _readings(sent: bytes) -> Iterator[bytes]:
    """Give what was sent as it is, as a form's fields, and with every run of base64 decoded."""
    plain = unquote_to_bytes(sent.replace(b"+", b" "))
    yield from (sent, plain)
    for text in (sent, unquote_to_bytes(sent)):
        for run in _BASE64_RUN.findall(text):
            short = run[: len(run) // 4 * 4]
            try:
                yield base64.b64decode(short, altchars=b"-_" if b"-" in run or b"_" in run else None)
            except binascii.Error:
                continue


def _traces(words: str, haystack: bytes) -> Iterator[str]:
    listed = words.encode().split()
    for first in range(len(listed) - _IN_A_ROW + 1):
        row = rb"[^a-z]{1,12}".join(listed[first : first + _IN_A_ROW])
        if re.search(row, haystack, re.IGNORECASE):
            yield "recovery words"
    entropy = entropy_from_words(words)
    for name, secret in (
        ("entropy", bytes(entropy)),
        ("seed", bytes(derive_seed(entropy, origin=LOCAL_ORIGIN, purpose="signing"))),
    ):
        forms = (
            secret,
            secret.hex().encode(),
            base64.b64encode(secret)[:-3],
            base64.urlsafe_b64encode(secret)[:-3],
        )
        if any(form in haystack for form in forms):
            yield name
