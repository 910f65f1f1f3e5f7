"""Every recorded answer of a real shop gives the right value or the right error, through the
client that asks it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from app.adapters.shop_probe import ShopProbe, read_state, trouble, write_state
from app.adapters.shop_wire import Answer, Auth, Wire
from app.adapters.woocommerce import WooShop
from app.domain.diagnosis import KeyState, Reach
from app.errors import ShopAnswerUnusable, ShopBusy, ShopError, ShopLacks, ShopMissing, ShopRefused
from tests.recorded import FOLDER, rest

BASE = "https://tea.example"
NAMES = sorted(path.stem for path in (FOLDER / "rest").glob("*.json"))
Ask = Callable[[WooShop], Any]


def wire(auth: Auth = Auth.HEADER, url: str = BASE) -> Wire:
    keys = ("ck_recorded", "cs_recorded")
    return Wire("tea", url, *keys, auth=auth, user_agent="tests", private_allowed=True)


def shop() -> WooShop:
    return WooShop("tea", wire(), writable=True, clock=lambda: datetime.now(UTC))


@pytest.fixture
def replayed() -> Iterator[Callable[[str], None]]:
    """Whatever is asked, the recorded answer comes."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:

        def replay(name: str) -> None:
            said = rest(name)["response"]
            for method in ("GET", "POST", "DELETE"):
                mocked.add(
                    method,
                    re.compile(f"{BASE}/.*"),
                    body=body_of(said),
                    status=said["status"],
                    headers=headers_of(said),
                )

        yield replay


def body_of(said: dict[str, Any]) -> str:
    return json.dumps(said["json"]) if said.get("json") is not None else said.get("text") or ""


def headers_of(said: dict[str, Any]) -> dict[str, str]:
    left_out = ("content-length", "transfer-encoding", "connection", "content-encoding")
    return {name: value for name, value in said["headers"] if name.lower() not in left_out}


def answer_of(name: str) -> Answer:
    said = rest(name)["response"]
    return Answer(said["status"], headers_of(said), body_of(said).encode())


def asking(name: str) -> Ask:
    """The question of ours that a recording answers: the one with the same method and shape."""
    request = rest(name)["request"]
    below = request["path"].partition("/wc/v3/")[2].strip("/")
    if name.startswith("webhooks_"):
        if request["method"] == "DELETE":
            return lambda asked: asked.delete_webhook(1)
        if request["method"] in ("POST", "PUT"):
            return lambda asked: asked.create_webhook("order.created", BASE, "s")
        return lambda asked: asked.webhooks()
    if below.endswith("/notes"):
        if request["method"] == "POST":
            return lambda asked: asked.add_customer_note(1, "text")
        return lambda asked: asked.notes(1)
    if re.fullmatch(r"orders/[^/]+", below):
        found = rest(name)["response"]["json"]
        return lambda asked: asked.order(found.get("id", 1))
    return lambda asked: asked.orders_by_id([1])


def expected(name: str) -> type[Exception] | None:
    """What a status means; None: a value."""
    status = rest(name)["response"]["status"]
    if status < 300:
        return None
    kinds: dict[int, type[Exception]] = {401: ShopRefused, 403: ShopRefused, 404: ShopMissing}
    if status == 429 or status >= 500:
        return ShopBusy
    said = rest(name)["response"].get("json")
    if status == 404 and isinstance(said, dict) and said.get("code") == "rest_no_route":
        return ShopLacks
    return kinds.get(status, ShopError)


OUTCOMES = [
    name
    for name in NAMES
    if name.startswith(("err_", "ok_", "webhooks_", "notes_", "orders_get_", "orders_list_"))
]
UNUSABLE = {"err_400_line_item", "notes_delete", "notes_get", "notes_put", "webhooks_get"}
"""Recorded answers to what we never ask, one thing where a list is wanted: refused as unusable.
(The line item that gave its name to the first was accepted: it is an order.)"""


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_recorded_answer_gives_the_right_outcome(
    name: str, replayed: Callable[[str], None]
) -> None:
    replayed(name)
    kind = expected(name)
    ask, said = asking(name), rest(name)["response"]["json"]
    if kind is not None:
        with pytest.raises(kind) as caught:
            ask(shop())
        assert type(caught.value) is kind
        assert 'store "tea"' in str(caught.value) and "cs_recorded" not in str(caught.value)
        return
    if name in UNUSABLE:
        with pytest.raises(ShopAnswerUnusable):
            ask(shop())
        return
    value = ask(shop())
    assert value is None or value == said


def test_the_recordings_cover_refusals_and_successes() -> None:
    kinds = {expected(name) for name in OUTCOMES}
    assert {None, ShopRefused, ShopMissing, ShopError, ShopBusy} <= kinds
    assert len(OUTCOMES) > 60


KEYS = {
    "err_401_bad_key_basic_https": KeyState.WRONG,
    "err_401_bad_key_oauth": KeyState.WRONG,
    "err_401_bad_secret_basic_https": KeyState.SECRET,
    "err_401_bad_secret_oauth": KeyState.SECRET,
    "err_401_basic_over_http": KeyState.WRONG,
    "err_401_no_auth": KeyState.WRONG,
    "err_query_keys_over_http": KeyState.WRONG,
    "err_customer_key_order": KeyState.CUSTOMER,
    "err_customer_key_reads": KeyState.CUSTOMER,
    "err_deleted_user_key": KeyState.WRONG,
    "err_read_key_writes": KeyState.READ_ONLY,
    "err_write_key_reads": KeyState.WRITE_ONLY,
    "ok_basic_https": KeyState.OK,
    "ok_query_keys_xfp": KeyState.OK,
}


@pytest.mark.parametrize(("name", "state"), KEYS.items())
def test_a_recorded_answer_says_what_the_key_is_worth(name: str, state: KeyState) -> None:
    assert read_state(answer_of(name)) is state
    assert trouble(answer_of(name)) is Reach.OK, "WooCommerce itself answered"


def test_a_shop_of_another_language_tells_its_keys_apart_all_the_same() -> None:
    code = "woocommerce_rest_authentication_error"
    body = json.dumps({"code": code, "message": "Der Schlüssel hat keine Leserechte."}).encode()
    foreign = Answer(401, {}, body)
    assert read_state(foreign) is KeyState.WRONG
    assert write_state(read_state(foreign), answer_of("orders_batch")) is KeyState.WRITE_ONLY
    assert write_state(KeyState.OK, foreign) is KeyState.READ_ONLY
    assert write_state(KeyState.OK, answer_of("orders_batch")) is KeyState.OK


@pytest.mark.parametrize(
    ("status", "body", "reach"),
    [
        (200, "<html>", Reach.FIREWALL),
        (403, "<html>Access denied", Reach.FIREWALL),
        (406, "Not acceptable", Reach.FIREWALL),
        (403, '{"code": "rest_forbidden"}', Reach.OK),
        (301, "", Reach.REDIRECT),
        (404, "<html>", Reach.NOT_FOUND),
        (404, '{"code": "rest_no_route"}', Reach.NOT_WOOCOMMERCE),
        (429, "", Reach.RATE_LIMIT),
        (503, "<title>Maintenance</title>", Reach.SERVER),
    ],
)
def test_what_stands_before_the_shop_is_told_from_the_shop(
    status: int, body: str, reach: Reach
) -> None:
    assert trouble(Answer(status, {}, body.encode())) is reach


def test_the_recorded_settings_and_status_are_understood(replayed: Callable[[str], None]) -> None:
    replayed("system_status")
    seen = ShopProbe(wire(), Auth.HEADER).status()
    assert seen == {
        "woocommerce": "11.0.1",
        "currency": "EUR",
        "decimals": 2,
        "hpos": True,
        "fulfillments": True,
        "plugins": ("woocommerce",),
    }


def test_recorded_webhooks_are_understood(replayed: Callable[[str], None]) -> None:
    replayed("webhooks_list")
    seen = ShopProbe(wire(), Auth.HEADER).hooks()["hooks"]
    assert len(seen) == len(rest("webhooks_list")["response"]["json"])
    assert all(hook.status in ("active", "paused", "disabled") for hook in seen)
    assert all(hook.created_at and hook.created_at.tzinfo for hook in seen)


@pytest.mark.parametrize("body", ["null", "[]", "7", '"x"', "{", "<html>", '{"settings": 3}'])
def test_no_answer_breaks_the_probe(body: str) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        for method in ("GET", "POST"):
            mocked.add(method, re.compile(f"{BASE}/.*"), body=body, status=200)
        probe = ShopProbe(wire(), Auth.HEADER)
        assert probe.hooks().get("hooks", ()) == () and probe.note_mail() == {}
        assert set(probe.status()) <= {"woocommerce"}
        assert "reach" in probe.greet()
        probe.try_key(writing=True)


# how keys travel


def seen_request(url: str, auth: Auth) -> Any:
    with responses.RequestsMock() as mocked:
        mocked.add("GET", re.compile(f"{url}/.*"), json=[])
        wire(auth, url).send("GET", "orders")
        return mocked.calls[0].request


def test_keys_travel_in_the_header_over_https_and_never_over_http() -> None:
    request = seen_request(BASE, Auth.HEADER)
    assert request.headers["Authorization"].startswith("Basic ")
    assert "cs_recorded" not in request.url
    signed = seen_request("http://tea.example", Auth.HEADER)
    assert "Authorization" not in signed.headers and "oauth_signature=" in signed.url
    assert "cs_recorded" not in signed.url
    never = seen_request("http://tea.example", Auth.QUERY)
    assert "cs_recorded" not in never.url, "over http they are signed, whatever was asked"


def test_keys_in_the_query_stand_in_no_error() -> None:
    with responses.RequestsMock() as mocked:
        error = ConnectionError("Max retries exceeded with url: /?consumer_secret=cs_recorded")
        mocked.add("GET", re.compile(f"{BASE}/.*"), body=error)
        with pytest.raises(ShopError) as caught:
            wire(Auth.QUERY).send("GET", "orders")
    assert "cs_recorded" not in str(caught.value) and caught.value.__suppress_context__


def test_redirects_are_not_followed_not_even_to_wake_the_cron() -> None:
    with responses.RequestsMock() as mocked:
        place = {"Location": "https://evil.example/"}
        mocked.add("GET", re.compile(f"{BASE}/.*"), status=301, headers=place)
        shop().wake_cron()
        with pytest.raises(ShopAnswerUnusable, match="redirect"):
            shop().order(1)
        assert {call.request.url.split("/")[2] for call in mocked.calls} == {"tea.example"}


def test_a_firewalls_403_is_tried_again_and_a_refused_key_is_not() -> None:
    with responses.RequestsMock() as mocked:
        mocked.add("GET", re.compile(f"{BASE}/.*"), status=403, body="<html>Access denied")
        with pytest.raises(ShopAnswerUnusable) as caught:
            shop().order(1)
    assert caught.value.retry is not None and ShopRefused.retry is None
