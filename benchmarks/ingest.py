"""How fast signed deliveries are accepted, each on the disk before its answer.

    .venv/bin/python benchmarks/ingest.py --seconds 8 --connections 64

Our server (granian, group commit, with its workers draining meanwhile) against a plain Flask
receiver: gunicorn gthread 2 x 32, SQLite WAL with synchronous=FULL, signature checked, one INSERT
and one commit for each request. Both get the same deliveries over kept-alive connections from the
same load process, in turns; the figures are medians of the rounds. The orders are unpaid, so that
the workers take them over without rendering: what is measured is the inbox.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from common import ROOT, finish

from app.launch.redis_server import running_redis

SECRET = "a-secret-of-the-benchmark"
NAIVE = """
import base64, hashlib, hmac, os, sqlite3, threading
from flask import Flask, request

app = Flask(__name__)
local = threading.local()

def connection():
    if not hasattr(local, "db"):
        local.db = sqlite3.connect(os.environ["NAIVE_DB"], timeout=30, isolation_level=None)
        local.db.execute("PRAGMA journal_mode=WAL")
        local.db.execute("PRAGMA synchronous=FULL")
        local.db.execute("CREATE TABLE IF NOT EXISTS inbox (id INTEGER PRIMARY KEY, topic, body)")
    return local.db

@app.post("/hook")
def hook():
    body = request.get_data()
    made = hmac.new(os.environ["NAIVE_SECRET"].encode(), body, hashlib.sha256).digest()
    given = request.headers.get("X-WC-Webhook-Signature", "")
    if not hmac.compare_digest(base64.b64encode(made).decode(), given):
        return "", 401
    db = connection()
    db.execute("BEGIN IMMEDIATE")
    topic = request.headers["X-WC-Webhook-Topic"]
    db.execute("INSERT INTO inbox (topic, body) VALUES (?, ?)", (topic, body))
    db.execute("COMMIT")
    return "", 200

@app.get("/healthz")
def healthz():
    return "ok"
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def process(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    """Run a command until the block ends; it and its children are ended then."""
    with log.open("wb") as out:
        child = subprocess.Popen(
            command, env=env, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


@contextmanager
def ours(folder: Path) -> Iterator[tuple[str, Path]]:
    """Our server with two workers; (webhook address, database)."""
    data_dir, port = folder / "ours", free_port()
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis(folder / "redis"))
        env = {**os.environ, "DATA_DIR": str(data_dir), "REDIS_URL": redis, "PORT": str(port)}
        env |= {"LOG_LEVEL": "WARNING", "RECONCILE_SECONDS": "86400", "POLL_SECONDS": "86400"}
        for name in ("DATABASE_URL", "PUBLIC_URL"):
            env.pop(name, None)
        cli = [sys.executable, "-m", "app.cli"]
        subprocess.run([*cli, "db", "upgrade"], env=env, cwd=ROOT, check=True, capture_output=True)
        add = ["store", "add", "bench", "--url", "http://127.0.0.1:9", "--json"]
        keys = {"CONSUMER_KEY": "ck", "CONSUMER_SECRET": "cs", "WEBHOOK_SECRET": SECRET}
        subprocess.run([*cli, *add], env={**env, **keys}, cwd=ROOT, check=True, capture_output=True)
        database = data_dir / "kikubari.sqlite3"
        with sqlite3.connect(database) as db:
            (key,) = db.execute("SELECT key FROM stores").fetchone()
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "wsgi:app"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
        command += ["--blocking-threads", "32", "--no-ws", "--http", "1", "--log-level", "warning"]
        stack.enter_context(process(command, env, folder / "ours.log"))
        for number in range(2):
            worker = [sys.executable, "-m", "workers"]
            stack.enter_context(process(worker, env, folder / f"worker-{number}.log"))
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/webhooks/woocommerce/{key}", database


@contextmanager
def naive(folder: Path) -> Iterator[tuple[str, Path]]:
    """The plain receiver; (address, database)."""
    (folder / "naive_receiver.py").write_text(NAIVE, encoding="utf-8")
    database, port = folder / "naive.sqlite3", free_port()
    env = {**os.environ, "NAIVE_DB": str(database), "NAIVE_SECRET": SECRET}
    command = [sys.executable, "-m", "gunicorn", "--chdir", str(folder), "-k", "gthread"]
    command += ["-w", "2", "--threads", "32", "--keep-alive", "60", "-b", f"127.0.0.1:{port}"]
    with process([*command, "naive_receiver:app"], env, folder / "naive.log"):
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/hook", database


def load(url: str, asked: argparse.Namespace, first: int) -> dict[str, Any]:
    """One round of load from a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("ingest_load.py")), url, SECRET]
    command += [str(asked.seconds), str(asked.connections), str(first)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    seconds, *times = done.stdout.split()
    latencies = sorted(map(float, times))
    at = min(len(latencies) - 1, int(0.99 * len(latencies)))
    return {
        "acked": len(latencies),
        "per_s": len(latencies) / float(seconds),
        "p99_ms": latencies[at] * 1000,
    }


def rows_in(database: Path) -> int:
    with sqlite3.connect(database) as db:
        return int(db.execute("SELECT count(*) FROM inbox").fetchone()[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="of load in each round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=4)
    asked = parser.parse_args()
    rounds: dict[str, list[dict[str, Any]]] = {"ours": [], "naive": []}
    with tempfile.TemporaryDirectory(prefix="kikubari-") as name, ExitStack() as stack:
        folder = Path(name)
        our_url, our_database = stack.enter_context(ours(folder))
        naive_url, naive_database = stack.enter_context(naive(folder))
        for number in range(asked.rounds):
            for who, url in (("ours", our_url), ("naive", naive_url)):
                rounds[who].append(load(url, asked, 1 + number * 1_000_000))
                print(f"round {number + 1} {who}: {rounds[who][-1]}", file=sys.stderr)
        stored, naive_stored = rows_in(our_database), rows_in(naive_database)

    def median(who: str, what: str) -> float:
        return round(statistics.median(one[what] for one in rounds[who]), 1)

    acked = sum(one["acked"] for one in rounds["ours"])
    result = {
        "requests_per_s": median("ours", "per_s"),
        "p99_ms": median("ours", "p99_ms"),
        "naive_requests_per_s": median("naive", "per_s"),
        "naive_p99_ms": median("naive", "p99_ms"),
        "acked": acked,
        "stored": stored,
        "naive_stored": naive_stored,
    }
    return finish(result, good=stored >= acked)


if __name__ == "__main__":
    raise SystemExit(main())
