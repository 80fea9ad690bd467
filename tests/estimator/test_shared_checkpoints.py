"""What a worker copies of the checkpoint that the chief names, and what it does not."""

import os

import pytest

from base.errors import WorkerLost
from estimator import resume

GOOD = {"iterations": 20, "engine": "replicas", "sha256": {"model.ckpt-20.index": "00"}}


@pytest.mark.parametrize(
    "message",
    [
        {"directory": directory, "saved": GOOD}
        for directory in ("..", "../elsewhere", "components/../../elsewhere", "/etc", "", None, 7,
                          "components//01", "/", "a\0b", "\ud800", "out", "out/inside", ["a"])
    ] + [
        {"directory": "components/01", "saved": saved}
        for saved in (
            *({**GOOD, "sha256": {name: "00"}} for name in (
                "../model.ckpt-20.index", "/etc/passwd", "", ".", "..", "model.ckpt-21.index",
                "model.ckpt-20.", "model.ckpt-20.a/../../b", "model.ckpt-20.index\n",
                "model.ckpt-²0.index", "checkpoint", "progress.json", "model.ckpt-20.index\0")),
            {**GOOD, "sha256": {}}, {**GOOD, "sha256": 7}, {**GOOD, "sha256": None},
            {**GOOD, "sha256": [["model.ckpt-20.index"]]}, {**GOOD, "iterations": "x"},
            {**GOOD, "iterations": 1e999}, {**GOOD, "iterations": None}, {"iterations": 20},
            {"sha256": {"model.ckpt-20.index": "00"}}, [GOOD], "saved", 7,
        )
    ] + [{"saved": GOOD}, [1], "told"],
    ids=lambda value: ascii(value)[:60],
)  # fmt: skip
def test_nothing_is_copied_but_a_checkpoint_of_the_work_directory(worker, tmp_path, message):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for directory in (elsewhere, tmp_path / "run" / "components" / "01"):
        (directory / "model.ckpt-20.index").write_text("secret")
    os.symlink(str(elsewhere), str(tmp_path / "run" / "out"))
    worker._peers.share = lambda value: message
    with pytest.raises(WorkerLost, match=r"the chief .* does not name a checkpoint in"):
        worker._checkpoints.share(str(tmp_path / "own"))
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize("directory", ["components/01", "."])
def test_what_the_chief_has_saved_is_copied(worker, tmp_path, directory):
    (tmp_path / "run" / directory / "model.ckpt-20.index").write_text("weights")
    worker._peers.share = lambda value: {"directory": directory, "saved": GOOD}
    worker._checkpoints.share(str(tmp_path / "own"))
    assert (tmp_path / "own" / "model.ckpt-20.index").read_text() == "weights"
    assert resume.progress(str(tmp_path / "own")) == GOOD
