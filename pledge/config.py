"""Settings from the environment, read once and frozen. A wrong value stops the start, with its name.

| variable | what | default |
|---|---|---|
| PLEDGE_HOME | directory of keys, database and mail | ./var |
| PLEDGE_DATABASE_URL | sqlite:///… or postgresql+psycopg://… | SQLite in PLEDGE_HOME |
| PLEDGE_PUBLISHED | file of the last published checkpoint, best out of reach of restores | in PLEDGE_HOME |
| PLEDGE_URL | where people reach the site, without a final slash | http://127.0.0.1:8000 |
| PLEDGE_HOST, PLEDGE_PORT | what `pledge serve` binds to; loopback, if mail is in files | 127.0.0.1, 8000 |
| PLEDGE_SOCKET | a Unix socket to serve on instead, for an onion service on this machine | none |
| PLEDGE_ONION | http://….onion, where the same site is reached over Tor | none |
| PLEDGE_WORKERS | web processes | 2 |
| PLEDGE_MAIL_URL | smtp://, smtps:// or file: (mail as files in PLEDGE_HOME) | file: |
| PLEDGE_MAIL_FROM | sender of mail | pledge@ and the host of PLEDGE_URL |
| PLEDGE_MAILS_PER_ADDRESS | mails to one address a day | 6 |
| PLEDGE_MAILS_PER_HOUR | mails of the whole site an hour | 600 |
| PLEDGE_TIPS_PER_HOUR | tips that the whole site takes an hour without proof of work | 60 |
| PLEDGE_WITNESSES | file of `witness`, `group` and `quorum` lines (C2SP tlog-policy), with addresses | none |
| PLEDGE_WATCH_LIST | file of well-known names whose signings wait for review, one a line | documents/watch-list.txt |
| PLEDGE_SOURCE | address of the source of what runs here, which the licence asks you to offer | none |

Origin, operator and contact are not settings: they stand in the log's first entry.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pledge.errors import PledgeError

_WATCH_LIST = Path(__file__).parent / "documents" / "watch-list.txt"
MAX_SOCKET_BYTES = 107
"""What Linux takes as the path of a Unix socket."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ConfigError(PledgeError):
    """A setting that cannot be used."""

    code = "config"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that an operator may set. See the module's table."""

    home: Path
    database_url: str
    published: Path
    url: str
    host: str
    port: int
    socket: Path | None
    onion: str | None
    workers: int
    mail_url: str
    mail_from: str
    mails_per_address: int
    mails_per_hour: int
    tips_per_hour: int
    witnesses: Path | None
    watch_list: Path
    source: str | None

    @property
    def is_loopback(self) -> bool:
        """Whether people reach the site only from this machine."""
        return urlsplit(self.url).hostname in _LOOPBACK

    @property
    def binds_to_loopback(self) -> bool:
        """Whether `pledge serve` is heard only on this machine."""
        return self.socket is not None or self.host in _LOOPBACK

    @property
    def is_https(self) -> bool:
        """Whether people reach the site over TLS."""
        return self.url.startswith("https://")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Config":
        """Read the settings.

        Raises:
            ConfigError: A value is not usable; the message names the variable.
        """
        home = _home(environment.get("PLEDGE_HOME", "var"))
        url = _url(environment.get("PLEDGE_URL", "http://127.0.0.1:8000"))
        return cls(
            home=home,
            database_url=_database_url(environment.get("PLEDGE_DATABASE_URL"), home),
            published=_published(environment.get("PLEDGE_PUBLISHED"), home),
            url=url,
            host=_matching(environment, "PLEDGE_HOST", "127.0.0.1", r"[0-9A-Za-z.:_-]+", "a host to bind to"),
            port=_integer(environment, "PLEDGE_PORT", 8000, 1, 65535),
            socket=_socket(environment.get("PLEDGE_SOCKET")),
            onion=_onion(environment.get("PLEDGE_ONION")),
            workers=_integer(environment, "PLEDGE_WORKERS", 2, 1, 64),
            mail_url=_mail_url(environment.get("PLEDGE_MAIL_URL", "file:")),
            mail_from=_matching(
                environment,
                "PLEDGE_MAIL_FROM",
                f"pledge@{urlsplit(url).hostname}",
                r"[0-9A-Za-z._%+-]+@[0-9A-Za-z.:-]+",
                "a mail address without a name",
            ),
            mails_per_address=_integer(environment, "PLEDGE_MAILS_PER_ADDRESS", 6, 1, 10_000),
            mails_per_hour=_integer(environment, "PLEDGE_MAILS_PER_HOUR", 600, 1, 1_000_000),
            tips_per_hour=_integer(environment, "PLEDGE_TIPS_PER_HOUR", 60, 1, 1_000_000),
            witnesses=_file(environment, "PLEDGE_WITNESSES"),
            watch_list=_file(environment, "PLEDGE_WATCH_LIST") or _WATCH_LIST,
            source=_source(environment.get("PLEDGE_SOURCE")),
        )


def _integer(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise ConfigError(f"{name} must be a whole number from {low} to {high}")
    return int(text)


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name)
    if text is not None and not Path(text).is_file():
        raise ConfigError(f"{name} names no file")
    return None if text is None else Path(text)


def _matching(environment: Mapping[str, str], name: str, default: str, pattern: str, what: str) -> str:
    text = environment.get(name, default)
    if not re.fullmatch(pattern, text):
        raise ConfigError(f"{name} must be {what}")
    return text


def _home(text: str) -> Path:
    if not text or "\0" in text:
        raise ConfigError("PLEDGE_HOME must be a directory")
    return Path(text).resolve()


def _published(text: str | None, home: Path) -> Path:
    if text is None:
        return home / "published-checkpoint"
    path = Path(text).absolute()
    if not text or "\0" in text or path.is_dir() or not path.parent.is_dir():
        raise ConfigError("PLEDGE_PUBLISHED must be a file in a directory that exists")
    return path


def _split(name: str, text: str) -> SplitResult:
    """Take a URL apart that has a scheme, a host, perhaps a user and a port, and nothing else."""
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigError(f"{name} is not a URL") from None
    whole = f"{parts.scheme}://{parts.netloc}"
    if text != whole or not has_port or not parts.hostname or not re.fullmatch(r"[!-~]+", text):
        raise ConfigError(f"{name} must be a URL with a host, and nothing after host and port")
    return parts


def _url(text: str) -> str:
    parts = _split("PLEDGE_URL", text)
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        raise ConfigError("PLEDGE_URL must be http(s)://host[:port] with nothing after it")
    host = parts.hostname or ""
    if parts.scheme == "http" and host not in _LOOPBACK and not host.endswith(".onion"):
        raise ConfigError("PLEDGE_URL must be https:// unless it is on this machine or an onion")
    return text


def _onion(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"http://[a-z2-7]{56}\.onion", text):
        raise ConfigError(
            "PLEDGE_ONION must be http:// and the 56 characters of an onion service, then .onion"
        )
    return text


def _socket(text: str | None) -> Path | None:
    if text is None:
        return None
    path = Path(text).absolute()
    is_free = path.is_socket() or not path.exists()
    if (
        not text
        or "\0" in text
        or len(bytes(path)) > MAX_SOCKET_BYTES
        or not path.parent.is_dir()
        or not is_free
    ):
        raise ConfigError(
            f"PLEDGE_SOCKET must be a new file in a directory that exists, of at most {MAX_SOCKET_BYTES} bytes"
        )
    return path


def _source(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"https://[!-~]{1,500}", text):
        raise ConfigError("PLEDGE_SOURCE must be an https:// address")
    return text


def _mail_url(text: str) -> str:
    if text != "file:" and _split("PLEDGE_MAIL_URL", text).scheme not in {"smtp", "smtps"}:
        raise ConfigError("PLEDGE_MAIL_URL must begin with smtp:// or smtps://, or be file:")
    return text


def _database_url(text: str | None, home: Path) -> str:
    if text is None:
        return f"sqlite:///{home / 'pledge.sqlite3'}"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError("PLEDGE_DATABASE_URL is not a database's URL") from None
    if url.drivername not in {"sqlite", "postgresql+psycopg"} or url.database in {None, "", ":memory:"}:
        raise ConfigError(
            "PLEDGE_DATABASE_URL must be sqlite:/// and a file's path, or postgresql+psycopg:// and a database"
        )
    return text
