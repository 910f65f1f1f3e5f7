"""What is kept of a token or code that somebody will hand in again: its hash, never itself."""

from __future__ import annotations

import hashlib


def hash_of(secret: str) -> str:
    """SHA-256 in hexadecimal digits. For secrets of 80 random bits and more, which nobody finds by
    trying: no slow hash is needed, as it is for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()
