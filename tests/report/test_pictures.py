"""When the summaries over all steps are drawn."""

from types import SimpleNamespace

from report import plots_jobs
from report.pictures import Pictures
from storage.workdir import Workdir


class Side:
    """Has done everything as soon as it is asked."""

    def __init__(self):
        self.calls = []

    def submit(self, *call):
        self.calls.append(call)
        return len(self.calls) - 1

    def finished(self):
        return list(range(len(self.calls)))

    def result(self, ticket):
        """Seconds that a summary took."""
        return 2.0

    def summaries(self):
        """Of how many steps each was."""
        return [len(call[2].by_step) for call in self.calls if call[0] is plots_jobs.summary]


def state(steps):
    fields = dict(metrics=None, beta=1.0, effective_sample_size=1.0, zero_weight=0.0)
    records = [
        SimpleNamespace(step=step, calibration={}, picture="picture.npz", **fields)
        for step in range(1, steps + 1)
    ]
    return SimpleNamespace(steps=records, perfect=None)


def test_short_steps_have_their_summary_at_first_now_and_then_and_at_the_end(tmp_path, monkeypatch):
    side, now = Side(), [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    pictures = Pictures(side, Workdir(str(tmp_path)), 10, 0)
    for steps in range(1, 6):
        pictures.draw(state(steps))
        list(pictures.finished())
        now[0] += 14.0
    assert side.summaries() == [1, 4]
    list(pictures.wait())
    assert side.summaries() == [1, 4, 5]


def test_long_steps_have_it_each(tmp_path, monkeypatch):
    side, now = Side(), [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    pictures = Pictures(side, Workdir(str(tmp_path)), 10, 0)
    for steps in range(1, 4):
        pictures.draw(state(steps))
        list(pictures.finished())
        now[0] += 60.0
    list(pictures.wait())
    assert side.summaries() == [1, 2, 3]
