"""The JSON API: the page's facts for whoever brings a token, and nothing for anybody else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import template_rendered
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.api_tokens import ApiToken
from app.db.audit_trail import AuditEntry
from app.db.notices import HELD, Message, Notice
from app.db.orders import Order, note_event
from app.db.staff import person_by_email
from app.db.stores import store_by_name
from app.domain.order_facts import OrderFacts
from app.domain.scope import EVERYTHING, Scope
from app.usecases.manage_people import add_person, change_person, remove_person
from app.usecases.manage_tokens import make_token, revoke_token
from app.web.api.door import limiter
from tests.web.roles import open_second_shop
from tests.web.site import HOSTILE, LATE, NORMAL, PEOPLE, REFUNDED, SCRIPT, Site, copy_of, open_site

ALL = ("read", "documents", "approve", "act")
ORDER = f"/api/v1/stores/tea/orders/{NORMAL}"


@dataclass
class Program:
    """Whoever asks with a token."""

    client: FlaskClient
    token: str

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self._with(headers))

    def post(self, path: str, **more: Any) -> Any:
        return self.client.post(path, headers=self._with({}), **more)

    def _with(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **headers}


@pytest.fixture
def shops(seeded: Path, tmp_path: Path) -> Iterator[Site]:
    """A site with two shops."""
    made = open_site(copy_of(seeded, tmp_path / "shops"))
    open_second_shop(made)
    limiter.reset()
    yield made
    made.services.db.dispose()


def program(site: Site, *scopes: str, scope: Scope = EVERYTHING, **more: Any) -> Program:
    _, token = make_token(
        site.services.db, "desk", scopes or ALL, who="test", now=site.clock(), scope=scope, **more
    )
    return Program(site.app.test_client(), token)


def id_of_store(site: Site, name: str) -> int:
    with site.services.db.read() as session:
        store = store_by_name(session, name)
    assert store
    return store.id


def trail(site: Site, action: str) -> list[AuditEntry]:
    with site.services.db.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.position)
        return list(session.scalars(query))


def page_facts(site: Site, order_id: int) -> OrderFacts:
    """The facts from which the order's page is drawn."""
    seen: list[OrderFacts] = []

    def keep(sender: object, template: Any, context: dict[str, Any], **more: Any) -> None:
        if template.name == "staff/order/page.html":
            seen.append(context["order"])

    with template_rendered.connected_to(keep, site.app):
        page = site.client("reader").get(
            f"/orders/tea/{order_id}", headers={"Accept-Language": "en"}
        )
    assert page.status_code == 200
    (facts,) = seen
    return facts


@pytest.mark.parametrize("order_id", [LATE, REFUNDED, HOSTILE, NORMAL])
def test_the_answer_is_what_the_page_is_drawn_from(shops: Site, order_id: int) -> None:
    answer = program(shops).get(f"/api/v1/stores/tea/orders/{order_id}")
    assert OrderFacts.model_validate_json(answer.data) == page_facts(shops, order_id)
    assert answer.json == page_facts(shops, order_id).model_dump(mode="json")


def test_hostile_text_is_data_bounded_and_without_tricks(shops: Site) -> None:
    answer = program(shops).get(f"/api/v1/stores/tea/orders/{HOSTILE}")
    assert answer.json["lines"][0]["name"].startswith("A & BW")
    assert SCRIPT not in answer.json["customer"]["note"]
    assert answer.json["customer"]["name"].startswith(SCRIPT)  # a name is text, as it was written
    assert len(answer.json["customer"]["name"]) == 200 and "\u202e" not in answer.text
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_answer_speaks_the_language_that_was_asked_for(shops: Site) -> None:
    answer = program(shops).get(f"{ORDER}?language=de")
    assert answer.json["answer_language"] == "de" and "Bezahlt" in answer.json["answer"]


def test_a_search_finds_what_the_page_finds_page_by_page(shops: Site) -> None:
    asking, found, cursor = program(shops), [], ""
    for _ in range(20):
        answer = asking.get(f"/api/v1/orders?q=e&limit=3&cursor={cursor}").json
        found += [one["id"] for one in answer["orders"]]
        cursor = answer["next"]
        if cursor is None:
            break
    whole = asking.get("/api/v1/orders?q=e&limit=100").json
    assert [one["id"] for one in whole["orders"]] == found and len(found) > 3
    assert len(set(found)) == len(found)
    by_number = asking.get(f"/api/v1/orders?q={NORMAL}").json["orders"]
    (one,) = [one for one in by_number if one["id"] == NORMAL]
    assert one["fits"][0] == "number" and one["store"] == "tea"


def test_a_customer_is_found_by_order_and_by_address(shops: Site) -> None:
    asking = program(shops)
    by_order = asking.get(f"{ORDER}/customer").json
    address = by_order["customer"]["email"]
    by_address = asking.get(f"/api/v1/stores/tea/customer?email={address.upper()}").json
    assert [one["id"] for one in by_address["orders"]] == [one["id"] for one in by_order["orders"]]
    assert by_address["customer"]["orders"] == by_order["customer"]["orders"] > 0
    assert asking.get("/api/v1/stores/tea/customer?email=nobody@x.example").status_code == 404


def test_documents_are_listed_and_opened(shops: Site) -> None:
    asking = program(shops)
    (document,) = asking.get(f"{ORDER}/documents").json["documents"]
    file = asking.get(f"{ORDER}/documents/{document['id']}.pdf")
    assert file.mimetype == "application/pdf" and file.data.startswith(b"%PDF")
    other = f"/api/v1/stores/tea/orders/{LATE}/documents/{document['id']}.pdf"
    assert asking.get(other).status_code == 404


def test_notices_are_filtered_and_paged(shops: Site) -> None:
    asking = program(shops)
    delays = asking.get("/api/v1/notices?kind=delayed&limit=100").json["notices"]
    assert delays and {one["told"]["kind"] for one in delays} == {"delayed"}
    done = asking.get("/api/v1/notices?state=done&limit=100").json["notices"]
    assert done and {one["told"]["state"] for one in done} == {"done"}
    first = asking.get("/api/v1/notices?limit=1").json
    second = asking.get(f"/api/v1/notices?limit=1&cursor={first['next']}").json
    assert first["notices"] != second["notices"]
    assert asking.get("/api/v1/notices?store=tea&limit=1").json == first
    assert asking.get("/api/v1/notices?store=nowhere").status_code == 404


def hold_one(site: Site) -> int:
    """A message that waits for a yes."""
    with site.services.db.write() as session:
        message = session.scalars(select(Message).order_by(Message.id)).first()
        assert message
        message.state = HELD
        return message.id


def test_a_yes_through_the_api_counts_once_and_stands_on_the_audit(shops: Site) -> None:
    message_id, asking = hold_one(shops), program(shops)
    (waiting,) = asking.get("/api/v1/approvals").json["approvals"]
    assert waiting["told"]["message_id"] == message_id
    answer = asking.post(f"/api/v1/approvals/{message_id}", json={"answer": "send"})
    assert answer.json == {"message_id": message_id, "answer": "send"}
    again = asking.post(f"/api/v1/approvals/{message_id}", json={"answer": "refuse"})
    assert again.status_code == 409
    assert asking.post("/api/v1/approvals/9999", json={"answer": "send"}).status_code == 404
    (entry,) = trail(shops, "notice.answer")
    assert entry.who.startswith("token ") and "(desk)" in entry.who and entry.what["send"] is True
    with shops.services.db.read() as session:
        assert session.get_one(Message, message_id).approved_by == entry.who


def test_a_body_that_is_no_json_or_too_large_is_refused(shops: Site) -> None:
    path, asking = f"/api/v1/approvals/{hold_one(shops)}", program(shops)
    assert asking.post(path, data={"answer": "send"}).status_code == 415
    assert asking.post(path, data="{", content_type="application/json").status_code == 422
    large = asking.post(path, json={"answer": "send" * 10_000})
    assert large.status_code == 413 and large.mimetype == "application/problem+json"


def test_a_task_is_done_through_the_api(shops: Site) -> None:
    asking = program(shops)
    (one,) = asking.get("/api/v1/tasks").json["tasks"]
    done = asking.post(f"/api/v1/tasks/{one['task']['id']}/done")
    assert done.json["store"] == "tea" and done.json["order_id"] == one["order_id"]
    assert asking.get("/api/v1/tasks").json["tasks"] == []
    assert asking.post("/api/v1/tasks/9999/done").status_code == 404


# who may


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer ",
        "Bearer kk_wrong",
        "Basic b3duZXI6b3duZXI=",
        "Bearer kk_" + "x" * 5000,
        "Bearer kk_\u00e9",
        "kk_wrong",
    ],
)
def test_nobody_comes_in_without_a_good_token(shops: Site, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    for path in (ORDER, "/api/v1/nothing", "/api", "/api/"):
        answer = shops.app.test_client().get(path, headers=headers)
        assert answer.status_code == 401 and answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="kikubari"')


def test_a_session_opens_no_api_and_a_token_no_page(shops: Site) -> None:
    owner = shops.client("owner")
    assert owner.get("/").status_code == 200
    assert owner.get(ORDER).status_code == 401
    assert owner.post("/api/v1/tasks/1/done").status_code == 401
    page = program(shops).get(f"/orders/tea/{NORMAL}")
    assert page.status_code == 302 and page.headers["Location"] == "/sign-in"


def test_a_token_in_the_address_or_a_cookie_opens_nothing(shops: Site) -> None:
    asking = program(shops)
    client = shops.app.test_client()
    assert client.get(f"{ORDER}?access_token={asking.token}").status_code == 401
    client.set_cookie("Authorization", f"Bearer {asking.token}")
    assert client.get(ORDER).status_code == 401


def test_the_api_sets_no_cookie_and_lets_no_other_site_read(shops: Site) -> None:
    asking = program(shops)
    for answer in (
        asking.get(ORDER, Origin="https://evil.example"),
        shops.app.test_client().options(ORDER, headers={"Origin": "https://evil.example"}),
    ):
        assert "Set-Cookie" not in answer.headers
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_token_does_what_its_scopes_say_and_no_more(shops: Site) -> None:
    reading = program(shops, "read")
    assert reading.get(ORDER).status_code == 200
    refused = reading.get(f"{ORDER}/documents")
    assert refused.status_code == 403
    assert 'error="insufficient_scope", scope="documents"' in refused.headers["WWW-Authenticate"]
    message_id = hold_one(shops)
    path = f"/api/v1/approvals/{message_id}"
    assert reading.post(path, json={"answer": "send"}).status_code == 403
    assert program(shops, "act").get(ORDER).status_code == 403
    assert [one.what["needs"] for one in trail(shops, "refused")] == [
        "documents",
        "approve",
        "read",
    ]
    assert program(shops, "approve").post(path, json={"answer": "refuse"}).status_code == 200


def test_a_token_sees_its_stores_alone(shops: Site) -> None:
    elsewhere = program(shops, scope=Scope(frozenset({id_of_store(shops, "coffee")})))
    assert [one["name"] for one in elsewhere.get("/api/v1/stores").json["stores"]] == ["coffee"]
    assert elsewhere.get("/api/v1/orders?q=e").json["orders"] == []
    assert elsewhere.get("/api/v1/notices").json["notices"] == []
    assert elsewhere.get("/api/v1/tasks").json["tasks"] == []
    message_id = hold_one(shops)
    assert elsewhere.get("/api/v1/approvals").json["approvals"] == []
    unseen, unknown = elsewhere.get(ORDER), elsewhere.get("/api/v1/stores/none/orders/1")
    assert (unseen.status_code, unseen.data) == (404, unknown.data)
    answer = elsewhere.post(f"/api/v1/approvals/{message_id}", json={"answer": "send"})
    assert answer.status_code == 404
    with shops.services.db.read() as session:
        assert session.get_one(Message, message_id).state == HELD
    assert [one.store_id for one in trail(shops, "refused")] == [1, 1]


def test_a_token_sees_no_more_than_whoever_made_it_does_now(shops: Site) -> None:
    s, now = shops.services, shops.clock()
    add_person(s.db, "second@tea.example", "owner", who="test", now=now)
    with s.db.read() as session:
        maker = person_by_email(session, "second@tea.example")
    assert maker
    asking = program(shops, person_id=maker.id)
    assert asking.get(ORDER).status_code == 200
    coffee = Scope(frozenset({id_of_store(shops, "coffee")}))
    change_person(s.db, maker.id, "owner", coffee, who="test", now=now)
    assert asking.get(ORDER).status_code == 404
    change_person(s.db, maker.id, "agent", EVERYTHING, who="test", now=now)
    assert asking.get(ORDER).status_code == 401
    change_person(s.db, maker.id, "owner", EVERYTHING, who="test", now=now)
    assert asking.get(ORDER).status_code == 200
    remove_person(s.db, maker.id, who="test", now=now)
    assert asking.get(ORDER).status_code == 401


def test_a_list_of_documents_is_seen_too(shops: Site) -> None:
    for _ in range(2):
        assert program(shops, "documents").get(f"{ORDER}/documents").status_code == 200
    seen = trail(shops, "order.see")
    assert [one.what["order"] for one in seen] == [NORMAL, NORMAL], "once for each token"
    assert len({one.who for one in seen}) == 2


def test_whoever_comes_back_does_not_bring_their_old_tokens_to_life(shops: Site) -> None:
    s, now = shops.services, shops.clock()
    maker = add_person(s.db, "second@tea.example", "owner", who="test", now=now)
    asking, others = program(shops, person_id=maker.id), program(shops)
    remove_person(s.db, maker.id, who="test", now=now)
    add_person(s.db, "second@tea.example", "owner", who="test", now=now)
    assert (asking.get(ORDER).status_code, others.get(ORDER).status_code) == (401, 200)
    assert len(trail(shops, "token.revoke")) == 1


def test_a_revoked_or_expired_token_opens_nothing_and_its_use_is_noted_once(shops: Site) -> None:
    s, day = shops.services, timedelta(days=1)
    token_id, token = make_token(s.db, "old", ALL, who="test", now=shops.clock())
    ending = program(shops, expires_at=shops.clock() + day)
    assert ending.get(ORDER).status_code == 200
    shops.clock.at += day
    assert ending.get(ORDER).status_code == 401
    asking = Program(shops.app.test_client(), token)
    assert asking.get(ORDER).status_code == 200
    assert revoke_token(s.db, token_id, who="test", now=shops.clock())
    for _ in range(3):
        assert "revoked" in asking.get(ORDER).json["detail"]
    assert [one.what["why"] for one in trail(shops, "refused")] == ["expired", "revoked"]


def test_only_the_hash_of_a_token_is_kept(shops: Site) -> None:
    asking = program(shops)
    with shops.services.db.read() as session:
        row = session.scalars(select(ApiToken).order_by(ApiToken.id.desc())).first()
        assert row
        kept = json.dumps([str(getattr(row, one.name)) for one in ApiToken.__table__.columns])
    assert asking.token.startswith("kk_") and len(asking.token) == 46
    assert asking.token not in kept and row.beginning == asking.token[:8]


def test_use_is_kept_coarsely_and_reading_is_on_the_audit_once_a_day(shops: Site) -> None:
    asking = program(shops)

    def used_at() -> Any:
        with shops.services.db.read() as session:
            return session.scalar(select(ApiToken.used_at).order_by(ApiToken.id.desc()))

    asking.get(ORDER)
    first = used_at()
    shops.clock.at += timedelta(minutes=4)
    asking.get(ORDER)
    assert used_at() == first == trail(shops, "order.see")[-1].at
    shops.clock.at += timedelta(minutes=2)
    asking.get(ORDER)
    assert used_at() == shops.clock.at
    seen = [one for one in trail(shops, "order.see") if one.who.startswith("token")]
    assert len(seen) == 1 and seen[0].what == {"order": NORMAL}
    assert PEOPLE["owner"] not in seen[0].who


# how it answers


def test_a_second_asking_gets_304_until_something_changes(shops: Site) -> None:
    asking = program(shops)
    tag = asking.get(ORDER).headers["ETag"]
    shops.clock.at += timedelta(seconds=90)  # the customer's clock runs on
    again = asking.get(ORDER, **{"If-None-Match": tag})
    assert tag.startswith('W/"') and again.status_code == 304 and again.data == b""
    assert again.headers["Cache-Control"] == "private, no-cache"
    shops.clock.at += timedelta(days=9)
    assert asking.get(ORDER, **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("/api/v1/orders", "q"),
        ("/api/v1/orders?q=", "q"),
        ("/api/v1/orders?q=a&limit=0", "limit"),
        ("/api/v1/orders?q=a&limit=101", "limit"),
        ("/api/v1/orders?q=a&cursor=geheim", "cursor"),
        ("/api/v1/orders?q=a&cursor=" + "x" * 81, "cursor"),
        ("/api/v1/orders?q=a%00geheim", "query"),
        ("/api/v1/notices?kind=geheim", "kind"),
        (f"{ORDER}?before=geheim", "before"),
        (f"{ORDER}?before=2026-01-01T00:00:00", "before"),
    ],
)
def test_what_does_not_fit_is_named_and_never_repeated(shops: Site, path: str, at: str) -> None:
    answer = program(shops).get(path)
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    assert [one["at"] for one in answer.json["errors"]] == [at]
    assert "geheim" not in answer.text and "xxx" not in answer.text


@pytest.mark.parametrize("body", ["[" * 16_000, '{"a":' * 3_000])
def test_a_body_nested_too_deep_is_refused(shops: Site, body: str) -> None:
    answer = program(shops).post("/api/v1/approvals/1", data=body, content_type="application/json")
    assert answer.status_code == 422 and [one["at"] for one in answer.json["errors"]] == ["body"]


@pytest.mark.parametrize("before", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_beyond_the_calendar_is_no_fault_of_ours(shops: Site, before: str) -> None:
    answer = program(shops).get(f"{ORDER}?before={before}")
    page = shops.client("reader").get(f"/orders/tea/{NORMAL}?before={before}")
    assert (answer.status_code, page.status_code) == (200, 200)
    assert bool(answer.json["timeline"]) is before.startswith("9999")


def test_a_long_timeline_is_paged_to_its_end(shops: Site) -> None:
    asking, seen = program(shops), list[str]()
    with shops.services.db.write() as session:
        order = session.scalars(select(Order).where(Order.remote_id == NORMAL)).one()
        for index in range(450):
            at = shops.clock() + timedelta(seconds=index)
            note_event(session, order.id, "note", at, who="x", words=str(index), in_shop=False)
    page = asking.get(ORDER).json
    for _ in range(10):
        seen += [one["facts"]["words"] for one in page["timeline"] if one["kind"] == "note"]
        if not page["timeline_goes_on"]:
            break
        before = page["timeline"][-1]["at"].replace("+", "%2B")
        page = asking.get(f"{ORDER}?before={before}").json
    assert seen == [str(index) for index in reversed(range(450))]


def test_what_a_customer_was_told_is_paged_alike_for_programs_and_people(shops: Site) -> None:
    with shops.services.db.write() as session:
        order = session.scalars(select(Order).where(Order.remote_id == NORMAL)).one()
        for index in range(300):
            facts = {"store_id": order.store_id, "order_id": order.id, "facts": {}}
            facts |= {
                "kind": "written",
                "promise_version": 1_000 + index,
                "dropped": f"why {index}",
            }
            session.add(Notice(**facts, decided_at=shops.clock()))
            session.flush()
    asking, person = program(shops), shops.client("reader")
    address, seen, pages = "", list[str](), 0
    while pages < 20:
        page = asking.get(f"{ORDER}{address}").json
        shown = person.get(f"/orders/tea/{NORMAL}{address}").text
        words = [one["problem"] for one in page["told"]]
        assert len(words) <= 20
        assert re.findall(r">(why \d+)<", shown) == [one for one in reversed(words) if one]
        seen[:0] = words
        pages += 1
        older = f"?told_before={page['told'][0]['id']}"
        assert (f"{older}#told" in shown) is page["told_goes_on"]
        if not page["told_goes_on"]:
            break
        address = older
    assert [one for one in seen if one] == [f"why {n}" for n in range(300)] and pages == 16


@pytest.mark.parametrize("cursor", ["0", "-1", "x", str(2**63)])
def test_a_word_that_cannot_be_is_no_page_for_programs(shops: Site, cursor: str) -> None:
    answer = program(shops).get(f"{ORDER}?told_before={cursor}")
    assert answer.status_code == 422 and answer.json["errors"][0]["at"] == "told_before"
    page = shops.client("reader").get(f"/orders/tea/{NORMAL}?told_before={cursor}")
    assert page.status_code == 200 and '<article class="told' in page.text


def test_every_error_is_a_problem(shops: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = program(shops)
    missing, wrong_method = asking.get("/api/v1/geheim"), asking.post("/api/v1/stores")
    assert (missing.status_code, wrong_method.status_code) == (404, 405)
    assert "GET" in wrong_method.headers["Allow"]
    monkeypatch.setattr("app.web.api.orders.describe_order", lambda *given, **more: 1 / 0)
    fault = asking.get(ORDER)
    assert fault.status_code == 500
    for answer in (missing, wrong_method, fault):
        assert answer.mimetype == "application/problem+json" and "geheim" not in answer.text
        assert set(answer.json) == {"type", "title", "status", "detail", "errors"}
        assert answer.json["status"] == answer.status_code
    assert asking.get(f"/api/v1/stores/tea/orders/{2**63}").status_code == 404
    assert asking.get(f"/api/v1/stores/tea/orders/{'9' * 400}").status_code == 404


def test_each_token_has_a_rate_of_its_own(shops: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.api.door.RATE", "2/minute")
    busy, other = program(shops), program(shops)
    answers = [busy.get("/api/v1/stores") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 61
    assert answers[2].mimetype == "application/problem+json"
    assert other.get("/api/v1/stores").status_code == 200


def test_strangers_who_ask_too_often_are_told_to_wait(
    shops: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.api.door.RATE_OF_STRANGERS", "2/minute")
    stranger = Program(shops.app.test_client(), "kk_guess")
    assert [stranger.get(ORDER).status_code for _ in range(3)] == [401, 401, 429]
    assert program(shops).get(ORDER).status_code == 200


def test_everything_said_above_stands_in_the_document(shops: Site) -> None:
    answer = shops.app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    for methods in answer.json["paths"].values():
        for operation in methods.values():
            assert {"200", "401", "403", "422", "429", "500", "503"} <= set(operation["responses"])
            assert operation["security"] and operation["summary"]
    known = {"/api" + path for path in answer.json["paths"]}
    assert "/api/v1/stores/{store}/orders/{order_id}" in known
