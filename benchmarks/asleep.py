"""How long until a paid order has its invoice note while the shop's cron sleeps.

    .venv/bin/python benchmarks/asleep.py --orders 3

A demo of its own is started with `run.py`; no webhook arrives any more, so only the light poll can
see the orders. Prints {"orders", "slowest_seconds"}.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT, finish

from app.demo.story import DemoControl
from app.launch.network import free_ports

PATIENCE_SECONDS = 90.0


def start(folder: Path, ports: list[int]) -> subprocess.Popen[str]:
    """`run.py` with ports of its own, ready when this returns."""
    env = {**os.environ, "DATA_DIR": str(folder), "PORT": str(ports[0])}
    env |= {"DEMO_PORT": str(ports[1])}
    for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL"):
        env.pop(name, None)
    command = [sys.executable, "run.py"]
    run = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    for line in run.stdout:
        if "sign in" in line:
            return run
    raise SystemExit("run.py did not start")


def seconds_until_told(control: DemoControl, order_id: int) -> float:
    """Seconds from now until the order has a customer note."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_SECONDS:
        notes = control.get("state")["notes"]
        if any(note["order_id"] == order_id and note["customer_note"] for note in notes):
            return time.monotonic() - begun
        time.sleep(0.2)
    return float("inf")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kikubari-") as folder:
        ports = list(free_ports(2))
        run = start(Path(folder), ports)
        try:
            control = DemoControl(f"http://127.0.0.1:{ports[1]}")
            time.sleep(5)
            control.post("cron", {"mode": "asleep"})
            slowest = 0.0
            for _ in range(asked.orders):
                order = control.post("orders", {"buyer": "DE"})
                slowest = max(slowest, seconds_until_told(control, order["id"]))
        finally:
            run.send_signal(signal.SIGTERM)
            run.wait(30)
    result = {"orders": asked.orders, "slowest_seconds": round(slowest, 1)}
    return finish(result, good=slowest <= 30)


if __name__ == "__main__":
    raise SystemExit(main())
