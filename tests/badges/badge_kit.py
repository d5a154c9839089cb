"""A verifier of Open Badges that is not ours, and what it needs to know."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pledge.instance import Instance
from tests.node import find_node
from tests.site_kit import make_app

BROWSER = Path(__file__).parents[2] / "pledge" / "browser"
Json = dict[str, Any]


class Verdict(NamedTuple):
    """What the verifier says: whether it lets a badge pass, whether the status bit is set, what is wrong in words."""

    verified: bool
    revoked: bool
    error: str


GOOD = Verdict(verified=True, revoked=False, error="")


def fetch(instance: Instance, path: str) -> Json:
    """Give a document as a server that has just started answers it."""
    response = make_app(instance).test_client().get(path)
    assert response.status_code == 200, response.text
    found: Json = json.loads(response.data)
    return found


def published(instance: Instance, badge: Json) -> dict[str, Json]:
    """Give what a verifier fetches to check a badge, by address: the issuer's document and the status list."""
    listed = badge["credentialStatus"]["statusListCredential"]
    return {
        badge["issuer"]["id"]: fetch(instance, "/.well-known/did.json"),
        listed: fetch(instance, listed.removeprefix(instance.config.url)),
    }


def verify(instance: Instance, badge: Json, *, documents: dict[str, Json] | None = None) -> Verdict:
    """Have a badge checked by https://github.com/digitalbazaar/vc, on the instance's day."""
    documents = published(instance, badge) if documents is None else documents
    return verify_all([badge], documents, now=instance.clock().isoformat())[0]


def verify_all(badges: Sequence[Json], documents: dict[str, Json], *, now: str) -> list[Verdict]:
    """Have badges checked at a time, with documents by their addresses."""
    done = subprocess.run(
        [find_node(), "testing/open_badge.js"],
        cwd=BROWSER,
        input=json.dumps({"credentials": badges, "documents": documents, "now": now}),
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    return [Verdict(**found) for found in json.loads(done.stdout)]
