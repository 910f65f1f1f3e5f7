"""Which lines of an order have left and which wait."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.domain.order import OrderSnapshot, read_order
from app.domain.parcel import Parcel, ParcelState, Piece
from app.domain.progress import Extent, backordered_of, progress_of
from app.domain.shipment import parcels_of
from app.domain.shipment_sources.fulfillments import read_fulfillments
from tests.domain.test_shipment_sources import order_with, tracking
from tests.recorded import rest, rest_order


def parcel(*pieces: tuple[int, int], state: ParcelState = ParcelState.IN_TRANSIT) -> Parcel:
    held = tuple(Piece(line_id=line, quantity=Decimal(many)) for line, many in pieces)
    return Parcel(tracking_number=f"{state}{pieces}", state=state, pieces=held)


def waits(order: OrderSnapshot, *parcels: Parcel) -> list[tuple[str, int]]:
    return [(line.name, int(line.waiting)) for line in progress_of(order, parcels).waiting]


def test_before_anything_left_all_lines_wait() -> None:
    order = order_with()
    assert progress_of(order, ()).extent is Extent.NOTHING
    assert waits(order, parcel(state=ParcelState.ANNOUNCED)) == [("Cup", 2), ("Pot", 1)]


def test_one_parcel_that_does_not_say_what_is_in_it_is_the_whole_order() -> None:
    order = order_with(tracking())
    found = progress_of(order, parcels_of(order))
    assert found.extent is Extent.ALL and not found.waiting


def test_a_parcel_that_names_its_lines_leaves_the_others_waiting() -> None:
    order = order_with()
    assert waits(order, parcel((131, 1))) == [("Cup", 1), ("Pot", 1)]
    assert waits(order, parcel((131, 1)), parcel((131, 1), (132, 1))) == []
    assert progress_of(order, [parcel((131, 2))]).extent is Extent.PARTLY


def test_more_than_was_ordered_does_not_count_for_other_lines() -> None:
    assert waits(order_with(), parcel((131, 99))) == [("Pot", 1)]


def test_the_recorded_fulfilments_hold_the_first_two_lines() -> None:
    order = read_order(rest_order("orders_get_with_fulfillments"))
    parcels = read_fulfillments(order, rest("fulfillments_list")["response"]["json"])
    found = progress_of(order, parcels)
    left = {line.line_id: line.left for line in found.lines if line.left}
    assert left == {186: Decimal(5), 187: Decimal(7)}
    assert (found.extent is Extent.PARTLY) == bool(found.waiting)


def test_a_shop_that_says_partly_and_not_which_lines_makes_us_claim_nothing() -> None:
    for order in (
        order_with(tracking(), status="partial-shipped"),
        order_with(tracking(status_shipped="2")),
        order_with(tracking(), ("_fulfillment_status", "partially_fulfilled")),
        order_with(("_fulfillment_status", "partially_fulfilled")),
    ):
        found = progress_of(order, parcels_of(order))
        assert (found.extent, found.lines) == (Extent.PARTLY, ())


def test_completed_means_that_all_has_left_whatever_the_parcels_name() -> None:
    order = order_with(status="completed")
    assert progress_of(order, [parcel((131, 1))]).extent is Extent.ALL
    assert progress_of(order, ()).extent is Extent.ALL


def test_delivered_is_when_every_line_arrived() -> None:
    there = ParcelState.DELIVERED
    order = order_with()
    assert progress_of(order, [parcel(state=there)]).extent is Extent.DELIVERED
    both = [parcel((131, 2), state=there), parcel((132, 1), state=ParcelState.IN_TRANSIT)]
    assert progress_of(order, both).extent is Extent.ALL


def test_a_returned_parcel_left_and_did_not_arrive() -> None:
    found = progress_of(order_with(), [parcel(state=ParcelState.RETURNED)])
    assert found.extent is Extent.ALL and not any(line.delivered for line in found.lines)


def backorder(value: Any, key: str = "Backordered") -> OrderSnapshot:
    line = {"id": 131, "name": "Cup", "quantity": 3, "meta_data": [{"key": key, "value": value}]}
    return order_with(line_items=[line, {"id": 132, "name": "Pot", "quantity": 1}])


def test_a_line_beyond_the_stock_is_told_apart_from_one_that_only_waits() -> None:
    order = backorder("2")
    found = progress_of(order, [parcel((132, 1))])
    assert [(line.name, line.backordered) for line in found.backordered] == [("Cup", Decimal(2))]
    assert progress_of(order, [parcel((131, 3))]).backordered == ()


def test_a_backorder_that_makes_no_sense_is_bounded() -> None:
    amounts = [backordered_of(backorder(said).line_items[0]) for said in ("99", "-1", "x", [])]
    assert amounts == [3, 0, 0, 0]


def test_an_order_over_rest_does_not_say_that_it_was_beyond_the_stock() -> None:
    """Recorded: `_reduced_stock` is the whole quantity, and there is no `Backordered`."""
    order = read_order(rest_order("orders_post_backorder"))
    (line,) = order.line_items
    assert [meta.key for meta in line.meta_data] == ["_reduced_stock"]
    assert backordered_of(line) == 0
