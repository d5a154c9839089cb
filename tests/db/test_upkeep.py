"""What somebody erases is in no file of the database, its journal included."""

import pytest
from flask import Flask

from pledge.db import Database
from pledge.db.upkeep import tidy
from tests.site_kit import Person, csrf_token, link_in, newest_mail

NAME = "Xaverina Quillfeather"


@pytest.mark.sqlite_only
def test_an_erased_name_is_in_no_file_of_the_database(app: Flask) -> None:
    person = Person(app, name=NAME)
    person.sign()
    directory = person.instance.config.home.parent

    def files_with_the_name() -> list[str]:
        found = [file for file in directory.rglob("*sqlite3*") if NAME.encode() in file.read_bytes()]
        return [file.name for file in found]

    assert files_with_the_name()
    page = person.client.get("/change").text
    person.client.post("/change", data={"csrf_token": csrf_token(page), "address": person.address})
    link = link_in(newest_mail(person.instance))
    data = {"csrf_token": csrf_token(person.client.get(link).text), "action": "erase", "reason": "own"}
    assert person.client.post(link, data=data).status_code == 303
    assert files_with_the_name() == []


def test_both_databases_can_be_tidied(database_url: str) -> None:
    database = Database(database_url)
    tidy(database)
    database.close()
