"""What the documents say holds: their commands run as they stand, what they name is there."""

import dataclasses
import os
import re
import subprocess

import numpy as np
import pandas
import pytest
import yaml

import adagan
from base import version
from commands import settings
from estimator.engine import DeviceSettings
from tests import prepared_python, test_layout
from tests.conftest import PREPARED, ROOT

pytestmark = pytest.mark.timeout(600)  # the tutorials train, on a machine that may be full
DOCS = ("own_data", "reading_the_report")
PAGES = ["README.md", "README_zh.md", "CHANGES.md", "CONTRIBUTING.md"] + [
    os.path.join("docs", name)
    for name in sorted(os.listdir(os.path.join(ROOT, "docs")))
    if name.endswith(".md")
]
KINDS = [*(kind for _, kind in settings.ROOMS.values()), settings.Command, DeviceSettings]
FLAGS = {field.name for kind in KINDS for field in dataclasses.fields(kind)}
FLAGS |= {"flagfile", "help", "version"}
QUICK = ["--batch_size=64", "--averaged_generator=0.99"]
QUICK += ["--g_learning_rate=0.002", "--d_learning_rate=0.004", "--mixture_c_iterations=300"]
SHORT = {
    "--workdir=birds": [*QUICK, "--steps=2", "--iterations=1500"],
    "--workdir=gaps": [*QUICK, "--iterations=1000"],
    "--workdir=birds_ensemble": [*QUICK, "--steps=2", "--iterations=60"],
}
"""Flags after those of a documented training, which learn what is asked of it in a third of the
time. The run that another is compared to is only begun.
"""


def blocks(name):
    with open(os.path.join(ROOT, "docs", f"{name}.md"), encoding="utf-8") as file:
        return re.findall(r"^```sh\n(.*?)^```$", file.read(), re.S | re.M)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where every command of the documents has been run."""
    directory = tmp_path_factory.mktemp("docs")
    for name in ("main.py", "quality.flags", "cpu.flags", "table.flags"):
        (directory / name).symlink_to(os.path.join(ROOT, name))
    (directory / "bin").mkdir()
    environment = {**os.environ, "PATH": f"{directory}/bin{os.pathsep}{os.environ['PATH']}"}
    with prepared_python.program(directory / "bin", shortened):
        for document in DOCS:
            for block in blocks(document):
                done = subprocess.run(
                    ["sh", "-e", "-c", block], capture_output=True, text=True, cwd=str(directory),
                    env=environment, timeout=300,
                )  # fmt: skip
                assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return directory


def shortened(arguments, *place):
    """One command of the documents; a run of which no page is looked at has no pictures."""
    (workdir,) = [flag for flag in arguments if flag.startswith("--workdir=")] or [""]
    is_training = not any(flag.startswith("--mode=") for flag in arguments)
    more = SHORT[workdir] if is_training else []
    return PREPARED.run([*arguments, *more], *place, drawn=workdir == "--workdir=birds")


def test_the_tutorials_leave_what_they_promise(place):
    birds, plain, refined = (
        pandas.read_csv(place / f"{n}.csv") for n in ("birds", "new", "refined")
    )
    assert plain.shape == refined.shape == (2000, 4)
    for columns in (plain, refined):
        assert list(columns.columns) == list(birds.columns)
        assert columns["length_cm"].between(15, 27).all()
        assert set(columns["eggs"]) <= set(birds["eggs"])
    for name in ("birds/report.html", "birds/export/saved_model", "draws.json", "compare.html"):
        assert (place / name).exists(), name
    assert "--meta_algorithm" in (place / "compare.html").read_text()


def test_boosting_finds_the_rare_kind_as_the_tutorial_says(place):
    birds, plain = (pandas.read_csv(place / f"{name}.csv") for name in ("birds", "new"))
    shares = [np.mean(columns["nest"] == "cliff") for columns in (birds, plain)]
    assert 0.4 < shares[1] / shares[0] < 2.5
    table = pandas.read_csv(place / "birds" / "metrics.csv")
    assert table["two_sample_auc"].iloc[-1] < 0.7


def test_samples_lack_numbers_where_the_tutorials_data_do(place):
    for name in ("gaps", "new_gaps"):
        table = pandas.read_csv(place / f"{name}.csv")
        lacking = table["mass_g"].isna().groupby(table["nest"]).mean()
        assert lacking["ground"] > lacking["tree"] + 0.3, name


def text_of(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def anchors(page):
    """Of its headings, as GitHub makes them."""
    without_code = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.S | re.M)
    for heading in re.findall(r"^#+ (.*)$", without_code, re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text_of(page)):
        path, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        assert os.path.exists(os.path.join(ROOT, target)), link
        assert not anchor or anchor in anchors(target), link


def test_each_page_is_in_the_index():
    index = text_of("docs/README.md")
    for page in PAGES:
        name = os.path.relpath(page, "docs")
        assert (
            page.endswith(("README.md", "README_zh.md"))
            or f"[{os.path.basename(page)}]({name})" in index
        )


def commands(page):
    """Lines of blocks and words in backticks that are commands, without comments."""
    text = text_of(page).replace("\\\n", " ")
    blocks = re.findall(r"^(?: {4}|)((?:python|python3\.7|make) [^`\n]*?)(?:  +#.*)?$", text, re.M)
    return blocks + re.findall(r"`((?:python|python3\.7|make) [^`\n]+)`", text)


@pytest.mark.parametrize("page", PAGES)
def test_commands_name_what_there_is(page):
    """Flags of main.py and files of flags, modules, targets of make; also where nothing is run."""
    targets = re.findall(r"^([a-z]+):", text_of("Makefile"), re.M)
    for command in commands(page):
        program, first, *words = command.split()
        if program == "make":
            assert first in targets, command
        elif first == "-m" and words[0].startswith("benchmarks"):
            module = os.path.join(ROOT, *words[0].split("."))
            assert os.path.exists(f"{module}.py") or os.path.isdir(module), command
        elif first == "main.py":
            for name, value in re.findall(r"(?<!\S)--(\w+)=?(\S*)", command):
                assert name in FLAGS or re.sub("^no", "", name) in FLAGS, command
                assert name != "flagfile" or os.path.isfile(os.path.join(ROOT, value)), command


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_three_lines_of_python_are_enough(page, tmp_path, monkeypatch):
    """As they stand, but for what main.py would be asked to do."""
    frame, asked = pandas.DataFrame({"a": [0.5, 1.5], "b": ["x", "y"]}), []

    def run(flags):
        asked.append(flags)
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / "state.json").touch()
        outputs = [flag[9:] for flag in flags if flag.startswith("--output=")]
        for path in outputs:
            frame.to_csv(path, index=False)

    monkeypatch.setattr(adagan.child, "run", run)
    monkeypatch.chdir(tmp_path)
    names = {"frame": frame}
    exec(re.search(r"^```python\n(.*?)^```$", text_of(page), re.S | re.M).group(1), names)
    pandas.testing.assert_frame_equal(names["new"], frame)
    assert names["model"].workdir == "mine"
    assert asked[0][0].endswith("table.flags")
    assert "--steps=3" in asked[0]
    assert "--num_samples=1000" in asked[1]


def test_what_the_paper_says_is_where_the_readme_says():
    rows = text_of("README.md").split("| in the paper | in the code |")[1].split("\n\n")[0]
    named = re.findall(r"`([\w/]+\.py)`, `(\w+)`", rows)
    assert len(named) >= rows.count("\n") - 1
    for path, name in named:
        assert re.search(rf"^(def|class) {name}\b", text_of(path), re.M), (path, name)


def test_the_version_is_the_same_everywhere():
    """And CITATION.cff holds what its format requires."""
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == version.NUMBER
    assert f"## {version.NUMBER} ({citation['date-released']})" in text_of("CHANGES.md")
    year, month, day = citation["date-released"].split("-")
    assert f"（Modified）：{year}.{month}.{day}\n" in text_of("README_zh.md")
    (paper,) = citation["references"]
    assert paper["title"] in text_of("README.md").replace("{", "").replace("}", "")
    for author in paper["authors"]:
        assert f", {author['given-names']}" in text_of("README.md")


def test_a_push_runs_the_checks():
    workflow = yaml.safe_load(text_of(".github/workflows/ci.yml"))
    assert {"run": ".ci/run"} in workflow["jobs"]["check"]["steps"]
    assert os.access(os.path.join(ROOT, ".ci", "run"), os.X_OK)


@pytest.mark.parametrize("page", PAGES)
def test_what_is_named_of_this_folder_is_there(page):
    """Paths that begin with a folder of the project, and its layout; what runs write is theirs."""
    folders = {*version.rooms(), "benchmarks", "docs", "requirements", "scripts", "tests"}
    # Not of another commit, as docs/speed.md cites them.
    named = re.findall(r"`([\w.]+/[\w./]*)`(?! of commit)", text_of(page))
    named += re.findall(r"(?:^| {2})([\w.]+\.py|[\w./]+/)(?= {2})", text_of(page), re.M)
    for path in named:
        if path.split("/")[0] in folders or path.endswith(".py"):
            assert os.path.exists(os.path.join(ROOT, path)), path


def test_the_arrows_drawn_are_those_of_the_imports():
    """All of them, but for those that a chain of others says."""
    rooms = [room for room in test_layout.MAY_IMPORT if room != "base"]
    imported = {"main": {path.split("/")[0] for path in test_layout.own("main.py")} & set(rooms)}
    for room in rooms:
        paths = [path for each in test_layout.modules(room) for path in test_layout.own(each)]
        imported[room] = {path.split("/")[0] for path in paths} & set(rooms) - {room}

    def reached(room):
        return imported[room].union(*map(reached, imported[room]))

    needed = {
        (room, other)
        for room, others in imported.items()
        for other in others
        if not any(other in reached(between) for between in others)
    }
    drawn = re.search(r"^```mermaid\n(.*?)^```$", text_of("docs/architecture.md"), re.S | re.M)
    chains = [line.split(" --> ") for line in drawn.group(1).splitlines() if "-->" in line]
    arrows = {(a.strip(), b) for chain in chains for a, b in zip(chain, chain[1:])}
    assert arrows == needed
