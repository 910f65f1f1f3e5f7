"""The demo shop's eraser leaves what WooCommerce's own leaves: `WC_Privacy_Erasers` with
`wp_privacy_anonymize_data`, as their source has them. (None was recorded: it asks for a person's
confirmation by mail.)"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.demo.shop import DemoShop

from .receiver import Receiver

BUYER = {
    "first_name": "Ann",
    "last_name": "Lee",
    "company": "",
    "address_1": "1 Harbour Road",
    "city": "Bristol",
    "state": "AVN",
    "postcode": "BS1 4RB",
    "country": "GB",
    "email": "ann@mail.example",
    "phone": "+44 20 7946 0958",
}
ERASED = {
    "first_name": "[deleted]",
    "last_name": "[deleted]",
    "company": "",
    "address_1": "[deleted]",
    "address_2": "",
    "city": "[deleted]",
    "state": "",
    "postcode": "[deleted]",
    "country": "",
}


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    made = DemoShop()
    yield made
    made.close()


def test_what_says_who_ordered_is_written_over_and_the_rest_stays(
    shop: DemoShop,
) -> None:
    order = shop.place_order(
        BUYER, customer_id=7, customer_note="Please ring", created_via="store-api"
    )
    shop.add_note(order, "Hello Ann", customer=True)
    before = shop.show_order(order)
    shop.erase_personal_data(order)
    after = shop.show_order(order)
    phone = "+00 00 0000 0000"
    assert after["billing"] == ERASED | {"email": "deleted@site.invalid", "phone": phone}
    assert after["shipping"] == ERASED | {"phone": phone}
    assert (after["customer_id"], after["customer_ip_address"]) == (0, "127.0.0.0")
    assert after["customer_note"] == "Please ring", "its list of properties does not name it"
    assert {"_anonymized": "yes"}.items() <= {
        one["key"]: one["value"] for one in after["meta_data"]
    }.items()
    same = ("number", "status", "total", "line_items", "date_paid_gmt", "refunds", "payment_method")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert [one["note"] for one in shop.notes_of(order)] == ["Personal data removed."]


def test_it_is_told_like_any_other_change(listening_shop: DemoShop, receiver: Receiver) -> None:
    order = listening_shop.place_order(BUYER)
    assert listening_shop.deliveries.wait_idle(10)
    receiver.requests.clear()
    listening_shop.erase_personal_data(order)
    assert listening_shop.deliveries.wait_idle(10)
    assert receiver.topics == ["order.updated"]
    assert b"_anonymized" in receiver.requests[0].body and b"Ann" not in receiver.requests[0].body
