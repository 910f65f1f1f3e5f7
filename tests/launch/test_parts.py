"""The small parts of the launcher: what is shown, what is asked of the system, what is loaded."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.launch.commands import run
from app.launch.environment import PTH
from app.launch.errors import LaunchError
from app.launch.identity import end, identify
from app.launch.network import check_port, wait_until_up
from app.launch.packages import MANAGERS, find_manager, unpack
from app.launch.settings import ROOT
from app.launch.stages import Stages
from app.launch.supervisor import Supervisor


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_stage_is_one_plain_line_off_a_terminal() -> None:
    out = io.StringIO()
    stages = Stages(out)
    with stages.stage("redis") as stage:
        stage.detail = "embedded"
    assert out.getvalue().split() == ["redis", "embedded", "0.0", "s"]
    assert [stage["name"] for stage in stages.report()["stages"]] == ["redis"]


def test_a_stage_moves_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.launch.stages.TICK_SECONDS", 0.01)
    out = Terminal()
    with Stages(out).stage("environment") as stage:
        stage.progress = lambda: "3 of 60"
        while "3 of 60" not in out.getvalue():
            pass
        stage.detail = "60 packages"
    assert "60 packages" in out.getvalue().split("\r")[-1]


def test_a_stage_that_fails_is_shown_and_counted() -> None:
    out = io.StringIO()
    stages = Stages(out)
    with pytest.raises(LaunchError), stages.stage("web"):
        raise LaunchError("no")
    assert "failed" in out.getvalue()
    assert stages.done[0][0] == "web"


def test_a_command_that_is_missing_is_no_traceback() -> None:
    assert run(["/nonexistent/program"]).code == 127


def test_a_command_gives_its_code_and_its_last_lines() -> None:
    finished = run([sys.executable, "-c", "print('a'); print('b'); raise SystemExit(4)"], keep=1)
    assert (finished.code, finished.lines) == (4, ["b"])


def test_an_address_of_another_machine_is_no_host() -> None:
    with pytest.raises(LaunchError, match=r"HOST=192\.0\.2\.1 is no address"):
        check_port("PORT", "192.0.2.1", 8000)


def test_waiting_ends_when_it_has_no_sense_any_more() -> None:
    def still() -> None:
        raise LaunchError("web ended")

    with pytest.raises(LaunchError, match="web ended"):
        wait_until_up("http://127.0.0.1:1/healthz", still)
    with pytest.raises(LaunchError, match=r"did not answer within 0.1 s \(last: .*refused"):
        wait_until_up("http://127.0.0.1:1/healthz", lambda: None, seconds=0.1)


def test_a_process_that_does_not_listen_to_reason_is_killed() -> None:
    stubborn = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert end([identify(process.pid)], grace_seconds=0.1) == 1
        assert process.wait(5) == -9


def test_a_child_that_dies_too_often_ends_the_run_with_its_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.launch.supervisor.RESTARTS", 1)
    said: list[str] = []
    supervisor = Supervisor(tmp_path, ROOT, say=said.append)
    supervisor.take()
    supervisor.start("web", [sys.executable, "-c", "raise SystemExit('port gone')"], {})
    with pytest.raises(LaunchError, match=r"exit code 1(.|\n)*port gone\nweb died 2 times"):
        while True:
            supervisor.check()
    assert "web starts again in 0.5 s" in said[0]
    supervisor.stop()


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="Debian's packages")
def test_debians_packages_are_unpacked_without_root(tmp_path: Path) -> None:
    manager = find_manager()
    assert manager
    unpack(manager, ["libpango-1.0-0"], tmp_path, lambda line: None)  # nothing, where installed
    assert not (tmp_path / "packages").exists()


def test_every_package_manager_has_a_line_to_type() -> None:
    for manager in MANAGERS:
        assert manager.mend().startswith(f"sudo {manager.program} ")
        assert any("pango" in word for word in manager.mend().split())


def test_libraries_are_loaded_after_those_that_they_need(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("no compiler to make libraries with")
    (tmp_path / "one.c").write_text("int one(void) { return 1; }")
    (tmp_path / "two.c").write_text("int one(void); int two(void) { return 1 + one(); }")
    for name, needs in (("one", []), ("two", [f"{tmp_path}/libone.so.1"])):
        subprocess.run(
            ["gcc", "-shared", "-fPIC", f"-Wl,-soname,lib{name}.so.1", "-o",
             tmp_path / f"lib{name}.so.1", tmp_path / f"{name}.c", *needs],
            check=True,
        )  # fmt: skip
    script = (
        "import sys, ctypes, pathlib; from app.launch.native_loader import load;"
        "here = pathlib.Path(sys.argv[1]);"
        "order = load([here / 'libtwo.so.1', here / 'none.so.1', here / 'libone.so.1']);"
        "print([one.name for one in order], ctypes.CDLL('libtwo.so.1').two())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "['libone.so.1', 'libtwo.so.1'] 2", done.stderr


def test_the_environment_finds_the_project_that_it_is_in() -> None:
    for site_packages in ROOT.glob(".venv/lib/*/site-packages"):
        assert (site_packages / PTH.splitlines()[0]).resolve() == ROOT


def test_an_old_python_is_told_what_it_needs() -> None:
    text = (ROOT / "run.py").read_text()
    text = text.replace("import sys\n", "import sys\nsys.version_info = (3, 9, 2)\n", 1)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is Python 3.9" in done.stderr


def test_the_launcher_needs_the_standard_library_alone() -> None:
    script = (
        "import sys; import app.launch.main;"
        "outside = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names);"
        "print(sorted(name for name in outside if not name.startswith('_')))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "['app']", done.stderr
