"""Every failure of the API as a problem: a missing thing, a store that is not seen, a database that
cannot be used, a fault of ours."""

from __future__ import annotations

import math
import time

import structlog
from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.errors import ContentErased, OutOfSight, StorageUnavailable
from app.usecases.note_access import note_refusal
from app.web.api.door import limiter, me
from app.web.api.problems import problem
from app.web.state import services

log = structlog.get_logger()


def speak_in_problems(app: Flask) -> None:
    """Answer every error of the API so."""
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(OutOfSight, _out_of_sight)
    app.register_error_handler(ContentErased, lambda error: problem(410))
    app.register_error_handler(StorageUnavailable, _storage_problem)
    app.register_error_handler(SQLAlchemyError, _storage_problem)


def _http_problem(error: HTTPException) -> Response:
    if error.response is not None:
        return Response.force_type(error.response)
    status = error.code or 500
    answer = problem(status)
    for name, value in error.get_headers(request.environ):
        if name == "Allow":
            answer.headers[name] = value
    limit = limiter.current_limit
    if status == 429 and limit is not None:
        answer.headers["Retry-After"] = str(max(math.ceil(limit.reset_at - time.time()), 1))
    return answer


def _out_of_sight(error: OutOfSight) -> Response:
    """Word for word what one gets for a store that does not exist."""
    s, page = services(), request.endpoint
    subject = f"store:{error.store_id} {page}"
    note_refusal(s.db, me().signs_as, subject, error.store_id, now=s.clock(), page=page)
    return problem(404)


def _storage_problem(error: Exception) -> Response:
    log.error("database not usable", path=request.endpoint, why=type(error).__name__)
    return problem(503)
