"""What stands beside TensorBoard's charts."""

import pytest

from boost.discriminators import Calibration
from evaluation.metrics import Metrics
from report import tags

WRITTEN = [
    *(f"adagan/{name}" for name in Metrics._fields),
    *(f"calibration/{name}" for name in Calibration._fields),
    "seconds/training",
]


@pytest.mark.parametrize("tag", WRITTEN)
def test_each_tag_has_a_name_and_a_description(tag):
    name, description = tags.about(tag)
    assert name
    assert name != tag
    assert description.endswith(".")


def test_no_two_have_the_same_name_in_a_group():
    named = [(tag.partition("/")[0], about.name) for tag, about in tags.ABOUT.items()]
    assert len(set(named)) == len(named)


def test_a_tag_that_nobody_knows_stands_for_itself():
    assert tags.about("new/one") == ("new/one", "")


def test_settings_are_tables_of_flags_by_room():
    text = tags.settings_text({"data": {"data_file": "a|b_c.csv"}, "run": {"seed": 0}})
    assert text.splitlines() == [
        "### data",
        "",
        "| flag | value |",
        "|---|---|",
        r"| --data_file | a\|b\_c.csv |",
        "",
        "### run",
        "",
        "| flag | value |",
        "|---|---|",
        "| --seed | 0 |",
    ]
