"""Asks a Redis-protocol server whether it answers, before anything is installed."""

import socket
import ssl
from urllib.parse import SplitResult, unquote, urlsplit

from app.launch.errors import LaunchError


def ping(url: str, timeout: float = 2.0) -> str:
    """Ask the server at `url` for a PONG. Returns an empty string, or what went wrong.

    URLs as redis-py reads them: redis, rediss and unix, with user and password.
    """
    parts = urlsplit(url)
    try:
        with _connect(parts, timeout) as link:
            if parts.password:
                user = [unquote(parts.username)] if parts.username else []
                if refused := _ask(link, "AUTH", *user, unquote(parts.password)):
                    return refused
            return _ask(link, "PING")
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__


def check_given(url: str) -> None:
    """Raise LaunchError unless the server that REDIS_URL names answers."""
    if trouble := ping(url):
        parts = urlsplit(url)
        shown = parts._replace(query="", netloc=parts.netloc.rpartition("@")[2]).geturl()
        raise LaunchError(
            f"REDIS_URL: {shown} does not answer a PING ({trouble}); start that server, or unset"
            " REDIS_URL to use the embedded one"
        )


def _connect(parts: SplitResult, timeout: float) -> socket.socket:
    if parts.scheme == "unix":
        link = socket.socket(socket.AF_UNIX)
        try:
            link.settimeout(timeout)
            link.connect(unquote(parts.path))
        except OSError:
            link.close()
            raise
        return link
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError(f'"{parts.scheme}" is none of redis, rediss, unix')
    address = (parts.hostname or "127.0.0.1", parts.port or 6379)
    link = socket.create_connection(address, timeout)
    if parts.scheme == "rediss":
        return ssl.create_default_context().wrap_socket(link, server_hostname=parts.hostname)
    return link


def _ask(link: socket.socket, *words: str) -> str:
    """Send one command; returns an empty string for a good answer, else the server's complaint."""
    encoded = [word.encode() for word in words]
    parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded]
    link.sendall(b"*%d\r\n" % len(encoded) + b"".join(parts))
    answer = b""
    while not answer.endswith(b"\r\n"):
        if not (part := link.recv(1024)):
            return "it closed the connection"
        answer += part
    return "" if answer[:1] == b"+" else answer.decode(errors="replace").strip().lstrip("-")
