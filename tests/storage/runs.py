"""Work directories with some committed steps."""

import dataclasses
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
    empty = State(Sizes(10, 5, 5, 20), spread, "abc", "def", (), ())
    return after(empty, list(records))


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
