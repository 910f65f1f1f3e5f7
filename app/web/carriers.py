"""Where carriers' services deliver: beside the shop's webhooks, on the same small application."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.errors import BadSignature, StorageUnavailable, UnknownStore
from app.usecases.receive_scans import receive_scans
from app.web.state import services, state
from app.web.webhooks import LARGEST_BODY, answer

blueprint = Blueprint("carriers", __name__, url_prefix="/carriers")
log = structlog.get_logger()


@blueprint.post("/<store_key>/<name>")
def receive(store_key: str, name: str) -> Response:
    """200: what the service told is on the disk, or was there already. 401 signature, 404 store
    key or service, 413 size, 503 the database: nothing is stored."""
    s = services()
    try:
        store, service, secret = state().carriers.open(store_key, name)
        body = request.get_data(cache=False)
        try:
            receipt = receive_scans(
                s.inbox, store, service, secret, request.headers, body, s.clock()
            )
        except BadSignature:
            store, service, secret = state().carriers.open(store_key, name, again=True)
            receipt = receive_scans(
                s.inbox, store, service, secret, request.headers, body, s.clock()
            )
    except UnknownStore as error:
        return answer(404, str(error))
    except BadSignature as error:
        state().tally.add(store.id, "bad_carrier_signature")
        return answer(401, str(error))
    except RequestEntityTooLarge:
        return answer(413, f"a delivery may hold {LARGEST_BODY} bytes")
    except Exception as error:  # a fault of ours must not look as if it were kept
        if not isinstance(error, StorageUnavailable):
            log.exception("scans not understood")
        else:
            log.error("scans not stored", why=str(error))
        return answer(503, "it could not be stored; send it again")
    return answer(200, receipt.value)
