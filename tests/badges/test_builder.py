"""The page on which a badge is chosen: what it gives to copy is what shows that badge, and leads to its proof."""

import html
import re

import pytest

from tests.site_kit import Person

pytestmark = pytest.mark.sqlite_only


def snippets(ada: Person, path: str) -> dict[str, str]:
    page = ada.client.get(path)
    assert page.status_code == 200
    found = re.findall(r'<code class="snippet" data-name="([^"]+)">(.*?)</code>', page.text, re.DOTALL)
    return {name: html.unescape(snippet) for name, snippet in found}


def test_a_badge_is_written_for_every_place(ada: Person) -> None:
    image, page = (
        "http://127.0.0.1:8000/badge/lab/mistral.svg?style=flat&lang=de",
        "http://127.0.0.1:8000/labs/mistral",
    )
    words = "Mistral AI: Erklärung gegen rücksichtsloses Skalieren"
    assert snippets(ada, "/badges/lab/mistral?style=flat&lang=de&theme=&label=&color=") == {
        "Markdown": f"[![{words}]({image})]({page})",
        "HTML": f'<a href="{page}"><img src="{image.replace("&", "&amp;")}" alt="{words}"></a>',
        "reStructuredText": f".. image:: {image}\n   :alt: {words}\n   :target: {page}",
        "AsciiDoc": f'image:{image}["{words}",link={page}]',
        "A card in a frame": (
            f'<iframe src="http://127.0.0.1:8000/embed/lab/mistral?lang=de" title="{words}" width="480" '
            'height="160" frameborder="0" scrolling="no" loading="lazy"></iframe>'
        ),
        "PNG, for where no SVG is taken": image.replace(".svg", ".png"),
        "LaTeX": rf"\href{{{page}}}{{{words}}}",
    }


def test_where_readers_choose_a_scheme_the_image_follows(ada: Person) -> None:
    given = snippets(ada, "/badges/pledge/against-reckless-scaling")["HTML for GitHub, light and dark"]
    assert 'srcset="http://127.0.0.1:8000/badge/pledge/against-reckless-scaling.svg?theme=dark"' in given
    assert "HTML for GitHub, light and dark" not in snippets(
        ada, "/badges/pledge/against-reckless-scaling?theme=light"
    )


def test_what_is_typed_stays_text(ada: Person) -> None:
    typed = '"><script>alert(1)</script>&%_'
    page = ada.client.get(
        "/badges/lab/mistral", query_string={"label": typed, "color": typed, "style": typed}
    )
    assert "<script>alert" not in page.text
    given = snippets(ada, "/badges/lab/mistral?label=%22%3E%3Cb%3E")["HTML"]
    assert given.count("<") == 3
    image = re.search(r'src="([^"]+)"', given)
    assert image
    shown = ada.client.get(html.unescape(image[1]).removeprefix("http://127.0.0.1:8000"))
    assert b"&#34;&gt;&lt;b&gt;" in shown.data


def test_signatories_find_it_from_their_page(ada: Person) -> None:
    path = ada.sign_publicly()
    assert f'href="/badges{path.replace("signatories", "signatory")}"' in ada.client.get(path).text
    assert "Pledge against reckless scaling" in snippets(ada, f"/badges/signatory/{path[-32:]}")["LaTeX"]


@pytest.mark.parametrize(
    "of", ["lab/nowhere", "planet/x", "lab", "", "lab/mistral/x", "signatory/" + "0" * 32]
)
def test_what_has_no_badge_has_no_page(ada: Person, of: str) -> None:
    assert ada.client.get(f"/badges/{of}").status_code == 404
