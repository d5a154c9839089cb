"""``pledge sign`` with the real ``ssh-keygen``, at a real site and at sites that want something else signed."""

import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from pledge.audit import sign as sign_module
from pledge.audit.link_page import LinkPage
from pledge.audit.sign import make_signature, read_public_key
from pledge.audit.statement_file import check_words, parse_to_sign
from pledge.core import statement as st
from pledge.core.receipt import parse_receipt
from pledge.errors import (
    MalformedError,
    NotFoundError,
    NotUnderstoodError,
    UnavailableError,
    VerificationError,
)
from pledge.instance import Instance, trust_policy
from tests.audit.conftest import Run
from tests.audit.serving import Serving, answer, serving
from tests.core.sample_log import OPENINGS, PLEDGE, SIGNING, WITHDRAWAL
from tests.site_kit import Clock, Person, make_app, make_config, make_instance
from tests.testlog import make_log


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    opened = make_instance(make_config(tmp_path / "home"), Clock())
    yield opened
    opened.database.close()


@pytest.fixture
def ada(instance: Instance) -> Person:
    return Person(make_app(instance))


@pytest.fixture
def address(ada: Person) -> Iterator[str]:
    """The site, served on this machine."""
    server = make_server("127.0.0.1", 0, ada.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def make_key(path: Path, kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path)], check=True)
    return path


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return make_key(tmp_path / "pledge-key")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_signing_gives_a_receipt_that_verifies(
    run: Run, ada: Person, address: str, tmp_path: Path, kind: str
) -> None:
    make_key(tmp_path / "pledge-key", kind)
    link = ada.ask(reason="Because we can.\nAnd should not.")
    result = run("sign", f"{address}{link}", typed="y\n")
    assert result.exit_code == 0, result.output
    for words in ("Ada Lovelace", "mistral, as shown by: lab-email", "And should not.", "SHA256:", "  | # "):
        assert words in result.output
    assert f"{address}/receipts/" in result.output
    policy = tmp_path / "policy"
    policy.write_text(trust_policy(ada.instance))
    assert run("verify", "my.pledge-receipt.json", "--policy", policy).exit_code == 0
    assert set(parse_receipt((tmp_path / "my.pledge-receipt.json").read_bytes()).openings) == {
        "name",
        "reason",
    }


def test_nothing_is_signed_without_a_yes(run: Run, ada: Person, address: str, key_file: Path) -> None:
    link = f"{address}{ada.ask()}"
    assert run("sign", link, "--key", key_file, typed="n\n").exit_code == 1
    assert not Path("my.pledge-receipt.json").exists()
    public = Path("elsewhere.pub")
    public.write_bytes(key_file.with_suffix(".pub").read_bytes())
    result = run("sign", link, "--key", public, "--receipt", "other.json", typed="y\n")
    assert "ssh-keygen did not sign. Nothing was sent." in result.stderr  # no agent holds this key
    assert run("sign", link, "--key", key_file, "--receipt", "other.json", typed="y\n").exit_code == 0
    assert Path("other.json").exists()


def test_a_link_that_is_over_says_so(run: Run, ada: Person, address: str, key_file: Path) -> None:
    link = f"{address}{ada.ask()}"
    assert run("sign", link, "--key", key_file, typed="y\n").exit_code == 0
    result = run("sign", link, "--key", key_file, "--receipt", "other.json", typed="y\n")
    assert result.exit_code == 2
    assert "answers 409" in result.stderr


def test_what_the_site_does_not_take_is_said_in_its_words(
    run: Run, ada: Person, address: str, key_file: Path
) -> None:
    """One key cannot sign twice for one pledge."""
    other = Person(ada.app, name="Grace Hopper", address="grace@mistral.ai")
    first, second = ada.ask(), other.ask()
    assert run("sign", f"{address}{first}", "--key", key_file, typed="y\n").exit_code == 0
    result = run("sign", f"{address}{second}", "--key", key_file, "--receipt", "b.json", typed="y\n")
    assert result.exit_code == 1
    assert (
        "did not take the signature: Nothing was signed This key has signed this pledge already"
        in result.stderr
    )


def test_usage(run: Run, tmp_path: Path, key_file: Path) -> None:
    for link in (
        "http://127.0.0.1:1/change/abc",
        "http://127.0.0.1:1/sign/a/b",
        "nonsense",
        "http://127.0.0.1:1/sign/a?b",
    ):
        assert run("sign", link, "--key", key_file).exit_code == 1, link
    result = run("sign", "http://127.0.0.1:1/sign/abc", "--key", tmp_path / "none")
    assert result.exit_code == 2
    assert "Make a key: ssh-keygen -t ed25519" in result.stderr
    assert run("sign", "http://127.0.0.1:1/sign/abc", "--key", key_file).exit_code == 2
    (tmp_path / "my.pledge-receipt.json").touch()
    assert "is there already" in run("sign", "http://127.0.0.1:1/sign/abc", "--key", key_file).stderr


class OddSite:
    """A site whose page, text and statement a test may replace one by one."""

    def __init__(self, site: Serving, key: bytes) -> None:
        self.site = site
        self.signing = replace(SIGNING, signatory=st.Signatory(key=st.format_base64(key), visibility="named"))
        self.page()
        site.files["pledges/scaling/1.txt"] = PLEDGE.encode()
        line = self.query(key)
        self.statement_path = f"sign/abc/statement?key={line}"
        self.state(self.signing)
        self.link = f"{site.address}/sign/abc"

    @staticmethod
    def query(key: bytes) -> str:
        encoded = st.format_base64(key).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        return f"ssh-ed25519%20{encoded}"

    def state(self, statement: st.Statement) -> None:
        self.site.files[self.statement_path] = st.seal(statement).pae

    def page(self, **values: str) -> None:
        openings = {
            str(field): {
                "salt": st.format_base64(opening.salt),
                "value": values.get(field, opening.value),
            }
            for field, opening in OPENINGS.items()
            if values.get(field) != ""
        }
        draft = json.dumps({"openings": openings})
        self.site.files["sign/abc"] = (
            f'<p class="lead">Hello<br>there</p><input name="csrf_token" value="t">'
            f'<script type="application/json" id="draft">{draft}</script>'
        ).encode()


@pytest.fixture
def odd(key_file: Path) -> Iterator[OddSite]:
    with serving({}) as site:
        yield OddSite(site, read_public_key(key_file))


def refused(run: Run, odd: OddSite, words: str, exit_code: int = 1) -> None:
    """Run, confirming whatever is asked, and see that nothing was sent."""
    result = run("sign", odd.link, typed="y\n")
    assert result.exit_code == exit_code, result.output
    assert words in result.stderr
    assert not any("Content-Type" in headers for _, headers in odd.site.asked)


def test_another_key_is_refused(run: Run, odd: OddSite) -> None:
    odd.state(SIGNING)
    refused(run, odd, "for another key than yours")


def test_another_kind_is_refused(run: Run, odd: OddSite) -> None:
    odd.state(WITHDRAWAL)
    refused(run, odd, "something else signed than a signing")


def test_a_later_version_is_not_understood(run: Run, odd: OddSite) -> None:
    payload = st.format_statement(odd.signing).replace(b"signing/v1", b"signing/v2")
    odd.site.files[odd.statement_path] = st.pae(st.format_payload_type("signing"), payload)
    refused(run, odd, "does not know this version", 3)


@pytest.mark.parametrize("field", ["name", "reason"])
def test_words_put_into_ones_mouth_are_refused(run: Run, odd: OddSite, field: str) -> None:
    odd.page(**{field: "Something I never said"})
    refused(run, odd, "is not what was committed to")


def test_words_that_are_not_shown_are_refused(run: Run, odd: OddSite) -> None:
    odd.page(reason="")
    refused(run, odd, "other words than the site shows")


def test_another_text_is_refused(run: Run, odd: OddSite) -> None:
    odd.site.files["pledges/scaling/1.txt"] += b"And my soul."
    refused(run, odd, "is not the one in the statement")


@pytest.mark.parametrize(
    "statement", [b"", b"DSSEv1 1 a 5 ab", b"DSSEv1 01 a 1 b", b"rm -rf", b"DSSEv1 1 a 1 bc"]
)
def test_what_is_no_statement_is_refused(run: Run, odd: OddSite, statement: bytes) -> None:
    odd.site.files[odd.statement_path] = statement
    refused(run, odd, "is no statement")


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b'<script id="draft">{}</script>',
        b'<script id="draft">[]</script>',
        b'<script id="draft">{"openings":{"name":{}}}</script>',
    ],
)
def test_a_page_without_a_draft_is_refused(run: Run, odd: OddSite, page: bytes) -> None:
    odd.site.files["sign/abc"] = page
    refused(run, odd, "does not hold a statement")


def test_a_site_that_answers_nonsense_to_the_signature_is_named(run: Run, odd: OddSite) -> None:
    result = run("sign", odd.link, typed="y\n")
    assert result.exit_code == 1
    assert "did not take the signature: Hello there" in result.stderr
    del odd.site.files["sign/abc"]
    assert LinkPage(b"</p>").error == ""


def test_a_receipt_for_something_else_is_named(
    run: Run, odd: OddSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_module, "_TRIES", 1)
    page = odd.site.files["sign/abc"]

    def take(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "GET":
            answer(handler, page)
            return
        handler.rfile.read(int(handler.headers["Content-Length"]))
        answer(handler, b"", status=303, headers={"Location": "/receipts/r"})

    odd.site.odd["sign/abc"] = take
    result = run("sign", odd.link, typed="y\n")
    assert result.exit_code == 0
    assert "has not taken it in yet" in result.output
    odd.site.files["receipts/r/file"] = make_log(1).receipt(3, "signatory 0")
    result = run("sign", odd.link, typed="y\n")
    assert result.exit_code == 1
    assert "for something else than you signed" in result.stderr


def test_ssh_keygen_is_needed_and_watched(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = read_public_key(key_file)
    other = make_key(tmp_path / "other")
    with pytest.raises(VerificationError, match="another key"):
        make_signature(b"data", key=key, key_file=other)
    with pytest.raises(UnavailableError):
        make_signature(b"data", key=key, key_file=tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFoundError, match="no ssh-keygen"):
        make_signature(b"data", key=key, key_file=key_file)


def test_a_hidden_signing_is_never_signed_here(key_file: Path) -> None:
    key = read_public_key(key_file)
    with pytest.raises(NotUnderstoodError):
        parse_to_sign(st.pae("text/plain", b"hello"), key)
    with pytest.raises(MalformedError):
        parse_to_sign(st.pae("text/plain", b"hello") + b"!", key)
    with pytest.raises(VerificationError):
        check_words(SIGNING, OPENINGS, b"another text")
