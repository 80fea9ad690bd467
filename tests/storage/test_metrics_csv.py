"""The table of all steps."""

import csv

import pytest

from storage.workdir import Workdir
from tests.storage.runs import make_components, make_state, on_a_table

OF_OWN_DATA = {
    "two_sample_auc": "0.625",
    "precision": "0.5",
    "recall": "0.25",
    "density": "1.125",
    "nn_coverage": "0.875",
    "worst_column_ks": "0.0625",
    "worst_correlation": "0.1875",
    "copying": "1.25",
    "worst_column": "b",
}


def committed(path, state):
    """The file's first line, and its rows."""
    workdir = Workdir(str(path))
    make_components(workdir, state)
    workdir.commit(state)
    with open(workdir.join("metrics.csv")) as file:
        head = file.readline()
        file.seek(0)
        return head, list(csv.DictReader(file))


def test_metrics_csv_is_made_from_the_state(tmp_path):
    head, rows = committed(tmp_path, make_state())
    assert head.startswith("step,log_p,coverage,modes,high_quality,")
    assert [row["step"] for row in rows] == ["1", "2"]
    assert rows[0]["beta"] == "1.0"
    assert rows[0]["iterations_per_second"] == ""
    assert rows[0]["seconds_training"] == "1.5"


@pytest.mark.parametrize("is_table", [True, False])
def test_figures_of_own_data_have_columns_of_their_own_which_are_empty_for_toys(tmp_path, is_table):
    state = make_state()
    head, rows = committed(tmp_path, on_a_table(state) if is_table else state)
    assert f",width,{','.join(OF_OWN_DATA)},program," in head
    for row in rows:
        found = {name: row[name] for name in OF_OWN_DATA}
        assert found == (OF_OWN_DATA if is_table else dict.fromkeys(OF_OWN_DATA, ""))
