"""What an export may replace, and what it is refused for."""

import json
import os

from tests.conftest import run_main


def test_a_component_alone_is_not_refined(tiny_run):
    done = run_main("--mode=export", "--refine", "--component=1", f"--workdir={tiny_run[0]}")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_what_is_there_is_kept_unless_told(tiny_run, tmp_path):
    workdir, _ = tiny_run
    directory = tmp_path / "export"
    flags = ["--mode=export", f"--workdir={workdir}", f"--export_dir={directory}"]
    assert run_main(*flags, "--format=frozen").returncode == 0
    before = sorted(os.listdir(str(directory)))
    for more, told in (
        ([], "use --overwrite"),
        ([f"--export_dir={tmp_path}", "--overwrite"], "holds no export"),
        ([f"--export_dir={workdir}/components/01", "--overwrite"], "belongs to the run"),
        ([f"--export_dir={workdir}", "--overwrite"], "belongs to the run"),
        (["--component=3"], "has 2 components"),
    ):
        done = run_main(*flags, *more)
        assert done.returncode == 2
        assert told in done.stderr
        assert done.stderr.count("\n") == 1
        assert sorted(os.listdir(str(directory))) == before
    (directory / "mine.txt").write_text("x")
    done = run_main(*flags, "--overwrite")
    assert done.returncode == 2
    assert "holds mine.txt, which no export wrote; move it elsewhere" in done.stderr
    (directory / "mine.txt").rename(tmp_path / "mine.txt")
    replaced = run_main(*flags, "--overwrite")
    assert replaced.returncode == 0, replaced.stderr
    after = os.listdir(str(directory))
    assert "saved_model" in after
    assert "model.pb" not in after
    assert sorted(os.listdir(str(tmp_path))) == ["export", "mine.txt"]


def test_exports_leave_the_run_alone(tiny_run):
    workdir, _ = tiny_run
    with open(os.path.join(workdir, "state.json")) as file:
        assert len(json.load(file)["steps"]) == 2
