"""The doctor names the cause and the mend of what is wrong, and has nothing to say of a healthy
shop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import doctor as command
from app.cli.__main__ import main as command_line
from app.cli.doctor import report
from app.db import diagnoses
from app.db.diagnoses import Diagnosis
from app.db.stores import Store
from app.domain.diagnosis import ShopFacts, diagnose
from app.domain.findings import CONTACT, WORDS, Finding, Severity, worst
from app.domain.store_mode import Mode
from app.usecases.diagnose_store import FACTS, diagnose_due, last_chart
from app.usecases.reconcile_store import reconcile_due
from tests.ill_shops import ILLNESSES, Illness, Patient, patient_in
from tests.world import START, World


@pytest.fixture
def patient(sqlite_world: World, tmp_path: Path) -> Iterator[Patient]:
    with patient_in(sqlite_world, tmp_path) as found:
        yield found


@pytest.mark.parametrize("illness", ILLNESSES, ids=lambda illness: illness.name)
def test_the_first_line_names_the_cause_and_the_mend(illness: Illness, patient: Patient) -> None:
    assert patient.examine().findings == []
    illness.sow(patient)
    chart = patient.examine()
    first = report("tea", chart.findings)[0]
    assert illness.cause in first and illness.mend in first
    assert [one.check for one in chart.findings] == [illness.check]


def test_a_healthy_shop_has_no_finding_on_a_busy_day(patient: Patient) -> None:
    for number in range(6):
        patient.shop.place_order("DE", paid=number % 2 == 0)
        patient.shop.deliveries.wait_idle(10)
        patient.cycle()
        assert report("tea", patient.examine().findings) == ["tea: all is well."]
    patient.cycle(3600)
    assert patient.examine().findings == []


def test_a_healthy_shop_over_https_has_no_finding(patient: Patient) -> None:
    patient.move_to_tls()
    patient.cycle()
    assert patient.examine().findings == [] and patient.store.auth == "header"


def test_what_is_mended_is_found_no_more(patient: Patient) -> None:
    patient.shop.faults.on_rest("status", times=None)
    assert worst(patient.examine().findings) is Severity.BROKEN
    patient.shop.faults.clear()
    assert patient.examine().findings == []


def test_where_the_header_is_stripped_the_keys_travel_in_the_query_until_it_arrives_again(
    patient: Patient,
) -> None:
    patient.move_to_tls()
    order_id = patient.shop.place_order("DE")
    patient.shop.strips_authorization = True
    patient.examine()
    with patient.world.services.db.read() as session:
        store = session.get_one(Store, patient.store.id)
    assert store.auth == "query"
    assert patient.world.services.shop(store).order(order_id)["id"] == order_id
    patient.shop.strips_authorization = False
    assert patient.examine().findings == []
    with patient.world.services.db.read() as session:
        assert session.get_one(Store, patient.store.id).auth == "header"


def test_an_accepted_currency_is_no_finding(patient: Patient) -> None:
    patient.examine()
    patient.shop.change_setting("general", "woocommerce_currency", "USD")
    patient.examine()
    ran = run(patient, "tea", "--accept")
    assert (ran.exit_code, ran.output) == (0, "tea: all is well.\n")


def test_a_copy_that_delivers_is_named(patient: Patient) -> None:
    patient.shop.source_url_override = "https://staging.example"
    patient.shop.place_order("DE")
    assert patient.shop.deliveries.wait_idle(10)
    checks = {one.check: one for one in patient.examine().findings}
    assert "https://staging.example" in checks["copied"].seen()


def test_a_private_address_is_not_reached(patient: Patient) -> None:
    s = patient.world.services
    s.settings = s.settings.model_copy(update={"allow_private_shops": False})
    with s.db.write() as session:
        session.get_one(Store, patient.store.id).is_demo = False
    s.__dict__.pop("_wires", None)
    before = patient.shop.request_count
    first = report("tea", patient.examine().findings)[0]
    assert "private network: 127.0.0.1 leads to 127.0.0.1" in first
    assert "ALLOW_PRIVATE_SHOPS=true" in first and patient.shop.request_count == before


def test_in_shadow_mode_the_background_writes_nothing(a_world: World) -> None:
    world = a_world
    store = world.connect(mode=Mode.SHADOW)
    world.clock.pass_(minutes=2)
    for _ in range(2):
        assert diagnose_due(world.services.db, world.services.clinic, world.turn) == 1
        world.clock.pass_(hours=2)
    assert world.shop.write_count == 0 and world.shop.request_count > 6
    with world.services.db.read() as session:
        chart = last_chart(session, store)
    assert chart and [one.check for one in chart.findings] == ["webhook_missing"]


# the exit code and JSON


def run(patient: Patient, *arguments: str) -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(command, "services", lambda: patient.world.services)
        return CliRunner().invoke(command_line, ["store", "doctor", *arguments])


def test_the_exit_code_says_how_bad_it_is(patient: Patient) -> None:
    well = run(patient, "tea")
    assert (well.exit_code, well.output) == (0, "tea: all is well.\n")
    patient.shop.status_changes["settings"] = {"HPOS_enabled": False}
    warned = run(patient)
    assert warned.exit_code == 1 and warned.output.startswith("tea: warning: ")
    patient.shop.change_setting("email_customer_note", "enabled", "no")
    broken = run(patient, "tea", "--json")
    assert broken.exit_code == 2
    (row,) = json.loads(broken.output)
    assert row["severity"] == "broken"
    assert [one["check"] for one in row["findings"]] == ["note_mail", "hpos"]
    assert all(one["seen"] and one["why"] and one["mend"] for one in row["findings"])


def test_an_unknown_shop_is_no_finding(patient: Patient) -> None:
    assert run(patient, "coffee").exit_code == 1


# in the background


def row_of(patient: Patient) -> Diagnosis:
    with patient.world.services.db.read() as session:
        row = diagnoses.of_store(session, patient.store.id)
    assert row
    return row


def look(patient: Patient, **time: float) -> int:
    """Some time passes, then the background looks; how many requests that cost the shop."""
    world = patient.world
    world.clock.pass_(**time)
    before = world.shop.request_count
    diagnose_due(world.services.db, world.services.clinic, world.turn)
    return int(world.shop.request_count - before)


def reconcile(patient: Patient) -> None:
    s = patient.world.services
    while reconcile_due(s.db, s.reach, patient.world.turn):
        pass


def test_the_background_spends_little_of_a_shops_budget(patient: Patient) -> None:
    costs = [look(patient, minutes=6) for _ in range(20)]
    assert sum(costs) <= 3 * 7 and costs.count(0) >= 17
    assert row_of(patient).findings == []


def test_the_background_sees_what_breaks_and_what_is_well_again(patient: Patient) -> None:
    look(patient, minutes=6)
    patient.shop.faults.on_rest("status", status=503, times=None)
    patient.world.clock.pass_(minutes=6)
    reconcile(patient)
    look(patient, minutes=6)
    assert [row["check"] for row in row_of(patient).findings] == ["server"]
    patient.shop.faults.clear()
    look(patient, minutes=6)
    assert row_of(patient).findings == []


def test_the_background_sees_our_own_troubles_without_asking(patient: Patient) -> None:
    look(patient, minutes=6)
    patient.shop.smtp_is_down = True
    patient.shop.place_order("DE")
    patient.shop.deliveries.wait_idle(10)
    for _ in range(3):
        patient.cycle()
    assert look(patient, minutes=1) == 0
    assert [row["check"] for row in row_of(patient).findings] == ["mailer"]


def test_what_another_version_kept_is_asked_anew(patient: Patient) -> None:
    look(patient, minutes=6)
    with patient.world.services.db.write() as session:
        row = diagnoses.of_store(session, patient.store.id)
        assert row
        row.facts, row.findings = {"reach": "beyond"}, [{"check": "gone", "facts": {}}]
    with patient.world.services.db.read() as session:
        assert last_chart(session, patient.store) is None
    look(patient, hours=2)
    with patient.world.services.db.read() as session:
        chart = last_chart(session, patient.store)
    assert chart and chart.findings == []


# words and facts


@pytest.mark.parametrize("check", WORDS)
def test_every_finding_says_cause_why_and_mend_in_whole_sentences(check: str) -> None:
    facts = ShopFacts("tea", "https://tea.example", said="said")
    more = ("target", "minutes", "number", "topics", "address", "oldest", "before", "now")
    finding = facts.finding(check, **dict.fromkeys(more, "X"))
    for sentence in (finding.seen(), finding.why(), finding.mend()):
        assert sentence[0].isupper() or sentence.startswith("https://")
        assert "%(" not in sentence and "!" not in sentence
    assert finding.seen().endswith(".") and finding.severity in (1, 2)


def test_every_seeded_fault_has_words_and_every_contact_has_a_fault() -> None:
    seeded = {illness.check for illness in ILLNESSES}
    assert len(ILLNESSES) >= 16 and seeded <= set(WORDS)
    assert set(CONTACT) - seeded == {"forbidden_address"}, "it has a test of its own"


def test_facts_survive_being_kept(patient: Patient) -> None:
    chart = patient.examine()
    kept = json.loads(json.dumps(FACTS.dump_python(chart.facts, mode="json")))
    assert FACTS.validate_python(kept) == chart.facts


def test_the_worst_comes_first_and_a_shop_out_of_reach_hides_what_only_it_could_tell() -> None:
    facts = ShopFacts("tea", "https://tea.example", hpos=False, note_mail=False)
    assert [one.check for one in diagnose(facts, START)] == ["note_mail", "hpos"]
    away = ShopFacts("tea", "https://tea.example", hpos=False, mailer_failed=2)
    away = FACTS.validate_python(FACTS.dump_python(away) | {"reach": "server"})
    assert [one.check for one in diagnose(away, START)] == ["server", "mailer"]


def test_zones_of_another_name_and_the_same_time_are_the_same() -> None:
    facts = ShopFacts(
        "tea", "https://t.example", time_zone="Asia/Calcutta", own_zone="Asia/Kolkata"
    )
    assert diagnose(facts, START) == []
    summer = ShopFacts(
        "tea", "https://t.example", time_zone="Europe/Berlin", own_zone="Africa/Lagos"
    )
    assert [one.check for one in diagnose(summer, START)] == ["time_zone"]


def test_a_public_address_with_a_port_that_wordpress_refuses_is_named() -> None:
    address = "https://kikubari.example:8443/webhooks/woocommerce/k"
    facts = ShopFacts("tea", "https://tea.example", address=address)
    assert [one.check for one in diagnose(facts, START)] == ["public_port"]


def test_silence_counts_from_the_creation_of_the_webhooks() -> None:
    hooks = ({"topic": "", "status": "active", "delivery_url": "a", "created_at": START},)
    hour = timedelta(hours=1)
    base = {"name": "tea", "url": "https://t.example", "address": "a", "hooks": hooks}
    before = FACTS.validate_python({**base, "changed_at": START - hour})
    after = FACTS.validate_python({**base, "changed_at": START + hour})
    late = START + 2 * hour
    assert "deliveries" not in {one.check for one in diagnose(before, late)}
    assert "deliveries" in {one.check for one in diagnose(after, late)}
    assert "deliveries" not in {one.check for one in diagnose(after, START + hour)}


def test_a_finding_is_kept_and_read_as_it_was() -> None:
    finding = Finding("hpos", {"store": "tea"})
    assert finding.as_row() == {"check": "hpos", "facts": {"store": "tea"}}
