"""``pledge lab``: facts go in whole and in order, or not at all; what is wrong is one line."""

import json
from pathlib import Path

import pytest

from pledge.core import statement as st
from pledge.instance import Instance
from tests.command_kit import Run, last_statement, refused, size


def test_a_lab_is_set_and_listed(run: Run, local: Instance, tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    facts = {
        "slug": "new-lab",
        "name": "New Lab",
        "website": "https://new.example",
        "domains": [{"domain": "new.example", "scope": "lab"}],
        "headcount": [
            {
                "value": 40,
                "population": "total",
                "as_of": "2026",
                "source": "https://new.example",
                "accepted": True,
            }
        ],
    }
    file.write_text(json.dumps(facts), encoding="utf-8")
    assert run("lab", "set", str(file)).output == "logged: new-lab\n"
    assert "new-lab: New Lab; new.example (lab)" in run("lab", "list").output
    statement = last_statement(local)
    assert isinstance(statement, st.Lab)
    assert (statement.slug, statement.headcount[0].low, statement.headcount[0].high) == ("new-lab", 40, 40)
    entries = size(local)
    assert "nothing" in run("lab", "set", str(file)).output
    assert size(local) == entries


WRONG_LABS = {
    "not json": "{",
    "a list": "[]",
    "no lab": '{"labs": [5]}',
    "no slug": {"slug": None},
    "a slug with spaces": {"slug": "New Lab"},
    "no name": {"name": None},
    "a number for a name": {"name": 5},
    "a long name": {"name": "x" * 300},
    "two lines": {"name": "a\nb"},
    "no domain at all": {"domains": [{"scope": "lab"}]},
    "not a domain": {"domains": [{"domain": "New.Example", "scope": "lab"}]},
    "another scope": {"domains": [{"domain": "new.example", "scope": "planet"}]},
    "a domain twice": {"domains": [{"domain": "new.example", "scope": scope} for scope in ("lab", "group")]},
    "a headcount upside down": {
        "headcount": [{"low": 5, "high": 3, "population": "total", "as_of": "2026", "source": "x"}]
    },
    "a headcount in words": {
        "headcount": [{"value": "many", "population": "total", "as_of": "2026", "source": "x"}]
    },
    "a headcount of dogs": {
        "headcount": [{"value": 3, "population": "dogs", "as_of": "2026", "source": "x"}]
    },
    "a huge headcount": {
        "headcount": [{"value": 10**30, "population": "total", "as_of": "2026", "source": "x"}]
    },
    "a long source": {
        "headcount": [{"value": 3, "population": "total", "as_of": "2026", "source": "x" * 2000}]
    },
    "a website of another kind": {"website": "javascript:alert(1)"},
}


@pytest.mark.parametrize("wrong", WRONG_LABS.values(), ids=WRONG_LABS.keys())
def test_wrong_facts_of_a_lab_are_one_line_and_change_nothing(
    run: Run, local: Instance, tmp_path: Path, wrong: str | dict[str, object]
) -> None:
    base = {"slug": "new-lab", "name": "New Lab", "website": "https://new.example", "domains": []}
    text = (
        wrong
        if isinstance(wrong, str)
        else json.dumps({k: v for k, v in (base | wrong).items() if v is not None})
    )
    file = tmp_path / "lab.json"
    file.write_text(text, encoding="utf-8")
    entries, labs = size(local), run("lab", "list").output
    result = run("lab", "set", str(file))
    refused(result)
    assert "faster" not in result.output
    assert (size(local), run("lab", "list").output) == (entries, labs)


def test_one_wrong_lab_of_several_stops_all(run: Run, local: Instance, tmp_path: Path) -> None:
    good = {"slug": "good", "name": "Good", "website": "https://good.example", "domains": []}
    file = tmp_path / "labs.json"
    file.write_text(json.dumps({"labs": [good, good | {"slug": "Bad One"}]}), encoding="utf-8")
    entries = size(local)
    refused(run("lab", "set", str(file)))
    assert size(local) == entries
    assert "good" not in run("lab", "list").output
