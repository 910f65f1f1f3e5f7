"""What no person types: it is refused, and never looks like a fault of ours or of the database."""

from __future__ import annotations

from app.factory import create_app
from app.web.safety import limiter
from tests.web.site import post
from tests.web.test_books import client
from tests.world import World

ASKED = (
    *("/documents?q=%00", "/documents?q=a%00b", "/documents?store=%00", "/orders/%00/1"),
    *("/documents?since=0001-01-01&until=9999-12-31&store=tea", "/documents?q=%ED%A0%80"),
    *("/documents/export/csv?store=%00", "/documents/9223372036854775807.pdf", "/stores/%00"),
    *(f"/orders/tea/{2**63}", f"/people/{2**63}", f"/api/v1/stores/tea/orders/{'9' * 5000}"),
    *("/d/%00", "/sign-in/%00", "/inbox?state=%00", "/documents/1/%00.xml"),
)
SENT: tuple[tuple[str, dict[str, str]], ...] = (
    ("/sign-in", {"email": "a\0b", "password": "x"}),
    ("/waiting", {"answer": "send", "message": "\u00b2"}),
    ("/waiting/breaker/%00", {"answer": "send"}),
    ("/orders/%00/5/documents", {"kind": "invoice"}),
    ("/orders/tea/5/documents", {"kind": "\0"}),
    ("/documents/9223372036854775807/take-back", {"confirm": "\0"}),
    ("/webhooks/woocommerce/%00", {}),
    ("/webhooks/carriers/%00/aftership", {}),
)


def test_what_no_person_types_is_refused(a_world: World) -> None:
    a_world.connect()
    app = create_app(services=a_world.services)
    limiter.reset()
    owner, stranger = client(app, a_world), app.test_client()
    answers = {}
    for visitor, who in ((owner, "owner"), (stranger, "stranger")):
        for path in ASKED:
            limiter.reset()
            answers[who, path] = visitor.get(path).status_code
        for path, form in SENT:
            limiter.reset()
            answers[who, path] = post(visitor, path, **form).status_code
    assert {key: code for key, code in answers.items() if code >= 500} == {}
