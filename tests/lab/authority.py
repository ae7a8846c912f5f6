"""A certificate authority for tests: it signs server certificates that clients trust who are given its certificate."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """The files of one server's certificate: the chain, and the key as any server in a container can read it."""

    chain: Path
    key: Path


class Authority:
    """An authority of its own, whose certificate lies in the folder as `ca.pem`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(self.certificate)

    def certify(self, *hosts: str) -> Certificate:
        """Sign a certificate for hosts (names, `*.` wildcards or addresses); its files are named after the first."""
        signed = self._authority.issue_cert(*hosts)
        name = hosts[0].replace("*", "_")
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}-key.pem")
        made.chain.write_bytes(b"".join(part.bytes() for part in signed.cert_chain_pems))
        made.key.write_bytes(signed.private_key_pem.bytes())
        made.key.chmod(0o644)
        return made

    def client_context(self) -> ssl.SSLContext:
        """Return what a client needs to trust this authority and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))
