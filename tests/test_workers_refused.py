"""Workers and settings that do not go together, and what one worker alone may do."""

import json

import pytest

from tests.conftest import TINY, run_main
from tests.several_workers import ends, names_in, start_workers


def test_a_worker_with_other_settings_is_refused_before_training(tmp_path):
    own = {1: ["--batch_size=32"]}
    processes = start_workers(*TINY, f"--workdir={tmp_path}/run", own_flags=own)
    for status, output, errors in ends(processes):
        assert status == 2
        assert errors.startswith("error: --batch_size=32: worker 1 (127.0.0.1:")
        assert errors.count("\n") == 1
        assert "Component" not in output
    assert names_in(str(tmp_path / "run")) == {"lock"}


TWO = {"cluster": {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}, "task": {"type": "worker"}}


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        ("{", [], "TF_CONFIG={: is not JSON"),
        ('{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', [], "of type ps"),
        (None, ["--repair"], "--repair: not with several workers"),
        (None, ["--device=npu"], "--device=npu: not with TF_CONFIG"),
        (None, ["--batch_size=63"], "--batch_size=63: must divide among 2 replicas"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path, text, flags, message):
    config = json.dumps({**TWO, "task": {"type": "worker", "index": 0}}) if text is None else text
    environment = {"TF_CONFIG": config}
    done = run_main(*TINY, *flags, f"--workdir={tmp_path}/run", environment=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("index", "evaluates"), [(0, True), (1, False)])
def test_the_chief_alone_uses_a_run(tiny_run, index, evaluates):
    config = json.dumps({**TWO, "task": {"type": "worker", "index": index}})
    environment = {"TF_CONFIG": config}
    done = run_main("--mode=evaluate", f"--workdir={tiny_run[0]}", environment=environment)
    assert done.returncode == 0, done.stderr
    assert ("log_p" in done.stdout) == evaluates
