"""Figures of the READMEs are those of the tables, and the same in both languages."""

import os
import re

import pytest

from base import version
from tests.conftest import ROOT


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def rows(text):
    """Cells of all tables by their first one; of two rows of one name the later."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


def section(text, begin, end):
    return text.split(begin, 1)[1].split(end, 1)[0]


def numbers(cell):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", cell)]


README = text_of("README.md")
META = {
    "one GAN": "Vanilla",
    "the best of ten": "Best of 10",
    "ensemble of ten": "Ensemble",
    "each on the half that the last one covers worst": "TopKLast 0.5",
    "AdaGAN, star weights": "Boosted, star",
    "AdaGAN, dagger weights": "Boosted, dagger",
    "AdaGAN, topk weights": "Boosted, topk 0.5",
    "AdaGAN, star weights, constant beta": "Boosted, star, constant beta",
}


@pytest.mark.parametrize("step", ["1", "2", "3", "5", "10"])
def test_the_rerun_is_the_tables(step):
    ours = rows(text_of("benchmarks", "tables", "rerun.md"))[step]
    shown = rows(section(README, "tables rerun`", "Does boosting help?"))[step]
    for place, cell in ((0, ours[0]), (2, ours[1])):
        digits = 0.0051 if place else 0.0006
        assert numbers(shown[place]) == pytest.approx(numbers(cell), abs=digits)


@pytest.mark.parametrize("name", META)
def test_the_ways_to_combine_are_the_tables(name):
    table = rows(text_of("benchmarks", "tables", "meta.md"))[META[name]]
    shown = rows(section(README, "Does boosting help?", "## Samples as good"))[name]
    for cell, other, digits in zip(shown, table, (0.0006, 0.0051, 0.51, 0.0006, 0.0006)):
        assert numbers(cell)[0] == pytest.approx(numbers(other)[0], abs=digits)


def test_both_languages_say_the_same():
    chinese = section(text_of("README_zh.md"), "## 精度与性能", "## ")
    last = rows(section(README, "## Results", "The published single run"))["10"]
    coverage, log_p = (numbers(cell)[0] for cell in last[:2])
    assert f"C 中位数 {coverage:.3f}，log_p 中位数 {log_p}" in chinese
    published = re.search(r"published single run ends at C = ([\d.]+), log_p = (-\d+\.\d+)", README)
    assert f"C = {published.group(1)}，log_p = {published.group(2)}；" in chinese
    assert f"版本（Version）：{version.NUMBER}\n" in text_of("README_zh.md")
    seconds = re.search(r"took (\d+) to (\d+) s on 2 processors", README)
    assert f"{seconds.group(1)} 至 {seconds.group(2)} 秒" in chinese
    rate = re.search(r"at about (\d+),(\d+) iterations a second", README)
    assert f"每秒约 {rate.group(1)} {rate.group(2)} 次迭代" in chinese
