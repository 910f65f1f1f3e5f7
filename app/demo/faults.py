"""Faults on request, so that tests and benchmarks can ask for the bad days of a real shop.

Shares are decided by a generator with a seed: the same seed and the same order of events give
the same faults.
"""

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

REST_KINDS = (
    "status",  # answer `status` (401, 403, 404, 429 with `retry_after`, 5xx) without acting
    "html",  # answer 200 with a page instead of JSON, without acting
    "redirect",  # answer 301 to `location`, without acting
    "slow",  # wait `seconds`, then act and answer: acts after a client that gave up has left
    "hang",  # wait `seconds`, then close without acting
    "close",  # close at once without acting
    "act_then_hang",  # act, wait `seconds`, close without an answer
    "act_then_close",  # act and close at once without an answer
    "act_then_status",  # act, and answer `status` (a gateway that gave up)
    "act_later",  # close at once, act `seconds` later
)


@dataclass
class RestFault:
    """One fault for REST requests that match; `times` of them, or of `share` of them.

    `method` is a method or * ; `path` a regular expression searched in the path; `seconds` what
    slow and hanging kinds wait; `times` how often it strikes (None: until cleared).
    """

    kind: str
    method: str = "*"
    path: str = ""
    times: int | None = 1
    share: float = 1.0
    skip: int = 0
    seconds: float = 1.0
    status: int = 500
    retry_after: int | None = None
    location: str = "https://shop.example/"

    def __post_init__(self) -> None:
        if self.kind not in REST_KINDS:
            raise ValueError(f"no such REST fault: {self.kind!r}; one of {', '.join(REST_KINDS)}")
        re.compile(self.path)

    def fits(self, method: str, path: str) -> bool:
        """Whether it concerns this request."""
        wanted = self.method in ("*", method) or (self.method == "WRITE" and method != "GET")
        return wanted and re.search(self.path, path) is not None


@dataclass
class DeliveryFaults:
    """Faults of webhook deliveries, each off by default.

    `drop_next` and `drop_share` lose deliveries without a trace; `delay_s` waits before each;
    `duplicate_next` and `duplicate_share` send twice; `reorder` shuffles up to so many queued
    ones; `topic` limits dropping and duplicating to topics that begin with it.
    """

    drop_next: int = 0
    drop_share: float = 0.0
    delay_s: float = 0.0
    duplicate_next: int = 0
    duplicate_share: float = 0.0
    reorder: int = 0
    topic: str = ""


@dataclass
class Faults:
    """All faults of a shop, and the dice. Thread-safe."""

    seed: int = 1
    deliveries: DeliveryFaults = field(default_factory=DeliveryFaults)
    rest: list[RestFault] = field(default_factory=list)
    struck: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    def reseed(self, seed: int) -> None:
        """Start the dice anew."""
        with self._lock:
            self.seed = seed
            self._dice = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def clear(self) -> None:
        """Back to a good day."""
        with self._lock:
            self.rest.clear()
            self.deliveries = DeliveryFaults()

    def on_rest(self, kind: str, **settings: Any) -> RestFault:
        """Add a REST fault; ValueError when kind or a setting is unknown."""
        known = {f.name for f in fields(RestFault)}
        if unknown := set(settings) - known:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        fault = RestFault(kind, **settings)
        with self._lock:
            self.rest.append(fault)
        return fault

    def on_deliveries(self, **settings: Any) -> DeliveryFaults:
        """Change delivery faults; ValueError when a setting is unknown."""
        known = {f.name for f in fields(DeliveryFaults)}
        if unknown := set(settings) - known:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        with self._lock:
            for name, value in settings.items():
                setattr(self.deliveries, name, value)
            return self.deliveries

    def rest_fault(self, method: str, path: str) -> RestFault | None:
        """The fault that strikes this request, if any; counts it."""
        if not self.rest:
            return None
        with self._lock:
            for fault in self.rest:
                if not fault.fits(method, path) or fault.times == 0:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.share < 1 and self._dice.random() >= fault.share:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                self.struck += 1
                return fault
            return None

    def copies_of(self, topic: str) -> int:
        """How often a delivery is sent: 0 when it is lost, 2 when it is doubled."""
        with self._lock:
            wishes = self.deliveries
            if not topic.startswith(wishes.topic):
                return 1
            if wishes.drop_next > 0:
                wishes.drop_next -= 1
                return 0
            if wishes.drop_share and self._dice.random() < wishes.drop_share:
                return 0
            if wishes.duplicate_next > 0:
                wishes.duplicate_next -= 1
                return 2
            doubled = wishes.duplicate_share and self._dice.random() < wishes.duplicate_share
            return 2 if doubled else 1

    def pick(self, waiting: int) -> int:
        """Which of the queued deliveries goes next: the first, unless they are reordered."""
        with self._lock:
            window = min(waiting, self.deliveries.reorder)
            return self._dice.randrange(window) if window > 1 else 0

    def apply(self, wishes: Mapping[str, Any]) -> None:
        """Take a control request: {"clear", "seed", "deliveries": {…}, "rest": [{…}]}."""
        if wishes.get("clear"):
            self.clear()
        if "seed" in wishes:
            self.reseed(int(wishes["seed"]))
        if "deliveries" in wishes:
            self.on_deliveries(**wishes["deliveries"])
        for fault in wishes.get("rest", []):
            self.on_rest(**fault)
