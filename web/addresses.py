"""Client addresses, in the form in which rate limits count them."""

import ipaddress
from collections.abc import Iterable

from starlette.requests import HTTPConnection

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_of(connection: HTTPConnection) -> str:
    """Return the client's address, or "" if the server knows none.

    Behind one of `web.trusted_proxies` it is the address that the proxy forwards. `X-Forwarded-For` from
    anybody else is ignored.
    """
    return connection.client.host if connection.client else ""


def network_of(address: str) -> str:
    """Return the address as limits count it: an IPv6 address as its /64 network, which one subscriber owns.

    >>> network_of("2001:db8::1"), network_of("::ffff:192.0.2.7"), network_of("192.0.2.7")
    ('2001:db8::/64', '192.0.2.7', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


def networks_of(address: str) -> tuple[str, ...]:
    """Return the networks by which an address is counted, the narrow network first.

    An IPv6 subscriber may well have a whole /56 or /48, so the /48 is counted beside the /64.

    >>> networks_of("2001:db8::1"), networks_of("192.0.2.7")
    (('2001:db8::/64', '2001:db8::/48'), ('192.0.2.7',))
    """
    narrow = network_of(address)
    if not narrow.endswith("/64"):
        return (narrow,)
    return narrow, str(ipaddress.IPv6Network(narrow).supernet(new_prefix=48))


def contains(networks: Iterable[Network], address: str) -> bool:
    """Tell whether an address is in one of the networks. IPv4-mapped IPv6 counts as IPv4.

    >>> contains([ipaddress.ip_network("10.0.0.0/8")], "::ffff:10.1.2.3")
    True
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)


def with_mapped(networks: Iterable[Network]) -> list[Network]:
    """Return the networks, with every IPv4 network also in the IPv4-mapped form of a dual-stack socket.

    >>> [str(network) for network in with_mapped([ipaddress.ip_network("10.0.0.0/8")])]
    ['10.0.0.0/8', '::ffff:a00:0/104']
    """
    both: list[Network] = []
    for network in networks:
        both.append(network)
        if isinstance(network, ipaddress.IPv4Network):
            start = int(ipaddress.IPv6Address("::ffff:0:0")) + int(network.network_address)
            both.append(ipaddress.IPv6Network((start, 96 + network.prefixlen)))
    return both
