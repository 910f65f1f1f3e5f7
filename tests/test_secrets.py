"""After a full run of the real processes no key and no secret stands in clear anywhere: not in the
database, not in a log, not on a page, not in a list of processes."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from app.demo.server import running
from app.demo.shop import DemoShop
from app.launch.network import free_ports

ROOT = Path(__file__).resolve().parent.parent
KEY_FILES = {"secret.key", "encryption.key"}
FORGED = (f"ck_{'f' * 40}", f"cs_{'e' * 40}")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Run:
    """`run.py serve` with everything that it logs, and an owner who is signed in."""

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self.data, self.output = folder / "data", folder / "output.log"
        self.url = f"http://127.0.0.1:{port}"
        self.env = {
            **os.environ,
            "DATA_DIR": str(self.data),
            "PORT": str(port),
            "LOG_LEVEL": "DEBUG",
            "ALLOW_PRIVATE_SHOPS": "true",
            "RECONCILE_SECONDS": "30",
        }
        self.pages: dict[str, str] = {}
        self.commands: set[str] = set()
        self.visitor = requests.Session()
        self.visitor.trust_env = False

    @contextmanager
    def serving(self) -> Iterator[None]:
        over = threading.Event()
        watcher = threading.Thread(target=self._watch_processes, args=(over,), daemon=True)
        with self.output.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, ROOT / "run.py", "serve"],
                env=self.env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            watcher.start()
            try:
                wait_for(lambda: self._is_up(), "the web server", 120)
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
                over.set()
                watcher.join()

    def _is_up(self) -> bool:
        try:
            return self.visitor.get(f"{self.url}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    def _watch_processes(self, over: threading.Event) -> None:
        """Every command line that this user can see, over and over."""
        while not over.wait(0.1):  # an interpreter takes longer to start
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.commands.add(path.read_bytes().replace(b"\0", b" ").decode("latin-1"))
                except OSError:
                    continue

    def cli(self, *words: str, **env: str) -> str:
        command = [sys.executable, "-m", "app.cli", *words]
        done = subprocess.run(
            command, env=self.env | env, cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        with self.output.open("a") as output:
            output.write(done.stdout + done.stderr)
        return done.stdout

    def see(self, path: str) -> str:
        answer = self.visitor.get(urljoin(self.url, path), timeout=30)
        self.pages[path] = answer.text + str(answer.headers)
        return answer.text

    def send(self, page: str, path: str, **fields: str) -> None:
        token = TOKEN.search(self.see(page))
        assert token is not None, page
        fields |= {"csrf_token": token[1]}
        answer = self.visitor.post(urljoin(self.url, path), data=fields, timeout=60)
        assert answer.ok, (path, answer.status_code)
        self.pages[f"POST {path}"] = answer.text + str(answer.headers)

    def see_everything(self) -> None:
        """Every page that a page leads to."""
        waiting, known = ["/", "/inbox", "/setup", "/setup/by-hand"], set[str]()
        while waiting:
            path = waiting.pop()
            if path not in known and len(known) < 100:
                known.add(path)
                text = self.see(path)
                links = (html.unescape(link) for link in re.findall(r'href="([^"]+)"', text))
                waiting += [link for link in links if link.startswith("/") and "sign" not in link]


def wait_for(is_there: Callable[[], Any], what: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not is_there():
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.2)


def connect(run: Run, shop: DemoShop, shop_url: str) -> None:
    """From the address to the settled shop, as an owner does it."""
    run.send("/setup", "/setup", address=shop_url, name="tea")
    question = re.search(r'href="([^"]+/wc-auth/v1/authorize[^"]+)"', run.pages["POST /setup"])
    assert question is not None
    page = requests.get(html.unescape(question[1]), timeout=10).text
    approve = page.split('class="approve" href="', 1)[1].split('"', 1)[0]
    answer = requests.get(f"{shop_url}{html.unescape(approve)}", timeout=30, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    run.see(urlsplit(answer.headers["Location"])._replace(scheme="", netloc="").geturl())
    wait_for(lambda: "This shop is connected" in run.see("/setup/shops/tea"), "the shop")


def misbehave(run: Run, shop: DemoShop, shop_url: str) -> None:
    """What goes wrong is logged: forged keys and signatures, a shop that fails, wrong input."""
    keys = {"consumer_key": FORGED[0], "consumer_secret": FORGED[1]}
    posted = {"key_id": 1, "user_id": "x", "key_permissions": "read_write", **keys}
    run.visitor.post(f"{run.url}/setup/callback", json=posted, timeout=10)
    hook = next(iter(shop.webhooks.values()))
    headers = {"X-WC-Webhook-Signature": "wrong", "X-WC-Webhook-Topic": "order.updated"}
    run.visitor.post(hook["delivery_url"], data=b'{"id":1}', headers=headers, timeout=10)
    run.cli(
        "store",
        "add",
        "by-hand",
        "--url",
        shop_url,
        **{
            "CONSUMER_KEY": FORGED[0],
            "CONSUMER_SECRET": FORGED[1],
            "WEBHOOK_SECRET": FORGED[1][3:],
        },
    )
    run.cli("store", "doctor", "by-hand")
    for kind in ("status", "html", "close"):
        shop.faults.on_rest(kind, times=3)
        run.cli("store", "doctor", "tea")
    shop.faults.clear()


def secrets_of(run: Run, shop: DemoShop) -> set[str]:
    """Every key and secret that there is, in both houses."""
    found = {key[part] for key in shop.keys.values() for part in ("key", "secret")}
    found |= {hook["secret"] for hook in shop.webhooks.values()}
    found |= {(run.data / name).read_text().strip() for name in KEY_FILES}
    return found | {*FORGED, FORGED[1][3:]}


def test_no_key_and_no_secret_stands_anywhere_in_clear(tmp_path: Path) -> None:
    shop, run = DemoShop(), Run(tmp_path)
    shop.place_order("DE", status="completed")
    try:
        with running(shop) as shop_url, run.serving():
            link = json.loads(run.cli("staff", "link", "--json"))
            path = urlsplit(link["url"]).path
            run.send(path, path)
            connect(run, shop, shop_url)
            secrets = secrets_of(run, shop)
            page = "/setup/shops/tea"
            run.send(page, f"{page}/rotate")
            numbers = 'seller.tax_ids=[["vat", "DE136695976"]]'
            run.cli("store", "settings", "tea", "--set", numbers)
            run.send(page, f"{page}/live", confirm="tea")
            time.sleep(1.1)  # shops tell whole seconds, and this order is to be paid after it
            order_id = shop.place_order("FR")
            wait_for(lambda: shop.notes_of(order_id, "customer"), "the invoice's note", 90)
            misbehave(run, shop, shop_url)
            secrets |= secrets_of(run, shop)
            run.see_everything()
            for words in (
                ["store", "show", "tea"],
                ["store", "list"],
                ["store", "settings", "tea"],
            ):
                run.cli(*words, "--json")
            wait_for(lambda: "app.cli" in " ".join(run.commands), "a command in the list", 10)
    finally:
        shop.close()
    files = {
        path: path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name not in KEY_FILES
    }
    names = {path.name for path in files}
    assert "kikubari.sqlite3" in names and len([n for n in names if n.endswith(".log")]) >= 3
    logged = b"".join(data for path, data in files.items() if path.suffix == ".log")
    assert b"shop connected" in logged and b"keys refused" in logged
    assert len(run.pages) >= 10 and any("granian" in one for one in run.commands)
    assert len(secrets) >= 9 and all(len(one) >= 20 for one in secrets)
    assert all(found_in(shop.base_url, files, run)[:2]), "the search finds what is there"
    for one in secrets:
        assert found_in(one, files, run) == ([], [], [])


def found_in(text: str, files: dict[Path, bytes], run: Run) -> tuple[list[str], ...]:
    """Files, pages and command lines in which a text stands."""
    return (
        [path.name for path, data in files.items() if text.encode() in data],
        [path for path, page in run.pages.items() if text in page],
        [command for command in run.commands if text in command],
    )
