"""Who gets what: every address with every visitor, and nothing of a shop that one may not see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db.audit_trail import AuditEntry
from app.db.orders import Order
from app.db.staff import person_by_email
from app.domain.scope import Scope
from app.usecases.manage_people import change_person
from app.usecases.note_access import MOST_REFUSALS
from tests.web.api_roles import API_ROUTES, BEARERS, api_rules_of, headers_of
from tests.web.api_roles import ask as ask_api
from tests.web.roles import (
    DOCUMENT,
    ELSEWHERE,
    ROUTES,
    VISITORS,
    ask,
    class_of,
    document,
    open_second_shop,
    rules_of,
    visitor,
)
from tests.web.site import NORMAL, PEOPLE, Site, copy_of, open_site, post


@pytest.fixture
def shops(seeded: Path, tmp_path: Path) -> Iterator[Site]:
    """A site with two shops."""
    made = open_site(copy_of(seeded, tmp_path / "shops"))
    open_second_shop(made)
    yield made
    made.services.db.dispose()


def test_every_address_is_in_the_table(site: Site) -> None:
    known = {(method, endpoint) for method, endpoint, _ in rules_of(site)}
    assert known == {route.key for route in ROUTES}
    assert len(known) == len(ROUTES)


def test_every_address_of_the_api_is_in_its_table(site: Site) -> None:
    known = {(method, endpoint) for method, endpoint, _ in api_rules_of(site)}
    assert known == {route.key for route in API_ROUTES}


@pytest.mark.parametrize("bearer", BEARERS)
def test_each_token_gets_what_the_table_says(shops: Site, bearer: str) -> None:
    column, headers = BEARERS.index(bearer), headers_of(shops, bearer)
    got = {route.key: ask_api(shops, headers, route) for route in API_ROUTES}
    assert got == {route.key: route.answers[column] for route in API_ROUTES}


@pytest.mark.parametrize("who", VISITORS)
def test_each_visitor_gets_what_the_table_says(shops: Site, who: str) -> None:
    column = VISITORS.index(who)
    got = {route.key: class_of(ask(shops, visitor(shops, who), route)) for route in ROUTES}
    assert got == {route.key: route.answers[column] for route in ROUTES}


def test_the_document_says_what_the_table_says() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert written == document(), "write it anew: python -m tests.web.roles"


def secrets_of_tea(site: Site) -> set[str]:
    """Names, numbers and addresses that only who sees `tea` may read."""
    with site.services.db.read() as session:
        orders = list(session.scalars(select(Order)))
    return {one.email for one in orders if one.email} | {"tea.example/wp", "2026-00001"}


@pytest.mark.parametrize("who", ELSEWHERE)
@pytest.mark.parametrize("more", ["", "?q=2026", "?store=tea", "?state=parked", "?q=jürgen"])
def test_no_page_and_no_file_tells_of_another_shop(shops: Site, who: str, more: str) -> None:
    client = visitor(shops, who)
    for route in ROUTES:
        if route.method == "GET" and "{" not in route.path and route.endpoint != "static":
            words = client.get(route.path + more).text
            told = {one for one in secrets_of_tea(shops) if one in words}
            assert not told, (route.path, told)
            if "account" not in route.path and "sign-in" not in route.path:
                assert "/orders/tea" not in words and ">tea<" not in words, route.path


def test_counts_hold_only_what_one_sees(shops: Site) -> None:
    client = visitor(shops, "agent elsewhere")
    first_lines = {
        "/": "No order has come yet.",
        "/documents": "No document yet.",
        "/inbox": "Nothing waits for you.",
        "/waiting": "No word waits for your yes.",
    }
    for path, words in first_lines.items():
        assert words in client.get(path).text, path
        if path != "/waiting":  # there nothing waits for anybody
            assert words not in visitor(shops, "agent").get(path).text, path


def test_a_message_of_another_shop_cannot_be_answered(shops: Site) -> None:
    answer = post(visitor(shops, "agent elsewhere"), "/waiting", answer="send", message="1")
    assert class_of(answer) == "hidden"


@pytest.mark.parametrize("kind", ["delivery", "document", "file", "message"])
def test_work_of_another_shop_cannot_be_tried_again(shops: Site, kind: str) -> None:
    assert class_of(post(visitor(shops, "agent elsewhere"), f"/retry/{kind}/1")) == "hidden"
    assert class_of(post(visitor(shops, "agent"), f"/retry/{kind}/1")) == "done"
    assert class_of(post(visitor(shops, "agent"), f"/retry/{kind}/99999")) == "hidden"


def test_another_shop_looks_word_for_word_like_none(shops: Site) -> None:
    client = visitor(shops, "agent elsewhere")
    hidden, missing = client.get(f"/orders/tea/{NORMAL}"), client.get(f"/orders/milk/{NORMAL}")

    def plain(answer: Any) -> str:
        return "".join(line for line in answer.text.splitlines() if "nonce" not in line)

    assert (hidden.status_code, plain(hidden)) == (missing.status_code, plain(missing))


def give(site: Site, role: str, to: str, scope: Scope) -> None:
    with site.services.db.read() as session:
        person = person_by_email(session, PEOPLE[to])
    assert person
    change_person(site.services.db, person.id, role, scope, who="test", now=site.clock())


def test_another_role_counts_from_the_next_click(shops: Site) -> None:
    client = visitor(shops, "agent")
    assert class_of(post(client, "/waiting", answer="send")) == "done"
    give(shops, "reader", "agent", Scope())
    assert class_of(post(client, "/waiting", answer="send")) == "refused"


def test_other_stores_count_from_the_next_click(shops: Site) -> None:
    client = visitor(shops, "reader")
    assert client.get(f"/orders/tea/{NORMAL}").status_code == 200
    give(shops, "reader", "reader", Scope(frozenset({2})))
    assert client.get(f"/orders/tea/{NORMAL}").status_code == 404
    give(shops, "reader", "reader", Scope(frozenset()))
    assert "You see no shop yet." in client.get("/").text


def entries(site: Site, action: str) -> list[AuditEntry]:
    with site.services.db.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == action)
        return list(session.scalars(query.order_by(AuditEntry.position)))


def test_refusals_stand_on_the_audit_once_a_day(shops: Site) -> None:
    client = visitor(shops, "agent elsewhere")
    for _ in range(3):
        client.get("/stores/tea")
        client.get("/people")
    found = [(one.who, one.store_id, one.what) for one in entries(shops, "refused")]
    who = ELSEWHERE["agent elsewhere"]
    assert found == [
        (who, 1, {"page": "staff.store"}),
        (who, None, {"page": "people.listing", "needs": "owner"}),
    ]
    shops.clock.at = shops.clock.at.replace(day=shops.clock.at.day + 1, hour=1)
    visitor(shops, "agent elsewhere").get("/people")
    assert len(entries(shops, "refused")) == 3


def test_nobody_can_fill_the_disk_with_refusals(
    shops: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.usecases.note_access.MOST_REFUSALS", 2)
    client = visitor(shops, "reader")
    for path in ("/people", "/audit", "/setup", "/setup/by-hand"):
        assert client.get(path).status_code == 403
    assert len(entries(shops, "refused")) == 2 < MOST_REFUSALS
