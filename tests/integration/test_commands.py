"""Commands under their guardian, without a run around them."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runs import commands
from runs.commands import Command, Guardian, GuardianLost, NotStarted
from tests.interruption.harness import CHECKOUT, wait_for
from tests.processes import living

BASH = shutil.which("bash") or "/bin/bash"
PATH = os.environ["PATH"]


@pytest.fixture(params=["linux", "portable"])
def guardian(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guardian]:
    """A guardian of this test's own; `portable` does without what only Linux has."""
    own = Guardian(*(["portable"] if request.param == "portable" else []))
    monkeypatch.setattr(commands, "_guardian", own)
    yield own
    own.end()


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    """What the test's commands have in their environment. None of them is left at the end."""
    yield f"TEST_MARK={tmp_path.name}"
    assert living(f"TEST_MARK={tmp_path.name}") == {}


class Run:
    """A command and what it has printed."""

    def __init__(self, text: str, folder: Path, **env: str) -> None:
        self.text, self.folder = text, folder
        self.env = {"PATH": PATH, "TEST_MARK": folder.name, **env}
        self.out, self.err = b"", b""
        self.command = Command()
        self.answer: Any = None

    def __call__(self, program: str = BASH) -> int:
        with self.command as command:
            return command.run(
                program,
                ["bash", "-c", self.text],
                folder=self.folder,
                env=self.env,
                out=self._out,
                err=self._err,
            )

    def _out(self, data: bytes) -> None:
        self.out += data

    def _err(self, data: bytes) -> None:
        self.err += data

    @contextmanager
    def while_it_runs(self) -> Iterator[None]:
        """It runs in a thread; ``answer`` is its exit code or what it raised."""

        def body() -> None:
            try:
                self.answer = self()
            except Exception as error:
                self.answer = error

        thread = threading.Thread(target=body)
        thread.start()
        yield
        thread.join(20)
        assert not thread.is_alive()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.usefixtures("guardian", "mark")
class TestBothWays:
    def test_output_and_exit_code_are_the_commands(self, tmp_path: Path) -> None:
        run = Run('echo "$A"; pwd; echo oops >&2; exit 7', tmp_path, A="=a\nb= ")
        assert run() == 7
        assert run.out.decode() == f"=a\nb= \n{tmp_path}\n"
        assert run.err == b"oops\n"

    def test_the_signal_that_ended_it_is_a_negative_code(self, tmp_path: Path) -> None:
        assert Run("kill -9 $$", tmp_path)() == -signal.SIGKILL

    def test_all_that_it_printed_arrives(self, tmp_path: Path) -> None:
        run = Run("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2", tmp_path)
        assert run() == 0
        assert (len(run.out), len(run.err)) == (3_000_000, 2_000_000)

    def test_it_has_no_input_and_signals_do_what_they_do_elsewhere(self, tmp_path: Path) -> None:
        run = Run("cat; trap -p; yes | head -1; (kill $BASHPID) 2>&-; echo $?", tmp_path)
        assert run() == 0
        assert run.out == b"y\n143\n"  # no "Broken pipe", and TERM ends
        assert b"roken" not in run.err

    def test_it_has_no_file_of_the_worker_or_the_guardian(self, tmp_path: Path) -> None:
        run = Run("ls /proc/self/fd", tmp_path)
        assert run() == 0
        assert run.out.split() == [b"0", b"1", b"2", b"3"]  # 3 is the folder that `ls` reads

    def test_what_cannot_be_started_says_why(self, tmp_path: Path) -> None:
        for wrong, why in (
            (Run("true", tmp_path / "nowhere"), "No such file or directory"),
            (Run("true", tmp_path, **{"A=B": "c"}), "cannot be the name"),
            (Run("true", tmp_path, A="\0"), "NUL"),
            (Run("true", tmp_path, A="\ud800"), "no text"),
            (Run("#" * 10_000_000, tmp_path), "Argument list too long"),
        ):
            with pytest.raises(NotStarted, match=why):
                wrong()
        with pytest.raises(NotStarted, match="Permission denied"):
            Run("true", tmp_path)(program=str(tmp_path))

    def test_what_it_leaves_in_the_background_ends_with_it(self, tmp_path: Path) -> None:
        run = Run("sleep 600 & (trap '' TERM; sleep 601) & echo ready", tmp_path)
        assert run() == 0
        assert run.out == b"ready\n"
        assert living(f"TEST_MARK={tmp_path.name}") == {}

    def test_a_stop_is_polite_first(self, tmp_path: Path) -> None:
        run = Run("trap 'rm lock; exit 3' TERM; touch lock; sleep 600 & wait", tmp_path)
        with run.while_it_runs():
            wait_for((tmp_path / "lock").exists)
            run.command.stop()
        assert run.answer == 3
        assert not (tmp_path / "lock").exists()

    def test_what_does_not_listen_is_killed(self, tmp_path: Path) -> None:
        run = Run("trap '' TERM INT HUP; touch deaf; while :; do sleep 0.01; done", tmp_path)
        with run.while_it_runs():
            wait_for((tmp_path / "deaf").exists)
            run.command.stop()
        assert run.answer == -signal.SIGKILL

    def test_a_command_that_is_stopped_before_it_begins_never_does(self, tmp_path: Path) -> None:
        run = Run("touch began", tmp_path)
        run.command.stop()
        with pytest.raises(NotStarted, match="stopped"):
            run()
        assert not (tmp_path / "began").exists()

    def test_many_at_once_do_not_get_into_each_others_way(self, tmp_path: Path) -> None:
        runs = [Run(f"sleep 0.2; echo {n}; exit {n}", tmp_path) for n in range(20)]
        threads = [threading.Thread(target=lambda r=run: setattr(r, "answer", r())) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [run.answer for run in runs] == list(range(20))
        assert [run.out for run in runs] == [b"%d\n" % n for n in range(20)]

    def test_nothing_is_left_open(self, tmp_path: Path) -> None:
        Run("true", tmp_path)()
        before = sorted(os.listdir("/proc/self/fd"))
        for _ in range(10):
            Run("true", tmp_path)()
        assert sorted(os.listdir("/proc/self/fd")) == before

    def test_a_guardian_that_was_killed_between_two_commands_is_replaced(
        self, guardian: Guardian, tmp_path: Path
    ) -> None:
        assert Run("exit 4", tmp_path)() == 4
        assert guardian._process is not None
        guardian._process.kill()
        guardian._process.wait()
        assert Run("exit 5", tmp_path)() == 5

    def test_with_its_guardian_a_command_is_lost(self, tmp_path: Path) -> None:
        run = Run("echo $$ > pid; sleep 600 & sleep 600; wait", tmp_path)
        with run.while_it_runs():
            pid = wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
            os.kill(parent_of(int(pid)), signal.SIGKILL)
        assert isinstance(run.answer, GuardianLost)
        wait_for(lambda: not living(f"TEST_MARK={tmp_path.name}"), 60)


def test_a_forked_process_has_a_guardian_of_its_own(tmp_path: Path) -> None:
    script = f"""
import os, django
django.setup()
from pathlib import Path
from tests.integration.test_commands import Run
from runs import commands
folder = Path({str(tmp_path)!r})
assert Run("exit 5", folder)() == 5
first = commands._guardian._process.pid
child = os.fork()
if child == 0:
    code = Run("exit 6", folder)()
    os._exit(code if commands._guardian._process.pid != first else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 6
assert Run("exit 7", folder)() == 7
assert commands._guardian._process.pid == first
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, check=False, timeout=60)
    assert done.returncode == 0


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="what only Linux has")


@LINUX
def test_a_daemon_may_stay_when_its_command_ends_by_itself(tmp_path: Path) -> None:
    """And does not keep the step waiting, though it holds the command's output open."""
    run = Run("setsid sleep 600 & while ! ps -o sid= -p $! | grep -q $!; do :; done", tmp_path)
    assert run() == 0
    (daemon,) = living(f"TEST_MARK={tmp_path.name}")
    os.kill(daemon, signal.SIGKILL)


@LINUX
def test_a_child_that_the_worker_forked_does_not_keep_a_command_alive(
    tmp_path: Path, mark: str
) -> None:
    """It holds the worker's end of everything open, and the worker is killed."""
    script = f"""
import os, threading, time, django
django.setup()
from pathlib import Path
from tests.integration.test_commands import Run
folder = Path({str(tmp_path)!r})
threading.Thread(target=Run("echo $$ > pid; sleep 600", folder), daemon=True).start()
while not (folder / "pid").exists():
    time.sleep(0.01)
if os.fork() == 0:
    (folder / "child").write_text(str(os.getpid()))
    time.sleep(600)
time.sleep(600)
"""
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=CHECKOUT)
    try:
        child = wait_for(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
        assert living(mark)
    finally:
        worker.kill()
        worker.wait()
    try:
        wait_for(lambda: not living(mark), 5, "the command's end")
    finally:
        os.kill(int(child), signal.SIGKILL)
