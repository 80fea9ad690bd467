"""The table of all steps."""

import csv

from storage.workdir import Workdir
from tests.storage.runs import (
    make_components,
    make_state,
)


def test_metrics_csv_is_made_from_the_state(tmp_path):
    workdir = Workdir(str(tmp_path))
    make_components(workdir, make_state())
    workdir.commit(make_state())
    with open(workdir.join("metrics.csv")) as file:
        assert file.readline().startswith("step,log_p,coverage,modes,high_quality,")
        file.seek(0)
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2"]
    assert rows[0]["beta"] == "1.0"
    assert rows[0]["iterations_per_second"] == ""
    assert rows[0]["seconds_training"] == "1.5"
