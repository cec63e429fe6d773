"""Where an agent may be: on no private address, unless a setting allows it.

Whoever may register an agent says where requests go. Without a check it could be the metadata
service of a cloud, or a machine that only this one reaches. Loopback is fine while the server
itself is bound to it: then only this machine's people can register anything.

A name is looked up here, once for an attempt, and the request goes to an address that was checked:
a name that answers differently the second time gains nothing.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from runs import conf
from runs.errors import Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Public by their numbers, and answered by the cloud that one runs in.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})


class AgentAddressRefused(Refused):
    """An agent may not be at this address."""

    code = "agent-address-refused"
    status = 400  # as the protocol has it for a bad registration


@dataclass(frozen=True, slots=True)
class Place:
    """One way to reach an address that was checked: in numbers, with the name for Host and TLS."""

    url: httpx.URL
    headers: dict[str, str]
    extensions: dict[str, str]


def check_url(url: str) -> str:
    """The host of an agent's address. Raises AgentAddressRefused.

    An address in numbers is judged at once; a name is looked at when something is sent.
    """
    hint = "Give an address like http://agent.example.org:9301."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AgentAddressRefused(f"{url[:100]!r} cannot be read: {error}", hint=hint) from None
    odd = any(not letter.isprintable() or letter in " \\" for letter in url)
    if parts.scheme not in ("http", "https") or not host or port == 0 or odd:
        raise AgentAddressRefused(f"{url[:100]!r} is no address with http or https", hint=hint)
    if parts.username is not None or parts.query or parts.fragment:
        text = "has a name, a password, a query or a fragment in it"
        raise AgentAddressRefused(f"{url[:100]!r} {text}", hint=hint)
    try:
        check(host, ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            check(host, ipaddress.ip_address("127.0.0.1"))
    return host


def check(host: str, address: Address) -> None:
    """Raises AgentAddressRefused when it is private and not allowed."""
    if is_private(address) and not is_allowed(address):
        raise AgentAddressRefused(
            f"{host} is {address}, an address of this machine or of a private network",
            hint="If agents live there, an administrator of the machine allows it by "
            "MAVERICK_AGENTS_ALLOW_PRIVATE.",
        )


def is_private(address: Address) -> bool:
    """Whether it belongs to this machine, a private network, a cloud's metadata, or nobody."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_private(inside)
        if address.teredo is not None:
            return True
    return not address.is_global or address.is_multicast or address in _METADATA


def is_allowed(address: Address) -> bool:
    """Whether the setting names a network that it is in."""
    inside = getattr(address, "ipv4_mapped", None)
    networks = [ipaddress.ip_network(text) for text in conf.agent_networks()]
    return any(one in network for one in (address, inside) if one for network in networks)


async def places(url: str) -> list[Place]:
    """The ways to reach a URL. Raises AgentAddressRefused, and OSError for an unknown name."""
    host = check_url(url)
    parts = httpx.URL(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in texts:
        check(host, ipaddress.ip_address(text.partition("%")[0]))
    # Most servers on this machine are bound to 127.0.0.1 alone.
    texts.sort(key=lambda text: ":" in text)
    name = {"sni_hostname": host} if parts.scheme == "https" else {}
    headers = {"Host": parts.netloc.decode()}
    return [Place(parts.copy_with(host=text), headers, name) for text in texts]
