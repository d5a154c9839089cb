"""The command line: what it does, and that whatever is wrong is said in one line, with an exit code and no trace."""

from pathlib import Path

import pytest
from sqlalchemy import select

from pledge.app import open_site
from pledge.cli import main
from pledge.config import Config
from pledge.core import statement as st
from pledge.instance import Instance
from pledge.pledges.models import Signing, Text
from tests.command_kit import Run, last_statement, refused, size
from tests.site_kit import Person, make_app

TEXT = (Path(__file__).parents[1] / "pledge/documents/against-reckless-scaling.v1.md").read_text(
    encoding="utf-8"
)
REAL = (
    "init",
    "--origin",
    "pledge.example.org",
    "--operator",
    "A Foundation",
    "--contact",
    "hello@example.org",
)


def test_a_real_instance_is_founded_once(run: Run, tmp_path: Path) -> None:
    result = run(*REAL)
    assert result.exit_code == 0, result.output
    assert "Founded pledge.example.org" in result.output
    refused(run(*REAL), "holds a log already")
    refused(run("init", "--local"), "holds the keys of pledge.example.org")
    public = {"PLEDGE_URL": "https://pledge.example.org", "PLEDGE_MAIL_URL": "smtp://localhost"}
    opened = open_site(Config.from_environment({"PLEDGE_HOME": str(tmp_path / "home"), **public}))
    assert not opened.is_local
    opened.database.close()


@pytest.mark.parametrize("left_out", ["--origin", "--operator", "--contact"])
def test_a_real_instance_needs_all_three_names(run: Run, tmp_path: Path, left_out: str) -> None:
    place = REAL.index(left_out)
    refused(run(*REAL[:place], *REAL[place + 2 :]), "needs --origin, --operator and --contact")
    refused(run(*REAL[: place + 1], "", *REAL[place + 2 :]), "needs --origin")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("--origin", "local-trial.invalid", "a name of your own"),
        ("--origin", "a b", "host name"),
        ("--origin", "http://pledge.example.org", "without http://"),
        ("--origin", "localhost", "host name"),
        ("--contact", "nobody", "mail address"),
        ("--contact", "a@b", "mail address"),
        ("--operator", "x" * 300, "operator"),
    ],
)
def test_names_have_to_be_in_order(run: Run, tmp_path: Path, name: str, value: str, said: str) -> None:
    place = REAL.index(name)
    refused(run(*REAL[: place + 1], value, *REAL[place + 2 :]), said)
    assert not (tmp_path / "home/keys").exists()
    assert run(*REAL).exit_code == 0


@pytest.mark.usefixtures("local")
def test_a_public_address_refuses_the_keys_of_a_trial(run: Run) -> None:
    for command in (("tick",), ("lab", "list"), ("review", "list"), ("serve",)):
        refused(
            run(*command, PLEDGE_URL="https://pledge.example.org"), "keys of a local trial", "pledge init"
        )


@pytest.mark.parametrize("command", [("tick",), ("lab", "list"), ("review", "list"), ("serve",)])
def test_without_an_instance_it_says_what_to_do(run: Run, command: tuple[str, ...]) -> None:
    refused(run(*command))


def test_a_wrong_setting_is_named(run: Run) -> None:
    refused(run("tick", PLEDGE_PORT="x"), "PLEDGE_PORT")


@pytest.mark.usefixtures("local")
def test_a_database_that_is_not_there_or_not_migrated_is_one_line(run: Run, tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/none/x.sqlite3", f"sqlite:///{tmp_path}/empty.sqlite3"):
        refused(run("tick", PLEDGE_DATABASE_URL=url), "database")
    refused(run("tick", PLEDGE_DATABASE_URL="postgresql+psycopg://me:secret@127.0.0.1:1/x"), "database")
    assert (
        "secret" not in run("tick", PLEDGE_DATABASE_URL="postgresql+psycopg://me:secret@127.0.0.1:1/x").output
    )


@pytest.mark.usefixtures("local")
def test_tick_can_be_run_again(run: Run) -> None:
    first, second = run("tick"), run("tick")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output == second.output
    assert "0 lapsed, 0 reminded" in first.output


@pytest.mark.parametrize(
    "command", [("lab", "set"), ("text", "publish", "against-reckless-scaling", "--yes")]
)
def test_files_that_are_no_text_are_one_line(
    run: Run, local: Instance, tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xff\xfe\x00")
    entries = size(local)
    refused(run(*command, str(file)))
    refused(run(*command, str(tmp_path / "nothing")), "does not exist")
    refused(run(*command, str(tmp_path)))
    assert size(local) == entries


def test_a_text_gets_its_next_version_and_a_page_of_what_changed(
    run: Run, local: Instance, tmp_path: Path
) -> None:
    file = tmp_path / "next.md"
    file.write_text(TEXT.replace("## Optional", "A new paragraph.\n\n## Optional", 1), encoding="utf-8")
    publish = ("text", "publish", "against-reckless-scaling", "--yes", str(file))
    assert run(*publish).output == "against-reckless-scaling version 2: published and logged\n"
    statement = last_statement(local)
    assert isinstance(statement, st.PledgeText)
    assert statement.version == 2
    client = make_app(local).test_client()
    page = client.get("/pledges/against-reckless-scaling/2/diff").text
    assert "<ins>A new paragraph.</ins>" in page or "A new paragraph." in page.partition("<ins>")[2]
    assert client.get("/pledges/against-reckless-scaling/2.txt").data == file.read_bytes()
    assert client.get("/pledges/against-reckless-scaling/1.txt").data == TEXT.encode()
    entries = size(local)
    refused(run(*publish), "published already")
    assert size(local) == entries


def test_nothing_is_published_without_a_yes(run: Run, local: Instance, tmp_path: Path) -> None:
    file = tmp_path / "next.md"
    file.write_text(TEXT + "\nMore.\n", encoding="utf-8")
    entries = size(local)
    assert run("text", "publish", "against-reckless-scaling", str(file)).exit_code == 1
    refused(run("text", "publish", "Not A Slug", "--yes", str(file)))
    assert size(local) == entries
    with local.database.reading() as session:
        assert session.scalars(select(Text.version)).all() == [1]


def test_reviewing(run: Run, local: Instance) -> None:
    person = Person(make_app(local))
    path = person.sign_publicly(reason="Because.")
    public_id = path[-32:]
    assert f"{public_id} reason: 'Because.'" in run("review", "list").output
    assert run("review", "show", public_id, "reason").output == "shown\n"
    assert run("review", "list").output == ""
    assert "hidden" in run("review", "hide", public_id, "name", "--reason", "abuse").output
    assert "Ada Lovelace" not in person.client.get(path).text
    assert run("review", "show", public_id, "name").exit_code == 0
    refused(run("review", "show", public_id, "role"), "nothing of this kind")
    refused(run("review", "show", "0" * 32, "name"), "no signing")
    assert run("review", "hide", public_id, "name").exit_code == 2
    refused(run("review", "hide", public_id, "name", "--reason", "because"))
    refused(run("review", "show", public_id, "address"))
    assert run("review", "close", public_id).exit_code == 0


def test_removing(run: Run, local: Instance) -> None:
    person = Person(make_app(local))
    public_id = person.sign_publicly()[-32:]
    assert run("review", "remove", public_id, "--reason", "spam").exit_code == 1  # nobody said yes
    assert "withdrawn" in run("review", "remove", public_id, "--reason", "spam", "--yes").output
    statement = last_statement(local)
    assert isinstance(statement, st.Withdrawal)
    assert statement.reason == "removed:spam"
    assert "Signing withdrawn: spam" in person.client.get("/removals").text
    refused(run("review", "remove", public_id, "--reason", "spam", "--yes"), "withdrawn already")
    refused(run("review", "remove", "0" * 32, "--reason", "spam", "--yes"), "no signing")
    with local.database.reading() as session:
        assert session.scalars(select(Signing.status)).all() == ["withdrawn"]


def test_help_names_every_command(run: Run) -> None:
    listed = run("--help").output
    assert isinstance(main.name, str)
    for command in ("init", "serve", "tick", "migrate", "lab", "text", "review"):
        assert f"\n  {command} " in listed
        assert run(command, "--help").exit_code == 0
    refused(run("nonsense"), "No such command")
