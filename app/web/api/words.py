"""Words to customers: what was said, what waits for a yes; and tasks for people."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from app.db import stores
from app.db.notices import Message
from app.domain.api_scopes import ApiScope
from app.usecases.answer_message import answer_message
from app.usecases.describe_found import told_words, waiting_tasks, waiting_words
from app.usecases.finish_task import finish_task
from app.web.api.answers import allowed, answers, spec, tagged
from app.web.api.door import me, my_stores, needs, store_named
from app.web.api.problems import problem, wrong_fields
from app.web.api.shapes import (
    ApprovalList,
    Decided,
    Decision,
    NoticeList,
    NoticesQuery,
    PageQuery,
    TaskDone,
    TaskList,
)
from app.web.cursors import write_cursor
from app.web.state import services

blueprint = Blueprint("words", __name__, url_prefix="/v1")
READ, APPROVE, ACT = ApiScope.READ, ApiScope.APPROVE, ApiScope.ACT


@blueprint.get("/notices")
@needs(READ)
@spec.validate(resp=answers(NoticeList, 404), security=allowed(READ), tags=["words"])
def list_notices(query: NoticesQuery) -> NoticeList:
    """What customers were told, or would have been, the newest first."""
    after = query.numbers(1)
    with services().db.read() as session:
        found = told_words(
            session,
            my_stores(),
            store_id=store_named(session, query.store).id if query.store else None,
            kind=query.kind or "",
            state=query.state or "",
            limit=query.limit,
            before=after[0] if after else 0,
        )
    return tagged(NoticeList(notices=found.items, next=write_cursor(found.after)))


@blueprint.get("/approvals")
@needs(READ)
@spec.validate(resp=answers(ApprovalList), security=allowed(READ), tags=["words"])
def list_approvals(query: PageQuery) -> ApprovalList:
    """What waits for a person's yes, the oldest first."""
    after = query.numbers(1)
    with services().db.read() as session:
        found = waiting_words(
            session, my_stores(), limit=query.limit, after=after[0] if after else 0
        )
    return tagged(ApprovalList(approvals=found.items, next=write_cursor(found.after)))


@blueprint.before_request
def _json_alone() -> Response | None:
    """A body of another kind would be read as none; one that is nested too deep, not at all."""
    if request.endpoint != "words.decide":
        return None
    if not request.is_json:
        return problem(415)
    try:
        request.get_json(silent=True)
    except RecursionError:
        wrong_fields([("body", "It is nested too deep")])
    return None


@blueprint.post("/approvals/<int:message_id>")
@needs(APPROVE)
@spec.validate(
    resp=answers(Decided, 404, 409, 413, 415, is_read=False),
    security=allowed(APPROVE),
    tags=["words"],
)
def decide(message_id: int, json: Decision) -> Decided | Response:
    """Say yes or no to a message that waits."""
    s = services()
    if not _is_message(message_id):
        abort(404)
    send = json.answer == "send"
    who, now = me().signs_as, s.clock()
    if not answer_message(s.db, message_id, send=send, who=who, now=now, scope=my_stores()):
        return problem(409)
    return Decided(message_id=message_id, answer=json.answer)


@blueprint.get("/tasks")
@needs(READ)
@spec.validate(resp=answers(TaskList), security=allowed(READ), tags=["tasks"])
def list_tasks(query: PageQuery) -> TaskList:
    """What customers asked for and nobody did yet, the oldest first."""
    after = query.numbers(1)
    with services().db.read() as session:
        found = waiting_tasks(
            session, my_stores(), limit=query.limit, after=after[0] if after else 0
        )
    return tagged(TaskList(tasks=found.items, next=write_cursor(found.after)))


@blueprint.post("/tasks/<int:task_id>/done")
@needs(ACT)
@spec.validate(resp=answers(TaskDone, 404, is_read=False), security=allowed(ACT), tags=["tasks"])
def finish(task_id: int) -> TaskDone:
    """Note a task as done; again is no harm."""
    s = services()
    who, now = me().signs_as, s.clock()
    order = finish_task(s.db, task_id, who=who, now=now, scope=my_stores())
    if order is None:
        abort(404)
    with s.db.read() as session:
        store = session.get_one(stores.Store, order.store_id)
    return TaskDone(task_id=task_id, store=store.name, order_id=order.remote_id)


def _is_message(message_id: int) -> bool:
    with services().db.read() as session:
        return session.get(Message, message_id) is not None
