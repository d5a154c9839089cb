"""A small demo, filled once by the command as people type it."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from pledge.app import open_site
from pledge.cli import main
from pledge.instance import Instance
from pledge.release import log_release
from tests.site_kit import make_config

PEOPLE = 300


class Demo(NamedTuple):
    """The filled site, and what the command printed."""

    instance: Instance
    printed: str


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("demo") / "home"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PLEDGE_HOME", str(home))
        environment.setenv("PLEDGE_DATABASE_URL", "postgresql+psycopg://a-real-site.invalid/pledge")
        result = CliRunner().invoke(main, ["demo", "--people", str(PEOPLE), "--no-serve"])
    assert result.exit_code == 0, result.output
    instance = open_site(make_config(home))
    log_release(instance)
    yield Demo(instance, result.output)
    instance.database.close()
