"""Receipts: checked in the browser that gets them, on the verify page, and offline without the site."""

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pledge.core.keys import SigningKey
from pledge.core.receipt import parse_receipt
from pledge.core.statement import format_json, parse_envelope
from pledge.core.tlog.tree import leaf_hash
from pledge.core.tlog.vkey import VerifierKey, format_vkey
from tests.e2e.conftest import NewContext
from tests.e2e.record import Record
from tests.e2e.walk import NO_ED25519, Visitor
from tests.running_site import PLEDGE, serve_locally
from tests.site_kit import random_bytes

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

GOOD = "This receipt checks out: signed and logged, but not witnessed"
BAD = "This receipt does not check out"


@pytest.fixture
def receipt(visitor: Visitor, tmp_path: Path) -> Path:
    """A receipt of somebody who has just signed; their receipt page is open."""
    number = len(list((visitor.site.home / "mail").glob("*.eml")))
    visitor.sign(name="Edmund Bertram", address=f"edmund{number}@mistral.ai", role="evaluations")
    return visitor.save_receipt(tmp_path / "my.pledge-receipt.json")


def test_the_receipt_page_closes_two_rings_and_says_why_the_third_is_open(
    visitor: Visitor, receipt: Path
) -> None:
    """The browser checks the receipt itself; no policy names witnesses yet, so their ring stays open."""
    page = visitor.page
    states = {ring: page.locator(f"circle[data-ring={ring}]") for ring in ("signature", "log", "witness")}
    expect(page.locator("#by-browser")).to_be_visible()
    expect(states["signature"]).to_have_attribute("data-state", "closed")
    expect(states["log"]).to_have_attribute("data-state", "closed")
    expect(states["witness"]).to_have_attribute("data-state", "open")
    expect(page.locator("li[data-ring=witness]")).to_have_text(
        "Not witnessed: this policy names no witnesses"
    )
    page.get_by_text("Each check, step by step").click()
    expect(page.locator("li[data-step][data-state=closed]")).to_have_count(7)
    expect(page.locator("li[data-step] strong", has_text="Passed")).to_have_count(7)
    expect(page.locator("li[data-step=witness]")).to_contain_text("Not checked")
    expect(page.locator("li[data-ring=signature]")).to_have_text(
        "Signed: with your own key, and co-signed by the notary"
    )
    expect(page.locator("#by-browser")).to_contain_text("cannot check the second signature of the log")
    expect(page.locator("li[data-step=notary]")).to_contain_text("Mistral AI. The notary says")
    expect(page.locator("li[data-step=openings]")).to_contain_text("Name: Edmund Bertram; Role: evaluations")
    expect(page.locator("li[data-step=witness]")).to_contain_text("This policy names no witnesses.")


def test_a_printed_receipt_holds_what_it_takes_to_check_it(visitor: Visitor, receipt: Path) -> None:
    """Hashes whole, the public page's address, the size of the log; not what means the screen only."""
    page = visitor.page
    envelope = parse_envelope(parse_receipt(receipt.read_bytes()).leaf)
    expect(page.locator("#by-browser")).to_be_visible()
    expect(page.get_by_text("Leaf hash")).to_be_hidden()
    page.emulate_media(media="print")
    printed = page.locator("main").inner_text()
    leaf = leaf_hash(parse_receipt(receipt.read_bytes()).leaf).hex()
    for said in (
        leaf,
        hashlib.sha256(parse_receipt(receipt.read_bytes()).text.encode()).hexdigest(),
        f"{visitor.site.url}/signatories/{envelope.payload_sha256[:32]}",
        "evaluations",
        "entries when this was made",
    ):
        assert said in printed
    assert "keep its address to yourself" not in printed
    assert "read it here" not in page.locator("body").inner_text()


def test_the_receipt_verifies_without_site_or_network(
    new_context: NewContext, record: Record, tmp_path: Path
) -> None:
    """With the server gone and the network off, ``pledge verify`` takes the receipt, by the policy saved before."""
    with serve_locally(tmp_path / "home") as site:
        record.add(site)
        visitor = Visitor(new_context().new_page(), site, record)
        visitor.sign(name="Dorothea Brooke", address="dorothea@mistral.ai")
        receipt = visitor.save_receipt(tmp_path / "my.pledge-receipt.json")
        policy = tmp_path / "saved.policy"
        policy.write_bytes(visitor.page.request.get(f"{site.url}/log/policy").body())
    done = _verify_offline(receipt, policy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Accepted." in done.stdout
    assert "Dorothea Brooke" in done.stdout
    whole = receipt.read_bytes()
    middle = len(whole) // 2
    receipt.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert _verify_offline(receipt, policy).returncode == 1
    receipt.write_bytes(whole)
    other = tmp_path / "other.policy"
    other.write_text(_policy_of_others())
    assert _verify_offline(receipt, other).returncode == 1


def _verify_offline(receipt: Path, policy: Path) -> "subprocess.CompletedProcess[str]":
    """Verify in a network namespace with nothing in it, where the system lets us make one."""
    apart = ["unshare", "-rn"]
    is_able = shutil.which("unshare") and subprocess.run([*apart, "true"], capture_output=True, check=False)
    command = [PLEDGE, "verify", str(receipt), "--policy", str(policy)]
    if is_able and is_able.returncode == 0:
        command = apart + command
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _policy_of_others() -> str:
    """A policy that believes a log of the same name, and a notary, with other keys."""
    log, notary = (SigningKey.from_seed(random_bytes(32)).public for _ in range(2))
    return "".join(
        (
            f"log {format_vkey(VerifierKey('local-trial.invalid', 0x01, log))}\n",
            f"notary {format_vkey(VerifierKey('notary', 0x01, notary))}\n",
            "quorum none\n",
        )
    )


@pytest.fixture
def nothing_more(visitor: Visitor, record: Record) -> Iterator[Callable[[], None]]:
    """From where it is called to the test's end, nothing goes to the site."""
    seen: list[int] = []

    def begin() -> None:
        visitor.page.wait_for_load_state("networkidle")
        seen[:] = [visitor.site.relay.mark(), len(record.urls)]

    yield begin
    assert [visitor.site.relay.mark(), len(record.urls)] == seen


def test_the_verify_page_takes_a_good_receipt(
    visitor: Visitor, receipt: Path, nothing_more: Callable[[], None]
) -> None:
    """A good receipt is taken, and what it says is shown; the file is not uploaded."""
    visitor.go("/verify")
    nothing_more()
    visitor.check_receipt(receipt)
    visitor.expect_verdict(GOOD)
    facts = visitor.page.locator("#facts")
    expect(facts).to_contain_text("Edmund Bertram")
    expect(facts).to_contain_text(
        "Pledge against reckless scaling, version 1 (in the log: against-reckless-scaling)"
    )
    expect(facts).to_contain_text("mistral, as the log calls it. The notary says")
    expect(visitor.page.locator("#unchecked")).to_contain_text("Not checked: the second signature of the log")
    expect(visitor.page.locator("#result")).to_contain_text("Checked by the policy that this site claims.")
    expect(visitor.page.locator("#verdict")).to_be_focused()


def test_the_verify_page_takes_a_badge_with_its_proof_inside(
    visitor: Visitor, receipt: Path, tmp_path: Path
) -> None:
    """As a file and by its address; what is checked is the proof, and the page says so. Another picture has none."""
    leaf = parse_receipt(receipt.read_bytes()).leaf
    address = f"{visitor.site.url}/badge/signatory/{parse_envelope(leaf).payload_sha256[:32]}.svg"
    badge = tmp_path / "badge.svg"
    badge.write_bytes(visitor.page.request.get(f"{address}?proof=1").body())
    visitor.go("/verify")
    visitor.check_receipt(badge)
    visitor.expect_verdict("The proof in this badge checks out: signed and logged, but not witnessed")
    expect(visitor.page.locator("#facts")).to_contain_text("Edmund Bertram")
    expect(visitor.page.locator("#picture")).to_contain_text("Read this, not the picture.")
    expect(visitor.page.locator("li[data-step=notary-entry]")).to_contain_text("A badge leaves it out.")
    visitor.go("/verify")
    field = visitor.page.get_by_label("Or the address of a signatory’s badge of this site")
    field.fill(f"{address}?style=flat")
    field.press("Enter")
    visitor.expect_verdict("The proof in this badge checks out: signed and logged, but not witnessed")
    for other, words in (
        (f"{visitor.site.url}/badge/lab/mistral.svg", "This picture has no proof inside."),
        ("https://example.org/badge/x.svg", "This is not the address of a badge of this site."),
    ):
        field.fill(other)
        field.press("Enter")
        expect(visitor.page.locator("#wrong")).to_contain_text(words)
        expect(visitor.page.locator("#result")).to_be_hidden()
    policy = tmp_path / "policy"
    policy.write_bytes(visitor.page.request.get(f"{visitor.site.url}/log/policy").body())
    assert _verify_offline(badge, policy).returncode == 0


def test_the_verify_page_refuses_forgeries(
    visitor: Visitor, receipt: Path, tmp_path: Path, nothing_more: Callable[[], None]
) -> None:
    """Another name, another signature and a file that is no receipt: each is refused, and told why."""
    page = visitor.page
    visitor.go("/verify")
    nothing_more()
    visitor.check_receipt(_forge(receipt, tmp_path / "name.json", _change_name))
    visitor.expect_verdict(BAD)
    expect(page.locator("li[data-step=openings]")).to_have_attribute("data-state", "failed")
    expect(page.locator("li[data-step=openings] strong")).to_have_text("Failed")
    expect(page.locator("li[data-step=signatory] strong")).to_have_text("Not checked")
    expect(page.locator("li[data-ring=signature]")).to_have_attribute("data-state", "failed")
    expect(page.locator("#unchecked")).to_be_hidden()
    visitor.check_receipt(_forge(receipt, tmp_path / "entry.json", _change_entry))
    expect(page.locator("li[data-ring=signature]")).to_have_text(
        "Signature check failed: this receipt was changed, or is damaged. This is not JSON."
    )
    assert ".." not in (page.locator("#checked svg title").text_content() or "..")
    visitor.check_receipt(_forge(receipt, tmp_path / "signature.json", _change_signature))
    expect(page.locator("li[data-step=log]")).to_have_attribute("data-state", "failed")
    visitor.expect_verdict(BAD)
    visitor.check_receipt(receipt)
    visitor.expect_verdict(GOOD)
    junk = tmp_path / "junk.json"
    junk.write_bytes(b"\x89PNG\r\n\x1a\n")
    visitor.check_receipt(junk)
    expect(page.locator("#wrong")).to_contain_text("This is not a receipt, or it was changed")
    expect(page.locator("#result")).to_be_hidden()


def test_the_verify_page_goes_by_the_readers_policy(
    visitor: Visitor, receipt: Path, tmp_path: Path, nothing_more: Callable[[], None]
) -> None:
    """Their own policy decides: the site's keys pass, others do not, and witnesses that did not cosign are missed."""
    page = visitor.page
    claimed = page.request.get(f"{visitor.site.url}/log/policy").text()
    witness = format_vkey(VerifierKey("witness.example", 0x04, SigningKey.from_seed(random_bytes(32)).public))
    policies = {
        "claimed.policy": claimed,
        "other.policy": _policy_of_others(),
        "witnessed.policy": claimed.replace("quorum none", f"witness W {witness}\nquorum W"),
    }
    for name, text in policies.items():
        (tmp_path / name).write_text(text)
    visitor.go("/verify")
    nothing_more()
    visitor.check_receipt(receipt)
    page.get_by_text("Use a policy of your own").click()
    own = page.get_by_label("Policy file")
    own.set_input_files(tmp_path / "claimed.policy")
    expect(page.locator("#whose-policy")).to_have_text("by your own policy, claimed.policy")
    visitor.expect_verdict(GOOD)
    own.set_input_files(tmp_path / "other.policy")
    visitor.expect_verdict(BAD)
    expect(page.locator("li[data-step=log]")).to_have_attribute("data-state", "failed")
    own.set_input_files(tmp_path / "witnessed.policy")
    visitor.expect_verdict(GOOD)
    expect(page.locator("li[data-step=witness]")).to_contain_text(
        "None of this policy’s witnesses has cosigned."
    )


def test_a_browser_without_ed25519_leaves_rings_open(visitor: Visitor, new_context: NewContext) -> None:
    """What a browser cannot check it does not call wrong, nor right."""
    visitor.sign(name="Marianne Dashwood", address="marianne@example.org")
    context = new_context()
    context.add_init_script(NO_ED25519)
    page: Page = context.new_page()
    page.goto(visitor.page.url)
    expect(page.locator("li[data-ring=log]")).to_contain_text("does not know Ed25519")
    expect(page.locator("#by-browser")).to_be_hidden()
    expect(page.locator("[data-state=failed]")).to_have_count(0)


def _forge(receipt: Path, target: Path, change: Callable[[dict], None]) -> Path:  # type: ignore[type-arg]  # any JSON object
    value = json.loads(receipt.read_bytes())
    change(value)
    target.write_bytes(format_json(value))
    return target


def _change_name(receipt: dict) -> None:  # type: ignore[type-arg]  # any JSON object
    receipt["openings"]["name"]["value"] = "Henry Crawford"


def _change_entry(receipt: dict) -> None:  # type: ignore[type-arg]  # any JSON object
    receipt["leaf"] = base64.b64encode(b"x" + base64.b64decode(receipt["leaf"])[1:]).decode()


def _change_signature(receipt: dict) -> None:  # type: ignore[type-arg]  # any JSON object
    envelope = json.loads(base64.b64decode(receipt["leaf"]))
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    signature[40] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    receipt["leaf"] = base64.b64encode(format_json(envelope)).decode()
