"""The connection goes to the address that was checked, and the certificate is the name's."""

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from runs.agents.dispatching import new_client
from runs.webhooks.attempt import Answer, Message, send
from tests.receiver import LOOPBACK, Receiver, receiving


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.MAVERICK_WEBHOOKS_ALLOW_PRIVATE = LOOPBACK
    with receiving() as made:
        yield made


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names mean, one answer after the other: there is no name server here to ask."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def asked(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return real(known[name].pop(0) if name in known else host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    return known


def sent(url: str, trusted: ssl.SSLContext | None = None) -> Answer:
    async def go() -> Answer:
        client = httpx.AsyncClient(verify=trusted, trust_env=False) if trusted else new_client()
        async with client:
            return await send(client, Message(url, "msg_1", b"{}"), 1)

    return asyncio.run(go())


def test_a_name_is_asked_once_and_every_address_of_it_is_checked(
    receiver: Receiver, names: dict[str, list[str]]
) -> None:
    url = receiver.url.replace("127.0.0.1", "rebind.example")
    names["rebind.example"] = ["127.0.0.1", "10.0.0.1"]
    answer = sent(url)
    assert (answer.code, answer.address) == (200, "127.0.0.1")
    assert receiver.got[0][0]["host"] == url.split("/")[2]
    # The second answer of its name server is another one: it is looked at, and refused.
    assert sent(url).error.startswith("webhook-address-refused: rebind.example is 10.0.0.1")
    assert len(receiver.got) == 1


def test_when_one_address_of_a_name_is_closed_the_next_is_tried(receiver: Receiver) -> None:
    answer = sent(receiver.url.replace("127.0.0.1", "localhost"))
    assert (answer.code, answer.address) == (200, "127.0.0.1")  # nobody listens on ::1


def test_a_name_that_does_not_exist_is_told(names: dict[str, list[str]]) -> None:
    assert sent("https://nothing.invalid/").error.startswith("name-not-resolved: ")


def certificate(name: str, folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "tls.pem").write_bytes(text)
    return folder / "tls.pem"


def test_the_certificate_is_checked_against_the_name_and_not_the_address(
    receiver: Receiver, names: dict[str, list[str]], tmp_path: Path
) -> None:
    file = certificate("hooks.example", tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    receiver.server.socket = serving.wrap_socket(receiver.server.socket, server_side=True)
    names["hooks.example"], names["other.example"] = ["127.0.0.1"], ["127.0.0.1"]
    trusted = ssl.create_default_context(cafile=str(file))
    port = receiver.server.server_port
    assert sent(f"https://hooks.example:{port}/", trusted).code == 200
    refused = sent(f"https://other.example:{port}/", trusted)
    assert refused.code is None
    assert "certificate verify failed" in refused.error
    assert len(receiver.got) == 1
