"""The demo shop as a server and a process: pages, control routes, restarts, many at once."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from app.demo.rest import create_app
from app.demo.server import running
from app.demo.shop import DemoShop

DEMO = {"X-Demo": "1"}


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    shop = DemoShop()
    yield shop
    shop.close()


# --- control ---------------------------------------------------------------------------------


def test_control_is_for_this_machine_and_its_header_alone(shop: DemoShop) -> None:
    client = create_app(shop).test_client()
    assert client.get("/_demo/keys").status_code == 403
    assert client.get("/_demo/keys", headers=DEMO).json["consumer_key"] == shop.consumer_key
    through_proxy = {**DEMO, "X-Forwarded-For": "203.0.113.9"}
    assert client.get("/_demo/keys", headers=through_proxy).status_code == 403
    far = client.get("/_demo/keys", headers=DEMO, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert far.status_code == 403


def test_an_order_goes_its_whole_way_by_control(shop: DemoShop) -> None:
    client = create_app(shop).test_client()

    def post(path: str, **wishes: object):
        return client.post(f"/_demo/{path}", json=wishes, headers=DEMO)

    then = "2026-11-01T10:00:00Z"
    made = post("orders", buyer="FR", items=[["BOOK-FR", 2]], created_at=then, paid=False)
    assert made.status_code == 201
    order = made.json["id"]
    assert made.json["order"]["date_created_gmt"] == "2026-11-01T10:00:00"
    for action, wishes in (
        ("pay", {}),
        ("note", {"note": "hi", "customer": True}),
        ("tracking", {"number": "123"}),
        ("fulfil", {"number": "456"}),
        ("refund", {"amount": "1.00", "reason": "late"}),
        ("trash", {}),
        ("restore", {}),
    ):
        answer = post(f"orders/{order}/{action}", **wishes)
        assert answer.status_code == 200, (action, answer.json)
    state = client.get("/_demo/state", headers=DEMO).json
    assert state["orders"][0]["status"] == "completed"
    assert state["counts"]["mails"] == len(state["mails"]) == 2
    assert any(n["note"] == "hi" for n in state["notes"])
    assert "orders" not in client.get("/_demo/state?brief=1", headers=DEMO).json


def test_circumstances_are_set_by_control(shop: DemoShop) -> None:
    client = create_app(shop).test_client()

    def post(path: str, **wishes: object):
        return client.post(f"/_demo/{path}", json=wishes, headers=DEMO)

    assert post("clock", at="2026-12-24T12:00:00Z").json["now"][:16] == "2026-12-24T12:00"
    assert post("clock", advance_s=3600).json["now"][:16] == "2026-12-24T13:00"
    assert post("cron", mode="asleep").json == {"cron": "asleep"}
    assert post("mailer", smtp_down=True, customer_note_mail=False).json == {"smtp_down": True}
    assert shop.setting("email_customer_note", "enabled") == "no"
    fault = {"kind": "status", "status": 503, "path": "/orders"}
    assert post("faults", seed=3, rest=[fault], deliveries={"drop_share": 0.3}).status_code == 200
    assert client.get("/wp-json/wc/v3/orders").status_code == 503
    assert shop.faults.deliveries.drop_share == 0.3


@pytest.mark.parametrize(
    ("path", "wishes"),
    [
        ("orders", {"buyer": "XX"}),
        ("orders", {"items": [["NO-SUCH", 1]]}),
        ("orders", {"colour": "red"}),
        ("orders", {"created_at": "2026-11-01T10:00:00"}),
        ("orders/1/dance", {}),
        ("cron", {"mode": "sometimes"}),
        ("faults", {"rest": [{"kind": "explode"}]}),
        ("faults", {"disable_webhook": 99}),
        ("orders/99999/pay", {}),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_its_reason(
    shop: DemoShop, path: str, wishes: dict
) -> None:
    answer = create_app(shop).test_client().post(f"/_demo/{path}", json=wishes, headers=DEMO)
    assert answer.status_code in (400, 404)
    assert answer.json["error"]


# --- pages -----------------------------------------------------------------------------------


def test_the_buttons_of_the_page_work(shop: DemoShop) -> None:
    client = create_app(shop).test_client()
    client.post("/shop/orders", data={"buyer": "JP"})
    (order,) = shop.orders
    assert "花子 山田" in client.get("/").get_data(as_text=True)
    for action, status in (("pay", "processing"), ("ship", "completed"), ("refund", "refunded")):
        assert client.post(f"/shop/orders/{order}/{action}").status_code == 303
        page = client.get("/").get_data(as_text=True)
        assert status in page
    assert f"0034043416109{order:07d}" in page
    assert client.post(f"/shop/orders/{order}/refund").status_code == 409
    assert client.post("/shop/orders/1/dance").status_code == 404


def test_other_sites_cannot_press_the_buttons(shop: DemoShop) -> None:
    client = create_app(shop).test_client()
    answer = client.post("/shop/orders", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert not shop.orders


def test_a_page_view_and_wp_cron_count_as_visitors(shop: DemoShop) -> None:
    client = create_app(shop).test_client()
    for path in ("/", "/mails", "/wp-cron.php?doing_wp_cron"):
        fresh = DemoShop()
        fresh.set_cron("visitors")
        create_app(fresh).test_client().get(path)
        assert not fresh.visit(), path
        fresh.close()
    assert client.get("/mails/99").status_code == 404


# --- server ----------------------------------------------------------------------------------


def test_connections_stay_open_between_requests(shop: DemoShop) -> None:
    with running(shop) as url, requests.Session() as session:
        ports = set()
        for _ in range(3):
            answer = session.get(f"{url}/", stream=True, timeout=5)
            ports.add(answer.raw.connection.sock.getsockname()[1])
            answer.close() if not answer.content else None
        assert len(ports) == 1


def test_too_large_a_body_is_refused(shop: DemoShop) -> None:
    with running(shop) as url:
        headers = {"Content-Length": str(10**9)}
        request = requests.Request("POST", f"{url}/wp-json/wc/v3/orders", headers=headers)
        with requests.Session() as session:
            assert session.send(request.prepare(), timeout=5).status_code == 413


def test_the_same_shop_can_go_down_and_come_back(shop: DemoShop) -> None:
    with running(shop) as url:
        order = shop.place_order("DE")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)
    with running(shop, port=int(url.rpartition(":")[2])) as again:
        assert again == url
        assert f"#{order}" in requests.get(url, timeout=5).text


def test_a_second_start_goes_on_with_the_same_ids_and_keys(tmp_path: Path) -> None:
    file = tmp_path / "with a space" / "shop.sqlite3"
    first = DemoShop(state_file=file, first_order_id=50)
    key, order = first.consumer_key, first.place_order("DE")
    first.add_note(order, "hello", customer=True)
    refund = first.refund(order, "1.00")
    first.change_setting("email_customer_note", "subject", "News")
    hook = first.write_webhook({"topic": "order.created", "delivery_url": "http://127.0.0.1:9/"})
    thrown = first.place_order("FR")
    first.force_delete(thrown)
    shown, notes = first.show_order(order), first.notes_of(order)
    first.close()
    second = DemoShop(state_file=file, first_order_id=50)
    second.base_url = first.base_url
    assert second.consumer_key == key
    assert second.show_order(order) == shown
    assert second.notes_of(order) == notes
    assert second.refunds.keys() == {refund}
    assert second.setting("email_customer_note", "subject") == "News"
    assert second.webhooks[hook["id"]]["secret"] == hook["secret"]
    assert thrown not in second.orders
    assert second.place_order("DE") > thrown
    second.close()


def test_each_fresh_shop_has_keys_of_its_own() -> None:
    shops = [DemoShop(), DemoShop()]
    assert shops[0].consumer_key != shops[1].consumer_key
    for shop in shops:
        shop.close()


def test_many_threads_lose_nothing(shop: DemoShop) -> None:
    def work() -> None:
        for _ in range(25):
            order = shop.place_order("DE")
            shop.add_note(order, "x", customer=True)
            shop.refund(order, "1.00")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shop.orders) == 200
    assert len(shop.refunds) == 200
    assert len({row["id"] for row in shop.notes.values()}) == len(shop.notes)
    ids = [*shop.orders, *shop.refunds]
    assert len(set(ids)) == 400


def test_a_thousand_orders_are_placed_and_listed_quickly(shop: DemoShop) -> None:
    started = time.monotonic()
    for _ in range(1000):
        shop.place_order("DE")
    client = create_app(shop).test_client()
    query = f"consumer_key={shop.consumer_key}&consumer_secret={shop.consumer_secret}"
    for page in range(1, 11):
        path = f"/wp-json/wc/v3/orders?{query}&per_page=100&page={page}"
        assert len(client.get(path, base_url="https://shop.example").json) == 100
    assert time.monotonic() - started < 5


def test_the_process_says_where_it_is_and_stops_on_sigterm(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    state = tmp_path / "shop.sqlite3"
    command = [sys.executable, "-m", "app.demo", "--json", "--keys-file", str(keys)]
    with subprocess.Popen(
        [*command, "--state", str(state)], stdout=subprocess.PIPE, text=True
    ) as process:
        ready = json.loads(process.stdout.readline())
        held = json.loads(keys.read_text())
        assert keys.stat().st_mode & 0o777 == 0o600
        assert held["url"] == ready["url"]
        made = requests.post(f"{ready['url']}/_demo/orders", json={}, headers=DEMO, timeout=5)
        assert made.status_code == 201
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    shop = DemoShop(state_file=state)
    assert list(shop.orders) == [made.json()["id"]]
    assert shop.consumer_key == held["consumer_key"]
    shop.close()


def test_a_taken_port_is_named(shop: DemoShop) -> None:
    with running(shop) as url:
        port = url.rpartition(":")[2]
        command = [sys.executable, "-m", "app.demo", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 1
        assert port in done.stderr
        assert "Traceback" not in done.stderr
