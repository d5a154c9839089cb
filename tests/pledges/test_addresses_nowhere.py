"""An address is used and forgotten: it stands in no table, no log record, no error and no file but the outbox."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from pledge.instance import Instance
from pledge.tick import tick
from tests.site_kit import Clock, Person, csrf_token

_LOCAL = b"zaphod.b"


def spread(instance: Instance) -> list[str]:
    """Every table that holds the address, plain, in hex or in base64."""
    found = []
    with instance.database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608  # the names are ours
            values = [value for row in rows for value in row]
            said = repr(rows).encode() + b"".join(
                bytes(each) for each in values if isinstance(each, bytes | memoryview)
            )
            if _LOCAL in said or _LOCAL.hex().encode() in said or b"emFwaG9k" in said:
                found.append(table)
    return found


def files(home: Path) -> list[str]:
    """Every file beside the outbox that holds it."""
    return [
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.is_file() and path.parent.name != "mail" and _LOCAL in path.read_bytes()
    ]


def test_an_address_is_kept_nowhere(
    ada: Person, clock: Clock, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    zaphod = Person(ada.app, address="zaphod.b@mistral.ai")
    shown = [zaphod.client.get(zaphod.ask(reminder="y", news="y")).text]
    private = zaphod.sign(reminder="y", news="y", role="President", reason="Why not.")
    shown += [zaphod.client.get(private).text, zaphod.receipt(private).decode()]
    zaphod.change_by_mail("renew")
    for path in ("/sign", "/change"):
        token = csrf_token(zaphod.client.get(path).text)
        for address in ("zaphod.b@mistral.ai", "zaphod.b@"):
            answer = zaphod.client.post(path, data={"csrf_token": "x" + token, "address": address})
            assert answer.status_code == 403
            shown.append(answer.text)
    assert spread(zaphod.instance) == []
    assert files(tmp_path) == []
    clock.pass_days(700)
    tick(zaphod.instance)
    assert spread(zaphod.instance) == []
    assert files(tmp_path) == []
    assert [page for page in shown if "zaphod.b" in page] == []
    said = [
        record.getMessage() for record in caplog.records if not record.name.startswith(("faker", "asyncio"))
    ]
    assert [line for line in said if "zaphod" in line] == []


@pytest.mark.sqlite_only
def test_what_is_erased_is_overwritten_on_disk(ada: Person, tmp_path: Path) -> None:
    ada.sign(name="Tricia McMillan", role="Astrophysicist Extraordinaire")
    ada.change_by_mail("erase")
    ada.instance.database.close()  # the last connection folds the write-ahead log into the database
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.parent.name != "mail":
            assert b"Tricia McMillan" not in path.read_bytes(), path.name
            assert b"Extraordinaire" not in path.read_bytes(), path.name
