"""Every word that a page says of its own can be translated: shown by a language made up for that (``tests.pseudo``)."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import nodes

from pledge.api.operations import OPERATIONS
from pledge.api.schemas import SCHEMAS
from pledge.app import open_site
from pledge.badges.look import STYLES
from pledge.instance import Instance
from pledge.labs.service import list_labs
from pledge.pledges.texts import latest_text, parse_text
from pledge.web.errors import TEXTS, problem
from tests import full_site
from tests.pseudo import ROOT, Shown, accent, script_messages, speak_pseudo
from tests.route_kit import UNKNOWN, Site, fill, page_at, pages_of, prepare
from tests.site_kit import Person, csrf_token, make_app, make_config, read_json
from tests.steward_kit import Steward, found_stewards, join
from tests.tips.http_kit import Source

pytestmark = pytest.mark.sqlite_only

TEMPLATES = sorted(
    path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.*")
)

_OWN_LANGUAGE = frozenset({"badges/embed.html"})
"""Says what badges say, which have a table of languages of their own."""

# The words of programs and of other places, the same in every language.
_NAMES = (
    *(
        "SHA-256",
        "ML-DSA-44",
        "Ed25519",
        "UTC",
        "OpenAPI",
        "HTML",
        "Markdown",
        "reStructuredText",
        "AsciiDoc",
    ),
    *("LaTeX", "KiB", "MiB", "JSON", "CSV", "SSH"),
)
_DATES = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Oct|Nov|Dec) \d{4}\b"  # Babel has them in every language
)
_MAIL = re.compile(r"[\w.-]+@[\w.-]+\.\w+")
_PLACES = re.compile(r"https?://\S+|\b[\w-]+(\.[\w-]+)*\.(org|ai|com|net|invalid)\b\S*")
_HEX = re.compile(r"\b[0-9a-f]{8,}(-\d+\.age)?\b")
_PLAIN = re.compile(r"[A-Za-z]+")
_ARE_ENDINGS = re.compile(r"^[a-z0-9]{2,7}( [a-z0-9]{2,7}){2,}$")  # of file names
_IS_SENTENCE = re.compile(r"^[A-Z][a-z]+$|[A-Za-z]{2} [A-Za-z]")

NO_NAMES = (
    "x" * 101,
    "A\nB",
    "A\u200bB",
    "42",
    "A★",
    "Ada Лovelace",
    "𐎠𐎡",
    "see example.org",
    "A" + "\u0301" * 9,
)
NO_ADDRESSES = (
    "x",
    "a@b",
    "a b@example.org",
    "x" * 401,
    "a@" + "b" * 300 + ".org",
    "a@[127.0.0.1]",
    "ä\x00@b.org",
)
NO_WORDS = frozenset(
    {
        "Dataset",
        "Organization",
        "DataDownload",
        "-----BEGIN SSH SIGNATURE-----",
        "ssh-ed25519 AAAA…",
        "/badge/signatory/…",
        "MMM y",
        *_NAMES,
    }
)
"""What stands in templates and is the same in every language."""


@pytest.fixture(scope="module")
def site(shared_app: Flask) -> Site:
    speak_pseudo(shared_app)
    return prepare(shared_app)


@pytest.fixture(scope="module")
def stewards(site: Site) -> list[Steward]:
    return found_stewards(site.instance, 3)


@pytest.fixture(scope="module")
def known(site: Site) -> list[str]:
    """What is data: names of people, labs and places, and the pledge's words; the longest first."""
    with site.instance.database.reading() as session:
        text = latest_text(session)
        labs = list_labs(session)
        found = [text.title, *(clause.prose for clause in parse_text(text.body).clauses)]
        found += [lab.name for lab in labs]
        found += [row.confidence for lab in labs for row in lab.headcounts if row.confidence]
        found += [row.source.partition("http")[0].strip() for lab in labs for row in lab.headcounts]
        found += [lab.website.partition("://")[2].rstrip("/") for lab in labs]
    found += ["Pledge", "A Test", "Ada Lovelace", "Grace Hopper", "Mallory", "Because it matters.", *NO_WORDS]
    found += [f"Steward {number}" for number in range(1, 5)]
    return [each for each in found if each]


def unmarked(page: str, known: list[str]) -> list[str]:
    """Give the texts of a page in which words stand that nobody could translate."""
    found = []
    for text in Shown(page).texts:
        rest = _MAIL.sub("", text)
        for data in sorted(known, key=len, reverse=True):
            rest = rest.replace(data, "")
        for pattern in (_PLACES, _DATES, _HEX):
            rest = pattern.sub("", rest)
        if _PLAIN.search(rest):
            found.append(" ".join(text.split()))
    return found


def faults(pages: Iterator[tuple[str, str]], known: list[str]) -> dict[str, list[str]]:
    """Give what is unmarked, by page."""
    found = {name: unmarked(page, [*known, *_words_of(name)]) for name, page in pages}
    return {name: texts for name, texts in found.items() if texts}


def _words_of(name: str) -> tuple[str, ...]:
    """What is data on one page only."""
    if name.startswith("/badges/"):
        return STYLES
    if name != "/api":
        return ()
    asked = (parameter.description for operation in OPERATIONS for parameter in operation.parameters)
    return *(operation.summary for operation in OPERATIONS), *asked, *SCHEMAS  # as the document has them


def test_every_page_speaks_through_the_catalogue(site: Site, known: list[str]) -> None:
    assert faults(pages_of(site, site.app.test_client()), known) == {}


def test_stewards_pages_do(site: Site, stewards: list[Steward], known: list[str]) -> None:
    waiting = join(site.instance, "Steward 4")
    waiting.send(waiting.offer(is_founder=False))
    for steward in (*stewards, waiting):
        assert faults(pages_of(site, steward.sign_in(site.app)), known) == {}


def test_the_pages_of_errors_do(site: Site, known: list[str]) -> None:
    with site.app.test_request_context("/nothing"):
        pages = {str(status): problem(status).get_data(as_text=True) for status in TEXTS}
    client = site.app.test_client()
    for rule in site.rules("GET"):
        if rule.arguments:
            answer = client.get(fill(rule, UNKNOWN.__getitem__))
            pages |= {rule.rule: answer.text} if answer.mimetype == "text/html" else {}
    assert faults(iter(pages.items()), known) == {}


def test_what_forms_say_does(site: Site, known: list[str]) -> None:
    mallory = Person(site.app, name="Mallory", address="mallory@mistral.ai")
    report = f"/signatories/{site.real['']['id']}/report"
    tokens = {path: csrf_token(mallory.client.get(path).text) for path in ("/sign", "/change", report)}
    wrong = [mallory.form(name="", address="", version="", lab="none")]
    wrong += [
        mallory.form(name=name, role="e\u0301\u0301\u0301\u0301", reason="x" * 4001) for name in NO_NAMES
    ]
    wrong += [mallory.form(address=address) for address in NO_ADDRESSES]
    wrong += [mallory.form(version="2"), mallory.form() | {"csrf_token": "old"}]
    answers = [mallory.client.post("/sign", data=form) for form in wrong]
    answers += [mallory.client.post(path, data={"csrf_token": token}) for path, token in tokens.items()]
    link = mallory.ask()
    token = csrf_token(mallory.client.get(link).text)
    signed = mallory.signed_fields(link)
    for fields in ({}, {"armor": "x"}, {"signature": "x"}, {**signed, "signature": "AAAA"}):
        answers.append(mallory.client.post(link, data={"csrf_token": token, **fields}))
    answers.append(mallory.client.get(f"{link}/statement?key=x"))
    changing = f"/signatories/{site.real['']['id']}/change"
    token = csrf_token(mallory.client.get(changing).text)
    answers += [
        mallory.client.post(changing, data={"csrf_token": token, **fields}) for fields in ({}, {"armor": "x"})
    ]
    assert {answer.status_code for answer in answers} <= {400, 403, 422}
    said = ((f"{place} {answer.request.path}", answer.text) for place, answer in enumerate(answers))
    assert faults(said, known) == {}


def test_mails_do(site: Site, known: list[str]) -> None:
    ada, nobody = Person(site.app), Person(site.app, address="nobody@mistral.ai")
    ada.ask()
    nobody.client.post(
        "/change",
        data={"csrf_token": csrf_token(nobody.client.get("/change").text)} | {"address": nobody.address},
    )
    nobody.ask()
    mails = site.instance.outbox.written()
    assert faults(((mail["text"], mail["subject"] + mail["text"]) for mail in mails[:3]), known) == {}


def test_a_calendar_entry_does_and_is_folded_between_characters(site: Site) -> None:
    token = site.real["receipts.page"]["token"]
    body = site.app.test_client().get(f"/receipts/{token}/renew.ics").data
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    text = body.replace(b"\r\n ", b"").decode()
    assert f"SUMMARY:{accent('Renew or let lapse: your pledge')}\r\n" in text
    assert accent("It stands until %(day)s.").partition("%")[0] in text


def test_the_tip_lines_pages_do(site: Site, stewards: list[Steward], known: list[str]) -> None:
    client = site.app.test_client()

    def post(path: str, **fields: str) -> tuple[str, str]:
        return path, client.post(path, data=fields, content_type="multipart/form-data").text

    sent = post("/tips/new", lab="mistral", text="6 × 9 = 42")
    words = " ".join(re.findall(r"<li>([a-z]+)</li>", sent[1]))
    assert len(words.split()) == 12
    Source(site.app).tip()
    pages = [sent, post("/tips/new", text=" "), post("/tips/new", text="x" * 100_001)]
    pages += [post("/mailbox", words=wrong) for wrong in ("x", "x " * 12, "abandon " * 12, "zoo " * 12)]
    pages += [post("/mailbox", words=words), post("/mailbox/reply", words=words, text="42")]
    pages += [post("/mailbox/reply", words=words, text=" "), post("/mailbox/burn-by-words", words=words)]
    inbox = stewards[0].sign_in(site.app).get("/stewards/inbox").text
    assert inbox.count('data-part="way"') > 3  # two threads, and the templates that scripts copy
    pages += [("inbox", inbox), post("/mailbox/burn-by-words", words=words, sure="yes")]
    assert faults(iter(pages), [words, *known]) == {}


def test_ways_in_do(site: Site, known: list[str]) -> None:
    client = site.app.test_client()
    token = csrf_token(client.get("/stewards/sign-in").text)
    wrong: tuple[dict[str, str], ...] = ({}, {"name": "x", "password": "x", "code": "x"})
    answers = [client.post("/stewards/sign-in", data={"csrf_token": token, **fields}) for fields in wrong]
    assert faults(((str(place), answer.text) for place, answer in enumerate(answers)), known) == {}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site on which every page has something to show."""
    home = tmp_path_factory.mktemp("full") / "home"
    full_site.fill(home)
    opened = open_site(make_config(home))
    app = make_app(opened)
    speak_pseudo(app)
    yield app
    opened.database.close()


def test_every_state_of_a_signing_does(full: Flask, known: list[str]) -> None:
    client = full.test_client()
    found: dict[str, str] = {}
    waiting = [
        "/",
        "/signatories?status=former",
        "/signatories?status=withdrawn",
        "/signatories?q=nobody",
        "/labs/mistral?percent=7",
    ]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = page_at(client, path)
        links = re.findall(r'(?:href|action)="(/[^"#]*)', found[path])
        waiting += [link.replace("&amp;", "&") for link in links if not link.endswith("/statement")]
    assert len(found) > 50
    del found["/mail"]  # written before, in English
    people = [
        *full_site.ROLES_AND_NAMES,
        full_site.REASON,
        "whoever started this trial",
        "Whoever started this trial",
    ]
    assert faults(iter(found.items()), [*people, *known]) == {}


def _source_text(tree: nodes.Template) -> str:
    """What a template itself says, whichever of its branches is taken; what is translated is not in it."""
    robots = {
        id(data)
        for block in tree.find_all(nodes.Block)
        if block.name == "robots"
        for data in block.find_all(nodes.TemplateData)
    }
    return "".join(data.data for data in tree.find_all(nodes.TemplateData) if id(data) not in robots)


def _translated(tree: nodes.Template) -> set[int]:
    """The constants that stand in a call of gettext or one of its kind, and those that only find something."""
    calls = [
        call
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}
    ]
    keys = {id(pair.key) for pair in tree.find_all(nodes.Pair)}
    return keys | {id(constant) for call in calls for constant in call.find_all(nodes.Const)}


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - _OWN_LANGUAGE))
def test_no_branch_of_a_template_has_a_string_of_its_own(shared_app: Flask, name: str) -> None:
    source = (ROOT / "templates" / name).read_text(encoding="utf-8")
    tree = shared_app.jinja_env.parse(source)
    said = [text for text in Shown(_source_text(tree)).texts if _PLAIN.search(text)]
    marked = _translated(tree)
    said += [
        constant.value
        for constant in tree.find_all(nodes.Const)
        if id(constant) not in marked
        and isinstance(constant.value, str)
        and _IS_SENTENCE.search(constant.value)
    ]
    assert [" ".join(text.split()) for text in said if text.strip() not in NO_WORDS] == []


SCRIPTS = sorted(
    path.relative_to(ROOT / "pledge/browser/src").as_posix()
    for path in ROOT.glob("pledge/browser/src/**/*.js")
)
_COMMENT = re.compile(r"/\*.*?\*/|(?<=\s)//[^\n]*", re.DOTALL)
_LITERAL = re.compile(r""""((?:[^"\\\n]|\\.)*)"|`([^`\n]*)`""")
NO_WORDS_IN_SCRIPTS = frozenset(
    {
        *(
            "Enter",
            "Adobe",
            "svg title",
            "button-quiet no-print",
            "prose pre",
            "pledge verify  --policy my.policy",
        ),
        *("checkpoint of ", "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"),
        # Faults of ours, which pages say nothing of but that there was one.
        *("The page lacks #.", "The page lacks .", "The form lacks .", "no field for signatures"),
        *("no attestation", "no assertion", "no passkey"),
        "A hash was asked for before all of its bytes were read.",
    }
)
"""What stands in scripts and is the same in every language."""


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_has_a_string_of_its_own(name: str) -> None:
    """A literal is in the catalogue, or is no words; one with a value pasted into it could be in no catalogue."""
    texts = {
        text for message in script_messages() for text in ([message] if isinstance(message, str) else message)
    }
    source = _COMMENT.sub("", (ROOT / "pledge/browser/src" / name).read_text(encoding="utf-8"))
    found = [plain or re.sub(r"\$\{[^}]*\}", "", template) for plain, template in _LITERAL.findall(source)]
    assert [
        text
        for text in found
        if (_IS_SENTENCE.search(text) or "gettext(" in text)
        and text not in texts | NO_WORDS_IN_SCRIPTS
        and not (name == "strip/kinds.js" and _ARE_ENDINGS.match(text))
    ] == []


def test_a_page_carries_what_its_scripts_say_only_where_it_speaks_another_language(
    site: Site, instance: Instance
) -> None:
    """Whatever a number asks for; and not a byte of it in English."""
    assert 'id="strings"' not in make_app(instance).test_client().get("/sign").text
    for path in ("/sign", "/tips/new"):
        carried = read_json(site.app.test_client().get(path).text, "strings")
        one, several = "%(num)s message", "%(num)s messages"
        assert carried["strings"]["Copied"] == accent("Copied")
        assert carried["strings"][one] == [accent(one), accent(several)]
        assert carried["plurals"] == [1, 0, *[1] * 198]
        assert "" not in carried["strings"]


def test_a_string_that_is_not_marked_is_found(site: Site, known: list[str]) -> None:
    page = site.app.test_client().get("/").text
    assert "⟦" in page
    for more in (
        "<p>Sign</p>",
        '<img alt="A seal">',
        "<svg><title>Seal</title></svg>",
        '<a aria-label="Up"></a>',
    ):
        assert unmarked(page.replace("</main>", f"{more}</main>"), known) != [], more
