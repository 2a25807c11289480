"""Where we may connect to: public addresses only, and to the very address that was checked.

A name that an organisation typed in must not lead to this machine, its neighbours or a cloud's own services, now or
when it is looked up a second time.
"""

import ipaddress
import socket

from django.conf import settings

from core.text import Phrase, gettext_noop


class BadHost(Exception):
    """The host may not be connected to, or is not there; the phrase says which."""

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(str(phrase))
        self.phrase = phrase


def checked_address(host: str, port: int) -> str:
    """The address that the host's name stands for, when all of its addresses may be connected to. Raises BadHost.

    `settings.PRIVATE_HOSTS` names hosts of the operator's own network that organisations may use nevertheless.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadHost(Phrase(gettext_noop("There is no host %(host)s."), {"host": host})) from None
    addresses = [str(entry[4][0]) for entry in found]
    if host not in settings.PRIVATE_HOSTS and not all(map(is_public, addresses)):
        raise BadHost(
            Phrase(gettext_noop("%(host)s is an address of a private network, which is not allowed."), {"host": host})
        )
    return addresses[0]


def is_public(text: str) -> bool:
    """Whether an IP address is one of the internet's, whatever way it is written."""
    address = ipaddress.ip_address(text.partition("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if isinstance(address, ipaddress.IPv6Address) and address in ipaddress.ip_network("64:ff9b::/96"):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved
