"""A network that diverges is tried once more, which the run records."""

import csv
import os

from tests.conftest import TINY, run_main


def test_a_network_that_diverges_is_tried_once_more_and_then_told(tmp_path):
    workdir = str(tmp_path / "run")
    done = run_main(
        *TINY,
        "--toy_dataset_size=6400",
        "--init_std=50",
        "--nounrolled",
        "--g_learning_rate=100",
        "--d_learning_rate=100",
        "--objective=JS_modified",
        f"--workdir={workdir}",
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Once more from other initial weights" in done.stdout
    assert done.stderr.startswith("error: Component 1/2: ")
    assert "lower --g_learning_rate" in done.stderr
    assert "2 initialisations tried" in done.stderr


def test_the_number_of_initialisations_is_recorded(tiny_run):
    with open(os.path.join(tiny_run[0], "metrics.csv")) as file:
        rows = list(csv.DictReader(file))
    assert [row["initialisations_component"] for row in rows] == ["1", "1"]
    assert [row["initialisations_mixture_discriminator"] for row in rows] == ["0", "1"]
