"""The addresses that only this machine reaches."""

from ipaddress import ip_address

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
"""What a browser on this machine may call it."""


def is_loopback(host: str) -> bool:
    """Whether an address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
