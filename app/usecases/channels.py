"""The ways by which a message reaches its customer, as sending knows them: the shop's notes, or a
mail server of the shop's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.db.stores import Store
from app.domain.posting import Outcome, Posting
from app.domain.store_settings import ShopSettings


class Channel(Protocol):
    """The way of a store's messages to their customers."""

    is_private: bool
    """Whether nobody but the customer's address gets what is said."""
    can_be_read_back: bool
    """Whether `find` tells for certain, some time after `say`, if it was said."""

    def find(self, order_id: int, reference: str) -> Outcome | None:
        """What became of a message that an order's notes carry; None: they carry none."""

    def say(self, posting: Posting, about_to: Callable[[], None]) -> Outcome:
        """Say it. `about_to` is called at the last moment at which it has certainly not been said.

        Raises:
            ShopError: it may have been said all the same.
            NotPosted: it was certainly not said.
        """

    def take_back(self, order_id: int, note_id: int) -> bool:
        """Take away what did not leave, to say it anew. False: there is no such thing."""


class Mailer(Protocol):
    """A shop's own mail server."""

    def check(self) -> None:
        """Connect and sign in, and send nothing. Raises as `send`."""

    def send(self, posting: Posting, about_to: Callable[[], None]) -> Outcome:
        """Send it; MAILED, FAILED or UNKNOWN. `about_to`: as in `Channel.say`.

        Raises:
            NotPosted: it was certainly not sent.
            MailServerRefused: likewise, and trying again does not help.
        """


class Mailers(Protocol):
    """The mail server that a store's settings name; None: its messages travel as notes."""

    def __call__(self, store: Store, settings: ShopSettings) -> Mailer | None: ...
