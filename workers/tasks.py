"""The tasks. Each claims what is due in the database until nothing is left or its time is up.

Redis only says "look now": a task carries no data, so losing one loses nothing. One job works off
many rows, because a job for each row costs 200 times as much.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from functools import cache

from app.services import Services
from app.settings import load_settings
from app.usecases.connect_store import settle_due
from app.usecases.diagnose_store import diagnose_due
from app.usecases.empty_deliveries import empty_deliveries
from app.usecases.index_orders import drop_words, index_due
from app.usecases.issue_document import issue_due
from app.usecases.learn_forecast import learn_due
from app.usecases.process_delivery import process_due
from app.usecases.read_tracking import read_due
from app.usecases.reconcile_store import reconcile_due
from app.usecases.render_document import render_due
from app.usecases.send_messages import send_due
from app.usecases.watch_shipments import watch_due
from app.usecases.work_off import Turn

BATCH = 20
INDEXED = 200
EMPTIED = 200
LONGEST_SECONDS = 10.0
"""Then the task ends and the others get their turn; what is left is supplied again."""


@cache
def services() -> Services:
    """This process's adapters. RQ's workers here do not fork, so they are built once."""
    return Services(load_settings(), in_background=True)


def turn() -> Turn:
    """This process's turn: its name stands in the leases of what it claims."""
    name = f"{socket.gethostname()[:40]}:{os.getpid()}"
    return Turn(name, services().settings.lease_seconds, BATCH)


def drain_inbox() -> int:
    """Take over what deliveries say."""
    s = services()
    return _until_empty(lambda: process_due(s.db, s.shop, s.clock, turn()))


def issue_documents() -> int:
    """Issue the documents that are owed."""
    s = services()
    return _until_empty(lambda: issue_due(s.db, s.shop, s.clock, turn(), s.gate))


def render_documents() -> int:
    """Make the files of issued documents."""
    s = services()
    return _until_empty(lambda: render_due(s.db, s.press, s.clock, turn()))


def read_parcels() -> int:
    """Read over REST what orders do not say of their parcels."""
    s = services()
    return _until_empty(lambda: read_due(s.db, s.shop, s.clock, turn()))


def check_shipments() -> int:
    """Look at the orders whose check is due."""
    s = services()
    return _until_empty(lambda: watch_due(s.db, s.clock, limit=BATCH))


def learn_forecasts() -> int:
    """Learn from the shops' own pasts."""
    s = services()
    return _until_empty(lambda: learn_due(s.db, s.clock, turn()))


def index_orders() -> int:
    """Let orders be found by what they say now."""
    s = services()
    return _until_empty(lambda: index_due(s.db, limit=INDEXED))


def drop_search_words() -> int:
    """Let go of words that no order holds any more."""
    s = services()
    return _until_empty(lambda: drop_words(s.db, limit=INDEXED))


def empty_old_deliveries() -> int:
    """Let go of what deliveries said long ago."""
    s = services()
    return _until_empty(lambda: empty_deliveries(s.db, s.clock, limit=EMPTIED))


def send_messages() -> int:
    """Tell customers what was decided."""
    s = services()
    return _until_empty(lambda: send_due(s.db, s.outside, turn()))


def reconcile_stores() -> int:
    """Find what the webhooks did not bring."""
    s = services()
    return _until_empty(lambda: reconcile_due(s.db, s.reach, turn()))


def settle_connections() -> int:
    """Go on with the shops that are being connected."""
    s = services()
    return _until_empty(lambda: settle_due(s.db, s.desk, turn()))


def diagnose_stores() -> int:
    """Look after the connections to the shops."""
    s = services()
    return _until_empty(lambda: diagnose_due(s.db, s.clinic, turn()))


def _until_empty(step: Callable[[], int]) -> int:
    end, total = time.monotonic() + LONGEST_SECONDS, 0
    while time.monotonic() < end:
        claimed = step()
        total += claimed
        if not claimed:
            break
    return total
