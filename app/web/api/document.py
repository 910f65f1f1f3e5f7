"""The OpenAPI document, made from the views: `GET /api/v1/openapi.json`, for everybody.

SpecTree writes it; what it cannot say is put right here: problems have a media type of their own,
a PDF is no JSON, and ids are larger than it thinks.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, g, jsonify

from app.web.api.answers import spec
from app.web.api.problems import MEDIA_TYPE
from app.web.ids import LARGEST_ID

HEADERS = {
    401: ("WWW-Authenticate", "What is missing or wrong (RFC 6750)"),
    429: ("Retry-After", "Seconds to wait"),
}

blueprint = Blueprint("document", __name__, url_prefix="/v1")


@blueprint.get("/openapi.json", endpoint="show")
def show_document() -> Response:
    """What may be asked here, and what is answered."""
    answer = jsonify(document())
    g.tag = hashlib.sha256(answer.get_data()).hexdigest()[:32]
    return answer


def document() -> dict[str, Any]:
    """The whole document. Within an application context."""
    made: dict[str, Any] = copy.deepcopy(spec.spec)
    for operation in _operations(made):
        for code, answer in operation["responses"].items():
            _put_right(int(code), answer)
        for parameter in operation["parameters"]:
            if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
                parameter["schema"] = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}
    return made


def _operations(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in made["paths"].values():
        yield from methods.values()


def _put_right(code: int, answer: dict[str, Any]) -> None:
    if code >= 400:
        answer["content"] = {MEDIA_TYPE: answer["content"]["application/json"]}
    elif code == 200 and "content" not in answer:
        answer["content"] = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
    if code in HEADERS:
        name, says = HEADERS[code]
        answer["headers"] = {name: {"description": says, "schema": {"type": "string"}}}
