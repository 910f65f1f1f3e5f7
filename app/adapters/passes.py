"""Passes: what a frame in a help desk shows for each question after it was opened rightly."""

from __future__ import annotations

from datetime import datetime

from itsdangerous import BadSignature, URLSafeSerializer

SECONDS = 15 * 60
"""How long a frame may ask. It asks when a conversation is opened, which is at once."""


class SignedPasses:
    """A pass names a sidebar, the count of its secret and a moment, and is signed. No row."""

    def __init__(self, secret_key: str) -> None:
        self._serializer = URLSafeSerializer(secret_key, salt="sidebar-pass")

    def make(self, sidebar_id: int, generation: int, now: datetime) -> str:
        made = self._serializer.dumps([sidebar_id, generation, int(now.timestamp())])
        return made.decode() if isinstance(made, bytes) else made

    def is_good(self, given: str, sidebar_id: int, generation: int, now: datetime) -> bool:
        try:
            found = self._serializer.loads(given[:300])
        except (BadSignature, ValueError, TypeError):
            return False
        if not isinstance(found, list) or found[:2] != [sidebar_id, generation]:
            return False
        return bool(-1 <= now.timestamp() - found[2] <= SECONDS)
