"""The webhook address, with the recordings of a real shop and with everything hostile."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.db.documents import Document, Series
from app.db.inbox import QUARANTINED, InboxRow
from app.db.notices import Message
from app.db.orders import Order
from app.db.stores import Store, counts
from app.domain.store_mode import Mode
from app.factory import create_app
from tests.recorded import SOURCE, Recorded, deliveries, named, pings, recorded_orders, signed
from tests.world import SECRET, World, signed_headers


def client_of(world: World) -> FlaskClient:
    return create_app(services=world.services).test_client()


def post(client: FlaskClient, store: Store, body: bytes, headers: dict[str, str]) -> int:
    kept = {k: v for k, v in headers.items() if k not in ("Host", "Connection", "Content-Length")}
    address = f"/webhooks/woocommerce/{store.key}"
    return client.post(address, data=body, headers=kept).status_code


def one_store_for_each_secret(world: World, url: str = SOURCE) -> dict[str, Store]:
    """The recorded webhooks had a secret each; a store has one."""
    secrets = sorted({one.secret for one in signed() if one.secret})
    return {
        secret: world.connect(f"shop-{n}", secret=secret, url=url, mode=Mode.SHADOW)
        for n, secret in enumerate(secrets)
    }


def post_all(client: FlaskClient, stores: dict[str, Store], some: list[Recorded]) -> Counter[int]:
    return Counter(post(client, stores[one.secret or ""], one.body, one.headers) for one in some)


def test_every_recorded_delivery_is_taken_and_repeating_it_changes_nothing(
    a_world: World,
) -> None:
    client, stores = client_of(a_world), one_store_for_each_secret(a_world)
    assert post_all(client, stores, signed()) == {200: 401}
    before = a_world.state
    stored = a_world.count(InboxRow)
    assert post_all(client, stores, signed()) == {200: 401}
    assert a_world.state == before and stored > 300
    duplicates = sum(row.duplicates for row in a_world.all(InboxRow))
    assert duplicates == 2 * 401 - stored


def test_every_recorded_delivery_with_one_byte_flipped_is_refused(sqlite_world: World) -> None:
    client, stores = client_of(sqlite_world), one_store_for_each_secret(sqlite_world)
    answers: Counter[int] = Counter()
    for number, one in enumerate(signed()):
        at = number % len(one.body)
        flipped = one.body[:at] + bytes([one.body[at] ^ 1]) + one.body[at + 1 :]
        answers[post(client, stores[one.secret or ""], flipped, one.headers)] += 1
    assert answers == {401: 401}
    assert sqlite_world.count(InboxRow) == 0
    sqlite_world.services.clock()
    refused = sum(_refused(sqlite_world, store) for store in stores.values())
    assert refused > 0


def _refused(world: World, store: Store) -> int:
    with world.services.db.read() as session:
        return counts(session, store.id).get("bad_signature", 0)


def test_every_ping_is_answered_with_exactly_200_and_stores_nothing(sqlite_world: World) -> None:
    client, store = client_of(sqlite_world), sqlite_world.connect()
    assert Counter(post(client, store, one.body, one.headers) for one in pings()) == {200: 87}
    assert sqlite_world.count(InboxRow) == 0


def test_two_orders_with_one_delivery_id_are_both_processed(a_world: World) -> None:
    """WooCommerce makes the id from the webhook and the second (recordings, 2)."""
    same = Counter(one.delivery_id for one in signed() if one.topic == "order.created")
    shared, _ = same.most_common(1)[0]
    pair = [o for o in signed() if o.delivery_id == shared and o.topic == "order.created"]
    ids = {one.payload["id"] for one in pair if "id" in one.payload}
    assert len(ids) > 1
    store = a_world.connect(secret=pair[0].secret or "", url=SOURCE, mode=Mode.SHADOW)
    client = client_of(a_world)
    for one in pair:
        assert post(client, store, one.body, one.headers) == 200
    a_world.work()
    assert {order.remote_id for order in a_world.all(Order)} == ids


def test_a_copy_of_the_shop_is_kept_apart_and_nothing_leaves(a_world: World) -> None:
    """A staging copy signs with the same secret; only its address differs (recordings, 26)."""
    store, client = a_world.connect(), client_of(a_world)
    body = named("de_guest_paid").body
    headers = signed_headers("order.created", body, source="https://staging.example/")
    assert post(client, store, body, headers) == 200
    a_world.work()
    (row,) = a_world.all(InboxRow)
    assert row.state == QUARANTINED and "staging.example" in row.problem
    assert a_world.count(Order) == a_world.count(Document) == a_world.count(Message) == 0
    assert a_world.shop.request_count == 0


def test_a_shop_in_shadow_mode_gets_no_number_and_no_writing_request(a_world: World) -> None:
    world = a_world
    for payload in recorded_orders().values():
        world.shop.load_recorded(payload)
    client = client_of(world)
    stores = one_store_for_each_secret(world, url=world.shop_url)
    for one in signed():
        headers = {**one.headers, "X-WC-Webhook-Source": world.shop_url}
        assert post(client, stores[one.secret or ""], one.body, headers) == 200
    world.work(rounds=200)
    assert world.count(Order) > 30
    assert {row.state for row in world.all(InboxRow)} == {"done"}
    assert world.count(Document) == world.count(Series) == 0
    assert world.shop.write_count == 0 and world.shop.request_count > 0
    assert {message.state for message in world.all(Message)} <= {"withheld", "dropped"}


@pytest.mark.parametrize("signature", [None, "", "x", "AAAA", "ä" * 40])
def test_a_missing_or_wrong_signature_is_refused(
    sqlite_world: World, signature: str | None
) -> None:
    store, client = sqlite_world.connect(), client_of(sqlite_world)
    headers = signed_headers("order.created", b"{}", source=sqlite_world.shop_url)
    del headers["X-WC-Webhook-Signature"]
    if signature is not None:
        headers["X-WC-Webhook-Signature"] = signature
    assert post(client, store, b"{}", headers) == 401
    assert sqlite_world.count(InboxRow) == 0


def test_an_unknown_store_key_is_404(sqlite_world: World) -> None:
    client = client_of(sqlite_world)
    answer = client.post("/webhooks/woocommerce/nobody", data=b"webhook_id=1")
    assert answer.status_code == 404 and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/webhooks/woocommerce/nobody").status_code == 405


def test_a_body_over_the_cap_is_refused_before_it_is_read(sqlite_world: World) -> None:
    store, client = sqlite_world.connect(), client_of(sqlite_world)

    class Endless:
        """A body that would never end; reading much of it fails the test."""

        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            assert size >= 0 and self.taken < 2 * 1024 * 1024
            return b"x" * size

    endless = Endless()
    environ = EnvironBuilder(path=f"/webhooks/woocommerce/{store.key}", method="POST").get_environ()
    environ |= {"wsgi.input": endless, "CONTENT_LENGTH": str(10**9)}
    answer = run_wsgi_app(client.application, environ)
    assert answer[1].startswith("413") and endless.taken == 0
    exact = b"x" * (1024 * 1024)
    headers = signed_headers("order.created", exact, source=sqlite_world.shop_url)
    assert post(client, store, exact, headers) == 200
    assert post(client, store, exact + b"x", headers) == 413


@pytest.mark.parametrize(
    ("topic", "body", "words"),
    [
        ("order.updated", b'{"code":"woocommerce_rest_cannot_view","message":"Sorry"}', "error"),
        ("order.updated", b"{", "not readable"),
        ("order.updated", b"", "not readable"),
        ("order.updated", b"[]", "not readable"),
        ("order.updated", b'{"id":"84x","status":"paid"}', "not readable"),
        ("order.updated", b'{"id":84,"status":null,"total":NaN}', "not readable"),
        ("order.updated", b"[" * 100_000, "not readable"),
        ("order.updated", b'{"id":9' + b"9" * 5000 + b"}", "not readable"),
        ("order.deleted", b'{"id":84}', "never knew"),
        ("order.updated", b'{"id":84,"status":"processing","billing":{}}', "currency"),
        ("product.updated", b'{"id":84,"name":"x"}', "not followed"),
        ("", b'{"id":84}', "not followed"),
        ("x" * 5000, b'{"id":84,"a":"\\u0000\\ud800"}', "not followed"),
    ],
)
def test_what_is_signed_but_no_order_is_kept_and_shown_as_what_it_is(
    a_world: World, topic: str, body: bytes, words: str
) -> None:
    store, client = a_world.connect(), client_of(a_world)
    headers = signed_headers(topic, body, source=a_world.shop_url)
    assert post(client, store, body, headers) == 200
    assert [one.body for one in a_world.all(InboxRow)] == [body]
    a_world.work()
    (row,) = a_world.all(InboxRow)
    assert row.state == "done" and words in row.outcome, row.outcome
    is_followed = words != "not followed"
    assert row.body == (body if is_followed else b""), "what nothing follows from says nothing"


def test_hostile_text_in_an_order_is_stored_and_shown_on_both_databases(a_world: World) -> None:
    store, client = a_world.connect(mode=Mode.SHADOW), client_of(a_world)
    text = named("de_guest_paid").body.decode()
    body = text.replace("Weiß", "\\u0000\\ud83d<script>").replace("J\\u00fcrgen", "\\u202e'; --")
    body = body.replace("Wei\\u00df", "\\u0000\\ud800<script>")
    headers = signed_headers("order.created", body.encode(), source=a_world.shop_url)
    assert post(client, store, body.encode(), headers) == 200
    a_world.work()
    (order,) = a_world.all(Order)
    assert "<script>" in order.buyer and "\u202e" not in order.buyer
    assert order.payload["billing"]["last_name"].startswith("\ufffd\ufffd<script>")


def test_a_database_that_cannot_be_written_is_503_and_never_200(
    sqlite_world: World, tmp_path: Path
) -> None:
    store, client = sqlite_world.connect(), client_of(sqlite_world)
    one = named("de_guest_paid")
    headers = signed_headers("order.created", one.body, source=sqlite_world.shop_url)
    db = sqlite_world.services.db
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    db.dispose()
    path = Path(db.url.database or "")
    with db.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE inbox RENAME TO inbox_away")
    assert post(client, store, one.body, headers) == 503
    with db.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE inbox_away RENAME TO inbox")
    assert post(client, store, one.body, headers) == 200
    assert path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="a full disk is made with a small mount, as root")
def test_a_full_disk_is_503_and_never_200(sqlite_world: World, tmp_path: Path) -> None:
    """A database on a file system that fills up while deliveries come."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        _fill_the_disk(sqlite_world, place)
    finally:
        subprocess.run(["umount", "-l", place], check=False)


def _fill_the_disk(world: World, place: Path) -> None:
    from app.db.engine import Database
    from app.db.schema import upgrade

    world.services.__dict__["db"] = Database(f"sqlite:///{place / 'k.sqlite3'}")
    upgrade(world.services.db)
    store, client = world.connect(), client_of(world)
    answers = []
    for number in range(200):
        body = b'{"id":%d,"status":"x","pad":"%s"}' % (number + 1, b"x" * 20_000)
        headers = signed_headers("order.updated", body, source=world.shop_url)
        answers.append(post(client, store, body, headers))
    assert set(answers) == {200, 503}
    assert world.count(InboxRow) == answers.count(200)
    world.services.db.dispose()


def test_no_secret_of_a_store_stands_in_the_database(sqlite_world: World) -> None:
    sqlite_world.connect()
    path = Path(sqlite_world.services.db.url.database or "")
    everything = b"".join(
        file.read_bytes() for file in path.parent.glob(path.name + "*") if file.is_file()
    )
    assert SECRET.encode() not in everything
    assert sqlite_world.shop.consumer_secret.encode() not in everything


def test_the_recordings_are_complete() -> None:
    assert len(deliveries()) == 488 and len(signed()) == 401 and len(pings()) == 87


def test_a_copy_that_comes_first_does_not_hide_the_real_delivery(sqlite_world: World) -> None:
    store, client = sqlite_world.connect(mode=Mode.SHADOW), client_of(sqlite_world)
    body = named("de_guest_paid").body
    for source in ("https://staging.example/", sqlite_world.shop_url):
        headers = signed_headers("order.created", body, source=source)
        assert post(client, store, body, headers) == 200
    sqlite_world.work()
    assert [row.state for row in sqlite_world.all(InboxRow)] == [QUARANTINED, "done"]


@pytest.mark.parametrize(
    "body",
    [
        '{"id":"²","status":"x"}'.encode(),
        b'{"id":"' + b"9" * 5000 + b'","status":"x"}',
        b'{"id":5,"x":"\\u0000","y":' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)
def test_odd_bodies_are_stored_like_any_other(a_world: World, body: bytes) -> None:
    store, client = a_world.connect(mode=Mode.SHADOW), client_of(a_world)
    headers = signed_headers("order.updated", body, source=a_world.shop_url)
    assert post(client, store, body, headers) == 200
    a_world.work()
    assert [row.state for row in a_world.all(InboxRow)] == ["done"]
