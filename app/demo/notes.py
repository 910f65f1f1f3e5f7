"""Order notes, and the mails that customer notes become (recordings, 20 and 21)."""

from typing import Any

from app.demo import kses, mails, views
from app.demo.refunds import RefundActions
from app.demo.state import Record, ShopError

SMTP_ERROR = "SMTP Error: Could not connect to SMTP host. Failed to connect to server."
_SUBJECT = "A note has been added to your order from {site_title}"
_HEADING = "A note has been added to your order"


class NoteActions(RefundActions):
    """What is written on orders and mailed to customers."""

    site_language = "en"
    """In which WooCommerce's own words of a customer note's mail are: one of `mails.WORDS`."""
    smtp_is_down = False
    """While true every mail fails; the shop says so in a private note and nowhere else."""

    def notes_of(self, order_id: int, kind: str = "any") -> list[Record]:
        """The notes of an order, newest first; kind is any, customer or internal."""
        with self.lock:
            rows = reversed(self.children("notes", order_id))
            wanted = {"any": (True, False), "customer": (True,), "internal": (False,)}[kind]
            return [dict(row) for row in rows if row["customer_note"] in wanted]

    def _write_note(self, order_id: int, text: str, author: str, *, customer: bool) -> Record:
        note: Record = {
            "id": self.next_id("note"),
            "order_id": order_id,
            "author": author,
            "date_created_gmt": self.stamp(),
            "note": text,
            "customer_note": customer,
        }
        self.add_child("notes", note)
        return note

    def add_private_note(self, order_id: int, text: str) -> None:
        """A note of the shop itself."""
        with self.changing():
            self._write_note(order_id, text, "WooCommerce", customer=False)

    def add_note(
        self, order_id: int, text: str, *, customer: bool = False, by_user: str = ""
    ) -> Record:
        """Post a note; a customer note is mailed. There is no idempotency (recordings, 21)."""
        with self.changing():
            if order_id not in self.orders:
                raise ShopError("woocommerce_rest_order_invalid_id", "Invalid order ID.", 404)
            author = by_user or "WooCommerce"
            note = self._write_note(order_id, kses.clean(text), author, customer=customer)
            if customer:
                event = {"order_id": order_id, "customer_note": note["note"]}
                self.fire("action.woocommerce_new_customer_note", event)
                self._mail_note(order_id, note["note"])
            return note

    def _mail_note(self, order_id: int, text: str) -> None:
        if self.setting("email_customer_note", "enabled") != "yes":
            return
        order = self.show_order(order_id)
        subject = self.setting("email_customer_note", "subject") or _SUBJECT
        heading = self.setting("email_customer_note", "heading") or _HEADING
        closing = self.setting("email_customer_note", "additional_content")
        subject, heading, closing = (
            mails.filled(t, order, self.name, self.base_url) for t in (subject, heading, closing)
        )
        site = mails.WORDS[self.site_language]
        body = mails.note_mail(order, heading, text, closing, site)
        self.send_mail(order_id, "Customer note", subject, heading, body)

    def send_mail(
        self, order_id: int, template: str, subject: str, heading: str, body: str
    ) -> bool:
        """Mail the customer; the private note that follows is the only proof (recordings, 20)."""
        address = self.order(order_id)["billing"]["email"]
        if not address:
            return False
        with self.changing():
            if self.smtp_is_down:
                failed = f'Email "{template}" failed to send: {SMTP_ERROR}'
                self.add_private_note(order_id, failed)
                return False
            mail: Record = {
                "id": self.next_id("mail"),
                "order_id": order_id,
                "to": address,
                "subject": subject,
                "heading": heading,
                "html": body,
                "template": template,
                "sent_at": self.stamp(),
            }
            self.mails[mail["id"]] = mail
            self.save("mails", mail["id"], mail)
            self.add_private_note(order_id, f'Email "{template}" sent.')
            return True

    def mail_refunded(self, order: Record) -> None:
        """The shop's own mail about a refund."""
        shown = self.show_order(order["id"])
        heading = f"Refund: Order {shown['number']}"
        body = mails.order_mail(shown, heading, "<p>Your order has been refunded.</p>", "")
        subject = f"Your {self.name} order #{shown['number']} has been refunded"
        self.send_mail(order["id"], "Refunded order", subject, heading, body)

    def send_order_details(self, order_id: int) -> str:
        """Mail the order again; says "sent" whether or not it could (recordings, 20)."""
        with self.changing():
            address = self.order(order_id)["billing"]["email"]
            if not address:
                message = "Order does not have an email address."
                raise ShopError("woocommerce_rest_missing_email", message, 400)
            shown = self.show_order(order_id)
            heading = f"Details for order #{shown['number']}"
            body = mails.order_mail(shown, heading, "", "")
            self.send_mail(order_id, "Order details", f"{heading} on {self.name}", heading, body)
            said = f"Order details sent to {address}."
            self._write_note(order_id, said, "admin", customer=False)
            return said

    def find_note(self, order_id: int, note_id: int) -> Record:
        """A note of that order; ShopError (404) otherwise."""
        note = self.notes.get(note_id)
        if note is None or note["order_id"] != order_id:
            raise ShopError("woocommerce_rest_invalid_id", "Invalid resource ID.", 404)
        return note

    def delete_note(self, order_id: int, note_id: int) -> None:
        """Delete a note for good; fires nothing."""
        with self.changing():
            self.drop_child("notes", self.find_note(order_id, note_id))

    def show_note(self, note: Record) -> dict[str, Any]:
        """The note as REST shows it."""
        return views.note(note, base=self.base_url, zone=self.zone)
