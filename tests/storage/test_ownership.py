"""What in a work directory is the run's own."""

import os

import pytest

from base.errors import UsageError
from storage import ownership
from tests.storage.runs import started


@pytest.mark.parametrize("name", ["components", "components/01", "data_weights", "state.json"])
def test_what_is_the_runs_own_is_no_link(tmp_path, name):
    workdir, before, _ = started(tmp_path, 1)
    inside = workdir.join(before.steps[0].data_weights if name == "data_weights" else name)
    outside = tmp_path / "outside"
    os.rename(inside, str(outside))
    os.symlink(str(outside), inside)
    for check in (lambda: ownership.check_links(workdir.path), workdir.check_usable):
        with pytest.raises(UsageError, match=r": is a link; .* move the whole of it elsewhere"):
            check()
    os.remove(inside)
    os.rename(str(outside), inside)
    os.symlink(workdir.path, str(tmp_path / "link"))
    ownership.check_links(str(tmp_path / "link"))
    os.symlink("/etc", workdir.join("mine"))  # not the run's: nothing follows it
    ownership.check_links(workdir.path)
