"""How views of the API answer: their documents, their tags, and what no cache may do with them.

Tags are weak: they stand for what an answer means. An order's facts hold the customer's clock,
which runs on while nothing happens; it does not count.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

from flask import Flask, Response, g, request
from pydantic import BaseModel
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData, Server

from app.domain.api_scopes import ApiScope
from app.web.api.problems import Problem, refuse_unreadable

Model = TypeVar("Model", bound=BaseModel)

CLOCK: Any = {"local_time"}
"""What changes by itself in a customer's facts."""

spec = SpecTree(
    "flask",
    mode="strict",
    title="Kikubari",
    version="1",
    description="Orders, customers, documents and words to customers, as the pages show them.",
    servers=[Server(url="/api")],
    security_schemes=[
        SecurityScheme(
            name="token",
            data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"),
        )
    ],
    page_templates={},
    before=refuse_unreadable,
    validation_error_model=Problem,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda parent, child: child,
)

ALWAYS = (401, 403, 429, 500, 503)
"""Answers of every address that needs a token."""


def answers(model: type[BaseModel] | None, *further: int, is_read: bool = True) -> Answers:
    """The answers of a view: `model`, what every view may say, and `further` problems."""
    problems: dict[str, Any] = {f"HTTP_{code}": Problem for code in (*ALWAYS, 422, *further)}
    codes = ["HTTP_304"] if is_read else []
    if model is None:
        return Answers(*codes, HTTP_200=(None, "A PDF"), **problems)
    return Answers(*codes, HTTP_200=model, **problems)


def allowed(scope: ApiScope) -> dict[str, list[str]]:
    """The scope of a view, as the document says it."""
    return {"token": [scope.value]}


def tagged(facts: Model, without: Any = None) -> Model:
    """These facts as the answer, with a tag made of them; `without`: what does not count."""
    meant = facts.model_dump_json(exclude=without)
    g.tag = hashlib.sha256(meant.encode()).hexdigest()[:32]
    return facts


def mark_answers(app: Flask) -> None:
    """Install the headers on the application."""
    app.after_request(_mark)


def _mark(response: Response) -> Response:
    tag = g.get("tag")
    if tag and response.status_code == 200 and request.method in ("GET", "HEAD"):
        response.set_etag(tag, weak=True)
        response.headers["Cache-Control"] = "private, no-cache"
        response.make_conditional(request)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
