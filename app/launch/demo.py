"""`serve`, `demo` and `demo --once`: what is started, said, and written down."""

import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.launch.environment import ensure_environment
from app.launch.errors import LaunchError
from app.launch.network import free_ports
from app.launch.runs import running
from app.launch.settings import ROOT, LaunchSettings, read_dotenv
from app.launch.stages import Stages
from app.launch.supervisor import Supervisor, tail

KEPT_RUNS = 3
EMPTY_REPORT: dict[str, Any] = {"deliveries": 0, "invoices": [], "notices": [], "mails": 0}


def serve(settings: LaunchSettings) -> int:
    """Web and workers in the foreground until a signal. No sign-in link is printed: the output of
    a service is kept in logs."""
    stages = Stages()
    python = ensure_environment(stages)
    with running(settings, stages, python, {}) as run:
        run.start(demo=False)
        run.watch(f"Kikubari serves at {settings.web_url} (sign in: python3 run.py staff link)")
    return 0


def demo(settings: LaunchSettings) -> int:
    """Everything with the demo shop, in the foreground until a signal."""
    stages = Stages()
    python = ensure_environment(stages)
    with running(settings, stages, python, {}) as run:
        run.start(demo=True)
        story = run.tell_story()
        if story.process.returncode:
            raise LaunchError(f"the story stopped; the end of {story.log}:\n{tail(story.log)}")
        seconds = stages.report()["seconds"]
        run.watch(f"Ready in {seconds:.1f} s; sign in (once): {run.sign_in_link()}")
    return 0


def demo_once(settings: LaunchSettings, report: Path | None) -> int:
    """The demo without a person, on ports and in a folder of its own; 0 when it showed all.

    `report` gets seconds and stages, with what the story reported.
    """
    if report and not report.parent.is_dir():
        raise LaunchError(f"--json {report}: there is no folder {report.parent}")
    stages = Stages()
    python = ensure_environment(stages)
    settings, env = once_settings(settings, read_dotenv(ROOT), os.environ)
    told = settings.data_dir / "story.json"
    with running(settings, stages, python, env) as run:
        run.start(demo=True)
        story = run.tell_story("--once", "--report", str(told))
    code = story.process.returncode
    if code:
        stages.say(
            f"the demo did not show all it should; the end of {story.log}:\n{tail(story.log)}"
        )
    merged = merge_report(stages, told)
    if report:
        report.write_text(json.dumps(merged, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    stages.say(summary(merged))
    return 1 if code < 0 else code


def once_settings(
    settings: LaunchSettings, dotenv: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[LaunchSettings, dict[str, str]]:
    """Settings and environment that touch nothing of a real installation on this machine.

    A database, Redis or public address that is set for real work is not used.
    """
    folder = fresh_folder(settings.data_dir / "demo-once")
    port, demo_port = free_ports(2)
    own = replace(
        settings, data_dir=folder, host="127.0.0.1", port=port, demo_port=demo_port, redis_url=""
    )
    env = {"PUBLIC_URL": own.web_url}
    if dotenv.get("DATABASE_URL") or environ.get("DATABASE_URL"):
        env["DATABASE_URL"] = f"sqlite:///{folder / 'kikubari.sqlite3'}"
    return own, env


def fresh_folder(runs: Path) -> Path:
    """A new folder below `runs`; of the earlier ones that nobody uses, the last few are kept."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        folder = runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        folder.mkdir()
    except OSError as error:
        raise LaunchError(
            f"DATA_DIR {runs.parent} cannot be written ({error.strerror}); set DATA_DIR to a folder"
            " that can"
        ) from error
    earlier = sorted(one for one in runs.iterdir() if re.match(r"\d{8}-\d{6}-\d+$", one.name))
    for old in earlier[:-KEPT_RUNS]:
        _remove_unused(old)
    return folder


def _remove_unused(folder: Path) -> None:
    """End what a killed run left there and remove it; one that is in use stays."""
    supervisor = Supervisor(folder, ROOT)
    try:
        supervisor.take()
    except LaunchError:
        return
    supervisor.stop()
    shutil.rmtree(folder, ignore_errors=True)


def merge_report(stages: Stages, told: Path) -> dict[str, Any]:
    """Seconds and stages, then what the story told; zeros where it told nothing."""
    try:
        story = json.loads(told.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        story = {}
    return {**EMPTY_REPORT, **story, **stages.report()}


def summary(report: Mapping[str, Any]) -> str:
    """The report in one line."""
    return (
        f"{report['deliveries']} deliveries, {len(report['invoices'])} invoices,"
        f" {len(report['notices'])} notices, {report['mails']} mails in {report['seconds']:.1f} s"
    )
