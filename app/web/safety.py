"""Headers, CSRF and rate limits for every page: nothing loads from elsewhere, nothing is framed,
but a help desk's sidebar by that help desk (`g.framed_by`)."""

from __future__ import annotations

import ipaddress
import secrets

from flask import Flask, Response, abort, g, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect

from app.domain.sidebar.question import LARGEST

csrf = CSRFProtect()
NOBODY = "'none'"

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
BODIES = {
    "shop.save": 3 * 1024 * 1024,
    "sidebar.open_post": LARGEST,
    "sidebar.answer": LARGEST,
}
"""Endpoints that take more bytes than others, for files, or fewer, from anybody."""


def visitor_address() -> str:
    """Where a request comes from; an IPv6 visitor has a whole /64 to himself, and counts once."""
    address = request.remote_addr or ""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else address


limiter = Limiter(visitor_address, storage_uri="memory://")


def protect(app: Flask) -> None:
    """Install the protections on an application."""
    app.before_request(_new_nonce)  # the first: what the next two refuse is a page as well
    app.before_request(_limit_body)  # before CSRF, which reads the form
    app.before_request(_refuse_nul)
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_headers)
    app.jinja_env.globals["csp_nonce"] = lambda: g.csp_nonce


def protect_answers(app: Flask) -> None:
    """The few headers of an application that answers machines, with words and no pages."""
    app.before_request(_refuse_nul_in_path)
    app.after_request(_machine_headers)


def _machine_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _new_nonce() -> None:
    g.csp_nonce = secrets.token_urlsafe(16)


def _limit_body() -> None:
    if request.endpoint in BODIES:
        request.max_content_length = BODIES[request.endpoint]


def _refuse_nul_in_path() -> None:
    """No address holds one, and PostgreSQL takes none: its refusal would look like a fault."""
    if "\x00" in request.path:
        abort(404)


def _refuse_nul() -> None:
    """The same for everything that a person can hand in."""
    _refuse_nul_in_path()
    given = [request.args]
    if request.mimetype in FORMS:  # reading another body here would lift its view's limit
        given.append(request.form)
    for fields in given:
        if any("\x00" in text for _, text in fields.items(multi=True)):
            abort(400)


def _headers(response: Response) -> Response:
    nonce = g.get("csp_nonce", "")
    response.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors {g.get('framed_by', NOBODY)}",
        )
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
