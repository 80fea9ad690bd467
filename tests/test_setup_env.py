"""The set-up of the environment, with fakes of what it calls: no network, and no wait for pip."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT

TOOLS = "bash cat cut dirname env flock ls mkdir mv rm sed sha256sum sleep uname".split()
FAKE_UV = """#!/bin/bash
echo "$@" >>"$UV_LOG"
case "$1 $2" in
"venv --quiet") {python} -m venv --without-pip "${{@: -1}}" ;;
"pip install") {install} ;;
"python install") {fetch} ;;
"python find") echo {python} ;;
esac
"""


def heeds_signals():
    """What started the tests may ignore some, and a shell cannot trap those."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Clone:
    """A folder with the set-up's script and what it reads; on its PATH are fakes alone."""

    def __init__(self, path):
        self.path, self.bin = path / "clone", path / "bin"
        for name in ("clone/scripts", "clone/requirements", "bin"):
            (path / name).mkdir(parents=True)
        script = os.path.join(ROOT, "scripts", "setup_env.sh")
        self.script = shutil.copy(script, str(self.path / "scripts"))
        for name in ("lock", "data"):
            (self.path / "requirements" / f"{name}.txt").write_text(f"{name}==1.0\n")
        for tool in TOOLS:
            if shutil.which(tool):
                (self.bin / tool).symlink_to(shutil.which(tool))
        self.fake("uname", "echo x86_64")
        base = os.path.join(sys.base_prefix, "bin", "python3.7")
        self.base, self.log = os.path.realpath(base), path / "uv.log"
        self.uv()

    def fake(self, name, text):
        if (self.bin / name).is_symlink():
            (self.bin / name).unlink()
        (self.bin / name).write_text(text if text.startswith("#!") else f"#!/bin/bash\n{text}\n")
        (self.bin / name).chmod(0o755)

    def uv(self, install="true", fetch="false"):
        self.fake("uv", FAKE_UV.format(python=self.base, install=install, fetch=fetch))

    def python37(self):
        self.fake("python3.7", f'exec {self.base} "$@"')

    def start(self, activated=False, **how):
        first = f"{self.path}/.venv/bin:" if activated else ""
        environment = {"PATH": f"{first}{self.bin}", "UV_LOG": str(self.log)}
        pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        return subprocess.Popen(
            ["bash", self.script], env=environment, preexec_fn=heeds_signals, **pipes, **how
        )

    def made(self, **how):
        started = self.start(**how)
        said, errors = started.communicate()
        return started.returncode, said + errors

    def is_whole(self):
        """The Python in it is one, and nothing lies beside it."""
        python = str(self.path / ".venv" / "bin" / "python")
        command = [python, "-c", "import sys; print(sys.prefix)"]
        prefix = subprocess.run(command, capture_output=True, text=True).stdout.strip()
        beside = [name for name in os.listdir(str(self.path)) if name.startswith(".venv.")]
        return prefix == str(self.path / ".venv") and not beside

    def mark(self):
        """Has it made anew the next time; a file tells the old one from that."""
        (self.path / ".venv" / "old").write_text("")
        (self.path / "requirements" / "lock.txt").write_text("lock==2.0\n")

    @property
    def is_old(self):
        return (self.path / ".venv" / "old").exists() and self.is_whole()


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path)
    made.python37()
    assert made.made() == (0, f"Making .venv with {made.base}\n")
    assert made.is_whole()
    return made


def test_set_up_once_it_is_left_alone_activated_or_not(clone):
    calls = clone.log.read_text()
    for activated in (True, False):
        assert clone.made(activated=activated) == (0, "")
    assert clone.log.read_text() == calls


@pytest.mark.parametrize("elsewhere", [True, False])
def test_an_activated_environment_is_no_base_of_itself(clone, elsewhere):
    stamp = (clone.path / ".venv" / ".stamp").read_text()
    if not elsewhere:
        (clone.bin / "python3.7").unlink()
    clone.mark()
    assert clone.made(activated=True) == (0, f"Making .venv with {clone.base}\n")
    assert clone.is_whole()
    assert not clone.is_old
    (clone.path / "requirements" / "lock.txt").write_text("lock==1.0\n")
    assert clone.made()[0] == 0
    assert (clone.path / ".venv" / ".stamp").read_text() == stamp


def test_a_failed_set_up_leaves_the_old_environment(clone):
    clone.uv(install="false")  # nor can pip: the lock has no hashes
    clone.mark()
    status, _ = clone.made()
    assert status != 0
    assert clone.is_old
    clone.uv()
    assert clone.made()[0] == 0
    assert clone.is_whole()
    assert not clone.is_old


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_interrupted_set_up_leaves_the_old_environment(clone, number):
    """What was killed says nothing more: the next one finds it."""
    clone.uv(install='echo $$ >"$UV_LOG.begun"; exec sleep 60')
    clone.mark()
    started = clone.start(start_new_session=True)
    begun, deadline = clone.log.with_suffix(".log.begun"), time.monotonic() + 30
    while not (begun.exists() and begun.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    sleeping = int(begun.read_text())
    started.send_signal(number)
    if number == signal.SIGKILL:
        os.kill(sleeping, signal.SIGKILL)
        started.communicate()
        assert not clone.is_old
        (clone.path / "requirements" / "lock.txt").write_text("lock==1.0\n")
        assert clone.made() == (0, "")
    else:
        started.communicate(timeout=30)  # when all that write to its pipes have ended
        assert started.returncode == (130 if number == signal.SIGINT else 143)
    assert clone.is_old


@pytest.mark.parametrize("fetch", ["true", "false"])
def test_without_a_python37_uv_fetches_one_or_one_line_says_what_to_do(tmp_path, fetch):
    clone = Clone(tmp_path)
    clone.uv(fetch=f"echo noise; echo noise >&2; {fetch}")
    status, said = clone.made()
    if fetch == "true":
        assert (status, said) == (0, f"Making .venv with {clone.base}\n")
        assert clone.is_whole()
    else:
        assert status == 2
        assert said.count("\n") == 1
        for word in ("error: no Python 3.7", "uv python", "pyenv", "conda"):
            assert word in said
        assert not (clone.path / ".venv").exists()


def test_of_two_set_ups_at_a_time_the_second_finds_it_made(clone):
    if not shutil.which("flock"):
        pytest.skip("no flock is here")
    clone.uv(install="sleep 0.5")
    clone.mark()
    said = sorted(started.communicate()[1] for started in [clone.start(), clone.start()])
    assert said == ["", f"Making .venv with {clone.base}\n"]
    assert clone.is_whole()
