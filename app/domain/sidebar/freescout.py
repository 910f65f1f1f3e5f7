"""FreeScout with the module Sidebar Webhook: its server posts JSON and puts our HTML in its page.

`{"customerEmail": …, "secret": …, …}` (the module's source, from the version on that has the field
"secret" in a mailbox's settings; older ones post a form from the browser, with no secret, and are
refused). No signature, no moment and no id: the secret itself is sent, over TLS.
"""

from __future__ import annotations

from app.domain.sidebar.question import addresses, is_same, read_object
from app.errors import BadSignature


def read(body: bytes, secret: str) -> tuple[str, ...]:
    """Whom the conversation is about.

    Raises:
        BadSignature: the secret is missing or another one, or the body is not readable.
    """
    asked = read_object(body)
    if not is_same(secret, asked.get("secret")):
        raise BadSignature("secret")
    return addresses(asked.get("customerEmail"))
