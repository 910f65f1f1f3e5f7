"""Whether the service is up, for the launcher, load balancers and monitors."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.web.state import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 while this process answers."""
    return jsonify(ok=True)


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 while the database answers, else 503: the shop's webhooks would be refused too."""
    ready = services().db.is_answering()
    return jsonify(ok=ready), 200 if ready else 503
