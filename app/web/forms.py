"""What the forms of an order's page carry: a key of their own, and a yes."""

from __future__ import annotations

from flask import request

from app.errors import KikubariError
from app.web.texts import gettext


def form_key() -> str:
    """The form's own key, with which what it asks for is done once, however often it is sent."""
    key = request.form.get("request", "")[:40]
    if not key:
        raise KikubariError(gettext("Nothing was done: open the order's page and try again."))
    return key


def check_confirmed() -> None:
    """Raises KikubariError where nobody said yes to what leaves the house."""
    if request.form.get("confirm") != "yes":
        raise KikubariError(gettext("Nothing was done: tick the box to confirm."))
