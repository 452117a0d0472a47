"""Which addresses may be asked for what decides who comes in."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_safe_address(url: str) -> bool:
    """Tell whether what comes from an address cannot be changed on the way: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is no number
    except ValueError:
        return False
    if parts.username is not None or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
