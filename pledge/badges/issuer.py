"""Who issues Open Badges: a site by its ``did:web``, with a key of its own that the site alone vouches for.

The key is not in the log. An Open Badge is for systems that read nothing else; what shows a signing without trust in
this site is the receipt, to which each badge leads.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from urllib.parse import quote, urlsplit

from openbadgeslib import ob3

from pledge.core.keys import format_private_key
from pledge.instance import Instance

CREDENTIAL_TYPE: Final = "application/vc+ld+json"
"""Not ``application/vc``, its successor: JSON-LD loaders take only what has ``json`` in its name."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Issuer:
    """A site that issues badges.

    Attributes:
        url: Of the site, without a slash at its end.
        name: Of who runs it.
        origin: Of its log.
        did: By which others find its key: the site's host.
        signer: Signs, by ``eddsa-rdfc-2022``; shows nothing of its key.
    """

    url: str
    name: str
    origin: str
    did: str
    signer: ob3.OB3LdpSigner

    @property
    def method(self) -> str:
        """Name the key, as a proof does."""
        return self.signer.verification_method


def issuer_of(instance: Instance) -> Issuer:
    """Give the issuer that an instance is."""
    pem = format_private_key(instance.keys.badges)
    did = "did:web:" + quote(urlsplit(instance.config.url).netloc, safe="")
    return Issuer(
        url=instance.config.url,
        name=instance.genesis.operator,
        origin=instance.keys.origin,
        did=did,
        signer=ob3.OB3LdpSigner(pem, f"{did}#{_multikey(pem)}"),
    )


def did_document(issuer: Issuer) -> Json:
    """Give what ``did:web`` leads to: the key as a Multikey (W3C Controlled Identifiers 1.0), for assertions only."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": issuer.did,
        "alsoKnownAs": [issuer.url],
        "verificationMethod": [
            {
                "id": issuer.method,
                "type": "Multikey",
                "controller": issuer.did,
                "publicKeyMultibase": issuer.method.partition("#")[2],
            }
        ],
        "assertionMethod": [issuer.method],
    }


def midnight(day: date) -> datetime:
    """Give the first moment of a day. The log knows days only, so a badge says no finer time."""
    return datetime.combine(day, time(), tzinfo=UTC)


def _multikey(pem: bytes) -> str:
    """Give the public half in multibase; the library knows it as the fragment of the key's ``did:key``."""
    return ob3.OB3LdpSigner(pem).verification_method.partition("#")[2]
