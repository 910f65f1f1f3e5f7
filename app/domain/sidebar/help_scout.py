"""Help Scout, dynamic apps: its server posts JSON about the conversation and shows our HTML.

`X-HelpScout-Signature` is base64 of HMAC-SHA1 over the body, with the secret of the app
(developer.helpscout.com, "Legacy Dynamic Apps"; its PHP client's example is among the tests).
The body carries neither a moment nor an id, so a request that comes again looks like a new one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from app.domain.sidebar.question import addresses, is_same, read_object
from app.errors import BadSignature

HEADER = "X-HelpScout-Signature"
LONGEST_SECRET = 40
"""Characters that Help Scout takes."""


def signature_of(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


def read(body: bytes, signature: str, secret: str) -> tuple[str, ...]:
    """Whom the conversation is about.

    Raises:
        BadSignature: it is not signed with this secret, or is not readable.
    """
    if not secret or not is_same(signature_of(body, secret), signature.strip()):
        raise BadSignature("signature")
    customer = read_object(body).get("customer")
    if not isinstance(customer, dict):
        return ()
    more = customer.get("emails")
    return addresses(customer.get("email"), *(more if isinstance(more, list) else ()))
