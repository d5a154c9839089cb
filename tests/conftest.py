"""Fixtures: a clock that stands still, an instance on each database, an application.

A test that asks for a database runs on SQLite and on PostgreSQL, unless it or its module is marked ``sqlite_only``:
for what the database cannot change.
"""

import shutil
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import create_engine, make_url, text

from pledge.app import open_site
from pledge.cli import main
from pledge.config import Config
from pledge.instance import Instance
from tests.command_kit import Run
from tests.postgresql import Server, start_server
from tests.site_kit import Clock, Person, make_app, make_config, make_instance


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_only: what the database cannot change")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say loudly, and last, when nobody looked at the pages: in a line of dots it is easily missed."""
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    if any("browser" in report.keywords for report in skipped):
        terminalreporter.write_line(
            "BROWSER TESTS DID NOT RUN: no Chromium found. Install one, or name it in PLEDGE_CHROMIUM.",
            red=True,
            bold=True,
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames:
        one = metafunc.definition.get_closest_marker("sqlite_only") is not None
        metafunc.parametrize("database_url", ["sqlite"] if one else ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    # Not in pytest's own directories: a run beside this one may clean those up while the server works in them.
    with TemporaryDirectory(prefix="pledge-") as directory, start_server(Path(directory)) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an instance that was founded once, to be copied."""
    home = tmp_path_factory.mktemp("founded") / "home"
    make_instance(make_config(home), Clock()).database.close()
    return home


@pytest.fixture(scope="session")
def founded_postgresql(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same on PostgreSQL, in the database ``founded``."""
    home = tmp_path_factory.mktemp("founded-postgresql") / "home"
    execute(postgresql, "CREATE DATABASE founded")
    url = postgresql.url("founded")
    make_instance(make_config(home, PLEDGE_DATABASE_URL=url), Clock()).database.close()
    return home


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'pledge.sqlite3'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    name = f"pledge_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    yield server.url(name)
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def execute(server: Server, *statements: str) -> None:
    """Say something to the server itself rather than to one of its databases."""
    admin = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.dispose()


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    return make_config(tmp_path / "home", PLEDGE_DATABASE_URL=database_url)


@pytest.fixture
def instance(request: pytest.FixtureRequest, config: Config, clock: Clock) -> Iterator[Instance]:
    if config.database_url.startswith("sqlite"):
        shutil.copytree(request.getfixturevalue("founded"), config.home)
        shutil.move(config.home / "pledge.sqlite3", config.database_url.removeprefix("sqlite:///"))
    else:
        shutil.copytree(request.getfixturevalue("founded_postgresql"), config.home)
        name = make_url(config.database_url).database
        server: Server = request.getfixturevalue("postgresql")
        execute(server, f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE founded")
    opened = open_site(config, clock=clock)
    yield opened
    opened.database.close()


@pytest.fixture(scope="module")
def shared_app(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application on SQLite that the tests of a module share."""
    home = tmp_path_factory.mktemp("shared") / "home"
    shutil.copytree(founded, home)
    opened = open_site(make_config(home, PLEDGE_MAILS_PER_ADDRESS="9999"), clock=Clock())
    yield make_app(opened)
    opened.database.close()


@pytest.fixture
def app(instance: Instance) -> Flask:
    return make_app(instance)


@pytest.fixture
def ada(app: Flask) -> Person:
    return Person(app)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command ``pledge``, for a home that has nothing in it yet."""

    def invoke(*arguments: str, **environment: str) -> Result:
        base = {"PLEDGE_HOME": str(tmp_path / "home"), **environment}
        return CliRunner().invoke(main, arguments, env=base, input="")

    return invoke


@pytest.fixture
def local(run: Run, tmp_path: Path) -> Iterator[Instance]:
    """A trial, founded from the command line."""
    assert run("init", "--local").exit_code == 0
    opened = open_site(make_config(tmp_path / "home"))
    yield opened
    opened.database.close()
