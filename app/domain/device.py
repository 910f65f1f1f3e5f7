"""A browser as its owner knows it again, without keeping more of it than that takes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from app.domain.text import clean

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""Signs in a user agent, the telling ones first: Chrome calls itself Safari too."""
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Device:
    """`agent`: browser and system; `address`: its network, never the whole address."""

    agent: str = ""
    address: str = ""


def device_of(agent: str, address: str) -> Device:
    """What is kept of a browser: `Firefox, Linux` and a network (/24, IPv6 /48)."""
    known = [
        next((name for sign, name in signs if sign in agent), "") for signs in (BROWSERS, SYSTEMS)
    ]
    words = ", ".join(filter(None, known)) or clean(agent, LONGEST)
    return Device(words[:LONGEST], network_of(address))


def network_of(address: str) -> str:
    """The network of an address; "" where it is none."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))
