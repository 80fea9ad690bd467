"""What tests of pictures share."""

import pytest

from report import drawing


@pytest.fixture
def kept(monkeypatch):
    """The figures that are drawn, instead of their files."""
    figures = []
    monkeypatch.setattr(drawing, "save", lambda figure, path: figures.append(figure))
    return figures
