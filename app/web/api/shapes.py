"""What the API takes and gives around the facts: queries, bodies, pages of lists."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from app.domain.listed_facts import BriefFacts, NoticeFacts, OpenTaskFacts, StoreFacts
from app.domain.notice import NoticeKind
from app.domain.order_facts import CustomerFacts, DocumentFacts
from app.domain.search_words import LONGEST_QUERY
from app.web.api.problems import wrong_fields
from app.web.cursors import LONGEST_CURSOR, read_cursor
from app.web.ids import LARGEST_ID

Language = Literal["en", "de", "fr", "ja"]
MessageState = Literal["due", "done", "held", "parked", "withheld", "dropped"]


class PageQuery(BaseModel):
    """`cursor`: `next` of the page before."""

    cursor: str = Field("", max_length=LONGEST_CURSOR)
    limit: int = Field(20, ge=1, le=100)

    def numbers(self, count: int) -> tuple[int, ...] | None:
        """What the cursor holds; None at the beginning. Ends in 422 where it is none of ours."""
        if not self.cursor:
            return None
        found = read_cursor(self.cursor, count)
        if found is None:
            wrong_fields([("cursor", "Take it as it is from next of the page before")])
        return found


class OrdersQuery(PageQuery):
    """`q`: a number or its end, a name, an address, a product; as in the search box."""

    q: str = Field(min_length=1, max_length=LONGEST_QUERY)


class OrderQuery(BaseModel):
    """`language`: of `answer`; the suggested reply is in the customer's. `before`: only what
    happened earlier stands in the timeline. `told_before`: only words with a smaller id stand in
    `told`."""

    language: Language = "en"
    before: AwareDatetime | None = None
    told_before: int | None = Field(None, ge=1, le=LARGEST_ID)


class CustomerQuery(PageQuery):
    email: str = Field(min_length=3, max_length=320)


class NoticesQuery(PageQuery):
    store: str = Field("", max_length=60)
    kind: NoticeKind | None = None
    state: MessageState | None = None


class Decision(BaseModel):
    answer: Literal["send", "refuse"]


class StoreList(BaseModel):
    stores: tuple[StoreFacts, ...]


class OrderList(BaseModel):
    """`guessed`: nothing fits as it was typed, and one letter was allowed to be wrong."""

    orders: tuple[BriefFacts, ...]
    guessed: bool
    next: str | None


class CustomerPage(BaseModel):
    customer: CustomerFacts
    orders: tuple[BriefFacts, ...]
    next: str | None


class DocumentList(BaseModel):
    documents: tuple[DocumentFacts, ...]


class NoticeList(BaseModel):
    notices: tuple[NoticeFacts, ...]
    next: str | None


class ApprovalList(BaseModel):
    """What waits for a yes; `told.message_id` is what to answer."""

    approvals: tuple[NoticeFacts, ...]
    next: str | None


class TaskList(BaseModel):
    tasks: tuple[OpenTaskFacts, ...]
    next: str | None


class Decided(BaseModel):
    message_id: int
    answer: Literal["send", "refuse"]


class TaskDone(BaseModel):
    task_id: int
    store: str
    order_id: int
