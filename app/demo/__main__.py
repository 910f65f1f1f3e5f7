"""`python -m app.demo`: the demo shop as a process of its own.

Prints one line when it is ready and serves until SIGTERM or Ctrl-C.
"""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from app.demo.deliveries import CRON_MODES
from app.demo.server import running
from app.demo.shop import DemoShop


def _read_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.demo", description="The demo shop.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, help="SQLite file to go on with")
    parser.add_argument("--base-url", default="", help="the shop's own address, if not host:port")
    parser.add_argument("--keys-file", type=Path, help="write URL and keys there (mode 0600)")
    parser.add_argument("--cron", choices=CRON_MODES, default="immediate")
    parser.add_argument("--seed", type=int, default=1, help="seed of the faults")
    parser.add_argument("--json", action="store_true", help="print the ready line as JSON")
    return parser.parse_args(arguments)


def _write_keys(file: Path, shop: DemoShop, url: str) -> None:
    names = {"consumer_key": shop.consumer_key, "consumer_secret": shop.consumer_secret}
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({"url": url, **names}, out)


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 0 after a clean end, 1 when the port is taken."""
    wishes = _read_arguments(arguments)
    shop = DemoShop(seed=wishes.seed, state_file=wishes.state, base_url=wishes.base_url)
    shop.set_cron(wishes.cron)
    if not shop.coupons:
        shop.write_coupon({"code": "ten-prozent", "discount_type": "percent", "amount": "10"})
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        with running(shop, wishes.port, wishes.host) as url:
            if wishes.keys_file:
                _write_keys(wishes.keys_file, shop, url)
            ready = {"url": url, "pid": os.getpid()}
            print(json.dumps(ready) if wishes.json else f"demo shop ready at {url}", flush=True)
            stop.wait()
    except OSError as error:
        print(f"the demo shop cannot use port {wishes.port}: {error}", file=sys.stderr)
        return 1
    finally:
        shop.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
