"""Ports and waiting: what the launcher asks of the network of this machine."""

import errno
import http.client
import socket
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from app.launch.errors import LaunchError


def check_port(setting: str, host: str, port: int) -> None:
    """Raise LaunchError when `host`:`port` cannot be listened on, naming `setting` to change."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError:
        raise LaunchError(
            f"port {port} needs root; choose one above 1023: {setting}=8080"
        ) from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno != errno.EADDRINUSE:
            raise LaunchError(
                f"HOST={host} is no address of this machine ({error.strerror})"
            ) from error
        free, command = free_ports(1)[0], " ".join(["run.py", *sys.argv[1:]])
        raise LaunchError(
            f"port {port} on {host} is taken by another program; stop it, or choose another:"
            f" {setting}={free} python3 {command}"
        ) from None


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on at this moment, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def wait_until_up(url: str, still: Callable[[], None], seconds: float = 60.0) -> None:
    """Wait until GET `url` answers 200. `still` raises when waiting has no sense any more.

    Raises LaunchError after `seconds`, with what was answered last.
    """
    deadline = time.monotonic() + seconds
    said = "nothing"
    while time.monotonic() < deadline:
        still()
        try:
            said = _status(url)
        except (OSError, http.client.HTTPException) as error:
            said = str(error) or type(error).__name__
        if said == "200":
            return
        time.sleep(0.05)
    raise LaunchError(f"{url} did not answer within {seconds:g} s (last: {said})")


def _status(url: str) -> str:
    """The status of GET `url`; straight, whatever proxy the environment names."""
    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        link.request("GET", parts.path or "/")
        return str(link.getresponse().status)
    finally:
        link.close()
