"""References, what the mailer says, and words that must not become links."""

from __future__ import annotations

import pytest

from app.domain.mailer import MailState, find_note, mailer_result
from app.domain.notice import safe_words
from app.usecases.send_messages import new_reference
from tests.recorded import rest


def test_references_are_short_and_differ() -> None:
    made = {new_reference() for _ in range(1000)}
    assert len(made) == 1000 and all(len(one) == 11 for one in made)


def test_only_a_customer_note_with_our_reference_is_ours() -> None:
    notes = [
        {"id": 9, "note": "… KK-AAAA2222", "customer_note": False},
        {"id": 8, "note": "… KK-AAAA2222", "customer_note": True},
        {"id": 7, "note": "… KK-AAAA2222", "customer_note": True},
        {"id": 6, "note": "KK-BBBB2222", "customer_note": True},
    ]
    assert find_note(notes, "KK-AAAA2222") == 7
    assert find_note(notes, "KK-CCCC2222") is None


def test_the_mailer_is_read_from_recorded_notes() -> None:
    notes = rest("notes_list")["response"]["json"]
    customer = [note["id"] for note in notes if note["customer_note"]]
    for note_id in customer:
        assert mailer_result(notes, note_id)[0] is MailState.MAILED
    newest = max(note["id"] for note in notes)
    assert mailer_result(notes, newest) == (MailState.ACCEPTED, "")


def test_a_mail_of_another_kind_or_before_ours_proves_nothing() -> None:
    notes = [
        {"id": 5, "note": 'Email "Refunded order" sent.', "customer_note": False},
        {"id": 3, "note": "ours", "customer_note": True},
        {"id": 2, "note": 'Email "Customer note" sent.', "customer_note": False},
    ]
    assert mailer_result(notes, 3)[0] is MailState.ACCEPTED
    failed = [{"id": 4, "note": 'Email "Customer note" failed to send: no', "customer_note": False}]
    assert mailer_result([*notes, *failed], 3)[0] is MailState.FAILED


@pytest.mark.parametrize(
    "text",
    [
        "http://evil.example/x",
        "see www.evil.example",
        "HTTPS:/evil.example",
        "evil.example/pay now",
    ],
)
def test_what_a_mail_program_would_link_is_taken_out(text: str) -> None:
    assert "evil" not in safe_words(text)


def test_ordinary_names_stay() -> None:
    for name in ("J. R. O'Neil", "Weiß-Großmann", "山田 花子", "A/B Test GmbH", "1.5 kg"):
        assert safe_words(name) == name
