"""A key of ssh-keygen, and what it signs, for tests."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SshKey:
    """A private key in a file, and its public line."""

    path: Path

    @property
    def public_line(self) -> str:
        return self.path.with_name(self.path.name + ".pub").read_text()

    def sign(self, message: bytes, *, namespace: str = "pledge") -> str:
        """Sign as the page says: ``ssh-keygen -Y sign -f key -n pledge statement.txt``."""
        statement = self.path.parent / "statement.txt"
        statement.write_bytes(message)
        signature = self.path.parent / "statement.txt.sig"
        signature.unlink(missing_ok=True)
        command = ["ssh-keygen", "-Y", "sign", "-f", str(self.path), "-n", namespace, str(statement)]
        subprocess.run(command, check=True, capture_output=True)
        return signature.read_text()


def make_key(directory: Path, kind: str, *options: str) -> SshKey:
    """Make a key of a kind that ssh-keygen knows."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"pledge-key-{kind}{'-'.join(options)}"
    command = ["ssh-keygen", "-q", "-t", kind, *options, "-f", str(path), "-C", "ada@mistral.ai", "-N", ""]
    subprocess.run(command, check=True, capture_output=True)
    return SshKey(path)
