"""The error types of the product.

Every error carries three things a person can use: `what` happened (`str(error)`), `mend`, what to
do about it, and `retry`, whether trying the same again can help. Workers decide from `retry`
alone; pages and the command line print the other two. What a page can show is `Said`, so that it
can say it in its reader's language.
"""

from __future__ import annotations

from app.said import Said, with_mend


class KikubariError(Exception):
    """Base of all errors that we raise on purpose.

    `retry`: None: trying again cannot help. A number: it can, after at least that many seconds
    (0 leaves the pause to the caller's back-off).
    """

    retry: float | None = None

    def __init__(self, what: str, *, mend: str = "", retry: float | None = None) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend
        if retry is not None:
            self.retry = retry

    def sentence(self) -> str:
        """What happened and how to mend it, in one line for people."""
        return with_mend(self.what, self.mend)


class SettingsError(KikubariError):
    """A setting is missing or wrong. Start stops, naming it."""


class UnknownStore(KikubariError):
    """No store has this name or key."""


class OutOfSight(UnknownStore):
    """A store that this person or token may not see. Answered as if there were none."""

    def __init__(self, store_id: int) -> None:
        super().__init__(
            Said("there is no such store"), mend=Said("ask an owner to let you see it")
        )
        self.store_id = store_id


class KeysRefused(KikubariError):
    """Keys came that nobody asked for, or that were asked for too long ago. Nothing is stored."""


class BadSignature(KikubariError):
    """A delivery's signature is missing or wrong."""


class StorageUnavailable(KikubariError):
    """The database did not take the row. The caller answers 503, never 200."""

    retry = 0.0


class PayloadUnusable(KikubariError):
    """A payload is not what its topic says: broken, an error of the shop's, or another thing."""


class ShopError(KikubariError):
    """The shop's REST did not do what was asked. Base of the kinds below."""


class ShopAway(ShopError):
    """The shop cannot be asked now. That can last days, and is no fault of the row's."""

    retry = 0.0


class ShopUnreachable(ShopAway):
    """No answer, a broken connection, or one that took too long.

    After a writing request the shop may have acted all the same: read before trying again.
    """


class ShopUntrusted(ShopUnreachable):
    """The shop's TLS certificate is not trusted."""


class ShopInside(ShopAway):
    """The shop's name leads into a private network, where requests do not go."""


class ShopBusy(ShopAway):
    """429 or 5xx: the shop may answer later."""


class ShopRefused(ShopError):
    """401 or 403: the key is wrong, read-only, or its owner lost the right."""


class ShopMissing(ShopError):
    """404: the shop does not know this resource."""


class ShopLacks(ShopMissing):
    """404 `rest_no_route`: the shop has no such feature, or it is switched off."""


class ShopAnswerUnusable(ShopError):
    """An answer that is no JSON (a firewall's page, say), a redirect, or of the wrong shape."""

    retry = 0.0


class NotPosted(KikubariError):
    """A message did not leave, and that is certain. Its mail server may be away for days."""

    retry = 60.0


class MailServerRefused(KikubariError):
    """A shop's own mail server cannot be used as its settings say; a person has to look."""


class InvoiceIncomplete(KikubariError):
    """A fact that the invoice must carry is missing. Parks it with a request to the owner."""


class InvoiceAwaited(KikubariError):
    """A document needs the order's invoice, which is owed and not issued yet."""

    retry = 60.0


class ContentErased(KikubariError):
    """A document's content was erased after its retention; its place in the chain stays."""


class NumberInUse(KikubariError):
    """A number was about to be used a second time; its transaction is rolled back."""


class BackupUnusable(KikubariError):
    """A file is no backup of ours, is damaged, or does not fit this installation."""


class SentBefore(KikubariError):
    """An invoice for this order left before a backup was restored. Parks the request."""


class CouponRefused(KikubariError):
    """A coupon is not given: a limit, the store's mode, or the shop does not allow it."""


class RenderingFailed(KikubariError):
    """The renderer could not make the document."""


class FileRefused(KikubariError):
    """A logo or template that an owner handed in cannot be used; nothing is stored."""
