"""Where a webhook may go: no address of this machine, its network or its cloud, unless allowed.

A name is resolved once for an attempt, every address of it is checked, and the connection goes to
one of the addresses that were checked: a name that answers differently the second time (DNS
rebinding) gains nothing.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from runs import conf
from runs.errors import Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST = 2000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Public by their numbers, and answered by the cloud that one runs in.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})


class BadAddress(Refused):
    """A webhook cannot go to this address."""

    code = "webhook-address-refused"


def check_url(url: str) -> SplitResult:
    """The parts of an address that a webhook may have. Raises BadAddress."""
    hint = "Give an address like https://example.org/hooks/maverick."
    if len(url) > MOST:
        raise BadAddress(f"The address is longer than {MOST} characters.", hint=hint)
    if re.search(r"[\s\x00-\x1f\x7f\\]", url):
        raise BadAddress("The address has a space or a control character in it.", hint=hint)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"The address cannot be read: {error}.", hint=hint) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise BadAddress("The address does not begin with http:// or https://.", hint=hint)
    if parts.username is not None or parts.password is not None:
        raise BadAddress(
            "The address has a name or a password in it.",
            hint="Put what identifies the sender into the path, or check the signature.",
        )
    if parts.fragment:
        raise BadAddress("The address has a fragment (#…), which is never sent.", hint=hint)
    _check_literal(parts.hostname)
    return parts


def _check_literal(host: str) -> None:
    """An address in numbers is refused at once; a name is looked at when something is sent."""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            found = ipaddress.ip_address("127.0.0.1")
        else:
            return
    check(host, [found])


def check(host: str, found: Iterable[Address]) -> None:
    """Raises BadAddress when one of them is private and no setting allows it."""
    for one in found:
        if is_private(one) and not is_allowed(one):
            raise BadAddress(
                f"{host} is {one}, an address of this machine or of a private network.",
                hint="If that is meant, an administrator of the machine allows it by "
                "MAVERICK_WEBHOOKS_ALLOW_PRIVATE.",
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
    return any(one in network for one in (address, inside) if one for network in _networks())


def _networks() -> list[Network]:
    return [ipaddress.ip_network(text) for text in conf.webhook_networks()]


async def resolve(url: str) -> tuple[SplitResult, list[str]]:
    """The parts of the address, and the checked addresses that it may be reached at.

    Raises BadAddress, and OSError when the name cannot be resolved.
    """
    parts = check_url(url)
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    check(parts.hostname, [ipaddress.ip_address(text.partition("%")[0]) for text in texts])
    return parts, texts
