"""The JSON API below `/api/v1`: what the pages show, for programs.

    token -> who, and which stores -> rate -> scope -> request read -> use case -> facts -> JSON

An application of its own beside the pages: it knows no cookies, sessions or forms, so nothing that
a browser carries opens it, and no page of another site can ask in somebody's name.
"""

from __future__ import annotations

from flask import Flask

from app.web.api import answers, document, door, failures, orders, words

__all__ = ["LARGEST_BODY", "open_door"]

LARGEST_BODY = 16 * 1024


def open_door(app: Flask) -> None:
    """Make an application the API."""
    answers.mark_answers(app)
    failures.speak_in_problems(app)
    door.guard(app)
    for module in (document, orders, words):
        app.register_blueprint(module.blueprint)
