"""What carriers' services send: a documented payload of each, and whether it is really theirs."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.domain.carrier_events.payload import read_updates
from app.domain.carrier_events.signature import Service, check, signature_of
from app.domain.parcel import ParcelState
from app.errors import BadSignature

AFTERSHIP: dict[str, Any] = {
    "event": "tracking_update",
    "event_id": "fb20a4c9-1a13-4e52-9d4c-1f3d6f2bb0a1",
    "is_tracking_first_tag": True,
    "ts": 1795430400,
    "msg": {
        "id": "6f46w2d5vz5n0kq2gq5o9004",
        "tracking_number": "1Z999AA10123456784",
        "slug": "ups",
        "tag": "Delivered",
        "subtag": "Delivered_001",
        "expected_delivery": "2026-11-25",
        "checkpoints": [
            {
                "slug": "ups",
                "tag": "InTransit",
                "subtag": "InTransit_002",
                "checkpoint_time": "2026-11-23T09:00:00+01:00",
                "message": "Departed from facility",
                "location": "Köln, DE",
                "city": None,
            },
            {
                "tag": "Delivered",
                "checkpoint_time": "2026-11-24T10:30:00+01:00",
                "message": "DELIVERED",
                "city": "Berlin",
                "country_name": "Germany",
            },
        ],
    },
}
SEVENTEEN_TRACK: dict[str, Any] = {
    "event": "TRACKING_UPDATED",
    "data": {
        "number": "RR473124829DE",
        "carrier": 7041,
        "tag": "84",
        "track_info": {
            "latest_status": {"status": "InTransit", "sub_status": "InTransit_Other"},
            "latest_event": {
                "time_iso": "2026-11-24T10:30:00+01:00",
                "time_utc": "2026-11-24T09:30:00Z",
                "description": "Arrived at the sorting centre",
                "location": "Leipzig",
                "stage": "Arrival",
                "sub_status": "InTransit_Arrival",
            },
            "time_metrics": {
                "estimated_delivery_date": {"source": "Official", "from": None, "to": "2026-11-27"}
            },
            "tracking": {
                "providers": [
                    {
                        "provider": {"key": 7041, "name": "DHL Paket", "country": "DE"},
                        "events": [
                            {
                                "time_utc": "2026-11-23T08:00:00Z",
                                "description": "Picked up",
                                "location": "",
                                "address": {"city": "Bonn", "country": "DE"},
                                "stage": "PickedUp",
                                "sub_status": "",
                            },
                            {
                                "time_utc": "2026-11-25T08:00:00Z",
                                "description": "Returned to the sender",
                                "stage": None,
                                "sub_status": "Exception_Returned",
                            },
                        ],
                    }
                ]
            },
        },
    },
}
EASYPOST: dict[str, Any] = {
    "id": "evt_qatAiJDM",
    "object": "Event",
    "description": "tracker.updated",
    "result": {
        "id": "trk_Txyy1vaM",
        "object": "Tracker",
        "tracking_code": "9400111899223818218407",
        "status": "out_for_delivery",
        "carrier": "USPS",
        "est_delivery_date": "2026-11-25T00:00:00Z",
        "tracking_details": [
            {
                "object": "TrackingDetail",
                "message": "Out for delivery",
                "status": "out_for_delivery",
                "datetime": "2026-11-24T09:30:00Z",
                "tracking_location": {"city": "SAN FRANCISCO", "state": "CA", "country": "US"},
            }
        ],
    },
}
SHIP24: dict[str, Any] = {
    "trackings": [
        {
            "metadata": {"generatedAt": "2026-11-24T10:00:00.000Z", "messageId": "m-1"},
            "tracker": {"trackerId": "t-1", "trackingNumber": "S24DEMO456393"},
            "shipment": {
                "statusMilestone": "delivered",
                "delivery": {"estimatedDeliveryDate": None},
                "trackingNumbers": [{"tn": "S24DEMO456393"}, {"tn": "S24DEMO169411"}],
            },
            "events": [
                {
                    "eventId": "e-1",
                    "status": "Delivered to the addressee",
                    "occurrenceDatetime": "2026-11-24T09:30:00",
                    "location": "SAN RAFAEL, CA 94901",
                    "courierCode": "us-post",
                    "statusCode": "delivery_delivered",
                    "statusMilestone": "delivered",
                }
            ],
        }
    ]
}
PAYLOADS = {
    Service.AFTERSHIP: AFTERSHIP,
    Service.SEVENTEEN_TRACK: SEVENTEEN_TRACK,
    Service.EASYPOST: EASYPOST,
    Service.SHIP24: SHIP24,
}
HALF_PAST_NINE = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


# 9. AfterShip


def test_an_aftership_payload() -> None:
    (update,) = read_updates(Service.AFTERSHIP, AFTERSHIP)
    first, last = update.scans
    assert update.numbers == ("1Z999AA10123456784",) and update.carrier == "ups"
    assert update.estimated_on == date(2026, 11, 25)
    assert (first.state, first.place) == (ParcelState.IN_TRANSIT, "Köln, DE")
    assert (last.at, last.state, last.place) == (HALF_PAST_NINE, ParcelState.DELIVERED, "Berlin")


def test_an_aftership_payload_without_checkpoints_is_one_scan() -> None:
    msg = AFTERSHIP["msg"] | {"checkpoints": [], "tag": "Exception", "subtag": "Exception_011"}
    (update,) = read_updates(Service.AFTERSHIP, AFTERSHIP | {"msg": msg})
    assert [scan.state for scan in update.scans] == [ParcelState.RETURNED]


# 10. 17TRACK


def test_a_17track_payload() -> None:
    (update,) = read_updates(Service.SEVENTEEN_TRACK, SEVENTEEN_TRACK)
    picked_up, latest, returned = update.scans
    assert (picked_up.state, picked_up.place) == (ParcelState.IN_TRANSIT, "Bonn, DE")
    assert (latest.at, latest.state) == (HALF_PAST_NINE, ParcelState.IN_TRANSIT)
    assert returned.state is ParcelState.RETURNED
    assert (update.carrier, update.estimated_on) == ("DHL Paket", date(2026, 11, 27))


def test_17track_that_stopped_says_nothing() -> None:
    assert (
        read_updates(Service.SEVENTEEN_TRACK, SEVENTEEN_TRACK | {"event": "TRACKING_STOPPED"}) == ()
    )


# 11. EasyPost


def test_an_easypost_event() -> None:
    (update,) = read_updates(Service.EASYPOST, EASYPOST)
    (scan,) = update.scans
    assert (scan.at, scan.state) == (HALF_PAST_NINE, ParcelState.OUT_FOR_DELIVERY)
    assert scan.place == "SAN FRANCISCO, CA, US" and update.carrier == "USPS"
    assert update.estimated_on == date(2026, 11, 25)


def test_an_easypost_event_about_a_batch_is_not_followed() -> None:
    assert read_updates(Service.EASYPOST, EASYPOST | {"description": "batch.created"}) == ()


# 12. Ship24


def test_a_ship24_message_with_all_its_numbers() -> None:
    (update,) = read_updates(Service.SHIP24, SHIP24)
    assert update.numbers == ("S24DEMO456393", "S24DEMO169411")
    assert [(scan.at, scan.state) for scan in update.scans] == [
        (HALF_PAST_NINE, ParcelState.DELIVERED)
    ]


# who sent it


@pytest.mark.parametrize("service", list(Service))
def test_only_the_services_own_secret_over_this_very_body_is_accepted(service: Service) -> None:
    header, value = signature_of(service, b"{}", "a-secret")
    check(service, {header: value}, b"{}", "a-secret")
    wrong = [{}, {header: ""}, {header: value[:-1]}, {header: "é" + value}, {header: value.upper()}]
    for headers in wrong:
        with pytest.raises(BadSignature):
            check(service, headers, b"{}", "a-secret")
    with pytest.raises(BadSignature):
        check(service, {header: value}, b"{}", "another-secret")
    if service is not Service.SHIP24:  # it signs no body
        with pytest.raises(BadSignature):
            check(service, {header: value}, b"{ }", "a-secret")


def test_an_empty_secret_opens_nothing() -> None:
    header, value = signature_of(Service.SHIP24, b"{}", "")
    with pytest.raises(BadSignature):
        check(Service.SHIP24, {header: value}, b"{}", "")


def test_signatures_as_their_makers_describe_them() -> None:
    """Made with openssl and sha256sum: an HMAC in base64 and in hex, a plain hash of body/key."""
    made = {service: signature_of(service, b'{"a":1}', "key")[1] for service in Service}
    digest = "88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342"
    assert made[Service.AFTERSHIP] == "iKZ/JLvNrtDmyZdAS7eadDuvRMa6svTCcyjjAJ0i40I="
    assert base64.b64decode(made[Service.AFTERSHIP]).hex() == digest
    assert made[Service.EASYPOST] == f"hmac-sha256-hex={digest}"
    plain = "ce1f3638285ce98cc279ae905ca269761f0572e3402305cc71e7380061402f96"
    assert made[Service.SEVENTEEN_TRACK] == plain
    assert made[Service.SHIP24] == "Bearer key"


# what makes no sense

NONSENSE: list[Any] = [
    *(None, 7, "x", [], {}, {"a": {}}, [None, [1], {"x": "y"}]),
    {"tracking_number": [], "tag": {}, "checkpoints": 7},
    {"tracking_number": "1", "checkpoints": [{"checkpoint_time": "soon", "tag": 7}, None]},
]


@pytest.mark.parametrize("service", list(Service))
@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: repr(value)[:24])
def test_a_payload_of_the_wrong_shape_is_no_accident(service: Service, value: Any) -> None:
    payload = {
        **{"event": "TRACKING_UPDATED", "description": "tracker.updated", "msg": value},
        **{"data": value, "result": value, "trackings": value, "ts": value},
    }
    for update in read_updates(service, payload):
        assert update.numbers and not update.scans
    assert read_updates(service, {}) == ()


def test_of_thousands_of_scans_the_newest_are_kept() -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    points = [
        {"checkpoint_time": (start + timedelta(minutes=n)).isoformat(), "tag": "InTransit"}
        for n in range(3000)
    ]
    msg = AFTERSHIP["msg"] | {"checkpoints": points}
    (update,) = read_updates(Service.AFTERSHIP, AFTERSHIP | {"msg": msg})
    assert len(update.scans) == 200
    assert update.scans[-1].at == start + timedelta(minutes=2999)
