"""Which program this is."""

import os
import re

from base import version
from tests.conftest import ROOT


def test_the_number_is_of_three_parts():
    assert re.fullmatch(r"\d+\.\d+\.\d+", version.NUMBER)


def test_rooms_are_the_packages_of_the_program():
    assert version.ROOT == ROOT
    assert {"base", "boost", "main"} & set(version.rooms()) == {"base", "boost"}
    for room in version.rooms():
        assert os.path.isfile(os.path.join(ROOT, room, "__init__.py"))
    assert not {"tests", "benchmarks"} & set(version.rooms())


def test_one_comment_more_is_another_version(tmp_path, monkeypatch):
    before = version.digest()
    assert before == version.digest()
    for room in [".", *version.rooms()]:
        (tmp_path / room).mkdir(exist_ok=True)
        (tmp_path / room / "__init__.py").touch()
        (tmp_path / room / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(version, "ROOT", str(tmp_path))
    same = version.digest()
    assert same != before
    (tmp_path / "boost" / "a.py").write_text("x = 1  # one\n")
    assert version.digest() != same
