"""Chatwoot, dashboard apps: the browser shows our page in a frame and tells it of the conversation
by `postMessage`, which nobody signs (its user guide, "How to use dashboard apps").

So the frame has to bring a secret of ours. It stands behind the `#` of the app's address, which a
browser sends to no server: not to us when the frame opens, not to logs, not as a referrer. The
page's script hands it in with each question. Decision 20 says why, and what it does not protect
from.
"""

from __future__ import annotations

from app.domain.sidebar.question import is_same
from app.errors import BadSignature


def address_of(frame: str, secret: str) -> str:
    """What is entered in Chatwoot as the app's URL."""
    return f"{frame}#{secret}"


def check(given: object, secret: str) -> None:
    """Raises BadSignature where the secret is missing or another one."""
    if not is_same(secret, given):
        raise BadSignature("secret")
