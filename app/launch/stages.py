"""What a person sees while Kikubari starts: one line for each stage, with its seconds.

On a terminal the line of a running stage moves; elsewhere a plain line says every ten
seconds that it is still at work.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

TICK_SECONDS = 0.2
PLAIN_SECONDS = 10.0


@dataclass
class Stage:
    """One running step. `detail` says how far it is, and in the end what came of it."""

    name: str
    detail: str = ""
    progress: Callable[[], str] | None = None
    started: float = field(default_factory=time.monotonic)

    def now(self) -> str:
        """The progress at this moment; a progress that fails is no reason to fail the stage."""
        try:
            return self.progress() if self.progress else self.detail
        except OSError:
            return self.detail

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class Stages:
    """Prints stages and keeps their seconds for the report."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.started = time.monotonic()
        self.done: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Show `name` while the block runs; afterwards its detail and seconds, failed or not."""
        stage = Stage(name)
        stop = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(stage, stop), daemon=True)
        ticker.start()
        outcome = "failed"
        try:
            yield stage
            outcome = stage.detail
        finally:
            stop.set()
            ticker.join()
            seconds = stage.seconds
            self.done.append((name, round(seconds, 3)))
            self._line(f"{name:<18} {outcome:<46} {seconds:6.1f} s", final=True)

    def say(self, text: str) -> None:
        """One plain line."""
        self._line(text, final=True)

    def report(self) -> dict[str, object]:
        """`seconds` since the start and `stages` as [{"name", "seconds"}…]."""
        return {
            "seconds": round(time.monotonic() - self.started, 3),
            "stages": [{"name": name, "seconds": seconds} for name, seconds in self.done],
        }

    def _tick(self, stage: Stage, stop: threading.Event) -> None:
        tty = self.out.isatty()
        while not stop.wait(TICK_SECONDS if tty else PLAIN_SECONDS):
            self._line(
                f"{stage.name:<18} {stage.now()[:46]:<46} {stage.seconds:6.1f} s", final=not tty
            )

    def _line(self, text: str, final: bool) -> None:
        if self.out.isatty():
            text = f"\r\x1b[K{text}"
        self.out.write(text + ("\n" if final else ""))
        self.out.flush()
