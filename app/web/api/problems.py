"""What a program reads when something is wrong: `application/problem+json` (RFC 9457).

Each status has one meaning here, so `type` stays `about:blank` (section 4.2.1). Nothing that was
sent is repeated: it may be personal data, and answers end up in logs.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from flask import Response, abort
from pydantic import BaseModel, ValidationError

MEDIA_TYPE = "application/problem+json"
DETAILS = {
    400: "The request cannot be read.",
    404: "There is no such thing, or this token does not see it.",
    405: "This address does not take this method; see the header Allow.",
    409: "It does not wait for an answer any more.",
    410: "The content of this document was erased after its retention.",
    413: "The body is larger than any that this API takes.",
    415: "Send the body as application/json.",
    422: "Something that was sent does not fit; see errors.",
    429: "This token asks too often; wait as long as Retry-After says, in seconds.",
    500: "Something failed here. It is in the log of the service.",
    503: "The database cannot be used now. Ask again in a minute.",
}


class WrongField(BaseModel):
    """`at`: where it stands (`limit`, `answer`); `why`: what it should be."""

    at: str
    why: str


class Problem(BaseModel):
    """What is wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[WrongField] = []


def problem(status: int, detail: str = "", errors: list[WrongField] | None = None) -> Response:
    """An answer that says what is wrong."""
    said = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail or DETAILS.get(status, ""),
        errors=errors or [],
    )
    return Response(said.model_dump_json(), status=status, mimetype=MEDIA_TYPE)


def refuse_unreadable(
    asked: object, answer: object, error: ValidationError | None, *more: object
) -> None:
    """A hook of SpecTree: its own answer to what does not fit would repeat what was sent."""
    if error is None:
        return
    found = error.errors(include_input=False, include_url=False, include_context=False)
    wrong_fields([(".".join(str(part) for part in one["loc"]), one["msg"]) for one in found])


def wrong_fields(found: list[tuple[str, str]]) -> NoReturn:
    """422, with the names of the fields and what they should be."""
    abort(problem(422, errors=[WrongField(at=at, why=why) for at, why in found[:20]]))
