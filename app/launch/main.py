"""The words of `python3 run.py`, and what each does."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from app.launch.demo import demo, demo_once, serve
from app.launch.environment import add_assistant, ensure_environment
from app.launch.errors import LaunchError
from app.launch.runs import SIGNALS, Stop, raise_stop
from app.launch.settings import ROOT, read_settings
from app.launch.stages import Stages
from app.launch.supervisor import running_facts

HELP = """\
Kikubari: a support companion for WooCommerce shops.

  python3 run.py                    set up, then start everything with a demo shop; Ctrl-C stops it
  python3 run.py demo --once --json out.json
                                    the same without a person: exit 0 when the demo showed all
  python3 run.py serve              web and workers without the demo, for your own shop
  python3 run.py setup [--dev]      only set up .venv (--dev: with the tools for its tests;
                                    --mcp: with the assistants' server)
  python3 run.py test [ARGUMENT …]  set up and run the tests; arguments go to pytest
  python3 run.py chaos [ARGUMENT …] kill processes at random while orders come in
  python3 run.py mcp --store NAME   the assistants' server: reads orders, over standard input
  python3 run.py WORD …             the command line: store, inbox, orders, invoices, notices,
                                    coupons, staff, tokens, sidebars, db, backup, restore;
                                    see python3 run.py WORD --help

Settings come from the environment or from .env (see .env.example). For example:

  PORT=8010 DEMO_PORT=8011 DATA_DIR=/tmp/try python3 run.py
  python3 run.py store add tea --url https://shop.example --help
"""


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit code. Known troubles print no traceback."""
    for number in SIGNALS:
        signal.signal(number, raise_stop)
    try:
        return _dispatch(arguments)
    except LaunchError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except Stop as stop:
        return 128 + stop.number


def _dispatch(arguments: list[str]) -> int:
    word, rest = (arguments[0], arguments[1:]) if arguments else ("demo", [])
    if word in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if word.startswith("-"):
        raise LaunchError(f"{word}: options come after a word; see python3 run.py --help")
    if word in WORDS:
        return WORDS[word](rest)
    return _command_line(word, rest)


def _demo(rest: list[str]) -> int:
    parser = _parser("demo", "Start everything with a demo shop.", "demo --once --json out.json")
    parser.add_argument("--once", action="store_true", help="end when the demo has shown all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="with --once: write a report")
    options = parser.parse_args(rest)
    if options.json and not options.once:
        parser.error("--json goes with --once")
    settings = read_settings()
    return demo_once(settings, options.json) if options.once else demo(settings)


def _serve(rest: list[str]) -> int:
    _parser(
        "serve",
        "Web and workers without the demo. Settings: HOST, PORT, WORKERS, WEB_THREADS, …",
        "serve\n  WORKERS=4 python3 run.py serve",
    ).parse_args(rest)
    return serve(read_settings())


def _setup(rest: list[str]) -> int:
    parser = _parser("setup", "Set up .venv; instant when nothing changed.", "setup --dev")
    parser.add_argument("--dev", action="store_true", help="with the tools for its tests")
    parser.add_argument("--mcp", action="store_true", help="with the assistants' server")
    options = parser.parse_args(rest)
    stages = Stages()
    ensure_environment(stages, dev=options.dev)
    if options.mcp:
        add_assistant(stages)
    stages.say(f"set up in {stages.report()['seconds']:.1f} s")
    return 0


def _test(rest: list[str]) -> int:
    if rest[:1] in (["-h"], ["--help"]):
        _parser(
            "test", "Run the tests; arguments go to pytest.", "test tests/domain -k rounding -x"
        ).print_help()
        return 0
    python = ensure_environment(Stages(), dev=True)
    return _become(python, ["-m", "pytest", "-n", "2", "--dist", "worksteal", *rest], {}, ROOT)


def _chaos(rest: list[str]) -> int:
    python = ensure_environment(Stages(sys.stderr))
    return _become(python, [str(ROOT / "benchmarks" / "chaos.py"), *rest], {}, ROOT)


def _mcp(rest: list[str]) -> int:
    """Hand over to the assistants' server. Its standard output is the protocol's alone."""
    parser = _parser(
        "mcp",
        "An assistant finds orders and reads them and their customers, and changes nothing:"
        " the Model Context Protocol over standard input and output. Install it once with"
        " python3 run.py setup --mcp",
        "mcp --store tea",
    )
    parser.add_argument(
        "--store",
        action="append",
        default=[],
        metavar="NAME",
        help="a shop that it sees; repeatable",
    )
    parser.add_argument("--all-stores", action="store_true", help="it sees every shop")
    parser.parse_args(rest)
    settings = read_settings()
    python = ensure_environment(Stages(sys.stderr))
    env = {"DATA_DIR": str(settings.data_dir)}
    return _become(python, ["-m", "app.cli.assistant", *rest], env, None)


def _command_line(word: str, rest: list[str]) -> int:
    """Hand over to `app.cli`, in the caller's folder; its output is nobody else's.

    The embedded Redis of a run at work is passed on: only that run knows its socket.
    """
    settings = read_settings()
    python = ensure_environment(Stages(sys.stderr))
    env = {"DATA_DIR": str(settings.data_dir)}
    if not settings.redis_url:
        url = running_facts(settings.data_dir).get("redis_url", "")
        env |= {"REDIS_URL": url} if url else {}
    return _become(python, ["-m", "app.cli", word, *rest], env, None)


def _become(python: Path, arguments: list[str], env: dict[str, str], folder: Path | None) -> int:
    """Turn this process into a Python of the environment, so that signals and the exit code are
    its own."""
    sys.stdout.flush()
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    if folder:
        os.chdir(folder)
    os.execve(python, [str(python), *arguments], {**os.environ, **env})  # noqa: S606


def _parser(word: str, says: str, example: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"python3 run.py {word}",
        description=says,
        epilog=f"example:\n  python3 run.py {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


WORDS: dict[str, Callable[[list[str]], int]] = {
    "demo": _demo,
    "serve": _serve,
    "setup": _setup,
    "test": _test,
    "chaos": _chaos,
    "mcp": _mcp,
}
