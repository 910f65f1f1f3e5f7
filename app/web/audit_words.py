"""The audit trail in words: what was done, and to whom. Every action has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.db.audit_trail import AuditEntry
from app.said import N_
from app.web.texts import gettext

ACTIONS = {
    "backup.restore": N_("restored a backup"),
    "coupon.give": N_("gave a coupon"),
    "customer.forget": N_("forgot the customer of an order"),
    "customer.rate": N_("said whether a word about a delay helped"),
    "customer.see": N_("saw a customer's orders"),
    "customer.opt_in": N_("wants words about delays again"),
    "customer.opt_out": N_("wants no words about delays"),
    "document.adopt": N_("adopted a document of before the restore"),
    "document.ask": N_("asked for a document"),
    "document.close": N_("closed the links to a document"),
    "document.erase": N_("erased a document's content"),
    "document.export": N_("exported documents"),
    "document.link": N_("made a link to a document"),
    "document.open": N_("saw a document"),
    "invoice.resend": N_("sent an invoice again"),
    "installation.resume": N_("let issuing and sending go on"),
    "installation.stop": N_("stopped issuing and sending"),
    "message.hold": N_("held a message"),
    "message.write": N_("wrote to a customer"),
    "notice.answer": N_("answered for a message that waited"),
    "notices.answer": N_("answered whether so many are late"),
    "notices.break": N_("held back: too many late at once"),
    "numbers.lost": N_("noted lost numbers"),
    "order.note": N_("noted something at an order"),
    "order.refresh": N_("read an order from its shop"),
    "order.see": N_("saw an order"),
    "page.close": N_("closed the page of an order"),
    "page.link": N_("made a link to the page of an order"),
    "promise.correct": N_("corrected what was promised"),
    "refused": N_("was refused"),
    "secrets.reseal": N_("encrypted the secrets anew"),
    "shipment.note": N_("noted a parcel"),
    "sidebar.add": N_("added a help desk's sidebar"),
    "sidebar.remove": N_("removed a help desk's sidebar"),
    "sidebar.rotate": N_("changed the secret of a help desk's sidebar"),
    "staff.add": N_("added a person"),
    "staff.change": N_("changed a person's role or shops"),
    "staff.code_off": N_("turned off the second step"),
    "staff.code_on": N_("turned on the second step"),
    "staff.code_reset": N_("reset a person's second step"),
    "staff.link": N_("made a one-time link"),
    "staff.locked_out": N_("was locked out"),
    "staff.password": N_("set a password"),
    "staff.remove": N_("removed a person"),
    "staff.sign_in": N_("signed in"),
    "staff.sign_out": N_("ended sessions"),
    "store.add": N_("added a shop"),
    "store.carrier": N_("set up a carrier's service"),
    "store.change": N_("changed a shop's connection"),
    "store.copy": N_("called an address a copy"),
    "store.disconnect": N_("disconnected a shop"),
    "store.mails": N_("put our texts into a shop's mail"),
    "store.mails_back": N_("gave a shop's mail its texts back"),
    "store.mode": N_("set a shop's mode"),
    "store.pause": N_("paused a shop"),
    "store.resume": N_("let a shop go on"),
    "store.rotate_secret": N_("changed the webhooks' secret"),
    "store.settings": N_("saved settings"),
    "store.smtp": N_("changed a shop's mail server"),
    "task.add": N_("asked for something"),
    "task.done": N_("did a task"),
    "token.add": N_("made a token for an integration"),
    "token.revoke": N_("revoked a token"),
    "work.retry": N_("let something be tried again"),
}
"""By action; `document.ask` stands for all that begin with it."""


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what the ids on the trail mean."""

    people: Mapping[int, str]
    shops: Mapping[int, str]


def action_word(action: str) -> str:
    """An action in words; one that is not known is shown as it is written."""
    known = ACTIONS.get(action) or ACTIONS.get(action.rpartition(".")[0])
    return gettext(known) if known else action


def facts_of(entry: AuditEntry, names: Names) -> list[tuple[str, str]]:
    """What else an entry holds, with names for ids."""
    return [(key, _said(key, value, names)) for key, value in sorted(entry.what.items())]


def _said(key: str, value: object, names: Names) -> str:
    if key == "person" and isinstance(value, int):
        return names.people.get(value, str(value))
    if key == "stores":
        ids = value if isinstance(value, list) else None
        return gettext("all") if ids is None else ", ".join(names.shops.get(i, str(i)) for i in ids)
    return "" if value is None else str(value)
