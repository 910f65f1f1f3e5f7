"""Where shops deliver: the body is read up to a cap, verified, stored, and only then answered."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.errors import BadSignature, StorageUnavailable, UnknownStore
from app.usecases.await_delivery import PING
from app.usecases.receive_delivery import Receipt, receive_delivery
from app.web.state import services, state

LARGEST_BODY = 1024 * 1024
RETRY_AFTER_SECONDS = "30"

blueprint = Blueprint("webhooks", __name__)
log = structlog.get_logger()


@blueprint.post("/woocommerce/<store_key>")
def receive(store_key: str) -> Response:
    """200: the delivery is on the disk (or was a ping, or known already). Anything else: it is
    not stored. 401 signature, 404 store key, 413 size, 503 the database."""
    s = services()
    try:
        store, secrets = state().doors.open(store_key)
        body = request.get_data(cache=False)
        try:
            receipt = receive_delivery(s.inbox, secrets, store, request.headers, body, s.clock())
        except BadSignature:
            store, secrets = state().doors.open(store_key, again=True)
            receipt = receive_delivery(s.inbox, secrets, store, request.headers, body, s.clock())
    except UnknownStore:
        return answer(404, "no store has this address")
    except BadSignature as error:
        state().tally.add(store.id, "bad_signature")
        return answer(401, str(error))
    except RequestEntityTooLarge:
        state().tally.add(store.id, "too_large")
        return answer(413, f"a delivery may hold {LARGEST_BODY} bytes")
    except Exception as error:  # a fault of ours must not look as if the delivery were kept
        if not isinstance(error, StorageUnavailable):
            log.exception("delivery not understood")
            return answer(503, "the delivery could not be stored; send it again")
        log.error("delivery not stored", why=str(error))
        return answer(503, "the delivery could not be stored; send it again")
    if receipt is Receipt.PING:  # connecting waits for it
        state().tally.add(store.id, PING)
    return answer(200, receipt.value)


def answer(status: int, words: str) -> Response:
    """What machines are told: plain words, and when to come again."""
    response = Response(words + "\n", status=status, mimetype="text/plain")
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response
