"""What surrounds a run: its environment, the current directory, closed streams, limits."""

import os
import subprocess
import sys
import tempfile

import numpy as np
import pytest

from tests.conftest import ROOT, run_fresh, run_main
from tests.whole_runs import ONE, assert_one_line


def test_the_current_directory_runs_no_code(tmp_path):
    for name in ("signal", "runpy", "socket", "pickle", "multiprocessing", "sitecustomize", "site"):
        (tmp_path / f"{name}.py").write_text("import os; os._exit(77)")
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nbackend: TkAgg\n")
    done = run_fresh(*ONE, f"--workdir={tmp_path}/run")
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
    done = run_fresh(*ONE, f"--workdir={tmp_path}/é", environment=FOREIGN)
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
    done = run_fresh(*ONE, f"--workdir={tmp_path}/run", environment={variable: value})
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
