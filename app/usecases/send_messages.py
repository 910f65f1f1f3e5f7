"""Tell customers what was decided, through their shop, at most once.

    claim -> fence -> tried before? -> no: order read again, still true? -> said already?
                                       -> what else is due to this customer joins
                                    -> yes: is it there? adopted. Else the same words, if all of
                                       them are still true; else its orders part again
          -> the coupon that it offers is made -> words and the try kept
          -> posted with its references -> read back -> done

A note has no idempotency key, and a shop can act after we have given up waiting. So every message
carries a reference of its own, and notes are read before every try, the first one too: what is
there already is adopted, never said again. That a note is not there proves nothing while the shop
may still be working on the last try, whose worker may have died: the next one waits until a
lease's time has passed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.db import notices, work
from app.db.engine import Database
from app.db.notices import DROPPED, HELD, WITHHELD, Message
from app.domain.leaving import GO, LATER, Leave
from app.domain.mailer import MailState
from app.domain.posting import Attachment, Outcome, Posting
from app.errors import KikubariError, NotPosted
from app.said import Said
from app.usecases.ask_staff import ask_staff
from app.usecases.attach_document import attach_document
from app.usecases.channels import Channel
from app.usecases.dress_mails import texts_in
from app.usecases.join_messages import (
    LOOKS_AGAIN,
    find_said,
    forget_try,
    gather,
    is_unasked,
    keep_words,
    part_company,
    waits_for_company,
)
from app.usecases.offer_coupon import (
    PLACEHOLDER,
    CouponWords,
    Occasion,
    offer_coupon,
    words_of_withheld,
)
from app.usecases.open_letter import Letter, Part, leave_of, open_letter, read_part
from app.usecases.outside import Outside
from app.usecases.ports import Shop
from app.usecases.post_mail import MailChannel
from app.usecases.post_note import NoteChannel
from app.usecases.try_letter import Try, finish, finish_or_try_again, put_off
from app.usecases.word_message import compose, compose_several
from app.usecases.work_off import Turn, work_due


def send_due(db: Database, outside: Outside, turn: Turn) -> int:
    """Claim messages and send them; how many were claimed; 0 while the gate is shut."""
    if outside.gate.halt() is not None:
        return 0
    return work_due(
        db,
        Message,
        turn,
        outside.clock,
        lambda row_id: send_message(
            db, outside, row_id, owner=turn.owner, settle_seconds=turn.lease_seconds
        ),
    )


def send_message(
    db: Database, outside: Outside, row_id: int, *, owner: str, settle_seconds: float
) -> None:
    """Send one message that `owner` has claimed. Nothing is done where it joined another one.

    `settle_seconds`: how long a shop may still act on a note that it did not answer for.

    Raises:
        ShopError: the shop did not answer; the note may be there all the same.
        KikubariError: someone else is sending it now, or its link would open for nobody.
        LeaseLost: someone else owns the row now.
    """
    with outside.fence(f"message-{row_id}") as held:
        if not held:
            raise KikubariError(Said("another worker is sending this message"), retry=5.0)
        letter = open_letter(db, row_id, owner)
        if letter is None:
            return
        shop = outside.shops(letter.store)
        channel = _channel(outside, letter, shop)
        one = Try(db, outside, shop, channel, letter, owner, settle_seconds)
        if letter.message.posted_at is None:
            _first_try(one)
        else:
            _further_try(one)


def _channel(outside: Outside, letter: Letter, shop: Shop) -> Channel:
    mailer = outside.mailers(letter.store, letter.settings)
    return NoteChannel(shop) if mailer is None else MailChannel(shop, mailer)


def _first_try(one: Try) -> None:
    """It was never posted, as far as is known here."""
    if waits_for_company(one.db, one.letter, one.now):
        put_off(one, Leave(LATER, Said("another order is looked at"), one.now + LOOKS_AGAIN))
        return
    one = replace(one, letter=replace(one.letter, lead=read_part(one.shop, one.letter.lead)))
    leave = leave_of(one.letter, one.letter.lead, one.now)
    if leave.state in (GO, DROPPED) and (found := find_said(one.db, one.channel, one.letter.lead)):
        finish_or_try_again(one, found)
    elif leave.state != GO:
        _stay(one, leave)
    else:
        letter = gather(one.db, one.shop, one.channel, one.letter, one.outside.clock)
        one = replace(one, letter=letter)
        _post(one, _words(one, _coupon(one)))


def _further_try(one: Try) -> None:
    """It was posted, and is not known to have arrived."""
    message = one.letter.message
    if found := one.channel.find(one.letter.lead.order.remote_id, message.reference):
        finish_or_try_again(one, replace(found, text=_said_before(message) or found.text))
        return
    if not one.channel.can_be_read_back:
        died = Said("the worker died while sending")
        finish(one, Outcome(MailState.UNKNOWN, died, text=message.text))
        return
    _wait_for_last_try(message.posted_at, one.now, one.settle_seconds)
    lead, *others = (read_part(one.shop, part) for part in one.letter.parts)
    letter = replace(one.letter, lead=lead, others=tuple(others))
    one = replace(one, letter=letter)
    leaves = [leave_of(letter, part, one.now) for part in letter.parts]
    if all(leave.state == GO for leave in leaves):
        _post(one, _said_before(message) or _words(one, _coupon(one)))
    elif others and any(leave.state != LATER for leave in leaves):
        part_company(one.db, letter, one.owner, one.now)
    else:
        _stay(one, next(leave for leave in leaves if leave.state != GO))


def _said_before(message: Message) -> str | None:
    """The words that were posted, which every further try says again. Those that were shown to a
    person with a coupon that is not made yet were none of them."""
    text = message.text if message.posted_at else None
    return None if text is None or PLACEHOLDER in text else text


def _coupon(one: Try) -> CouponWords | None:
    """The coupon that the words tell. One that was made for one of the orders, and not told, goes
    before another one's."""
    db, outside, letter = one.db, one.outside, one.letter
    parts = sorted(letter.parts, key=lambda part: part.coupon is None)
    settle = one.settle_seconds
    return offer_coupon(
        db, outside, one.shop, letter.message.id, _occasions(letter, parts), settle_seconds=settle
    )


def _occasions(letter: Letter, parts: Sequence[Part]) -> list[Occasion]:
    return [
        Occasion(letter.store, letter.settings, one.order, one.message, told, one.snapshot)
        for one in parts
        for told in one.notices[:1]
        if one.snapshot
    ]


def _words(one: Try, coupon: CouponWords | None) -> str:
    outside, letter = one.outside, one.letter
    told = [(part.notices[0], part.snapshot) for part in letter.parts if part.snapshot]
    if len(told) > 1:
        return compose_several(
            outside.wording,
            outside.links,
            letter.store,
            letter.settings,
            told,
            language=letter.message.language,
            references=[part.message.reference for part in letter.parts],
            is_private=one.channel.is_private,
            coupon=coupon,
        )
    ((notice, snapshot),) = told
    return compose(
        outside.wording,
        outside.links,
        letter.store,
        letter.settings,
        notice,
        snapshot,
        language=letter.message.language,
        reference=letter.message.reference,
        coupon=coupon,
    )


def _post(one: Try, text: str) -> None:
    """Say it, and keep what became of it."""
    letter = one.letter

    def about_to() -> None:
        keep_words(one.db, letter, one.owner, text, one.now)

    try:
        outcome = one.channel.say(_posting(one, text), about_to)
    except NotPosted:
        forget_try(one.db, letter, one.owner, one.now)
        raise
    finish_or_try_again(one, replace(outcome, text=text))


def _posting(one: Try, text: str) -> Posting:
    letter, snapshot = one.letter, one.letter.lead.snapshot
    texts = texts_in(letter.message.language, letter.settings.voice)
    numbers = ", ".join(part.order.number for part in letter.parts)
    return Posting(
        order_id=letter.lead.order.remote_id,
        text=text,
        references=tuple(part.message.reference for part in letter.parts),
        order_ids=tuple(part.order.remote_id for part in letter.parts),
        subject=texts["subject"].replace("{order_number}", numbers),
        heading=texts["heading"],
        language=letter.message.language,
        voice=letter.settings.voice,
        address=snapshot.email if snapshot else "",
        first_name=snapshot.billing.first_name if snapshot else "",
        last_name=snapshot.billing.last_name if snapshot else "",
        is_unasked=is_unasked(letter.lead),
        attachments=_attachments(one),
    )


def _attachments(one: Try) -> tuple[Attachment, ...]:
    """A note has none, and its link opens the document; a mail brings it along."""
    if one.outside.files is None or not one.channel.is_private:
        return ()
    return attach_document(one.db, one.outside.files, one.letter.lead.notices)


def _wait_for_last_try(posted_at: datetime | None, now: datetime, settle_seconds: float) -> None:
    """Raises KikubariError, to be tried again, while the shop may still act on the last try."""
    if posted_at is None:
        return
    left = settle_seconds - (now - posted_at).total_seconds()
    if left > 0:
        raise KikubariError(Said("the shop may still be working on the last try"), retry=left)


def _shown(one: Try) -> dict[str, str]:
    """The words that a person reads of a message that did not leave. Those that may have left stay
    as they are; those with a link to a document would open it."""
    letter = one.letter
    if _said_before(letter.message) or "link_id" in letter.lead.notices[0].facts:
        return {}
    (occasion,) = _occasions(letter, [letter.lead])
    return {"text": _words(one, words_of_withheld(one.db, occasion, one.now))}


def _stay(one: Try, leave: Leave) -> None:
    """What becomes of a message of one order that does not leave now."""
    if leave.state == LATER:
        put_off(one, leave)
        return
    letter, now, why = one.letter, one.now, leave.why or ""
    text = _shown(one) if leave.state in (WITHHELD, HELD) else {}
    with one.db.write() as session:
        work.finish(
            session,
            Message,
            letter.message.id,
            owner=one.owner,
            now=now,
            state=leave.state,
            problem=why,
            **text,
        )
        if leave.state == WITHHELD and not letter.lead.order.email:
            ask_staff(session, letter, "no_email", why, now)
        if leave.state != HELD:
            for notice in notices.notices_in(session, letter.message.id):
                notice.dropped = why
