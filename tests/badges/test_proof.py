"""A badge with its proof inside: small, accepted by ``pledge verify``, and no other picture with that proof."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pledge.badges.look import Look, Style, Theme, format_look, parse_look
from pledge.badges.words import LANGUAGES
from pledge.core.badge_proof import extract_proof
from tests.command_kit import Run
from tests.site_kit import Person, make_app

pytestmark = pytest.mark.sqlite_only
STYLES: tuple[Style, ...] = ("seal", "flat", "flat-square", "plastic", "for-the-badge", "social")
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")


def ask(person: Person, public_id: str, query: str) -> bytes:
    response = make_app(person.instance).test_client().get(f"/badge/signatory/{public_id}.svg?{query}")
    assert response.status_code == 200
    body: bytes = response.data
    return body


@pytest.fixture
def public_id(ada: Person) -> str:
    return ada.sign_publicly(reason="Because it matters.")[-32:]


@pytest.fixture
def policy(ada: Person, tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_bytes(ada.client.get("/log/policy").data)
    return path


@pytest.mark.parametrize("style", STYLES)
def test_it_is_accepted_and_small(
    ada: Person, run: Run, public_id: str, policy: Path, tmp_path: Path, style: str
) -> None:
    badge = tmp_path / "badge.svg"
    badge.write_bytes(ask(ada, public_id, f"style={style}&lang=hi&label=%3Ca%26b%3E&proof=1"))
    assert badge.stat().st_size < 12_000
    result = run("verify", str(badge), "--policy", str(policy))
    assert result.exit_code == 0, result.output
    for words in ("Accepted.", "Ada Lovelace", "mistral", "The picture says that, and nothing else."):
        assert words in result.output
    assert "stands in the same log, earlier" not in result.output


def test_another_picture_with_a_true_proof_is_rejected(
    ada: Person, run: Run, public_id: str, policy: Path, tmp_path: Path
) -> None:
    badge = tmp_path / "badge.svg"
    true = ask(ada, public_id, "proof=1")
    for changed in (
        true.replace("signed · lab address".encode(), b"trusted by all labs"),
        true.replace(b'width="', b'width="1', 1),
        true.replace(b"<metadata", b"<image/><metadata"),
    ):
        assert changed != true
        badge.write_bytes(changed)
        result = run("verify", str(badge), "--policy", str(policy))
        assert result.exit_code == 1
        assert "Do not believe the picture" in result.output


def test_a_badge_without_a_proof_is_rejected_and_says_so(
    ada: Person, run: Run, public_id: str, policy: Path, tmp_path: Path
) -> None:
    badge = tmp_path / "badge.svg"
    badge.write_bytes(ask(ada, public_id, ""))
    result = run("verify", str(badge), "--policy", str(policy))
    assert (result.exit_code, "proof inside" in result.output) == (1, True)


def test_nothing_is_proved_of_who_no_longer_stands_or_has_no_name(ada: Person, public_id: str) -> None:
    ada.change_by_mail("withdraw")
    other = Person(ada.app, address="grace@mistral.ai", name="Grace")
    erased = other.sign_publicly()[-32:]
    other.change_by_mail("erase")
    assert b"<metadata" not in ask(ada, public_id, "proof=1")
    assert extract_proof(ask(ada, erased, "proof=1"))[1].openings == {}
    for path in ("lab/mistral", "pledge/against-reckless-scaling"):
        assert b"<metadata" not in make_app(ada.instance).test_client().get(f"/badge/{path}.svg?proof=1").data


@given(
    look=some.builds(
        Look,
        style=some.sampled_from(STYLES),
        label=some.none() | some.text(max_size=60),
        color=some.none() | some.just("#012abc"),
        label_color=some.none() | some.just("#fedcba"),
        has_logo=some.booleans(),
        lang=some.sampled_from(sorted(LANGUAGES)),
        theme=some.sampled_from(THEMES),
        has_proof=some.booleans(),
    )
)
def test_a_look_is_read_back_as_it_was_written(look: Look) -> None:
    assert parse_look(format_look(look)) == look
