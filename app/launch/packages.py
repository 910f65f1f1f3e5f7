"""The system's package managers: as root they install; without root, packages are downloaded
and unpacked into a folder of ours.

Names of packages are the distributions' own. Nothing here adds a source: only what the
machine's package manager is set up to reach is asked.
"""

import os
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.launch.commands import Finished, run
from app.launch.errors import LaunchError

PANGO_ALPINE = [
    f"so:lib{name}"
    for name in (
        "gobject-2.0.so.0",
        "pango-1.0.so.0",
        "pangoft2-1.0.so.0",
        "harfbuzz.so.0",
        "harfbuzz-subset.so.0",
        "fontconfig.so.1",
    )
]


@dataclass(frozen=True)
class Manager:
    """A package manager: its program, how it installs, and what holds WeasyPrint's libraries."""

    program: str
    install: list[str]
    refresh: list[str]
    pango: list[str]

    def mend(self, names: list[str] | None = None) -> str:
        """The line for a person to type."""
        return "sudo " + shlex.join(self.install + (names or self.pango))


MANAGERS = [
    Manager(
        "apt-get",
        ["apt-get", "install", "-y", "--no-install-recommends"],
        ["apt-get", "update"],
        ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "libfontconfig1"],
    ),
    Manager("dnf", ["dnf", "install", "-y"], [], ["pango", "harfbuzz", "fontconfig"]),
    Manager("apk", ["apk", "add"], ["apk", "update"], PANGO_ALPINE),
    Manager("pacman", ["pacman", "-S", "--noconfirm", "--needed"], ["pacman", "-Sy"], ["pango"]),
    Manager(
        "zypper",
        ["zypper", "--non-interactive", "install"],
        ["zypper", "--non-interactive", "refresh"],
        ["libpango-1_0-0", "libharfbuzz-subset0", "libfontconfig1"],
    ),
]


def find_manager() -> Manager | None:
    """The package manager of this machine, if it is one that we know."""
    return next((manager for manager in MANAGERS if shutil.which(manager.program)), None)


def install_as_root(manager: Manager, names: list[str], on_line: Callable[[str], None]) -> Finished:
    """Install `names`; the lists are refreshed only when it does not work with those at hand."""
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    finished = run(manager.install + names, env=env, on_line=on_line)
    if finished.code and manager.refresh:
        run(manager.refresh, env=env, on_line=on_line)
        finished = run(manager.install + names, env=env, on_line=on_line)
    return finished


def unpack(manager: Manager, names: list[str], into: Path, on_line: Callable[[str], None]) -> None:
    """Download `names`, and what they need that is not installed, and unpack all below `into`.

    Needs no root. Raises LaunchError with the line to type where this is not possible.
    """
    downloads = into / "packages"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    if manager.program == "apt-get":
        _download_debian(names, downloads, on_line)
    elif manager.program == "dnf":
        _checked(["dnf", "download", "--resolve", "--destdir", str(downloads), *names], on_line)
    else:
        raise LaunchError(
            f"{manager.program} cannot download without root; type: {manager.mend(names)}"
        )
    for package in sorted(downloads.iterdir()):
        _unpack_one(package, into)
    shutil.rmtree(downloads)


def _unpack_one(package: Path, into: Path) -> None:
    if package.suffix == ".deb":
        _checked(["dpkg-deb", "-x", str(package), str(into)])
    elif package.suffix == ".rpm":
        script = 'cd "$2" && rpm2cpio "$1" | cpio -idm --quiet'
        _checked(["sh", "-c", script, "sh", str(package), str(into)])


def _download_debian(names: list[str], downloads: Path, on_line: Callable[[str], None]) -> None:
    """Download with the machine's package lists, else with lists fetched into a folder of ours.

    Packages that are installed already, older ones too, are left as the machine has them: a
    second libc beside the running one ends badly.
    """
    options = ["-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={downloads}"]
    if os.geteuid() == 0:  # the lesser user that apt takes for downloads cannot write here
        options += ["-o", "APT::Sandbox::User=root"]
    missing = _missing_debian(names, options)
    if missing is None:
        lists = downloads / "lists"
        (lists / "partial").mkdir(parents=True)
        options += ["-o", f"Dir::State::Lists={lists}"]
        _checked(["apt-get", *options, "update"], on_line)
        missing = _missing_debian(names, options)
    if missing is None:
        raise LaunchError(
            f"apt-get does not know {' '.join(names)}; install what holds Pango by hand"
        )
    if missing:
        _checked(["apt-get", *options, "download", *missing], on_line, cwd=downloads)
    shutil.rmtree(downloads / "lists", ignore_errors=True)


def _missing_debian(names: list[str], options: list[str]) -> list[str] | None:
    """`name=version` of each package that an installation would add; None: the lists lack some."""
    simulate = ["apt-get", *options, "-s", "-q", "--no-install-recommends", "install", *names]
    finished = run(simulate, env={"LC_ALL": "C"}, keep=2000)
    if finished.code:
        return None
    added = (re.match(r"Inst (\S+) \((\S+) ", line) for line in finished.lines)
    return [f"{match[1]}={match[2]}" for match in added if match]


def _checked(
    argv: list[str], on_line: Callable[[str], None] = lambda line: None, cwd: Path | None = None
) -> None:
    finished = run(argv, cwd=cwd, on_line=on_line)
    if finished.code:
        raise LaunchError(f"{shlex.join(argv[:1])} failed (exit {finished.code}):\n{finished.tail}")
