"""A person did what was to do about an order."""

from __future__ import annotations

from datetime import datetime

from app.db import tasks
from app.db.engine import Database
from app.db.orders import Order, note_event
from app.db.staff import audit
from app.db.tasks import Task
from app.domain.scope import EVERYTHING, Scope


def finish_task(
    db: Database, task_id: int, *, who: str, now: datetime, scope: Scope = EVERYTHING
) -> Order | None:
    """Close a task; its order, or None where there is no such task. What was done stays done.

    Raises:
        OutOfSight: it is of a store that is not seen.
    """
    with db.write() as session:
        task = session.get(Task, task_id)
        if task is None:
            return None
        scope.check(task.store_id)
        order = session.get_one(Order, task.order_id)
        if tasks.finish_task(session, task_id, who=who, now=now):
            note_event(session, order.id, "task", now, who=who, it=task.kind)
            audit(session, now, who, "task.done", task.store_id, order=order.number, it=task.kind)
        return order
