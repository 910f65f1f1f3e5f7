"""Why something is parked, held, dropped or failed, in the language of whoever reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from flask.testing import FlaskClient

from app.db.coupons import FAILED, Coupon
from app.db.inbox import InboxRow
from app.db.issue_requests import IssueRequest
from app.db.notices import DROPPED, HELD, WITHHELD, Message, Notice
from app.db.orders import Order
from app.db.tasks import Task
from app.db.work import PARKED
from app.domain.api_scopes import ApiScope
from app.domain.store_mode import Mode
from app.factory import create_app
from app.said import Said
from app.usecases.answer_message import answer_message
from app.usecases.manage_people import add_person
from app.usecases.manage_stores import set_mode
from app.usecases.manage_tokens import make_token
from app.usecases.sign_in import make_link
from app.web.safety import limiter
from tests.usecases.test_coupons import OFFER, set_rules
from tests.usecases.test_telling import buy_late, set_outgoing, settle, shop_of
from tests.web.site import post
from tests.world import World

LANGUAGES = ("de", "fr", "ja")
WHO = "ann@tea.example"


def readers(world: World) -> Iterator[tuple[str, FlaskClient]]:
    """Somebody at the desk, in one language after the other."""
    s, now = world.services, world.clock()
    client = create_app(services=s).test_client()
    limiter.reset()
    add_person(s.db, WHO, "agent", who="test", now=now)
    link = make_link(s.db, WHO, who="test", now=now)
    assert post(client, f"/sign-in/{link}").status_code == 302
    for language in LANGUAGES:
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        yield language, client


def page(client: FlaskClient, path: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", client.get(path).text)).split())


def shows(found: str, kept: str | None, language: str, words: str) -> None:
    """The page says what is kept in its own language, and nothing of it in English."""
    assert isinstance(kept, Said) and kept not in found, language
    assert words in found


def path_of(world: World, order_id: int) -> str:
    (order,) = (one for one in world.all(Order) if one.id == order_id)
    return f"/orders/tea/{order.remote_id}"


def only(world: World, table: Any, **equal: object) -> Any:
    (found,) = (
        one for one in world.all(table) if all(getattr(one, k) == v for k, v in equal.items())
    )
    return found


def test_why_work_is_parked(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        world.shop.place_order("GB")
        assert world.shop.deliveries.wait_idle(20)
        with world.services.db.write() as session:
            for row in session.query(InboxRow):
                row.claims, row.deaths = 2, 8
        world.work()
    row = world.all(InboxRow)[0]
    assert row.state == PARKED and row.problem.startswith("workers died 8 times")
    words = {
        "de": ("Worker brachen 8-mal dabei ab", "Sehen Sie in das Protokoll des Workers"),
        "fr": ("Des workers se sont arrêtés 8 fois", "consultez le journal du worker"),
        "ja": ("この処理中にワーカーが 8 回停止しました", "ワーカーのログを確かめて"),
    }
    for language, client in readers(world):
        found = page(client, "/inbox")
        shows(found, row.problem, language, words[language][0])
        shows(found, row.mend, language, words[language][1])


def test_what_became_of_a_delivery(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        world.shop.place_order("GB")
        settle(world)
    words = {
        "de": "Bestellung übernommen",
        "fr": "commande enregistrée",
        "ja": "注文を記録しました",
    }
    outcome = next(one.outcome for one in world.all(InboxRow) if one.outcome == "order recorded")
    for language, client in readers(world):
        shows(page(client, "/inbox"), outcome, language, words[language])


def test_why_a_message_is_held_and_why_it_was_dropped(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="approval")
        buy_late(world, number=2)
        settle(world)
    first, second = (one for one in world.all(Message) if one.state == HELD)
    assert answer_message(world.services.db, second.id, send=False, who="Ann", now=world.clock())
    assert only(world, Message, id=second.id).state == DROPPED
    dropped = only(world, Notice, message_id=second.id).dropped
    held = {"de": "Es wartet auf ein Ja", "fr": "Ce message attend un oui", "ja": "承認を待って"}
    no = {"de": "Ann hat abgelehnt", "fr": "Ann a dit non", "ja": "Ann が却下した"}
    for language, client in readers(world):
        found = page(client, path_of(world, first.order_id))
        shows(found, first.problem, language, held[language])
        found = page(client, path_of(world, second.order_id))
        shows(found, dropped, language, no[language])
        assert found.count(no[language]) == 2, "also in the timeline"


def test_why_a_message_was_not_true_any_more(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="approval")
        (remote_id,) = buy_late(world)
        settle(world)
        message = only(world, Message, state=HELD)
        world.shop.set_status(remote_id, "cancelled")
        s = world.services
        assert answer_message(s.db, message.id, send=True, who="Ann", now=world.clock())
        settle(world)
    why = only(world, Notice, message_id=message.id).dropped
    words = {"de": "Zustand: storniert", "fr": "état : annulée", "ja": "状態：キャンセル済み"}
    for language, client in readers(world):
        shows(page(client, path_of(world, message.order_id)), why, language, words[language])


def test_why_a_message_is_withheld(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        buy_late(world)
        assert world.shop.deliveries.wait_idle(20)
        set_mode(world.services.db, "tea", Mode.SHADOW, who="test", now=world.clock())
        world.work()
    message = next(one for one in world.all(Message) if one.state == WITHHELD)
    words = {"de": "ist im Schattenmodus", "fr": "en mode ombre", "ja": "シャドーモードです"}
    for language, client in readers(world):
        found = page(client, path_of(world, message.order_id))
        shows(found, message.problem, language, words[language])


def test_why_a_coupon_failed_and_what_there_is_to_do(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_rules(world, **OFFER)
        row = next(
            one
            for one in world.shop.settings["general"]
            if one["id"] == "woocommerce_enable_coupons"
        )
        row["value"] = "no"
        buy_late(world)
        settle(world)
    coupon, task = only(world, Coupon, state=FAILED), only(world, Task, kind="no_coupon")
    words = {
        "de": "Der Shop nimmt keine Gutscheine an",
        "fr": "La boutique n’accepte pas de bons",
        "ja": "ショップでクーポンが無効になっています",
    }
    for language, client in readers(world):
        found = page(client, path_of(world, coupon.order_id))
        shows(found, coupon.problem, language, words[language])
        assert found.count(words[language]) == 2, "at the coupon and at the task"
        shows(page(client, "/"), task.words, language, words[language])


def test_a_document_that_was_asked_for_and_is_none(sqlite_world: World) -> None:
    """Straight away, and when it is asked for once more: it was kept meanwhile."""
    world = sqlite_world
    with shop_of(world):
        world.shop.place_order("GB", status="on-hold")
        settle(world)
    (order,) = world.all(Order)
    path = path_of(world, order.id)
    words = {"de": "ist nicht bezahlt", "fr": "n’est pas payée", "ja": "は未払いです"}
    for language, client in readers(world):
        post(client, f"{path}/documents", kind="receipt")
        found = page(client, path)
        kept = world.all(IssueRequest)[-1].problem
        shows(found, kept, language, words[language])


def test_programs_read_english(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="approval")
        buy_late(world)
        settle(world)
    message = only(world, Message, state=HELD)
    s = world.services
    _, token = make_token(s.db, "desk", [*ApiScope], who="test", now=world.clock())
    client = create_app(services=s).test_client()
    number = path_of(world, message.order_id).rpartition("/")[2]
    path = f"/api/v1/stores/tea/orders/{number}"
    german = {"Authorization": f"Bearer {token}", "Accept-Language": "de"}
    answer = client.get(f"{path}?language=de", headers=german)
    (told,) = (one for one in answer.json["told"] if one["state"] == HELD)
    assert told["problem"] == "it waits for a yes"
