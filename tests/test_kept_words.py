"""Whatever is kept about what went wrong can be said in the language of its reader.

every place in app/ that writes a problem, a mend, an outcome or why a word was dropped -> the
words given -> `Said`, so that the catalogues hold them (tests/test_i18n.py walks those)

every place in templates/ that shows one -> the filter `said`
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.test_refusals import ON_NO_PAGE, WORDS, kinds_of_errors

ROOT = Path(__file__).parents[1]
PARTS = ("db", "domain", "usecases", "adapters")
"""What is written there is kept; the other parts only read it."""
KEPT = {"problem", "mend", "outcome", "dropped", "mailer_said", "why"}
"""Columns that keep what went wrong, and what functions call that on its way there."""
ALSO = {"Outcome": "said", "add_task": "words"}
"""Functions with another name for it."""
ON_THE_COMMAND_LINE = {
    "app/domain/chain.py": "what `invoices verify` and `audit verify` found",
    "app/usecases/admit_sidebar.py": "a log's",
    "app/usecases/verify_audit.py": "what `audit verify` found",
    "app/usecases/verify_documents.py": "what `invoices verify` found",
}
"""Modules that say why, and keep it nowhere."""
SAID = re.compile(r"\bSaid\b")
NOT_OURS = {
    ("app/adapters/smtp.py", "_words(code, said)"): "a mail server's own words",
    ("app/domain/wrong_values.py", "str(error['msg'])"): "a library's, of a kind we do not know",
    (
        "app/domain/wrong_values.py",
        "said[0] if isinstance(said[0], Said) else str(said[0])",
    ): "a library's, of a kind we do not know",
    ("app/usecases/correct_promise.py", "reason"): "a person's",
    ("app/usecases/hold_message.py", "why"): "a person's",
    ("app/usecases/list_needs.py", "why"): "a person's",
    ("app/usecases/take_choice.py", "said if choice in NEEDS_WORDS else ''"): "a customer's",
    ("app/usecases/watch_shipments.py", "_of_parcel(found.parcel)"): "a carrier's own words",
    ("app/domain/order_facts.py", "shortened(one.mailer_said)"): "read by programs, in English",
    (
        "app/domain/order_facts.py",
        "'' if one.held_by else shortened(one.problem)",
    ): "read by programs, in English",
    ("app/domain/order_story.py", "Known.DROPPED"): "no words",
}
"""What else is kept, and whose words it is."""

Functions = Mapping[str, ast.FunctionDef | ast.ClassDef]
Modules = Mapping[str, ast.Module]


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    """Functions and classes of a module's own, by name; also those within a class."""
    return {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def parameters(made: ast.FunctionDef | ast.ClassDef) -> list[str]:
    """By position: the texts that a function takes, or a dataclass is made of; others are ""."""
    if isinstance(made, ast.ClassDef):
        fields = [node for node in made.body if isinstance(node, ast.AnnAssign)]
        named = [(ast.unparse(one.target), one.annotation) for one in fields]
    else:
        taken = [*made.args.posonlyargs, *made.args.args]
        named = [(one.arg, one.annotation) for one in taken if one.arg != "self"]
    return [name if _is_text(annotation) else "" for name, annotation in named]


def _is_text(annotation: ast.expr | None) -> bool:
    return annotation is None or re.search(r"\b(str|Said)\b", ast.unparse(annotation)) is not None


def reached(tree: ast.Module, modules: Modules) -> Functions:
    """The functions that a module can call by name: its own, and those that it imports."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            theirs = modules.get(f"{node.module.replace('.', '/')}.py")
            made = functions(theirs) if theirs else {}
            found |= {one.name: made[one.name] for one in node.names if one.name in made}
    return found | functions(tree)


def written(tree: ast.Module, known: Functions) -> Iterator[ast.expr]:
    """What a module gives to whatever keeps it. `known`: the functions that it can call."""
    errors = kinds_of_errors() | {*ON_NO_PAGE}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            of, _, name = ast.unparse(node.func).rpartition(".")
            if of == "log" or name in WORDS or name in errors or name == "__init__":
                continue  # tests/test_refusals.py walks errors
            made = known.get(name)
            kept = KEPT | {ALSO.get(name, "why")}
            places = parameters(made) if made else []
            yield from (one for place, one in zip(places, node.args, strict=False) if place in kept)
            yield from (word.value for word in node.keywords if word.arg in kept)
        elif isinstance(node, ast.Assign):
            yield from (
                value
                for target in node.targets
                for place, value in _pairs(target, node.value)
                if _column(place) in KEPT
            )
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in KEPT:
                    yield value
        elif isinstance(node, ast.FunctionDef):
            yield from _returned(node)


def _returned(made: ast.FunctionDef) -> Iterator[ast.expr]:
    """What a function returns that says why, or promises a `Said`: its callers rely on it."""
    promise = ast.unparse(made.returns) if made.returns else ""
    if not made.name.lstrip("_").startswith("why_") and not SAID.search(promise):
        return
    for one in ast.walk(made):
        if not isinstance(one, ast.Return) or one.value is None:
            continue
        if isinstance(made.returns, ast.Subscript) and isinstance(one.value, ast.Tuple):
            parts = zip(made.returns.slice.elts, one.value.elts, strict=True)  # type: ignore[attr-defined]
            yield from (part for kind, part in parts if SAID.search(ast.unparse(kind)))
        else:
            yield one.value


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _column(place: ast.expr) -> str:
    if isinstance(place, ast.Attribute):
        return place.attr
    is_named = isinstance(place, ast.Subscript) and isinstance(place.slice, ast.Constant)
    return str(place.slice.value) if is_named else ""  # type: ignore[attr-defined]


def assignments(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """Every value of every name in a module."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            for place, value in _pairs(target, node.value):  # type: ignore[attr-defined]
                found.setdefault(ast.unparse(place), []).append(value)
    return found


class Judge:
    """Whether words can be said again: of ours, or given by what was walked elsewhere."""

    def __init__(self, tree: ast.Module, known: Functions) -> None:
        self._known = known
        self._values = assignments(tree)

    def allows(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        if isinstance(node, ast.Constant):
            return node.value is None or node.value == ""
        if isinstance(node, ast.Name):
            values = [] if node.id in seen else self._values.get(node.id, [])
            return all(self.allows(one, seen | {node.id}) for one in values)
        if isinstance(node, ast.IfExp):
            return self.allows(node.body, seen) and self.allows(node.orelse, seen)
        if isinstance(node, ast.BoolOp):
            return all(self.allows(one, seen) for one in node.values)
        if isinstance(node, ast.Tuple) and node.elts:  # (state, why)
            return self.allows(node.elts[-1], seen)
        if isinstance(node, ast.Call):
            return self._is_said(node)
        if isinstance(node, ast.Subscript):  # a part of a sentence is none
            return not isinstance(node.slice, ast.Slice)
        return isinstance(node, ast.Attribute)

    def _is_said(self, call: ast.Call) -> bool:
        """A call of `Said`, or of a function that promises one, whose returns are walked too."""
        name = ast.unparse(call.func).rpartition(".")[2]
        made = self._known.get(name)
        promised = ast.unparse(made.returns) if getattr(made, "returns", None) else ""  # type: ignore[union-attr, arg-type]
        return name in WORDS | {"N_", "sentence", "with_mend"} or SAID.search(promised) is not None


def everything() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for part in PARTS
        for path in sorted((ROOT / "app" / part).rglob("*.py"))
        if "migrations" not in path.parts
    }


def plain_words(name: str, tree: ast.Module, modules: Modules) -> list[str]:
    """Lines of a module where something is kept that can be read in English only."""
    known = reached(tree, modules)
    judge = Judge(tree, known)
    return [
        f"{name}:{one.lineno} {ast.unparse(one)}"
        for one in written(tree, known)
        if not judge.allows(one) and (name, ast.unparse(one)) not in NOT_OURS
    ]


def test_whatever_is_kept_about_what_went_wrong_can_be_said_again() -> None:
    modules = everything()
    found = [
        line
        for name, tree in modules.items()
        if name not in ON_THE_COMMAND_LINE
        for line in plain_words(name, tree, modules)
    ]
    assert found == [], "write it as Said(…), with its values by name"


def test_what_is_not_ours_is_still_kept_there() -> None:
    modules = everything()
    there = {
        (name, ast.unparse(one))
        for name, tree in modules.items()
        for one in written(tree, reached(tree, modules))
    }
    assert [place for place in NOT_OURS if place not in there] == []
    assert {*ON_THE_COMMAND_LINE} - {*modules} == set()


LEAVE = "class Leave:\n    state: str\n    why: str | None = None\n"


@pytest.mark.parametrize(
    "source",
    [
        'work.finish(session, Message, 1, problem=f"{who} said no")',
        'work.park(session, table, 1, problem=error.what, mend="see the log")',
        'message.state, message.problem = "dropped", f"{who} said no"',
        'row["problem"] = "it came from elsewhere"',
        'WHY = "the shop was disconnected"\nupdate(held).values(problem=WHY)',
        f'{LEAVE}Leave("held", "it waits for a yes")',
        'def why_not(order):\n    return f"order {order} is free"',
        'def _words(n) -> str:\n    return f"{n} scans"\nend(outcome=_words(5))',
        'def _words(n) -> Said:\n    return f"{n} scans"\nend(outcome=_words(5))',
        'def _words(n) -> tuple[Said, str]:\n    return "no scans", ""',
        'row.problem = row.problem or "never finished"',
        "row.problem = str(error)",
        "row.problem = error.what[:500]",
        'add_task(session, words=f"{why} (+ {numbers})")',
    ],
)
def test_words_that_would_stay_english_are_caught(source: str) -> None:
    tree = ast.parse(source)
    assert len(plain_words("app/usecases/new.py", tree, {})) == 1


@pytest.mark.parametrize(
    "source",
    [
        'why = Said("%(who)s said no", who=who)\nmessage.problem = why',
        "work.finish(session, Message, 1, problem=None, outcome=outcome)",
        "work.park(session, table, 1, problem=error.what, mend=error.mend)",
        f'{LEAVE}Leave("held", Said("it waits for a yes"))',
        'def _words(n) -> Said:\n    return Said("%(n)s scans", n=n)\nend(outcome=_words(5))',
        'def why_not(order):\n    return Said("order %(n)s is free", n=order) if order else None',
        'def _words(n) -> tuple[Said, str]:\n    return Said("no scans"), f"number {n}"',
    ],
)
def test_words_that_can_be_said_again_are_left_alone(source: str) -> None:
    tree = ast.parse(source)
    assert plain_words("app/usecases/new.py", tree, {}) == []


# where pages show them

SHOWN = re.compile(r"\b\w+\.(problem|mend|outcome|mailer_said)\b|\b(task\.words|need\.why)\b")
BY_HAND = re.compile(r"<bdi>\{\{ one\.problem \}\}</bdi>")
"""Why a person held a word: theirs, shown only beside their name."""


def unsaid(source: str) -> list[str]:
    """What a template shows of kept words without saying it in the page's language."""
    shown = re.findall(r"\{\{.*?\}\}", BY_HAND.sub("", source), re.S)
    return [one for one in shown if SHOWN.search(one) and "|said" not in one]


@pytest.mark.parametrize("folder", ["staff", "setup", "sidebar"])
def test_every_page_says_them_in_its_own_language(folder: str) -> None:
    pages = sorted((ROOT / "templates" / folder).rglob("*.html"))
    assert pages
    found = {page.name: unsaid(page.read_text()) for page in pages}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_page_that_shows_them_as_they_are_kept_is_caught() -> None:
    assert unsaid("<p>{{ row.problem or '' }}</p>") and unsaid("{{ task.words }}")
    assert not unsaid("<p>{{ (row.outcome or row.problem)|said }}</p> {{ finding|mend }}")
