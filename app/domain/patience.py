"""When to try again, and when to stop trying."""

from __future__ import annotations

from datetime import timedelta

from app.errors import KikubariError, NotPosted, ShopAway

MOST_ATTEMPTS = 12
MOST_ATTEMPTS_AWAY = 400
LONGEST_PAUSE = 900.0


def pause_after(error: KikubariError, attempts: int, fraction: float) -> timedelta | None:
    """How long to wait before the next try of something that failed with `error`.

    None: do not try again; it needs a person. The pause doubles from 2 seconds up to 15 minutes,
    is spread by `fraction` (0 to 1, chance), and is never shorter than what the other side asked
    for (`error.retry`, seconds). Twelve tries take about half an hour; a shop that is away
    is tried for three to four days.
    """
    most = MOST_ATTEMPTS_AWAY if isinstance(error, ShopAway | NotPosted) else MOST_ATTEMPTS
    if error.retry is None or attempts >= most:
        return None
    doubling = min(LONGEST_PAUSE, 2.0 ** max(1, attempts))
    return timedelta(seconds=max(error.retry, doubling * (0.5 + fraction / 2)))
