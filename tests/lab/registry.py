"""A small image registry that speaks the registry's protocol, holds a few images and fails on demand."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import socket
import ssl
import tarfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

from tests.lab.places import execute

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
TLS_HANDSHAKE = b"\x16"
VERSION_HEADER = ("Docker-Distribution-Api-Version", "registry/2.0")


@dataclass(frozen=True)
class Fault:
    """How a registry refuses: the status and, where it has one, the error's code and message in its usual JSON."""

    status: int
    code: str = ""
    message: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def body(self, repository: str, reference: str) -> bytes:
        """The answer's body; clients word an error without a detail differently."""
        if not self.code:
            return b""
        detail = {"name": repository, "reference": reference}
        return json.dumps({"errors": [{"code": self.code, "message": self.message, "detail": detail}]}).encode()


MANIFEST_UNKNOWN = Fault(404, "MANIFEST_UNKNOWN", "manifest unknown")
NAME_UNKNOWN = Fault(404, "NAME_UNKNOWN", "repository name not known to registry")
UNAUTHORIZED = Fault(
    401, "UNAUTHORIZED", "authentication required", (("WWW-Authenticate", 'Basic realm="docker-agent lab"'),)
)
DENIED = Fault(403, "DENIED", "requested access to the resource is denied")
TOO_MANY_REQUESTS = Fault(
    429,
    "TOOMANYREQUESTS",
    "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
)
UNAVAILABLE = Fault(503)


@dataclass
class Shelf:
    """What a registry holds; it may be changed while the registry runs.

    Attributes
    ----------
    faults: how it refuses whatever is asked of a repository, by the repository's name.
    manifests: (media type, bytes) by repository and tag or digest.
    blobs: layers and configurations by digest, the same for all repositories.
    """

    faults: dict[str, Fault] = field(default_factory=dict[str, Fault])
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(
        default_factory=dict[tuple[str, str], tuple[str, bytes]]
    )
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def put_image(self, repository: str, tag: str, files: Mapping[str, bytes], *, platform: str) -> None:
        """Hold an image of one layer with these executable files, the first of which is what it runs.

        Parameters
        ----------
        platform: such as linux/arm64.
        """
        layer = _layer(files)
        os_name, architecture = platform.split("/")
        config = {
            "os": os_name,
            "architecture": architecture,
            "config": {"Cmd": [f"/{next(iter(files))}"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._put_blob(CONFIG, json.dumps(config).encode()),
            "layers": [self._put_blob(LAYER, gzip.compress(layer, mtime=0))],
        }
        self._put_manifest(repository, tag, MANIFEST, manifest)

    def put_index(self, repository: str, tag: str, files: Mapping[str, bytes], *, platforms: tuple[str, ...]) -> None:
        """Hold an image for several platforms."""
        entries: list[dict[str, object]] = []
        for platform in platforms:
            self.put_image(repository, tag, files, platform=platform)
            _, data = self.manifests[repository, tag]
            os_name, architecture = platform.split("/")
            entries.append(_descriptor(MANIFEST, data) | {"platform": {"os": os_name, "architecture": architecture}})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        self._put_manifest(repository, tag, INDEX, index)

    def _put_blob(self, media_type: str, data: bytes) -> dict[str, object]:
        self.blobs[_digest(data)] = data
        return _descriptor(media_type, data)

    def _put_manifest(self, repository: str, tag: str, media_type: str, content: Mapping[str, object]) -> None:
        data = json.dumps(content).encode()
        self.manifests[repository, tag] = self.manifests[repository, _digest(data)] = (media_type, data)


class _Asked(BaseHTTPRequestHandler):
    """One request to the registry."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Answer a client that speaks TLS in the clear, as real registries do, instead of waiting for a line of it."""
        if self._first_byte() == TLS_HANDSHAKE:
            self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n")
            return
        super().handle()

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer with a manifest, a blob or a refusal."""
        path = self.path.partition("?")[0]
        if path in {"/v2", "/v2/"}:
            self._answer(200, "application/json", b"{}")
            return
        for kind in ("/manifests/", "/blobs/"):
            repository, found, reference = path.removeprefix("/v2/").partition(kind)
            if found:
                self._answer_for(repository, reference, manifest=kind == "/manifests/")
                return
        self._answer(404, "text/plain", b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, the name that http.server gives it
        """Say nothing."""

    def _first_byte(self) -> bytes:
        """The first byte that the client sends, left to be read; none where TLS is spoken as it should be."""
        return b"" if isinstance(self.connection, ssl.SSLSocket) else self.connection.recv(1, socket.MSG_PEEK)

    def _answer_for(self, repository: str, reference: str, *, manifest: bool) -> None:
        shelf = cast("_Server", self.server).shelf
        if repository in shelf.faults:
            self._refuse(shelf.faults[repository], repository, reference)
        elif manifest and (repository, reference) in shelf.manifests:
            self._answer(200, *shelf.manifests[repository, reference])
        elif not manifest and reference in shelf.blobs:
            self._answer(200, "application/octet-stream", shelf.blobs[reference])
        else:
            known = any(name == repository for name, _ in shelf.manifests)
            self._refuse(MANIFEST_UNKNOWN if known else NAME_UNKNOWN, repository, reference)

    def _refuse(self, fault: Fault, repository: str, reference: str) -> None:
        self._answer(fault.status, "application/json", fault.body(repository, reference), fault.headers)

    def _answer(self, status: int, kind: str, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        digest = (("Docker-Content-Digest", _digest(body)),) if status == 200 else ()
        for name, value in (VERSION_HEADER, ("Content-Type", kind), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        for name, value in (*digest, *headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], shelf: Shelf) -> None:
        super().__init__(address, _Asked)
        self.shelf = shelf

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, as one does that refuses the certificate, is nothing to report."""


@contextmanager
def registry(
    shelf: Shelf | None = None, *, address: str = "127.0.0.1", port: int = 0, certificate: Path | None = None
) -> Generator[str]:
    """Run a registry and give its HOST:PORT.

    Engines pull in the clear from a loopback address, and ask any other for TLS.

    Parameters
    ----------
    certificate: a file with a key and a certificate, for TLS.
    """
    server = _Server((address, port), shelf or Shelf())
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{address}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def self_signed(folder: Path, address: str) -> Path:
    """Make a key and a certificate for an address that no authority signed, in one file."""
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    wanted = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={address}".split()
    names = ["-addext", f"subjectAltName=IP:{address}"]
    execute(["openssl", *wanted, *names, "-keyout", key, "-out", certificate])
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


def _layer(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _descriptor(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
