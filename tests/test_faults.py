"""What surrounds a run: its environment, the current directory, signals at any instant, outputs."""

import contextlib
import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

from tests.conftest import ROOT, TINY, run_main

ONE = [*TINY, "--steps=1"]


def assert_one_line(done, status):
    assert done.returncode == status, done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_the_current_directory_runs_no_code(tmp_path):
    for name in ("signal", "runpy", "socket", "pickle", "multiprocessing", "sitecustomize", "site"):
        (tmp_path / f"{name}.py").write_text("import os; os._exit(77)")
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nbackend: TkAgg\n")
    done = run_main(*ONE, f"--workdir={tmp_path}/run")
    assert done.returncode == 0, done.stderr


FOREIGN = {
    "MPLBACKEND": "module://ipykernel.pylab.backend_inline",
    "MPLCONFIGDIR": "/nowhere/at/all",
    "PYTHONIOENCODING": "ascii",
    "LC_ALL": "C",
    "HOME": "/nowhere",
    "TERM": "odd",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=true --xla_dump_to=dumped",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
}


@pytest.mark.skipif(
    any(ord(letter) > 127 for letter in sys.executable),
    reason="in the C locale, Python 3.7 does not find packages in a folder of such a name",
)
def test_an_environment_meant_for_others_does_no_harm(tmp_path):
    done = run_main(*ONE, f"--workdir={tmp_path}/é", environment=FOREIGN)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("XLA_FLAGS", "--xla_gpu_enable_triton_gemm=false"),
        ("XLA_FLAGS", "flags.txt"),
        ("XLA_FLAGS", "--tf_xla_auto_jit=2"),
        ("TF_XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false"),
        ("TF_XLA_FLAGS", "--tf_xla_of_tomorrow"),
    ],
)
def test_flags_that_would_abort_tensorflow_are_named(tmp_path, variable, value):
    done = run_main(*ONE, f"--workdir={tmp_path}/run", environment={variable: value})
    assert f"error: {variable}={value}: " in assert_one_line(done, 2)
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_matter(tmp_path, closed):
    command = f'exec "$0" "$@" {closed}'
    flags = [sys.executable, os.path.join(ROOT, "main.py"), *ONE, "--workdir=run"]
    done = subprocess.run(["sh", "-c", command, *flags], cwd=str(tmp_path), timeout=300)
    assert done.returncode == 0
    assert os.path.exists(str(tmp_path / "run" / "report.html"))
    refused = subprocess.run(["sh", "-c", command, *flags, "--steps=0"], cwd=str(tmp_path))
    assert refused.returncode == 2


def test_a_user_without_an_entry_and_home():
    environment = {n: v for n, v in os.environ.items() if n not in ("HOME", "USER", "LOGNAME")}
    may_read = "+dac_override,+dac_read_search"
    stranger = ["setpriv", "--inh-caps", may_read, "--ambient-caps", may_read, "--reuid=54321"]
    if subprocess.run([*stranger, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs the right to become another user")
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        done = subprocess.run(
            [*stranger, sys.executable, os.path.join(ROOT, "main.py"), *ONE, "--workdir=run"],
            cwd=directory, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("mebibytes", [60, 400, 1100])
def test_a_limit_that_leaves_too_little_is_named(tmp_path, mebibytes):
    command = f'ulimit -v {mebibytes << 10}; exec "$0" "$@"'
    flags = [sys.executable, os.path.join(ROOT, "main.py"), *ONE, "--workdir=run"]
    done = subprocess.run(
        ["sh", "-c", command, *flags], cwd=str(tmp_path), capture_output=True, text=True
    )
    assert f"error: ulimit -v {mebibytes << 10}: a run on this machine" in assert_one_line(done, 2)


def test_a_tilde_is_the_home_directory(tiny_run, tmp_path):
    (tmp_path / "home").mkdir()
    np.save(str(tmp_path / "home" / "x.npy"), np.random.RandomState(0).randn(100, 2))
    flags = [*ONE, "--dataset=file", "--data_file=~/x.npy", "--batch_size=10", "--workdir=~/run"]
    environment = {"HOME": str(tmp_path / "home")}
    done = run_main(*flags, cwd=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr
    use = ["--mode=sample", "--workdir=~/run", "--output=~/y.npy"]
    assert run_main(*use, cwd=tmp_path, environment=environment).returncode == 0
    assert os.listdir(str(tmp_path)) == ["home"]
    made = [name for name in os.listdir(str(tmp_path / "home")) if name[0] != "."]  # libraries'
    assert sorted(made) == ["run", "x.npy", "y.npy"]


def signalled(flags, cwd, seconds, number):
    """Runs main.py, to which a signal comes after so long, as from a terminal: to all of it."""
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "main.py"), *flags],
        cwd=str(cwd), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    _, error = process.communicate(timeout=60)
    return process.returncode, error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_at_any_instant_of_the_start(tmp_path, number):
    """Before anything is there to save, while modules load, and while others start."""
    rng = random.Random(int(number))
    for seconds in (0.15, 0.4, 0.7, rng.uniform(0.1, 3.0)):
        flags = [*ONE, "--epochs=100000", "--workdir=run"]
        status, error = signalled(flags, tmp_path, seconds, number)
        assert status in (128 + number, -number), (seconds, error)
        assert error == "" or error.startswith(f"Stopped by {number.name}. What was committed")
        assert error.count("\n") <= 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_at_any_instant_of_sampling(tiny_run, tmp_path, number):
    workdir = os.path.relpath(tiny_run[0], str(tmp_path))
    rng = random.Random(int(number))
    flags = ["--mode=sample", f"--workdir={workdir}", "--num_samples=3000000", "--output=x.csv"]
    for _ in range(2):
        status, error = signalled(flags, tmp_path, rng.uniform(0.1, 5.0), number)
        assert status in (128 + number, -number), error
        assert error in ("", f"Stopped by {number.name}. Nothing was changed.\n")
        assert os.listdir(str(tmp_path)) == []


def test_a_helper_that_is_killed_is_told_and_the_run_goes_on(tmp_path):
    flags = [*TINY, "--epochs=400", "--iterations_per_loop=40", "--steps=3"]
    command = [sys.executable, os.path.join(ROOT, "main.py"), *flags, "--workdir=run"]
    process = subprocess.Popen(
        command, cwd=str(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not os.path.exists(str(tmp_path / "run" / "components" / "01" / "state.json")):
        assert process.poll() is None
        time.sleep(0.01)
    (helper,) = helpers_of(process.pid)
    os.kill(helper, signal.SIGKILL)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error == (
        "error: the process that draws the pictures has died (killed by SIGKILL). What was "
        "committed in run is safe; the same command goes on from there.\n"
    )
    done = run_main(*flags, f"--workdir={tmp_path}/run")
    assert done.returncode == 0, done.stderr
    assert "Going on after step" in done.stdout


def helpers_of(process):
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[1]) == process:
            found.append(int(path.split("/")[2]))
    return found


def start_a_first_component(tmp_path, path):
    """Trains until a checkpoint is there and nothing is committed yet, then kills."""
    flags = [
        *TINY, "--dataset=file", f"--data_file={path}", "--epochs=100000", "--batch_size=16",
        "--iterations_per_loop=40", "--checkpoint_seconds=0.05", "--workdir=run",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "main.py"), *flags],
        cwd=str(tmp_path), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while not os.path.exists(str(tmp_path / "run" / "components" / "01" / "progress.json")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    return flags


def test_before_its_first_commit_a_run_keeps_to_its_data_and_settings(tmp_path):
    path = tmp_path / "x.npy"
    points = np.random.RandomState(0).randn(6400, 2)
    np.save(str(path), points)
    flags = start_a_first_component(tmp_path, path)
    changed = np.where(np.arange(6400) % 50 == 25, 1.0, 0.0)[:, None] + points  # some rows of many
    np.save(str(path), changed)
    done = run_main(*flags, cwd=tmp_path)
    assert "its components are trained on other data" in assert_one_line(done, 2)
    np.save(str(path), points)
    settings = tmp_path / "run" / "settings.json"
    text = settings.read_text()
    settings.write_text(text.replace('"init_std": 0.8', '"init_std": 0.5'))
    done = run_main(*flags, "--init_std=0.5", cwd=tmp_path)
    assert "settings.json: was changed since the run was started" in assert_one_line(done, 2)
    settings.write_text(text)
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "main.py"), *flags],
        cwd=str(tmp_path), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "Data: 5120 training points" in process.stdout.readline()
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("mode", "output", "told"),
    [
        ("sample", "other/components/01/data_weights.npy", "belongs to the run in "),
        ("sample", "run/components/01/data_weights.npy", "belongs to the run in run"),
        ("sample", "run/metrics.csv", "belongs to the run in run"),
        ("sample", "link.npy", "holds the data of the run"),
        ("sample", "x.npy", "holds the data of the run"),
        ("evaluate", "run/state.json", "belongs to the run in run"),
        ("evaluate", "run/./settings.json", "belongs to the run in run"),
        ("sample", "pipe.npy", "is a pipe"),
        ("sample", "nowhere/x.npy", "is no directory that can be written"),
    ],
)
def test_outputs_never_replace_what_the_run_needs(own_run, mode, output, told):
    before = contents(own_run)
    done = run_main(f"--mode={mode}", "--workdir=run", f"--output={output}", cwd=own_run)
    error = assert_one_line(done, 2)
    assert error.startswith(f"error: --output={output}: ")
    assert told in error
    assert contents(own_run) == before


@pytest.fixture(scope="module")
def own_run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("own [x]")
    np.save(str(directory / "x.npy"), np.random.RandomState(0).randn(100, 2))
    flags = [*ONE, "--dataset=file", "--data_file=x.npy", "--batch_size=10", "--workdir=run"]
    done = run_main(*flags, cwd=directory)
    assert done.returncode == 0, done.stderr
    os.link(str(directory / "x.npy"), str(directory / "link.npy"))
    os.mkfifo(str(directory / "pipe.npy"))
    shutil.copytree(str(directory / "run"), str(directory / "other"))
    return directory


def contents(top):
    found = {}
    for directory, _, names in os.walk(str(top)):
        for name in names:
            path = os.path.join(directory, name)
            found[path] = os.stat(path).st_mtime_ns
    return found


def test_other_outputs_are_written(own_run):
    for output in ("run/new.npy", "new.csv"):
        flags = ["--mode=sample", "--workdir=run", "--num_samples=70", f"--output={output}"]
        done = run_main(*flags, cwd=own_run)
        assert done.returncode == 0, done.stderr
    table = np.loadtxt(str(own_run / "new.csv"), delimiter=",", skiprows=1)
    np.testing.assert_allclose(table, np.load(str(own_run / "run" / "new.npy")), rtol=1e-6)


def test_a_step_made_by_another_version_of_the_program_is_told(tiny_run, tmp_path):
    """A copy of the program with one comment more."""
    program = str(tmp_path / "program")
    ignored = shutil.ignore_patterns(".*", "tests", "benchmarks", "docs", "tables", "results")
    shutil.copytree(ROOT, program, ignore=ignored)
    with open(os.path.join(program, "base", "streams.py"), "a") as file:
        file.write("# another version\n")
    shutil.copytree(tiny_run[0], str(tmp_path / "run"))
    command = [sys.executable, os.path.join(program, "main.py"), *TINY, "--steps=3"]
    done = subprocess.run(
        [*command, "--workdir=run"], cwd=str(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Step 2 was made by another version of this program" in done.stdout


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--mode=sample", "--component=1", "--output=x.npy"], "--component=1: is for --mode=exp"),
        (["--mode=evaluate", "--repair"], "--repair: is for --mode=train"),
        ([*TINY, "--output=x.npy"], "--output=x.npy: is for --mode=sample or"),
        (["--mode=sample", "--output=x.npy", "--seed=-4"], "--seed=-4: must lie in [0, 42949672"),
        (["--mode=evaluate", "--seed=4294967296"], "--seed=4294967296: must lie in"),
    ],
)
def test_flags_that_would_be_ignored_are_refused(tiny_run, tmp_path, flags, told):
    done = run_main(*flags, f"--workdir={tiny_run[0]}")
    assert f"error: {told}" in assert_one_line(done, 2)


@pytest.mark.parametrize("scheme", ["s3", "ram"])
def test_addresses_of_other_hosts_are_no_work_directories(tmp_path, scheme):
    done = run_main(*ONE, f"--workdir={scheme}://a/b", cwd=tmp_path)
    assert "needs a directory of this machine" in assert_one_line(done, 2)
    assert os.listdir(str(tmp_path)) == []


def test_a_path_that_is_no_text_is_refused(tmp_path):
    command = [sys.executable, os.path.join(ROOT, "main.py"), *ONE, b"--workdir=\xff\xfe"]
    done = subprocess.run(command, cwd=str(tmp_path), capture_output=True, text=True)
    assert "is no text in UTF-8" in assert_one_line(done, 2)
    assert os.listdir(str(tmp_path)) == []


def test_what_is_made_of_a_finished_run_comes_back(tiny_run, tmp_path):
    workdir = str(tmp_path / "run")
    shutil.copytree(tiny_run[0], workdir)
    shutil.rmtree(os.path.join(workdir, "plots"))
    os.remove(os.path.join(workdir, "report.html"))
    done = run_main(*TINY, f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    assert os.listdir(os.path.join(workdir, "plots"))
    assert os.path.exists(os.path.join(workdir, "report.html"))


def test_changed_settings_of_a_finished_run_are_noticed(tiny_run, tmp_path):
    workdir = str(tmp_path / "run")
    shutil.copytree(tiny_run[0], workdir)
    path = os.path.join(workdir, "settings.json")
    with open(path) as file:
        text = file.read()
    for changed in (
        text.replace('"seed": 0', '"seed": 1'),
        text.replace('"seed"', '"sead": 1, "seed"'),
    ):
        assert changed != text
        with open(path, "w") as file:
            file.write(changed)
        error = assert_one_line(run_main(*TINY, "--seed=1", f"--workdir={workdir}"), 2)
        assert "settings.json: " in error
        assert "--mode=train --repair" in error
    done = run_main(*TINY, "--repair", f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    with open(path) as file:
        assert file.read() == text
