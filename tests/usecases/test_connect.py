"""Connecting, caring for and disconnecting shops, against the demo shop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
import requests

from app.adapters.secret_box import FernetBox
from app.db import connections
from app.db.connections import Connection
from app.db.documents import Document
from app.db.inbox import InboxRow
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.domain.connecting import (
    STATE_LIFE,
    FoundShop,
    Profile,
    authorize_url,
    candidates,
    name_for,
    proposals,
    why_no_exchange,
)
from app.domain.store_mode import Mode
from app.errors import KeysRefused, SettingsError, ShopError, UnknownStore
from app.factory import create_app
from app.usecases.check_keys import check_keys, sealed_shut
from app.usecases.connect_store import connect_by_hand, settle_due
from app.usecases.diagnose_store import examine
from app.usecases.disconnect_store import disconnect_store
from app.usecases.dress_mails import dress_mails, undress_mails
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.pause_store import pause_store, resume_store
from app.usecases.receive_delivery import find_store, valid_secrets
from app.usecases.reconcile_store import reconcile_due
from app.usecases.rotate_secret import rotate_secret
from app.usecases.shop_summary import shop_summary
from app.usecases.stores import settings_of
from tests.connecting import (
    SELLER,
    WHO,
    ask,
    body,
    connect,
    fresh,
    grant,
    served,
    settle,
    take,
    told,
)
from tests.world import SECRET, World, signed_headers


@pytest.fixture
def local(sqlite_world: World) -> World:
    """A world in which a shop on this machine may be connected."""
    return sqlite_world


# keys


def test_a_shop_is_connected_from_its_address_alone(local: World) -> None:
    for _ in range(12):
        local.shop.place_order("DE")
    with served(local) as url:
        store = connect(local, url)
        local.work()
        with local.services.db.read() as session:
            row = connections.of_store(session, store.id)
            settings = settings_of(session, store.id)
            summary = shop_summary(session, store, local.clock())
    assert row and (row.state, row.problem, row.orders_read) == ("done", None, 12)
    assert (store.mode, store.is_demo) == ("shadow", True)
    assert summary.findings == [] and summary.orders == 12
    said = summary.chart.facts if summary.chart else None
    assert said and (said.currency, said.decimals, said.fulfillments) == ("EUR", 2, True)
    assert (said.taxes, said.prices_include_tax) == (True, True)
    assert summary.would_have.invoices == 12
    assert settings.seller.name == local.shop.name
    assert settings.seller.country == "DE" and settings.seller.address
    assert settings.time_zone == "Europe/Berlin"
    assert settings.promise.transit_days["DHL Paket"] == 3
    hooks = list(local.shop.webhooks.values())
    assert {hook["topic"] for hook in hooks} == {
        *("order.created", "order.updated", "order.deleted", "order.restored")
    }
    assert all(hook["secret"].isalnum() and len(hook["secret"]) >= 40 for hook in hooks)
    assert local.count(Document) == 0


def test_a_state_is_used_once(local: World) -> None:
    state = ask(local)
    take(local, body(state))
    before = local.count(Store)
    with pytest.raises(KeysRefused):
        take(local, body(state, consumer_key=f"ck_{'c' * 40}"))
    assert local.count(Store) == before == 1


def test_a_state_expires(local: World) -> None:
    state = ask(local)
    local.clock.at += STATE_LIFE
    with pytest.raises(KeysRefused):
        take(local, body(state))
    assert local.count(Store) == 0


def test_keys_that_nobody_asked_for_are_refused_and_nothing_is_stored(local: World) -> None:
    state = ask(local)
    forged = [
        body(""),
        body("1"),
        body(state[:-1] + ("A" if state[-1] != "A" else "B")),
        body(state, key_permissions="read"),
        body(state, consumer_key="ck_short"),
        body(state, consumer_key=["ck"]),
        body("\ud800"),
        body(state * 50),
        [],
        "keys",
        {},
    ]
    with served(local) as url:
        for posted in forged:
            answer = requests.post(f"{url}/setup/callback", json=posted, timeout=10)
            assert answer.status_code == 403, posted
        for raw, status in ((b"{", 400), (b"[" * 3000, 400), (b" " * 5000, 413)):
            assert (
                requests.post(f"{url}/setup/callback", data=raw, timeout=10).status_code == status
            )
        assert requests.get(f"{url}/setup/callback", timeout=10).status_code == 405
    assert local.count(Store) == 0
    assert {row.state for row in local.all(Connection)} == {"asked"}


def test_a_state_of_another_installation_is_refused(local: World) -> None:
    from app.adapters.links import SignedStates

    state, _ = SignedStates("another secret").make()
    with pytest.raises(KeysRefused):
        take(local, body(state))


def test_keys_posted_twice_at_once_are_taken_once(local: World) -> None:
    state, statuses = ask(local), list[int]()
    with served(local) as url:

        def post() -> None:
            answer = requests.post(f"{url}/setup/callback", json=body(state), timeout=20)
            statuses.append(answer.status_code)

        threads = [Thread(target=post) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] + [403] * 7
    assert local.count(Store) == 1


def test_only_the_hash_of_a_state_is_kept(local: World) -> None:
    state = ask(local)
    (row,) = local.all(Connection)
    assert state not in str(vars(row)) and len(row.state_sha256) == 64


def test_the_demo_shop_refuses_as_recorded(local: World) -> None:
    asked = {
        "app_name": "Kikubari",
        "scope": "read_write",
        "user_id": "u",
        "return_url": "http://127.0.0.1:1/r?x=1",
        "callback_url": "http://127.0.0.1:1/c",
    }

    def get(**changes: str) -> requests.Response:
        query = urlencode(asked | changes)
        return requests.get(f"{local.shop_url}/wc-auth/v1/authorize?{query}", timeout=10)

    recorded = json.loads(Path("tests/recordings/wcauth/flow.json").read_text())
    words = {one["name"]: one["text"] for one in recorded if "text" in one}
    for changes, name in (
        ({"scope": "admin"}, "bad scope"),
        ({"user_id": ""}, "missing user_id"),
        ({"callback_url": "http://kikubari.example/c"}, "http callback"),
    ):
        answer = get(**changes)
        assert answer.status_code == 401
        assert words[name].partition("Error: ")[2] in answer.text
    local.shop.allows_local_callbacks = False
    assert get().status_code == 401
    local.shop.allows_local_callbacks = True
    assert "success=0&amp;user_id=u" in get().text


def test_a_shop_whose_callback_is_refused_keeps_no_key(local: World) -> None:
    with served(local) as url:
        before = set(local.shop.keys)
        answer = grant(local, url, "not-a-state-of-ours")
        assert answer.status_code == 401
        assert set(local.shop.keys) == before


# addresses


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("tea.example", "https://tea.example"),
        (" https://tea.example/shop/ ", "https://tea.example/shop"),
        ("https://tea.example/wp-admin/index.php?x=1", "https://tea.example"),
        ("https://tea.example/shop/wp-json/wc/v3", "https://tea.example/shop"),
        ("localhost:8001", "https://localhost:8001"),
    ],
)
def test_an_address_as_people_type_it(text: str, first: str) -> None:
    assert candidates(text)[0] == first


@pytest.mark.parametrize(
    "text", ["file:///etc/passwd", "", "   ", "javascript:alert(1)", "https://a:b@tea.example"]
)
def test_what_is_no_address_of_a_shop_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        candidates(text)


def test_a_sub_folder_and_a_page_of_the_shop_lead_to_it(local: World) -> None:
    found = local.services.finder(f"{local.shop_url}/cart/checkout")
    assert found == FoundShop(local.shop_url, is_demo=True)
    assert local.services.finder(local.shop_url.removeprefix("http://")) == found


def test_a_wordpress_without_woocommerce_is_named(local: World) -> None:
    local.shop.has_woocommerce = False
    with pytest.raises(SettingsError, match="WooCommerce"):
        local.services.finder(local.shop_url)


def test_a_shop_with_plain_permalinks_is_found_and_its_keys_come_by_hand(local: World) -> None:
    local.shop.plain_permalinks = True
    found = local.services.finder(local.shop_url)
    assert found == FoundShop(local.shop_url, is_demo=True, plain=True)
    why = why_no_exchange("http://127.0.0.1:8000", found)
    assert why is not None and "by hand" in why
    question = authorize_url(found.url, "http://127.0.0.1:8000", "state")
    assert requests.get(question, timeout=10).status_code == 404, "it would lead nowhere"


def test_a_shop_with_plain_permalinks_is_served_like_any_other(local: World) -> None:
    s, shop = local.services, local.shop
    shop.plain_permalinks = True
    old = shop.place_order("DE")
    with served(local) as url:
        found = s.finder(local.shop_url)
        keys = (shop.consumer_key, shop.consumer_secret)
        store = connect_by_hand(s.db, s.box, found, "tea", keys, who=WHO, now=local.clock())
        settle(local)
        store = fresh(local, store)
        assert store.plain_permalinks and len(shop.webhooks) == 4
        save_settings(s.db, "tea", SELLER, who=WHO, now=local.clock())
        local.clock.pass_(minutes=1)
        set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=local.clock())
        new = shop.place_order("DE")
        assert shop.deliveries.wait_idle(20)
        local.work()
        assert local.count(Order) == 2 and local.count(Document) == 1
        assert shop.notes_of(old, "customer") == [] and len(shop.notes_of(new, "customer")) == 1
        checks = [one.check for one in examine(s.db, s.clinic, store).findings]
        assert checks == ["permalinks"], url
        shop.plain_permalinks = False
        assert examine(s.db, s.clinic, fresh(local, store)).findings == []
        assert not fresh(local, store).plain_permalinks


def test_a_private_address_is_refused_unless_it_is_allowed(sqlite_world: World) -> None:
    s = sqlite_world.services
    s.settings = s.settings.model_copy(update={"allow_private_shops": False})
    with pytest.raises(SettingsError) as error:
        sqlite_world.services.finder(sqlite_world.shop_url)
    assert "ALLOW_PRIVATE_SHOPS" in error.value.sentence()


def test_keys_are_asked_for_only_where_the_shop_could_send_them() -> None:
    shop = FoundShop("https://tea.example")
    assert why_no_exchange("https://kikubari.example", shop) is None
    assert why_no_exchange("http://127.0.0.1:8000", shop)
    assert why_no_exchange("http://kikubari.example", shop)
    assert why_no_exchange("http://127.0.0.1:8000", FoundShop("http://127.0.0.1:1", True)) is None


def test_names_and_proposals() -> None:
    assert name_for("https://www.tea-shop.example", {"x"}) == "tea-shop"
    assert name_for("https://tea.example", {"tea", "tea-2"}) == "tea-3"
    profile = Profile(name="Tea", time_zone="Nowhere/Land", language="hr_HR", country="de")
    assert proposals(profile, {}) == {"seller": {"name": "Tea"}}
    assert proposals(profile, {"seller": {"name": "Mine"}}) == {}
    taiwan = Profile(name="", time_zone="Asia/Taipei", language="zh_TW", country="TW")
    assert proposals(taiwan, {})["language"] == "zh_Hant"


# the past stays the past


def test_hundreds_of_old_orders_stay_context_and_the_next_one_counts(local: World) -> None:
    for number in range(250):
        local.shop.place_order("DE", paid=number % 7 != 0)
    local.clock.pass_(days=1)
    s = local.services
    with served(local) as url:
        store = connect(local, url)
        local.work(rounds=200)
        assert local.count(Order) == 250
        save_settings(s.db, "tea", SELLER, who=WHO, now=local.clock())
        local.clock.pass_(minutes=5)
        set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=local.clock())
        local.work(rounds=200)
        assert local.count(Document) == 0 and told(local) == []
        assert {order.next_check_at for order in local.all(Order)} == {None}
        local.clock.pass_(days=40)
        local.work(rounds=200)
        while reconcile_due(s.db, s.reach, local.turn):
            pass
        local.work(rounds=200)
        assert local.count(Document) == 0 and told(local) == []
        new = local.shop.place_order("DE")
        assert local.shop.deliveries.wait_idle(20)
        local.work()
        local.work()
    assert [document.number for document in local.all(Document)] == ["00001"]
    assert len(local.shop.notes_of(new, "customer")) == 1
    assert sum(order.next_check_at is not None for order in local.all(Order)) == 1
    assert fresh(local, store).live_from


def test_a_copy_on_the_same_webhooks_sends_nothing_out(local: World) -> None:
    s = local.services
    with served(local) as url:
        connect(local, url)
        save_settings(s.db, "tea", SELLER, who=WHO, now=local.clock())
        set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=local.clock())
        local.shop.source_url_override = "https://staging.tea.example"
        local.shop.place_order("DE")
        assert local.shop.deliveries.wait_idle(20)
        local.work()
    assert {row.state for row in local.all(InboxRow)} == {"quarantined"}
    assert (local.count(Document), local.count(Notice), local.count(Message)) == (0, 0, 0)
    assert told(local) == [] and local.shop.mails == {}


def test_an_import_that_is_cut_off_goes_on(local: World) -> None:
    for number in range(530):
        local.shop.place_order("DE", paid=False)
        local.clock.pass_(seconds=number % 2)
    s = local.services
    with served(local) as url:
        assert grant(local, url, ask(local)).status_code == 302
        for _ in range(4):
            assert settle_due(s.db, s.desk, local.turn)
        (row,) = local.all(Connection)
        assert row.step == "history" and 0 < row.orders_read < 530
        local.shop.faults.on_rest("close", path="/orders", times=4)
        settle(local)
        (row,) = local.all(Connection)
        assert row.problem and row.state == "due"
        for _ in range(3):
            local.clock.pass_(minutes=10)
            settle(local)
        (row,) = local.all(Connection)
        assert row.state == "done"
    local.work(rounds=300)
    assert local.count(Order) == 530


def test_a_key_that_may_not_write_stops_connecting_with_its_mend(local: World) -> None:
    with served(local) as url:
        assert grant(local, url, ask(local)).status_code == 302
        for key in local.shop.keys.values():
            key["permissions"] = "read"
        settle(local)
    (row,) = local.all(Connection)
    assert row.state == "parked" and "read" in row.problem and row.mend
    assert local.shop.webhooks == {}


# later


def test_a_pause_keeps_everything_back_and_going_on_takes_it_up(local: World) -> None:
    s = local.services
    with served(local) as url:
        connect(local, url)
        save_settings(s.db, "tea", SELLER, who=WHO, now=local.clock())
        set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=local.clock())
        pause_store(s.db, "tea", "the warehouse moves", who=WHO, now=local.clock())
        order = local.shop.place_order("DE")
        assert local.shop.deliveries.wait_idle(20)
        local.work()
        assert local.count(Document) == 0 and told(local) == []
        with pytest.raises(SettingsError):
            pause_store(s.db, "tea", "", who=WHO, now=local.clock())
        local.clock.pass_(days=5)
        local.work()
        assert told(local) == [] and local.count(Notice) == 1, "late, and not said"
        assert resume_store(s.db, "tea", who=WHO, now=local.clock()).mode == "live"
        local.work()
    assert local.count(Document) == 1
    assert len(local.shop.notes_of(order, "customer")) >= 1
    assert {message.fate for message in local.all(Message)} == {"mailed"}
    with pytest.raises(SettingsError):
        resume_store(s.db, "tea", who=WHO, now=local.clock())


def test_a_rotated_secret_loses_no_delivery(local: World) -> None:
    s = local.services
    with served(local) as url:
        store = connect(local, url)
        old = s.box.open(store.webhook_secret)
        payload = b'{"id":7,"status":"pending"}'

        def deliver(secret: str, delivery: str) -> int:
            source = {"source": store.url, "secret": secret}
            headers = signed_headers("order.updated", payload, **source)
            headers["X-WC-Webhook-Delivery-ID"] = delivery
            address = f"{url}/webhooks/woocommerce/{store.key}"
            return requests.post(address, data=payload, headers=headers, timeout=10).status_code

        assert deliver(old, "1") == 200
        rotate_secret(s.db, s.desk, "tea", who=WHO, now=local.clock())
        store = fresh(local, store)
        new = s.box.open(store.webhook_secret)
        assert new != old
        assert {hook["secret"] for hook in local.shop.webhooks.values()} == {new}
        local.clock.pass_(seconds=5)
        assert valid_secrets(s.box, store, local.clock()) == (new, old)
        local.clock.pass_(hours=24)
        assert valid_secrets(s.box, store, local.clock()) == (new,)
        local.shop.place_order("DE")
        assert local.shop.deliveries.wait_idle(20)
    assert all(sent.status == 200 for sent in local.shop.delivery_log if sent.topic)


def test_a_rotation_that_the_shop_did_not_take_keeps_both_until_it_did(local: World) -> None:
    s = local.services
    with served(local) as url:
        store = connect(local, url)
        old = s.box.open(store.webhook_secret)
        local.shop.faults.on_rest("status", path="/webhooks/", status=500, times=1)
        with pytest.raises(ShopError):
            rotate_secret(s.db, s.desk, "tea", who=WHO, now=local.clock())
        local.clock.pass_(days=3)
        half = fresh(local, store)
        new = s.box.open(half.webhook_secret)
        assert valid_secrets(s.box, half, local.clock()) == (new, old)
        rotate_secret(s.db, s.desk, "tea", who=WHO, now=local.clock())
        assert {hook["secret"] for hook in local.shop.webhooks.values()} == {new}


def test_mails_are_dressed_in_the_shops_language_and_put_back(local: World) -> None:
    s, shop = local.services, local.shop
    names = ("subject", "heading", "additional_content")
    with served(local) as url:
        connect(local, url)
        before = {name: shop.setting("email_customer_note", name) for name in names}
        save_settings(s.db, "tea", {"language": "de"}, who=WHO, now=local.clock())
        ours = dress_mails(s.db, s.owners_shop, "tea", who=WHO, now=local.clock())
        assert {name: shop.setting("email_customer_note", name) for name in names} == ours
        assert "Bestellung" in ours["subject"] and "{order_number}" in ours["subject"]
        dress_mails(s.db, s.owners_shop, "tea", who=WHO, now=local.clock())
        undress_mails(s.db, s.owners_shop, "tea", who=WHO, now=local.clock())
        assert {name: shop.setting("email_customer_note", name) for name in names} == before
        dress_mails(s.db, s.owners_shop, "tea", who=WHO, now=local.clock())
        shop.change_setting("email_customer_note", "heading", "The owner's own")
        undress_mails(s.db, s.owners_shop, "tea", who=WHO, now=local.clock())
        assert shop.setting("email_customer_note", "heading") == "The owner's own"
        assert shop.setting("email_customer_note", "subject") == before["subject"]


def test_disconnecting_tidies_up_and_keeps_the_documents(local: World) -> None:
    s, shop = local.services, local.shop
    foreign = shop.write_webhook({"topic": "order.created", "delivery_url": "http://a.example/x"})
    subject = shop.setting("email_customer_note", "subject")
    with served(local) as url:
        store = connect(local, url)
        save_settings(s.db, "tea", SELLER, who=WHO, now=local.clock())
        set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=local.clock())
        dress_mails(s.db, s.owners_shop, "tea", who=WHO, now=local.clock())
        shop.place_order("DE")
        assert shop.deliveries.wait_idle(20)
        local.work()
        assert local.count(Document) == 1
        done = disconnect_store(s.db, s.desk, "tea", who=WHO, now=local.clock())
        assert (done.webhooks, done.left) == (4, None)
        assert set(shop.webhooks) == {foreign["id"]}
        assert shop.setting("email_customer_note", "subject") == subject
        gone = fresh(local, store)
        assert s.box.open(gone.consumer_key) == s.box.open(gone.consumer_secret) == ""
        assert gone.disconnected_at and local.count(Document) == 1 and local.count(Order) == 1
        with pytest.raises(UnknownStore):
            find_store(s.db, store.key)
        with pytest.raises(SettingsError):
            set_mode(s.db, gone.name, Mode.LIVE, who=WHO, now=local.clock())
        asked = shop.request_count
        local.clock.pass_(days=3)
        assert not reconcile_due(s.db, s.reach, local.turn)
        local.work()
        assert shop.request_count == asked, "nothing is asked of it any more"
        again = connect(local, url)
        assert again.id != store.id
        with s.db.read() as session:
            assert settings_of(session, again.id).numbering.start == 2


def test_a_shop_that_is_gone_can_be_disconnected_all_the_same(local: World) -> None:
    s = local.services
    with served(local) as url:
        connect(local, url)
        for key in list(local.shop.keys):
            local.shop.revoke_key(key)
        with pytest.raises(ShopError):
            disconnect_store(s.db, s.desk, "tea", who=WHO, now=local.clock())
        assert local.all(Store)[0].disconnected_at is None
        done = disconnect_store(s.db, s.desk, "tea", who=WHO, now=local.clock(), force=True)
    assert done.left and "401" in done.left


def test_nothing_of_one_shop_opens_with_what_belongs_to_another(local: World) -> None:
    one = local.connect("one", mode=Mode.SHADOW)
    two = local.connect("two", mode=Mode.SHADOW, secret="another-secret")
    s, payload = local.services, b'{"id":7,"status":"pending"}'
    client = create_app(services=s).test_client()
    headers = signed_headers("order.updated", payload, source=one.url, secret=SECRET)
    for store, status in ((one, 200), (two, 401)):
        address = f"/webhooks/woocommerce/{store.key}"
        assert client.post(address, data=payload, headers=headers).status_code == status
    assert {row.store_id for row in local.all(InboxRow)} == {one.id}
    assert s.shop(one) is not s.shop(two) and s.owners_shop(one) is not s.owners_shop(two)
    local.clock.at += timedelta(days=1)


# secrets


def test_without_the_encryption_key_the_start_says_what_is_missing(
    local: World, tmp_path: Path
) -> None:
    local.connect("tea", mode=Mode.SHADOW)
    s = local.services
    check_keys(s.db, s.box)
    assert sealed_shut(s.db, s.box) == []
    kept = s.settings.data_dir / "encryption.key"
    kept.rename(tmp_path / "put-away")
    env = {
        **os.environ,
        "DATA_DIR": str(s.settings.data_dir),
        "DATABASE_URL": s.settings.database_url,
    }

    def cli(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", *words]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    start = cli("db", "upgrade")
    assert start.returncode == 1
    assert "encryption.key" in start.stderr and "tea" in start.stderr
    for process in (["-c", "import wsgi"], ["-m", "workers"]):  # started without run.py
        more = {"REDIS_URL": "redis://127.0.0.1:1"}
        alone = subprocess.run(
            [sys.executable, *process], env=env | more, capture_output=True, text=True, timeout=60
        )
        assert alone.returncode == 1 and "Traceback" not in alone.stderr
        assert "encryption.key" in alone.stderr and "tea" in alone.stderr
    status = json.loads(cli("db", "status", "--json").stdout)
    assert status["keys_that_do_not_open"] == ["tea"]
    secrets = (local.shop.consumer_key, local.shop.consumer_secret, SECRET)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [one for one in secrets for data in files if one.encode() in data]
    kept.unlink()
    (tmp_path / "put-away").rename(kept)
    assert cli("db", "upgrade").returncode == 0


def test_the_web_process_alone_says_that_the_tables_are_missing(tmp_path: Path) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path)}
    alone = subprocess.run(
        [sys.executable, "-c", "import wsgi"], env=env, capture_output=True, text=True, timeout=60
    )
    assert alone.returncode == 1 and "run.py db upgrade" in alone.stderr


def test_a_new_encryption_key_takes_over_and_the_old_one_opens_nothing(
    local: World, tmp_path: Path
) -> None:
    local.connect("tea", mode=Mode.SHADOW)
    settings = local.services.settings
    kept = settings.data_dir / "encryption.key"
    old = kept.read_text().strip()
    env = {**os.environ, "DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url}

    def cli(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", "db", *words]
        return subprocess.run(
            command, env=env | more, capture_output=True, text=True, timeout=60, check=False
        )

    assert cli("reseal", "--new-key").returncode == 0
    new, last = kept.read_text().strip().split(",")
    assert last == old != new and kept.stat().st_mode & 0o077 == 0
    assert "ENCRYPTION_KEYS is set" in cli("reseal", "--new-key", ENCRYPTION_KEYS=new).stderr
    assert "encryption.key" in cli("reseal", ENCRYPTION_KEYS=new).stderr, "nothing opens with it"
    assert json.loads(cli("reseal", "--json").stdout)["sealed"] == 3
    (store,) = local.all(Store)
    assert FernetBox(new).open(store.consumer_key) == local.shop.consumer_key
    assert FernetBox(new).open(store.webhook_secret) == SECRET
    with pytest.raises(SettingsError):
        FernetBox(old).open(store.consumer_key)


def test_where_another_plug_in_invoices_going_live_waits_for_the_owners_word(local: World) -> None:
    s = local.services
    with served(local) as url:
        store = connect(local, url)
        number = {"meta_data": [{"key": "_wcpdf_invoice_number", "value": "2026-7"}]}
        local.shop.update_order(local.shop.place_order("DE"), number)
        assert local.shop.deliveries.wait_idle(20)
        local.work()
        (finding,) = examine(s.db, s.clinic, store).findings
        assert finding.check == "invoice_plugin" and "packing-slips" in finding.seen()
        with pytest.raises(SettingsError, match="another plug-in"):
            set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=local.clock())
        assert fresh(local, store).mode == "shadow"
        set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=local.clock(), only_us=True)
    assert fresh(local, store).mode == "live"
