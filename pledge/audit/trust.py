"""The policy that a command goes by: a file that is named, or the one installed before. Never anything else.

What a receipt, a log or a site says about its own keys is compared with a policy and never put in its place.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pledge.audit.console import UNREADABLE, Stop, fact, printable, read_bounded, write_atomically
from pledge.core.policy import MAX_POLICY_CHARS, NO_QUORUM, Policy, parse_policy
from pledge.core.tlog.vkey import COSIGNATURE_ML_DSA44, VerifierKey
from pledge.errors import PledgeError

_MAX_POLICY_BYTES = 4 * MAX_POLICY_CHARS


@dataclass(frozen=True, slots=True)
class Trust:
    """A policy, the file it is from, and the SHA-256 of that file, hex, by which people may compare."""

    policy: Policy
    path: Path
    sha256: str

    def lines(self) -> list[str]:
        """Say in facts whom the policy believes."""
        policy = self.policy
        logs = dict.fromkeys(key.name for key in policy.logs)
        return [
            fact("Policy", f"{self.path}\nSHA-256 {self.sha256}"),
            *(fact("  log", f"{name}  ({_keys(policy, name)})") for name in logs),
            *(fact("  notary", f"notary:{key.key_id.hex()}") for key in policy.notaries),
            *(
                fact("  witness", f"{name}  ({key.name}, key {key.key_id.hex()})")
                for name, key in policy.witnesses.items()
            ),
            fact("  quorum", _quorum(policy)),
        ]


def installed_path(environment: Mapping[str, str]) -> Path:
    """Give where the installed policy stands: ``~/.config/pledge/policy``, or under ``XDG_CONFIG_HOME``."""
    base = environment.get("XDG_CONFIG_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "pledge" / "policy"


def read_trust(path: Path | None) -> Trust:
    """Read the policy to go by.

    Args:
        path: The file that was named, or None for the installed one.

    Raises:
        Stop: There is none, or it cannot be used; exit code 2, as nothing has been looked at.
    """
    chosen = path or installed_path(os.environ)
    if path is None and not chosen.exists():
        raise Stop(
            "Whom shall this believe? Name a file with --policy, or install one: "
            "pledge verify --install-policy FILE",
            UNREADABLE,
        )
    try:
        data = read_bounded(chosen, _MAX_POLICY_BYTES)
        policy = parse_policy(data.decode())
    except UnicodeDecodeError:
        raise Stop(f"{chosen} is not a policy: it is not UTF-8.", UNREADABLE) from None
    except PledgeError as error:
        raise Stop(f"{chosen} is not a policy: {error}", UNREADABLE) from error
    return Trust(policy, chosen, hashlib.sha256(data).hexdigest())


def install(trust: Trust) -> Path:
    """Keep a policy for the times to come; gives where."""
    target = installed_path(os.environ)
    write_atomically(target, read_bounded(trust.path, _MAX_POLICY_BYTES))
    return target


def _keys(policy: Policy, log: str) -> str:
    names = [f"{_algorithm(key)} {key.key_id.hex()}" for key in policy.logs if key.name == log]
    return printable(", ".join(names))


def _algorithm(key: VerifierKey) -> str:
    return "ML-DSA-44" if key.kind == COSIGNATURE_ML_DSA44 else "Ed25519"


def _quorum(policy: Policy) -> str:
    if policy.quorum == NO_QUORUM:
        return "none: this policy asks for no witnesses"
    group = policy.groups.get(policy.quorum)
    return policy.quorum if group is None else f"{group.threshold} of {', '.join(group.members)}"
