"""The commands themselves, at a site that really runs, and what others make of the files they write."""

import json
import os
import pty
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Final

import pytest

from pledge.app import open_site
from pledge.core.age.keytext import format_hybrid_identity
from pledge.core.tip.frame import TIP_BYTES
from tests.e2e.tip_people import PASSPHRASE, found_with_stewards
from tests.node import find_node
from tests.running_site import serve_locally
from tests.site_kit import make_config

PLEDGE: Final = str(Path(sys.executable).with_name("pledge"))
BROWSER: Final = Path(__file__).parents[2] / "pledge" / "browser"
TEXT: Final = "他们没有评估计划。"
_DECRYPT: Final = """
import { readFileSync, writeFileSync } from "node:fs";
import { Decrypter } from "age-encryption";
const [identity, sealed, archive] = process.argv.slice(1);
const decrypter = new Decrypter();
decrypter.addIdentity(identity);
writeFileSync(archive, await decrypter.decrypt(readFileSync(sealed)));
"""


def pledge(folder: Path, *arguments: object, typed: str = "") -> str:
    done = subprocess.run(
        [PLEDGE, *map(str, arguments)],
        cwd=folder,
        input=typed,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def seal(folder: Path, *arguments: object) -> None:
    """Seal with a terminal to show the words on."""
    master, slave = pty.openpty()
    done = subprocess.run(
        [PLEDGE, "tips", "seal", *map(str, arguments)],
        cwd=folder,
        input=TEXT.encode(),
        stdout=slave,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    os.close(slave)
    os.close(master)
    assert done.returncode == 0, done.stderr


def test_a_tip_goes_in_and_comes_out_by_commands_alone(tmp_path: Path) -> None:
    """Sealed, uploaded, fetched with a token, opened, and opened with npm's age-encryption and unzip alone."""
    founders = found_with_stewards(tmp_path / "home")
    instance = open_site(make_config(tmp_path / "home"))
    founders[0].steward.instance = instance
    (tmp_path / "token").write_text(founders[0].steward.token())
    instance.database.close()
    (tmp_path / "keys.age").write_bytes(founders[0].wrapped)
    (tmp_path / "plan.pdf").write_bytes(os.urandom(300_000))
    with serve_locally(tmp_path / "home") as site:
        for path, name in (("log/policy", "policy"), ("stewards/keys.json", "keys.json")):
            with urllib.request.urlopen(f"{site.url}/{path}") as answer:  # noqa: S310  # this machine
                (tmp_path / name).write_bytes(answer.read())
        believed = ("--policy", "policy")
        seal(
            tmp_path, *believed, "--recipients", "keys.json", "--text", "-", "-o", "x.pledge-tip", "plan.pdf"
        )
        sealed = (tmp_path / "x.pledge-tip").read_bytes()
        request = urllib.request.Request(  # noqa: S310  # this machine
            f"{site.url}/tips", data=sealed, headers={"Content-Type": "application/octet-stream"}
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # this machine
            assert answer.status == 201
        said = pledge(tmp_path, "tips", "fetch", site.url, "--token-file", "token", "-o", "desk", *believed)
        assert "1 new envelopes" in said
    said = pledge(
        tmp_path,
        "tips",
        "open",
        "desk",
        "--keys",
        "keys.age",
        *believed,
        "-o",
        "out",
        typed=f"{PASSPHRASE}\n",
    )
    assert TEXT in said
    thread = json.loads((tmp_path / "desk" / "inbox.json").read_bytes())["threads"][0]["id"]
    inside = tmp_path / "out" / thread[:12] / "1"
    assert (inside / "1-plan.pdf").read_bytes() == (tmp_path / "plan.pdf").read_bytes()

    (tmp_path / "tip.age").write_bytes(sealed[TIP_BYTES:])
    identity = format_hybrid_identity(founders[0].steward.identity_seed)
    open_with_others(tmp_path, identity)
    with (tmp_path / "others" / "manifest.json").open() as manifest:
        assert json.load(manifest)["text"] == TEXT
    assert (tmp_path / "others" / "files" / "1-plan.pdf").read_bytes() == (tmp_path / "plan.pdf").read_bytes()


def open_with_others(folder: Path, identity: str) -> None:
    """Open an envelope with programs that are not ours."""
    if not (BROWSER / "node_modules" / "age-encryption").is_dir() or shutil.which("unzip") is None:
        pytest.skip("age-encryption from npm, or unzip, is not installed")
    subprocess.run(
        [
            *(find_node(), "--input-type=module", "-e", _DECRYPT),
            *(identity, str(folder / "tip.age"), str(folder / "tip.zip")),
        ],
        cwd=BROWSER,
        check=True,
        timeout=60,
    )
    subprocess.run(["unzip", "-q", "tip.zip", "-d", "others"], cwd=folder, check=True, timeout=60)
