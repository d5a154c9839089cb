"""What other sites are told of a page: only of pages that are for everybody."""

import re
from html import unescape

import pytest

from pledge.web.assets import template_folder
from tests.site_kit import Person

_WITH = {"home/home.html", "labs/lab.html", "labs/list.html", "signatories/signatory.html", "texts/text.html"}
_PRIVATE = (
    "/tips/new",
    "/mailbox",
    "/sign",
    "/change",
    "/stewards/sign-in",
    "/mail",
    "/verify",
    "/badges/lab/mistral",
    "/no-such-page",
)


def tags(page: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):[a-z:_]+)"\s+content="([^"]*)"', page)
    assert len(dict(found)) == len(found)
    return {name: unescape(text) for name, text in found}


def canonical(page: str) -> list[str]:
    return re.findall(r'<link rel="canonical"\s+href="([^"]+)"', page)


def test_only_pages_for_everybody_can_have_them() -> None:
    having = {
        str(path.relative_to(template_folder()))
        for path in template_folder().rglob("*.html")
        if re.search(r"share\.html|=.og:|twitter:|rel=.canonical", path.read_text())
    }
    assert having == _WITH | {"macros/share.html"}


@pytest.mark.parametrize("path", _PRIVATE)
def test_others_have_none(ada: Person, path: str) -> None:
    page = ada.client.get(path, follow_redirects=True).text
    assert "<main" in page
    assert tags(page) == {}
    assert canonical(page) == []


def test_a_receipt_page_has_none(ada: Person) -> None:
    page = ada.client.get(ada.sign()).text
    assert tags(page) == {}


@pytest.mark.parametrize(
    ("path", "card", "title"),
    [
        ("/", "site/home", "Pledge against reckless scaling"),
        ("/labs", "labs/all", "AI labs and their signatories"),
        ("/labs/mistral?percent=30", "lab/mistral", "Mistral AI: signatories"),
        (
            "/pledges/against-reckless-scaling/1",
            "pledge/against-reckless-scaling",
            "Pledge against reckless scaling, version 1",
        ),
    ],
)
def test_a_page_tells_what_it_is_and_its_picture_is_there(
    ada: Person, path: str, card: str, title: str
) -> None:
    page, url = ada.client.get(path).text, ada.instance.config.url
    said = tags(page)
    address = url + path.partition("?")[0]
    assert canonical(page) == [address] == [said["og:url"]]
    assert said["og:title"] == title
    assert said["og:image"] == f"{url}/card/{card}.png"
    assert (said["og:image:width"], said["og:image:height"]) == ("1200", "630")
    assert said["og:image:alt"]
    assert said["og:description"]
    assert said["twitter:card"] == "summary_large_image"
    assert ada.client.get(said["og:image"].removeprefix(url)).content_type == "image/png"


def test_the_page_of_a_signatory_names_nobody_to_other_sites(ada: Person) -> None:
    path = ada.sign_publicly()
    page = ada.client.get(path).text
    assert "Ada" in page
    assert "Ada" not in " ".join(tags(page).values())
    assert '<meta name="robots" content="noindex">' in page
    assert (
        ada.client.get(tags(page)["og:image"].removeprefix(ada.instance.config.url)).content_type
        == "image/png"
    )
