"""Work directories with some committed steps."""

import dataclasses
import hashlib
import math
import os

from evaluation.metrics import Metrics, Sizes, Spread
from storage.state import State, StepRecord
from storage.workdir import Workdir
from tests.conftest import after


def make_state(steps=2):
    nothing = Metrics(-2.0, 0.9, math.nan, math.nan, math.nan, math.nan)
    records = tuple(
        StepRecord(
            step=number,
            beta=1 / number,
            lambda_star=math.inf if number == 2 else 1.0,
            zero_weight=0.25,
            effective_sample_size=10.0,
            metrics=Metrics(-4.0, 0.5, 3, 0.5, 0.25, 0.9),
            worst={},
            calibration={"ratio": 1.0},
            iterations_per_second=math.nan,
            seconds={"training": 1.5},
            program="abcdef",
            initialisations={"component": 1, "mixture_discriminator": 2},
            checkpoint=f"components/{number:02d}/model.ckpt-10",
            discriminator_checkpoint="",
            data_weights=f"components/{number:02d}/data_weights.npy",
            picture=f"components/{number:02d}/picture.npz",
            sha256={},
        )
        for number in range(1, steps + 1)
    )
    spread = Spread(nothing, nothing, nothing)
    empty = State(
        sizes=Sizes(10, 5, 5, 20),
        perfect=spread,
        simple=None,
        simple_components=0,
        data_fingerprint="abc",
        settings_fingerprint="def",
        columns_sha256="",
        mixture_weights=(),
        steps=(),
    )
    return after(empty, list(records))


JUDGED = Metrics(
    log_p=-2.5,
    coverage=0.75,
    modes=math.nan,
    high_quality=math.nan,
    reverse_kl=math.nan,
    width=math.nan,
    two_sample_auc=0.625,
    precision=0.5,
    recall=0.25,
    density=1.125,
    nn_coverage=0.875,
    worst_column_ks=0.0625,
    worst_correlation=0.1875,
    copying=1.25,
)
"""Figures on a table, each another."""


def on_a_table(state, columns=b"columns"):
    """The same steps of a run on a table of columns a, b and c."""
    perfect, simple = JUDGED._replace(log_p=-2.0, two_sample_auc=0.5), JUDGED._replace(log_p=-3.0)
    worst = {"column": "b", "first": "a", "second": "c"}
    return dataclasses.replace(
        state,
        perfect=Spread(perfect, perfect, perfect),
        simple=Spread(simple, simple, simple),
        simple_components=4,
        columns_sha256=hashlib.sha256(columns).hexdigest(),
        steps=tuple(
            dataclasses.replace(record, metrics=JUDGED, worst=worst) for record in state.steps
        ),
    )


def make_components(workdir, state):
    for record in state.steps:
        os.makedirs(workdir.component(record.step))


def started(tmp_path, steps):
    """A work directory with so many committed steps and the files of one more."""
    workdir, state = Workdir(str(tmp_path / "run")), make_state(steps + 1)
    records = []
    for record in state.steps:
        os.makedirs(workdir.component(record.step))
        paths = [record.data_weights, record.picture, f"{record.checkpoint}.index"]
        for path in paths:
            with open(workdir.join(path), "w") as file:
                file.write(path)
        digests = workdir.digests([workdir.join(path) for path in paths])
        records.append(dataclasses.replace(record, sha256=digests))
    whole = after(state, records)
    before = after(state, records[:-1])
    for number in range(1, steps + 1):
        workdir.commit(after(state, records[:number]))
    return workdir, before, whole


def assert_one_or_the_other(workdir, before, after):
    found = workdir.read_state()
    assert repr(found) in (repr(before), repr(after))
    workdir.verify(found)
    return repr(found) == repr(after)


def kept_aside(workdir):
    (name,) = [name for name in os.listdir(workdir.path) if name.startswith("removed-")]
    return workdir.join(name)


def contents(top):
    found = [os.path.join(d, name) for d, _, names in os.walk(top) for name in names]
    return sorted(os.path.relpath(path, top) for path in found)
