"""A document for whoever holds its link. No number, id or guess opens one."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from app.db.documents import link_by_nonce
from app.domain.numbering import file_stem
from app.usecases.render_document import document_pdf
from app.web.state import services, state

blueprint = Blueprint("documents", __name__)


@blueprint.get("/d/<token>")
def open_document(token: str) -> Response:
    """The PDF of a valid token; 404 for any other, without saying why."""
    s = services()
    named = s.links.read_document(token)
    if named is None:
        abort(404)
    with s.db.read() as session:
        link = link_by_nonce(session, named[1])
    if link is None:
        abort(404)
    if link.revoked_at is not None or link.expires_at <= s.clock():
        abort(404)
    return pdf_response(link.document_id)


def pdf_response(document_id: int) -> Response:
    """A document's file as an answer that no cache or search engine keeps."""
    s = services()
    with state().rendering:
        document, data = document_pdf(s.db, s.press, document_id)
    response = Response(data, mimetype="application/pdf")
    name = file_stem(document.kind, document.number)
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
