"""A parcel and its scans, in whatever order they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from app.domain.parcel import Parcel, ParcelState, Scan, followed, is_believable

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
MOVING = Scan(at=AT, state=ParcelState.IN_TRANSIT, place="Leipzig")
ON_VAN = Scan(at=AT + timedelta(hours=20), state=ParcelState.OUT_FOR_DELIVERY)
THERE = Scan(at=AT + timedelta(hours=24), state=ParcelState.DELIVERED, place="Berlin")
AFTERWARDS = Scan(at=AT + timedelta(hours=25), state=ParcelState.IN_TRANSIT)
BACK = Scan(at=AT + timedelta(days=3), state=ParcelState.RETURNED)
REMARK = Scan(at=AT + timedelta(days=4), words="picture of the door")


def test_scans_tell_the_same_in_every_order() -> None:
    parcel = Parcel(tracking_number="1")
    told = {followed(parcel, order) for order in permutations([MOVING, ON_VAN, THERE, AFTERWARDS])}
    (found,) = told
    assert (found.state, found.delivered_at) == (ParcelState.DELIVERED, THERE.at)
    assert found.shipped_at == MOVING.at and found.last_scan == AFTERWARDS


def test_a_parcel_that_goes_back_is_not_delivered_any_more() -> None:
    found = followed(Parcel(), [THERE, BACK, REMARK])
    assert (found.state, found.delivered_at) == (ParcelState.RETURNED, None)
    assert found.last_scan == REMARK


def test_an_announcement_does_not_take_back_what_the_shop_says() -> None:
    label = Scan(at=AT, state=ParcelState.ANNOUNCED)
    assert followed(Parcel(), [label]).state is ParcelState.IN_TRANSIT
    announced = Parcel(state=ParcelState.ANNOUNCED)
    assert followed(announced, [label]).state is ParcelState.ANNOUNCED
    assert followed(announced, [label, MOVING]).state is ParcelState.IN_TRANSIT


def test_what_staff_saw_arrive_stays_there() -> None:
    known = Parcel(state=ParcelState.DELIVERED, delivered_at=AT)
    assert followed(known, [ON_VAN]).delivered_at == AT
    assert followed(known, [ON_VAN]).state is ParcelState.DELIVERED


def test_the_same_scan_has_the_same_key_whoever_tells_it() -> None:
    again = MOVING.model_copy(update={"words": "other words", "place": "LEIPZIG"})
    assert again.key == MOVING.key != ON_VAN.key


def test_scans_of_another_time_are_not_believed() -> None:
    ordered = AT
    assert is_believable(MOVING, ordered, AT) and is_believable(MOVING, None, AT)
    assert not is_believable(MOVING, AT + timedelta(days=30), AT + timedelta(days=30))
    assert not is_believable(BACK, ordered, AT)


def test_a_parcel_goes_to_json_and_back() -> None:
    found = followed(Parcel(carrier="DHL", tracking_number="1"), [MOVING])
    assert Parcel.model_validate(found.model_dump(mode="json")) == found
