"""The API does what its OpenAPI document says, whatever is sent to it (schemathesis)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.domain.api_scopes import ApiScope
from app.usecases.manage_tokens import make_token
from app.web.api.door import limiter
from tests.web.roles import open_second_shop
from tests.web.site import NORMAL, Site, copy_of, open_site

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXPECTED = {
    "every scope": {200, 404, 422},
    "too few": {403},
    "wrong": {401},
    "none": {401},
}
EMAIL = "juergen@kunde.test"
BOUNDED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def shop(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = open_site(copy_of(seeded, tmp_path_factory.mktemp("api") / "site"))
    open_second_shop(made)
    limiter.enabled = False  # rates have tests of their own
    yield made
    limiter.enabled = True
    made.services.db.dispose()


@pytest.fixture(scope="module")
def tokens(shop: Site) -> dict[str, str]:
    """Headers of each kind of caller."""
    s = shop.services
    kinds = {"every scope": [one.value for one in ApiScope], "too few": ["documents"]}
    made = {
        kind: make_token(s.db, kind, scopes, who="test", now=s.clock())[1]
        for kind, scopes in kinds.items()
    }
    return {**made, "wrong": "kk_" + "x" * 43, "none": ""}


@pytest.mark.parametrize("kind", ["every scope", "too few", "wrong", "none"])
def test_every_answer_is_documented(shop: Site, tokens: dict[str, str], kind: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", shop.app)
    headers = {"Authorization": f"Bearer {tokens[kind]}"} if tokens[kind] else {}
    statuses: set[int] = set()

    def ask(case: schemathesis.Case) -> None:
        case.headers.pop("Authorization", None)
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS, headers=headers)
        statuses.add(answer.status_code)

    for result in schema.get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            BOUNDED(given(result.ok().as_strategy(generation_mode=mode))(ask))()
    assert statuses >= EXPECTED[kind]
    assert kind == "every scope" or not statuses & {200, 304}


def test_what_is_asked_rightly_is_given(shop: Site, tokens: dict[str, str]) -> None:
    """Random words seldom name an order that exists: these do, and are held to the document."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", shop.app)
    headers = {"Authorization": f"Bearer {tokens['every scope']}"}
    real = {"store": "tea", "order_id": NORMAL, "document_id": shop.document_id()}
    given_for = {"/v1/orders": {"q": "e"}, "/v1/stores/{store}/customer": {"email": EMAIL}}
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.method != "get":
            continue
        names = [one.name for one in operation.path_parameters]
        case = operation.Case(
            path_parameters={name: real[name] for name in names},
            query=given_for.get(operation.path, {}),
        )
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS, headers=headers)
        assert answer.status_code == 200, operation.path
        asked += 1
    assert asked >= 10
