"""Figures of the documents are those of the tables, and the same in both languages."""

import json
import os
import re

import pandas
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


README, RESULTS = text_of("README.md"), text_of("docs", "results.md")
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
REFINED = {
    f"{title}, {kind}{seeds}": (table, f"AdaGAN, quality.flags, {kind}")
    for title, table, seeds in (
        ("10-mode GMM", "gmm", ""),
        ("ring of 8 modes", "ring", " (10 seeds)"),
        ("grid of 25 modes", "grid", ""),
    )
    for kind in ("plain", "refined")
}
FIRST = {
    "one GAN, published settings": ("meta", "Vanilla"),
    "the best of ten": ("meta", "Best of 10"),
    "ensemble of ten": ("meta", "Ensemble"),
    "AdaGAN of ten (star weights)": ("meta", "Boosted, star"),
    "AdaGAN of five, `quality.flags`": ("gmm", "AdaGAN, quality.flags, plain"),
    "... its samples refined (`--refine`)": ("gmm", "AdaGAN, quality.flags, refined"),
}
"""Rows of the README."""
REAL = {
    "digits of 8x8 (3 seeds)": ("digits", 4),
    "MNIST 28x28 (one seed)": ("mnist", 3),
    "rare blood cells (5 seeds)": ("rare", 4),
    "stacked MNIST, 1,000 modes (one seed)": ("stacked", 3),
}
OWN = {
    "13 unequal modes in the plane": "plane",
    "7 clusters in 8 dimensions, the rarest .5 %": "clusters",
    "diamonds (ggplot2's), 7 columns": "diamonds",
    "breast cancer (scikit-learn's), 30 columns": "cancer",
    "two spirals": "spirals",
    "20 clusters in 20 dimensions": "many",
    "10 modes in 5 dimensions, as the program's own": "five",
}
OWN_WAYS = ("preset", "refined", "long", "published", "mixture", "density")
PEERS = ("ctgan", "tvae", "diffusion")
DIGITS = {"coverage": 3, "log_p": 2, "modes": 0, "high_quality": 3, "reverse_kl": 3, "width": 2}
"""After the point, in the documents."""


def table(name):
    """[row, column] first number of each cell of a benchmark's table."""
    text = text_of("benchmarks", "tables", f"{name}.md")
    columns = re.search(r"^\| \| (.*) \|$", text, re.M).group(1).split(" | ")
    return {
        row: {column: numbers(cell)[0] for column, cell in zip(columns, cells) if numbers(cell)}
        for row, cells in rows(text).items()
    }


def assert_same(shown, row, columns):
    for cell, column in zip(shown, columns):
        assert numbers(cell)[0] == pytest.approx(row[column], abs=0.51 * 10 ** -DIGITS[column])


@pytest.mark.parametrize("step", ["1", "2", "3", "5", "10"])
def test_the_rerun_is_the_tables(step):
    all_rows = rows(text_of("benchmarks", "tables", "rerun.md"))
    shown = rows(section(RESULTS, "tables rerun`", "## Does boosting help?"))[step]
    for place, cell in enumerate(all_rows[step] + all_rows[f"{step} (published)"]):
        digits = 0.0051 if place % 2 else 0.0006
        cell_shown = shown[2 * (place % 2) + place // 2]
        assert numbers(cell_shown) == pytest.approx(numbers(cell), abs=digits)


@pytest.mark.parametrize("name", META)
def test_the_ways_to_combine_are_the_tables(name):
    shown = rows(section(RESULTS, "## Does boosting help?", "## Samples as good"))[name]
    columns = ("coverage", "log_p", "modes", "high_quality", "reverse_kl")
    assert_same(shown, table("meta")[META[name]], columns)


@pytest.mark.parametrize("name", REFINED)
def test_the_best_samples_are_the_tables(name):
    shown = rows(section(RESULTS, "## Samples as good", "## Real data"))[name]
    source, row = REFINED[name]
    columns = ("log_p", "coverage", "modes", "high_quality", "reverse_kl", "width")
    assert_same(shown, table(source)[row], columns)


@pytest.mark.parametrize("name", REAL)
def test_real_data_are_the_tables(name):
    shown = rows(section(RESULTS, "## Real data", "## Tables of one"))[name]
    source, components = REAL[name]
    found = table(source)
    ways = (
        f"AdaGAN, {components} components",
        "Vanilla, as long as all",
        f"Ensemble of {components}",
        "Real points, unseen",
    )
    for cell, way in zip(shown, ways):
        for text, (column, digits) in zip(
            cell.split("/"), (("js", 0.0006), ("recall", 0.0051), ("precision", 0.0051))
        ):
            assert float(text) == pytest.approx(found[way][column], abs=digits), (way, column)


def assert_medians(shown, name, ways, seeds):
    """Cells "AUC / recall" are medians over the lines of the benchmark's file."""
    lines = pandas.read_csv(os.path.join(ROOT, "benchmarks", "own.csv"))
    lines = lines[lines["table"] == OWN[name]]
    for cell, way in zip(shown, ways):
        found = lines[lines["way"] == way]
        assert bool(cell) == bool(len(found)), way
        if cell:
            medians = found[["auc", "recall"]].median()
            assert [float(text) for text in cell.split("/")] == pytest.approx(medians, abs=6e-4)
    assert int(seeds) == len(lines[lines["way"] == ways[0]])


@pytest.mark.parametrize("name", OWN)
def test_tables_of_ones_own_are_the_benchmarks(name):
    seeds, *shown = rows(section(RESULTS, "## Tables of one", "Other models of tables"))[name]
    assert_medians(shown, name, OWN_WAYS, seeds)


def test_other_models_of_tables_are_the_benchmarks():
    found = rows(section(RESULTS, "Other models of tables", "## One mixture discr"))
    shown = {name: cells for name, cells in found.items() if name in OWN}
    assert len(shown) > 1
    for name, (seeds, *cells) in shown.items():
        assert_medians(cells, name, PEERS, seeds)


@pytest.mark.parametrize("name", FIRST)
@pytest.mark.parametrize(
    ("page", "begin"), [("README.md", "## Results"), ("README_zh.md", "## 精度与性能")]
)
def test_the_first_table_is_the_tables(page, begin, name):
    """In both languages, row by row in the same order."""
    shown = rows(section(text_of(page), begin, "\n## "))
    names = list(rows(section(README, "## Results", "\n## ")))
    if page != "README.md":
        assert len(shown) == len(names)
    source, row = FIRST[name]
    columns = ("coverage", "log_p", "modes", "high_quality", "reverse_kl")
    assert_same(list(shown.values())[names.index(name)], table(source)[row], columns)


def test_the_perfect_sampler_is_the_same_everywhere():
    said = rows(section(README, "## Results", "\n## "))["a perfect sampler"]
    places = [
        ("## The published experiment", "The published single run", (0, 1, 2, 3, 4)),
        ("## Samples as good", "## Real data", (1, 0, 2, 3, 4)),
    ]
    for begin, end, order in places:
        shown = rows(section(RESULTS, begin, end))["perfect sampler"]
        assert [numbers(shown[place])[0] for place in order] == [numbers(c)[0] for c in said]


def test_how_many_times_as_fast_is_what_the_benchmark_wrote():
    found = re.search(r"([\d.]+) and ([\d.]+) times as fast as the published way", README).groups()
    for run, said in zip((1, 2), found):
        ways = json.loads(text_of("benchmarks", f"speed_{run}.json"))["ways"]
        (ours,) = [way for way in ways if way["title"].startswith("ours")]
        assert said == f"{ours['ratio'][0]:.1f}"


def test_both_languages_say_the_same():
    chinese = section(text_of("README_zh.md"), "## 精度与性能", "\n## ")
    last = rows(section(RESULTS, "## The published experiment", "The published single run"))["10"]
    coverage, log_p = (numbers(cell)[0] for cell in last[:2])
    assert f"C 中位数 {coverage:.3f}，log_p 中位数 {log_p}" in chinese
    published = re.search(
        r"published single run ends at C = ([\d.]+), log_p = (-\d+\.\d+)", RESULTS
    )
    assert f"C = {published.group(1)}，log_p = {published.group(2)}；" in chinese
    assert f"版本（Version）：{version.NUMBER}\n" in text_of("README_zh.md")
    seconds = re.search(r"took (\d+) to (\d+) s on 2 processors", README)
    assert f"{seconds.group(1)} 至 {seconds.group(2)} 秒" in chinese
    rate = re.search(r"at about (\d+),(\d+) iterations a second", README)
    assert f"每秒约 {rate.group(1)} {rate.group(2)} 次迭代" in chinese


def test_what_the_model_collection_looks_for_is_said():
    text = text_of("README_zh.md")
    for name in ("Publisher", "Version", "Modified", "Model Format", "Categories"):
        assert re.search(rf"^- .+（{name}）：\S", text, re.M), name
