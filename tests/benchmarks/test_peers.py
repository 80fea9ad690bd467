"""Other models of tables: how they are asked, and what they make where their environment is."""

import importlib
import shlex
import sys
import types

import numpy as np
import pytest

from base.errors import UsageError
from benchmarks import children, peers

with_them = pytest.mark.skipif(not peers.ENVIRONMENT.is_there(), reason="no `make peers` here")


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """One whose Python is a script, that is given the command's arguments."""

    def of(script):
        made = peers.ENVIRONMENT._replace(directory=str(tmp_path))
        (tmp_path / "bin").mkdir()
        (tmp_path / "child.py").write_text(script)
        child = " ".join(map(shlex.quote, [sys.executable, str(tmp_path / "child.py")]))
        python = f'#!/bin/sh\n[ "$2" = -c ] || exec {child} "$@"\n'  # what it checks is there
        (tmp_path / "bin" / "python").write_text(python)
        (tmp_path / "bin" / "python").chmod(0o755)
        monkeypatch.setattr(peers, "ENVIRONMENT", made)

    return of


def test_a_way_is_refused_where_its_environment_is_not(tmp_path, monkeypatch):
    missing = peers.ENVIRONMENT._replace(directory=str(tmp_path))
    monkeypatch.setattr(peers, "ENVIRONMENT", missing)
    peers.check(["preset", "mixture"])
    with pytest.raises(UsageError, match="^--ways=tvae: .*`make peers` does it$"):
        peers.check(["preset", "tvae"])


def test_a_way_is_given_rows_and_seed_and_gives_samples(environment):
    environment(
        "import sys\nimport numpy as np\n*how, way, known, samples, number, seed = sys.argv[1:]\n"
        "assert how == ['-E', '-s', '-m', 'benchmarks.peer_ways'], how\nassert way == 'tvae'\n"
        "np.save(samples, int(seed) + np.load(known)[: int(number)])\n"
    )
    peers.check(["tvae"])
    known = np.random.RandomState(0).randn(50, 3)
    seconds, samples = peers.run("tvae", known, 20, seed=7)
    np.testing.assert_array_equal(samples, known[:20] + 7)
    assert seconds > 0


def test_a_way_that_fails_is_told_with_its_last_line(environment):
    environment("raise SystemExit('no memory')")
    with pytest.raises(RuntimeError, match="no memory$"):
        peers.run("ctgan", np.zeros((5, 2)), 20, seed=1)


class Package:
    """A model of the package: it samples the mean of what it has been fitted to, and its seed."""

    def set_random_state(self, seed):
        self.seed = seed

    def fit(self, rows):
        assert rows.dtype == float
        self.mean = rows.mean(axis=0)

    def sample(self, number):
        return np.tile([*self.mean[:-1], self.seed], (number, 1))


@pytest.fixture
def peer_ways(monkeypatch):
    """The command, where stand-ins are installed."""
    threads = []
    torch = types.SimpleNamespace(get_num_threads=lambda: 64, set_num_threads=threads.append)
    package = types.SimpleNamespace(CTGAN=Package, TVAE=Package)
    stand_ins = {"torch": torch, "ctgan": package, "benchmarks.denoiser": types.ModuleType("none")}
    for name, module in stand_ins.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr("benchmarks.denoiser", stand_ins["benchmarks.denoiser"], raising=False)
    monkeypatch.delitem(sys.modules, "benchmarks.peer_ways", raising=False)
    yield importlib.import_module("benchmarks.peer_ways")
    del sys.modules["benchmarks.peer_ways"]
    assert threads == [2]


@pytest.mark.parametrize("way", ["ctgan", "tvae"])
def test_a_model_of_the_package_is_fitted_to_the_rows_as_numbers(peer_ways, tmp_path, way):
    known, samples = str(tmp_path / "known.npy"), str(tmp_path / "samples.npy")
    np.save(known, np.array([[1, 10], [3, 20]], np.uint8))
    peer_ways.main(way, known, samples, 4, 6)
    np.testing.assert_array_equal(np.load(samples), [[2, 6]] * 4)


LEARN = """
import sys
import numpy as np, torch
from benchmarks import denoiser, diffusion
torch.manual_seed(0)
torch.set_num_threads(1)
rng = np.random.RandomState(0)
chosen = rng.choice([-1, 1], 2000, p=[0.25, 0.75])
known = np.stack([chosen, -chosen], axis=1) + 0.1 * rng.standard_normal((2000, 2))
denoiser.BATCH = 64
predict = denoiser.fit(known, iterations=1500)
np.save(sys.argv[1], diffusion.sample(predict, 500, 2, rng))
"""


@with_them
@pytest.mark.slow
def test_the_diffusion_model_learns_two_clusters(tmp_path):
    path = str(tmp_path / "samples.npy")
    python = [peers.ENVIRONMENT.python, "-E", "-s", "-c", LEARN, path]
    children.watch(python)
    samples = np.load(path)
    upper = samples[:, 0] > 0
    assert upper.mean() == pytest.approx(0.75, abs=0.1)
    for cluster, middle in ((samples[upper], (1, -1)), (samples[~upper], (-1, 1))):
        np.testing.assert_allclose(np.median(cluster, axis=0), middle, atol=0.2)
