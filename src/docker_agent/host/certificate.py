"""Read the certificate that a TLS server shows, one that nobody trusts included."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from docker_agent.core.errors import InputError
from docker_agent.host.models import Certificate

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the standard library has no name for.
NO_CHECK_TIME = 0x200000


def trusting(ca: str = "", *, insecure: bool = False) -> ssl.SSLContext:
    """A context that trusts the system's authorities, or those of a PEM file alone; insecure it takes anything.

    Raises
    ------
    InputError: the file cannot be read or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except (OSError, ValueError) as error:
        raise InputError(f"{ca} holds no certificates to trust: {error}.", "Name a readable PEM file.") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def shown(place: tuple[str, int], name: str, *, ca: str, timeout_s: float) -> Certificate | None:
    """The certificate that a server shows for a name, and what is wrong with it; None where TLS does not come about."""
    wrong, pem = "", ""
    with suppress(OSError):
        try:
            return certificate_of(_handshake(place, name, trusting(ca), timeout_s)[0])
        except ssl.SSLCertVerificationError as error:
            wrong = error.verify_message or str(error)
            pem = _handshake(place, name, trusting(insecure=True), timeout_s)[1]
        # Python tells the fields of a verified certificate only, so it is asked for again and trusted by itself.
        itself = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        itself.check_hostname = False
        itself.verify_flags = ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME)
        itself.load_verify_locations(cadata=pem)
        return certificate_of(_handshake(place, name, itself, timeout_s)[0], wrong)
    return Certificate(verify_error=wrong) if wrong else None


def certificate_of(fields: Mapping[str, Any], wrong: str = "") -> Certificate:
    """The picture of a certificate from the fields that Python tells."""
    others = [str(value) for kind, value in fields.get("subjectAltName", ()) if kind in {"DNS", "IP Address"}]
    until = str(fields.get("notAfter", ""))
    return Certificate(
        names=tuple(dict.fromkeys(others or _named(fields.get("subject", ()), "commonName"))),
        subject=", ".join(_named(fields.get("subject", ()), "commonName")),
        issuer=", ".join(
            _named(fields.get("issuer", ()), "commonName") or _named(fields.get("issuer", ()), "organizationName")
        ),
        not_after=float(ssl.cert_time_to_seconds(until)) if until else 0.0,
        verify_error=wrong,
    )


def _handshake(
    place: tuple[str, int], name: str, context: ssl.SSLContext, timeout_s: float
) -> tuple[Mapping[str, Any], str]:
    """The fields of the server's certificate, none where it was not verified, and the whole as PEM."""
    with socket.create_connection(place, timeout_s) as line, context.wrap_socket(line, server_hostname=name) as tls:
        fields = cast("Mapping[str, Any]", tls.getpeercert() or {})
        return fields, ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True) or b"")


def _named(parts: tuple[tuple[tuple[str, str], ...], ...], key: str) -> list[str]:
    return [value for part in parts for kind, value in part if kind == key]
