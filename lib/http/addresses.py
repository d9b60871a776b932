"""Which addresses are spoken to: those that belong to one place on the public internet."""

import ipaddress
import re
import socket
import threading
from queue import Empty, SimpleQueue

from lib.http.reply import NotSent

LOOK_UP_S = 3.0

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Answer = list[str] | OSError | UnicodeError

# IANA's special-purpose registries, and the transition networks through which IPv4 can be reached.
# The cloud providers' metadata addresses are in 169.254.0.0/16, 100.64.0.0/10 and fc00::/7.
_CLOSED_IPV4 = [
    ipaddress.IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
# Everything else - loopback, mapped and compatible IPv4, NAT64, unique local, link-local, multicast - lies
# outside of it.
_OPEN_IPV6 = ipaddress.IPv6Network("2000::/3")
# Teredo and other protocol assignments, documentation, 6to4.
_CLOSED_IPV6 = [
    ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.IGNORECASE)
# What C libraries and browsers read as an IPv4 address in some notation or other.
_NUMBER = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)\.?", re.IGNORECASE)


def public_address(host: str) -> str:
    """An address of `host`, all of whose addresses are public. Raises `NotSent`."""
    return public_addresses(host, LOOK_UP_S)[0]


def public_addresses(host: str, within_s: float) -> list[str]:
    """The addresses of `host`, IPv4 first, if all of them are public. Raises `NotSent`."""
    found = addresses_of(host, within_s)
    for address in found:
        if not is_public(ipaddress.ip_address(address.partition("%")[0])):
            # The message goes to whoever named the host: what it stands for in our network is not told.
            raise NotSent(f"{host} is not a public address")
    return found


def addresses_of(host: str, within_s: float) -> list[str]:
    """The addresses of `host`, IPv4 first. Raises `NotSent`, after `within_s` at the latest."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        if _NUMBER.fullmatch(host) or not _NAME.fullmatch(host):
            raise NotSent(f"{host[:200]} is neither a name nor a public address") from None
    found = _look_up(host, within_s)
    if isinstance(found, Exception):
        raise NotSent(f"{host[:200]}: {found}", passing=True) from found
    return sorted(set(found), key=lambda address: (":" in address, address))


def is_public(ip: IpAddress) -> bool:
    """Whether it is a unicast address of the public internet that is not another address in disguise."""
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _CLOSED_IPV4)
    return ip in _OPEN_IPV6 and not any(ip in network for network in _CLOSED_IPV6)


def _look_up(host: str, within_s: float) -> Answer:
    """Ask the resolver in a thread of its own: it cannot be told how long it may take."""
    answers: SimpleQueue[Answer] = SimpleQueue()

    def ask() -> None:
        try:
            entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            answers.put([str(entry[4][0]) for entry in entries])
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        return answers.get(timeout=max(within_s, 0))
    except Empty:
        return TimeoutError("its address could not be found in time")
