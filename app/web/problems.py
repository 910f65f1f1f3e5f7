"""What a person sees when something is wrong: what it is, why, and the mend. Never a traceback.

Monitors, who read no pages, get one line of plain text.
"""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.errors import OutOfSight, StorageUnavailable
from app.web.sight import note_refused_store

FOR_PROGRAMS = ("/healthz", "/readyz")
KEPT_HEADERS = ("Allow", "Retry-After")
BARE = "<!doctype html><title>Kikubari</title><p>Something failed here. Try again in a minute.</p>"

log = structlog.get_logger()


def speak_calmly(app: Flask) -> None:
    """Answer every error with a page of our own."""
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(OutOfSight, _out_of_sight)
    app.register_error_handler(StorageUnavailable, _storage_problem)
    app.register_error_handler(SQLAlchemyError, _storage_problem)


def _http_problem(error: HTTPException) -> Response:
    code = error.code or 500
    if error.response is not None:
        return Response.force_type(error.response)
    response = _answer(code, "csrf" if isinstance(error, CSRFError) else "")
    for name, value in error.get_headers(request.environ):
        if name in KEPT_HEADERS:
            response.headers[name] = value
    return response


def _out_of_sight(error: OutOfSight) -> Response:
    """Word for word what one gets for a store that does not exist."""
    note_refused_store(error.store_id)
    return _answer(404, "")


def _storage_problem(error: Exception) -> Response:
    log.error("database not usable", path=request.endpoint, why=type(error).__name__)
    return _answer(503, "storage")


def _answer(code: int, cause: str) -> Response:
    """A page, or a line for programs. Where the database fails, nobody is looked up in it again."""
    if request.path in FOR_PROGRAMS:
        return Response(f"{code}\n", status=code, mimetype="text/plain")
    g.without_person = cause == "storage"
    is_document = request.blueprint in ("customer", "documents")
    page = "staff/problem.html"
    try:
        body = render_template(page, code=code, cause=cause, is_document=is_document)
    except Exception:
        log.exception("the error page failed too")
        body = BARE
    return make_response(body, code)
