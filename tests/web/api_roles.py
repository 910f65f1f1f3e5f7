"""Which token gets what: every address of the API with the answer to each kind of token.

Written below the table of people in docs/roles.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from app.db.notices import HELD, Message
from app.db.stores import store_by_name
from app.db.tasks import Task
from app.domain.api_scopes import ApiScope
from app.domain.scope import EVERYTHING, Scope
from app.usecases.manage_tokens import make_token
from app.web.api.door import limiter
from tests.web.site import NORMAL, Site

BEARERS = ("no token", "read", "documents", "approve", "act", "all elsewhere")
ANSWERS = {200: "given", 401: "unknown", 403: "refused", 404: "hidden", 409: "too late"}

Row = tuple[str, str, str, str, str, str]
OPEN: Row = ("given",) * 6
READ: Row = ("unknown", "given", "refused", "refused", "refused", "given")
READ_OF_SHOP: Row = ("unknown", "given", "refused", "refused", "refused", "hidden")
FILES: Row = ("unknown", "refused", "given", "refused", "refused", "hidden")
APPROVE: Row = ("unknown", "refused", "refused", "given", "refused", "hidden")
ACT: Row = ("unknown", "refused", "refused", "refused", "given", "hidden")


@dataclass(frozen=True)
class ApiRoute:
    method: str
    endpoint: str
    path: str
    answers: Row
    body: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.endpoint


ORDER = f"/api/v1/stores/tea/orders/{NORMAL}"
API_ROUTES = (
    ApiRoute("GET", "document.show", "/api/v1/openapi.json", OPEN),
    ApiRoute("GET", "orders.list_stores", "/api/v1/stores", READ),
    ApiRoute("GET", "orders.find_orders", "/api/v1/orders?q=nothing-like-it", READ),
    ApiRoute("GET", "orders.show_order", ORDER, READ_OF_SHOP),
    ApiRoute("GET", "orders.show_customer_of_order", f"{ORDER}/customer", READ_OF_SHOP),
    ApiRoute(
        "GET",
        "orders.show_customer",
        "/api/v1/stores/tea/customer?email=juergen@kunde.test",
        READ_OF_SHOP,
    ),
    ApiRoute("GET", "orders.list_documents", f"{ORDER}/documents", FILES),
    ApiRoute("GET", "orders.show_document", f"{ORDER}/documents/{{document}}.pdf", FILES),
    ApiRoute("GET", "words.list_notices", "/api/v1/notices", READ),
    ApiRoute("GET", "words.list_approvals", "/api/v1/approvals", READ),
    ApiRoute("POST", "words.decide", "/api/v1/approvals/{message}", APPROVE, {"answer": "refuse"}),
    ApiRoute("GET", "words.list_tasks", "/api/v1/tasks", READ),
    ApiRoute("POST", "words.finish", "/api/v1/tasks/{task}/done", ACT),
)


def headers_of(site: Site, bearer: str) -> dict[str, str]:
    """What a program of this kind sends."""
    limiter.reset()
    if bearer == "no token":
        return {}
    s, everything = site.services, [one.value for one in ApiScope]
    with s.db.read() as session:
        coffee = store_by_name(session, "coffee")
    assert coffee
    elsewhere = bearer == "all elsewhere"
    scope = Scope(frozenset({coffee.id})) if elsewhere else EVERYTHING
    scopes = everything if elsewhere else [bearer]
    _, token = make_token(s.db, bearer, scopes, who="test", now=s.clock(), scope=scope)
    return {"Authorization": f"Bearer {token}"}


def ask(site: Site, headers: dict[str, str], route: ApiRoute) -> str:
    """The word of the table for the answer."""
    client, path = site.app.test_client(), route.path.format(**_ids(site))
    if route.method == "GET":
        answer: Any = client.get(path, headers=headers)
    else:
        answer = client.post(path, headers=headers, json=route.body)
    answer.get_data()
    answer.close()
    return ANSWERS.get(answer.status_code, str(answer.status_code))


def _ids(site: Site) -> dict[str, int]:
    with site.services.db.write() as session:
        message = session.query(Message).order_by(Message.id).first()
        task = session.query(Task).first()
        assert message and task
        message.state = HELD
        return {"document": site.document_id(), "message": message.id, "task": task.id}


def api_rules_of(site: Site) -> Iterator[tuple[str, str, str]]:
    """Method, endpoint and address of everything below `/api`."""
    front = site.app.wsgi_app
    assert isinstance(front, DispatcherMiddleware)
    api = front.mounts["/api"]
    assert isinstance(api, Flask)
    for rule in api.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.endpoint, f"/api{rule.rule}"


HEAD = """
## Which token gets what

The API (see [api.md](api.md)) knows no people, only tokens, and pages know no tokens. A token may do what its scopes say, in the shops that it was made for, and never in more than its maker sees now. *All elsewhere* has every scope for another shop than the one that is asked for.

| answer | |
| --- | --- |
| given | it is answered, or done; lists hold what this token may see |
| unknown | 401 |
| refused | 403: the scope is missing; it stands on the audit |
| hidden | 404: not there, or not to be seen, which stands on the audit |

"""  # noqa: E501


def api_document(site: Site) -> str:
    """The part of docs/roles.md about tokens."""
    rules = {(method, name): rule for method, name, rule in api_rules_of(site)}
    lines = [f"| address | {' | '.join(BEARERS)} |", "| --- |" + " --- |" * len(BEARERS)]
    for one in API_ROUTES:
        lines.append(f"| {one.method} `{rules[one.key]}` | {' | '.join(one.answers)} |")
    return HEAD + "\n".join(lines) + "\n"
