"""The address of a client, as limits count it."""

import ipaddress

from starlette.requests import HTTPConnection


def address_of(connection: HTTPConnection) -> str:
    """The client's address, or "" where the server knows none; behind a proxy the one that it forwards."""
    return connection.client.host if connection.client else ""


def network_of(address: str) -> str:
    """The address as limits count it: of IPv6 the /64 network, of which one subscriber has every address.

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
