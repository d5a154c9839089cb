"""Settings: every wrong value stops the start and names its variable."""

import re
from pathlib import Path

import pytest

from pledge import config as config_module
from pledge.config import Config, ConfigError

WRONG = {
    "PLEDGE_SOURCE": ["", "http://x.example/", "https://", "javascript:alert(1)", "https://x y"],
    "PLEDGE_HOME": ["", "a\0b"],
    "PLEDGE_DATABASE_URL": [
        *(
            "",
            "x",
            "mysql://x/y",
            "postgresql://x/y",
            "postgresql+psycopg://host:port/x",
            "postgresql+psycopg://x",
        ),
        *("sqlite://", "sqlite:///", "sqlite:///:memory:"),
    ],
    "PLEDGE_URL": [
        *("", "pledge.example.org", "ftp://pledge.example.org", "http://pledge.example.org", "https://"),
        *(
            "https://x/",
            "https://x/a",
            "https://x?a",
            "https://x#",
            "https://x?",
            "https://x\n",
            " https://x",
        ),
        *(
            "https://user:word@x",
            "https://x:99999",
            "https://x:port",
            "http://[::1",
            "https://a b",
            "https://x:0",
        ),
    ],
    "PLEDGE_HOST": ["", "a b"],
    "PLEDGE_PORT": ["", "0", "65536", "-1", "80a", "８０００", "1e3", "99999999999"],
    "PLEDGE_SOCKET": ["", "/nothing/here/web.sock", "/", "a\0b", "/etc/passwd", "x" * 110],
    "PLEDGE_ONION": [
        *("", "x.onion", "http://short.onion", "https://" + "a" * 56 + ".onion"),
        *(
            "http://" + "a" * 56 + ".onion/",
            "http://" + "a" * 56 + ".onion\n",
            "http://" + "A" * 56 + ".onion",
        ),
    ],
    "PLEDGE_TIPS_PER_HOUR": ["", "0", "many"],
    "PLEDGE_WORKERS": ["", "0", "65", "two"],
    "PLEDGE_MAIL_URL": [
        *(
            "",
            "x",
            "imap://x",
            "smtp:",
            "smtp://",
            "smtp://[",
            "smtp://x:port",
            "smtp://x:99999",
            "smtps://:25",
        ),
        *("file:///tmp", "smtp://x/path", "smtp://me:word@", "smtp://x\ny"),
    ],
    "PLEDGE_MAIL_FROM": ["", "nobody", "a@", "@b", "a@b\nBcc: c@d", "a@b, c@d", "A <a@b>", "a b@c"],
    "PLEDGE_MAILS_PER_ADDRESS": ["", "0", "many"],
    "PLEDGE_MAILS_PER_HOUR": ["", "0", "-5"],
    "PLEDGE_PUBLISHED": ["", "/nothing/here", "/", "a\0b"],
    "PLEDGE_WATCH_LIST": ["", "/nothing/here", "/"],
    "PLEDGE_WITNESSES": ["", "/nothing/here", "/"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        Config.from_environment({name: value})
    assert "\n" not in str(caught.value)
    assert "word" not in str(caught.value)


def test_every_documented_variable_is_tried() -> None:
    assert set(re.findall(r"(?<=[|,] )PLEDGE_[A-Z_]+", config_module.__doc__ or "")) == set(WRONG)


@pytest.mark.parametrize(
    ("url", "is_loopback", "is_https"),
    [
        ("http://127.0.0.1:8000", True, False),
        ("http://localhost", True, False),
        ("http://[::1]:80", True, False),
        ("https://pledge.example.org", False, True),
        ("https://pledge.example.org:8443", False, True),
        ("http://pledge2longaddress.onion", False, False),
    ],
)
def test_addresses_that_can_be_used(url: str, is_loopback: bool, is_https: bool) -> None:  # noqa: FBT001  # a table
    config = Config.from_environment({"PLEDGE_URL": url})
    assert (config.url, config.is_loopback, config.is_https) == (url, is_loopback, is_https)


@pytest.mark.parametrize(
    "url", ["file:", "smtp://localhost:25", "smtp://me:pass%40word@mail.example.org", "smtps://x.org"]
)
def test_mail_servers_that_can_be_used(url: str) -> None:
    assert Config.from_environment({"PLEDGE_MAIL_URL": url}).mail_url == url


def test_defaults_are_a_trial_on_this_machine(tmp_path: Path) -> None:
    config = Config.from_environment({"PLEDGE_HOME": str(tmp_path)})
    assert config.is_loopback
    assert config.database_url == f"sqlite:///{tmp_path}/pledge.sqlite3"
    assert config.mail_from == "pledge@127.0.0.1"
    assert config.published == tmp_path / "published-checkpoint"


def test_other_variables_are_not_looked_at() -> None:
    assert Config.from_environment({"PATH": "\0", "PLEDGE": "x"}) == Config.from_environment({})
