"""From Python: what the class promises, in scripts without a guard, and the examples."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas
import pytest

from adagan import AdaGAN
from commands import child
from tests import prepared_python
from tests.conftest import PREPARED, ROOT
from tests.whole_runs import drawn_by_the_example

SHORT = {
    "steps": 2, "iterations": 60, "mixture_c_iterations": 40, "random_state": 3,
    "g_num_layers": 1, "d_num_layers": 1, "gradient_penalty": 0,
}  # fmt: skip
SHORTEST = {**SHORT, "steps": 1}
SMALLER = {"4000": "1000", "steps=3": "steps=1, g_num_layers=1, d_num_layers=1"}
"""What the notebook says, and what is run of it."""


def table(number=400):
    rng = np.random.RandomState(0)
    return pandas.DataFrame(
        {
            7: rng.randn(number) * 1e4,
            "visits": rng.poisson(3, number).astype(np.int16),
            "town": rng.choice(["Ulm", ""], number),
            "new": rng.rand(number) < 0.5,
        }
    )


@pytest.fixture(scope="module", autouse=True)
def python(tmp_path_factory):
    """The Python that commands are run by from here: TensorFlow is loaded already."""
    place = tmp_path_factory.mktemp("bin")
    with pytest.MonkeyPatch.context() as patch, prepared_python.program(place, run) as path:
        patch.setattr(child.sys, "executable", path)
        yield path


def run(arguments, *place):
    """One command; but one of these trainings' pages is never looked at."""
    return PREPARED.run(arguments, *place, drawn="--steps=3" in arguments)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    workdir = str(tmp_path_factory.mktemp("python") / "mine é")
    return AdaGAN(workdir=workdir, **SHORT).fit(table())


def test_samples_are_a_frame_like_the_fitted_one(model):
    new, frame = model.sample(50), table()
    assert list(new.columns) == list(frame.columns)
    assert (new.dtypes == frame.dtypes).all()
    assert set(new["town"]) <= {"Ulm", ""}
    assert not model.sample(50, random_state=4).equals(new)


def test_what_a_frame_lacks_its_samples_lack(tmp_path):
    frame, rng = table(), np.random.RandomState(1)
    lacking = frame.assign(
        town=np.where(rng.rand(400) < 0.5, frame["town"], None),
        some=frame["visits"].astype("Int64"),
        size=pandas.Categorical(rng.choice(["S", "L"], 400), ["S", "L", "XL"], ordered=True),
        new=frame["new"].astype("boolean"),
    ).mask(rng.rand(400, 6) < [0.4, 0, 0.4, 0.4, 0.4, 0.4])
    lacking["visits"] = lacking["visits"].astype(np.int16)
    with pytest.raises(ValueError, match="--keep_missing keeps them"):
        AdaGAN(workdir=str(tmp_path / "x"), **SHORT).fit(lacking)
    made = AdaGAN(workdir=str(tmp_path / "x"), keep_missing=True, **SHORTEST).fit(lacking)
    new = made.sample(200)
    assert (new.dtypes == lacking.dtypes).all()
    assert (new.isna().any() == lacking.isna().any()).all()
    assert set(new["town"].dropna()) <= {"Ulm", ""}
    assert set(new["new"].dropna()) <= {True, False}
    pandas.testing.assert_frame_equal(AdaGAN.load(made.workdir).sample(200), new)


def test_integers_that_are_named_as_missing_make_floats(tmp_path):
    frame = table().replace({"visits": {0: -9}})[["visits", 7]]
    more = {"keep_missing": True, "na_values": "-9"}
    new = AdaGAN(workdir=str(tmp_path / "x"), **SHORTEST, **more).fit(frame).sample(300)
    assert new["visits"].isna().any()
    assert (new["visits"].dropna() > 0).all()
    assert (new["visits"].dropna() % 1 == 0).all()


def test_a_run_is_found_again_and_goes_on(model):
    loaded = AdaGAN.load(model.workdir)
    pandas.testing.assert_frame_equal(loaded.sample(50), model.sample(50))
    assert set(loaded.sample(50)["town"]) <= {"Ulm", ""}
    assert len(loaded.history) == 2
    assert loaded.settings["steps"] == 2
    more = AdaGAN(workdir=model.workdir, **{**SHORT, "steps": 3}).fit(table())
    assert len(more.history) == 3
    assert os.path.exists(more.report())


def test_figures_are_those_of_evaluate(model):
    found = model.evaluate()
    assert 0.4 < found["two_sample_auc"] <= 1
    assert "modes" not in found


def test_bad_input_is_a_value_error_in_the_words_of_the_command_line(tmp_path):
    with pytest.raises(ValueError, match=r"^--steps=0: must lie in"):
        AdaGAN(workdir=str(tmp_path / "x"), steps=0).fit(table())
    with pytest.raises(ValueError, match="--epoch: is no flag"):
        AdaGAN(workdir=str(tmp_path / "x"), epoch=3).fit(table())
    assert not os.listdir(str(tmp_path))  # nor the data's copy
    with pytest.raises(ValueError, match="must be one of"):
        AdaGAN(preset="tables")
    with pytest.raises(ValueError, match="holds no run"):
        AdaGAN.load(str(tmp_path))


def test_a_refused_fit_leaves_no_directories_either(tmp_path):
    with pytest.raises(ValueError, match=r"^--steps=0"):
        AdaGAN(workdir=str(tmp_path / "a" / "b"), steps=0).fit(table())
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="^--workdir=.* is a file; needs the path of a directory"):
        AdaGAN(workdir=str(tmp_path / "file" / "b"), steps=0).fit(table())
    assert os.listdir(str(tmp_path)) == ["file"]


@pytest.mark.parametrize(
    "use",
    [
        AdaGAN.sample, AdaGAN.evaluate, AdaGAN.export, AdaGAN.report,
        AdaGAN.history.fget, AdaGAN.settings.fget,
    ],
)  # fmt: skip
def test_what_is_not_fitted_says_so_in_one_way(use, model):
    from sklearn.exceptions import NotFittedError

    for one in (AdaGAN(), AdaGAN(workdir=model.workdir)):
        with pytest.raises(NotFittedError, match=r"call fit first, or AdaGAN\.load\(workdir\)"):
            use(one)


def test_a_refused_fit_gives_nothing_of_the_run_that_was_there(model):
    other = AdaGAN(workdir=model.workdir, **SHORT)
    with pytest.raises(ValueError, match="was made with|trained on other data"):
        other.fit(table(300))
    with pytest.raises(ValueError, match="call fit first"):
        other.sample()


def test_it_has_the_manners_of_scikit_learn():
    from sklearn.base import clone

    model = AdaGAN(steps=4, random_state=1)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(steps=5).get_params()["steps"] == 5
    assert model.get_params()["random_state"] == 1


def test_other_arguments_do_not_forget_what_was_fitted(model, tmp_path):
    loaded = AdaGAN.load(model.workdir)
    before = loaded.sample(20, random_state=3)
    pandas.testing.assert_frame_equal(loaded.set_params(steps=3).sample(20, random_state=3), before)
    with pytest.raises(ValueError, match="call fit first"):
        loaded.set_params(workdir=str(tmp_path / "other")).sample()


def test_a_script_without_a_guard_works(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {ROOT!r})\n"
        "import numpy as np\n"
        "from adagan import AdaGAN\n"
        f"model = AdaGAN(**{SHORTEST!r}).fit(np.random.RandomState(0).randn(300, 2, 2))\n"
        "print(model.sample(4).shape)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(4, 2, 2)"


def test_the_notebook_runs_from_a_frame_to_pictures(python, tmp_path):
    with open(os.path.join(ROOT, "examples", "table.ipynb"), encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    code = f"import sys; sys.executable = {python!r}\n{code}"
    for said, run in SMALLER.items():
        assert said in code
        code = code.replace(said, run)
    environment = {**os.environ, "ADAGAN": ROOT, "ITERATIONS": "60", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, cwd=str(tmp_path), env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "samples.png").stat().st_size > 5000


@pytest.mark.parametrize("form", ["saved_model", "onnx", "frozen", "ckpt"])
def test_the_example_draws_from_each_export(model, tmp_path, form):
    directory = model.export(form, directory=str(tmp_path / form))
    rows = drawn_by_the_example(directory, 3, tmp_path, fresh=form == "saved_model")
    assert len(rows) == 3
    assert set(rows[0]) == {"7", "visits", "town", "new"}
    assert {row["town"] for row in rows} <= {"Ulm", ""}
    assert all(row["visits"] % 1 == 0 for row in rows)
