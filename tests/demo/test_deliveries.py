"""A webhook delivery of the demo shop against the recorded ones: headers, signature, body."""

import base64
import hashlib
import hmac
import json

import pytest

from app.demo.shop import DemoShop

from .receiver import Receiver
from .recorded import deliveries, raw_delivery
from .shapes import differences, learn


@pytest.fixture
def shop(listening_shop: DemoShop) -> DemoShop:
    return listening_shop


def test_headers_come_in_the_recorded_order(shop: DemoShop, receiver: Receiver) -> None:
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    recorded = {
        row["kind"]: [name for name, _ in raw_delivery(row["file"])[0]] for row in deliveries()
    }
    receiver.ping_status = 201
    shop.write_webhook({"topic": "order.created", "delivery_url": f"{receiver.url}/new"})
    for request in receiver.requests:
        names = [name for name, _ in request.headers]
        assert names == recorded["ping" if request.is_ping else "signed"]
    assert receiver.pings and receiver.signed


def test_fixed_headers_have_the_recorded_values(shop: DemoShop, receiver: Receiver) -> None:
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    recorded = {row["topic"]: dict(raw_delivery(row["file"])[0]) for row in deliveries()}
    same = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type", "Connection")
    same += ("X-WC-Webhook-Topic", "X-WC-Webhook-Resource", "X-WC-Webhook-Event")
    for request in receiver.signed:
        theirs = recorded[request.header("X-WC-Webhook-Topic")]
        assert {n: request.header(n) for n in same} == {n: theirs[n] for n in same}
        assert request.header("X-WC-Webhook-Source") == f"{shop.base_url}/"
        assert len(request.header("X-WC-Webhook-Delivery-ID") or "") == 32


@pytest.mark.parametrize(
    ("secret", "signs_as"),
    [
        ("plain-secret", "plain-secret"),
        ("a&amp;b&lt;c&quot;d&#039;e", "a&b<c\"d'e"),
        ("  padded  ", "  padded  "),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_the_signature_is_made_with_the_decoded_secret(
    shop: DemoShop, receiver: Receiver, secret: str, signs_as: str
) -> None:
    for number in list(shop.webhooks):
        shop.delete_webhook(number)
    shop.write_webhook({"topic": "order.created", "delivery_url": receiver.url, "secret": secret})
    shop.place_order("DE")
    assert shop.deliveries.wait_idle()
    (request,) = receiver.signed
    digest = hmac.new(signs_as.encode(), request.body, hashlib.sha256).digest()
    assert request.header("X-WC-Webhook-Signature") == base64.b64encode(digest).decode()


def _recorded_bodies(prefix: str) -> list[dict]:
    rows = [r for r in deliveries() if r["kind"] == "signed" and r["topic"].startswith(prefix)]
    return [json.loads(raw_delivery(row["file"])[1]) for row in rows]


@pytest.mark.parametrize("topic", ["order.", "customer.", "coupon.", "product.", "action."])
def test_bodies_have_the_recorded_fields_and_types(
    shop: DemoShop, receiver: Receiver, topic: str
) -> None:
    paid = shop.place_order("DE", items=[("MUG-01", 2), ("BOOK-FR", 1)], fee=("Express", "3.36"))
    shop.refund(paid, "5.00")
    shop.add_note(paid, "Hello", customer=True)
    shop.write_customer({"email": "new@kunde.example"})
    coupon = shop.write_coupon({"code": "five", "amount": "5"})["id"]
    shop.write_coupon({"amount": "6"}, coupon)
    shop.place_order("JP", coupon="five", customer_id=2)
    shop.write_product({"name": "Thing", "regular_price": "3"})
    assert shop.deliveries.wait_idle()
    recorded = [b for b in _recorded_bodies(topic) if "code" not in b or "amount" in b]
    recorded = [b for b in recorded if len(b) > 1 and b.get("type") != "variable"]
    types: dict[str, set[str]] = {}
    for body in recorded:
        learn(types, [body])
    chosen = [
        r for r in receiver.signed if (r.header("X-WC-Webhook-Topic") or "").startswith(topic)
    ]
    ours = [json.loads(r.body) for r in chosen]
    assert ours
    free = ("meta_data", "attributes", ".arg")
    assert differences(ours, recorded, types, free) == []
    assert all(b"/" not in r.body.replace(b"\\/", b"") and r.body.isascii() for r in chosen)
