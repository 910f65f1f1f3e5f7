"""References, what the mailer says, and words that must not become links."""

from __future__ import annotations

import pytest

from app.domain.mailer import MailState, find_note, mailer_result
from app.domain.notice import NoticeKind, reference_of, safe_words
from tests.recorded import rest


def test_references_are_short_and_differ() -> None:
    made = {reference_of("key", order, NoticeKind.INVOICE, 0) for order in range(1000)}
    assert len(made) == 1000 and all(len(one) == 11 for one in made)
    others = [("other", 1, NoticeKind.INVOICE, 0), ("key", 1, NoticeKind.DELAYED, 0)]
    others += [("key", 1, NoticeKind.DELAYED, 1)]
    assert not made & {reference_of(*one) for one in others}


def test_a_reference_is_the_same_again_when_a_notice_is_decided_again() -> None:
    first, second = (reference_of("key", 84, NoticeKind.DELAYED, 1) for _ in range(2))
    assert first == second != reference_of("key", 84, NoticeKind.DELAYED, 1, attempt=1)


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
