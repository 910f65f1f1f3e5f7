"""A project of stubs around the real launcher: everything that run.py starts, with nothing in it.

The launcher itself is the real one (a copied tree would be another program); only what it starts
is small, so that a whole run takes a second or two.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FILES = {
    "app/__init__.py": "",
    "app/cli.py": """
import json, os, sys
words = sys.argv[1:]
if words[:2] == ["db", "upgrade"]:
    if os.environ.get("STUB_BAD_SETTING"):
        sys.exit("SECRET_KEY is too short; set one of 32 characters or more")
    print("at revision 1")
elif words[:2] == ["staff", "link"]:
    print(json.dumps({"url": f"http://127.0.0.1:{os.environ['PORT']}/staff/link/abc"}))
else:
    redis = os.environ.get("REDIS_URL", "")
    print(json.dumps({"words": words, "cwd": os.getcwd(), "redis": redis}))
    sys.exit(3)
""",
    "app/demo/__init__.py": "",
    "app/demo/__main__.py": """
import argparse, http.server
parser = argparse.ArgumentParser()
for name in ("--host", "--port", "--state"):
    parser.add_argument(name, required=True)
options = parser.parse_args()

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

server = http.server.ThreadingHTTPServer((options.host, int(options.port)), Page)
print("ready", flush=True)
server.serve_forever()
""",
    "app/demo/story.py": """
import argparse, json, os, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("--shop", required=True)
parser.add_argument("--once", action="store_true")
parser.add_argument("--report")
options = parser.parse_args()
assert options.shop == os.environ["DEMO_SHOP_URL"]
pdf = pathlib.Path(os.environ["DATA_DIR"], "documents", "1.pdf")
pdf.parent.mkdir(exist_ok=True)
pdf.write_bytes(b"%PDF-")
if options.report:
    invoice = {"order": 1, "number": "R-1", "pdf": str(pdf)}
    told = {"deliveries": 4, "invoices": [invoice], "notices": [], "mails": 2, "missing": []}
    pathlib.Path(options.report).write_text(json.dumps(told))
if os.environ.get("STUB_STORY_FAILS"):
    sys.exit("missing: 1 delay notice")
print("1 invoice")
""",
    "workers/__init__.py": "",
    "workers/__main__.py": """
import os, sys, time
if os.environ.get("STUB_WORKER_DIES"):
    sys.exit("the worker cannot go on")
while True:
    time.sleep(0.1)
""",
    "wsgi.py": """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
""",
    "drive.py": """
import sys
sys.path.append(sys.argv.pop(1))
import pathlib, runpy
import app
app.__path__.append(sys.path[-1] + "/app")
import app.launch.settings
app.launch.settings.ROOT = pathlib.Path(__file__).parent
from app.launch import environment, main
def ready(stages, *, dev=False, root=None):
    return pathlib.Path(sys.executable)
main.ensure_environment = ready
from app.launch import demo
demo.ensure_environment = ready
sys.exit(main.main(sys.argv[1:]))
""",
}


def write_stub_project(folder: Path) -> Path:
    """Write the stubs below `folder` and return the folder."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    for name in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder / name)
    return folder
