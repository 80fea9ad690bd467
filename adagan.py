"""AdaGAN from Python: `AdaGAN(preset="table", steps=3).fit(frame).sample(1000)`.

Each call runs main.py in a process of its own: the same runs, work directories, errors and random
numbers as on the command line, in notebooks and scripts alike.
"""

import io
import json
import os
import tempfile
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np
import pandas

from commands import child, frame_types, given_data
from commands.frame_types import Column
from commands.given_data import Copy

ROOT = os.path.dirname(os.path.abspath(__file__))
PRESETS = ("table", "image", "quality", "cpu")
"""Files of flags beside this one, by their names without `.flags`."""

Data = Union[pandas.DataFrame, np.ndarray, str, "os.PathLike[str]"]


class AdaGAN:
    """A mixture of GANs (Tolstikhin et al., NeurIPS 2017) of a table, of images, or of a toy.

    Attributes:
      workdir: of the run; other programs, and `AdaGAN.load`, find it there.
    """

    def __init__(
        self,
        preset: str = "table",
        workdir: Optional[str] = None,
        random_state: Optional[int] = None,
        **flags: Any,
    ):
        """Says how to train; nothing runs yet.

        Args:
          preset: "table", "image", "quality" or "cpu": the flags file of that name.
          workdir: where the run is kept, and goes on; a temporary directory unless given.
          random_state: the seed, as scikit-learn calls it.
          **flags: of `python main.py --help`, by name; they override the preset's.

        Raises:
          ValueError: for an unknown preset.
        """
        self._given: Dict[str, Any] = {}
        self._take({"preset": preset, "workdir": workdir, "random_state": random_state, **flags})

    def _take(self, given: Dict[str, Any]) -> None:
        """Arguments as `__init__` takes them."""
        preset, workdir = given["preset"], given["workdir"]
        if preset not in PRESETS:
            raise ValueError(f"preset={preset!r}: must be one of {', '.join(PRESETS)}")
        moved = not self._given or workdir != self._given["workdir"]
        self._given = given
        if moved:
            self._begin_in(workdir)

    def _begin_in(self, workdir: Optional[str]) -> None:
        """A work directory, a temporary one for None, that this object knows no run in."""
        self.workdir = workdir or ""
        if not workdir:
            self._temporary = tempfile.TemporaryDirectory(prefix="adagan-")  # goes with this object
            self.workdir = os.path.join(self._temporary.name, "run")
        self._has_run = False  # in the work directory, from `fit` or `load`
        self._fitted: List[Column] = []  # of a frame
        self._is_array = False
        self._copy: Optional[Copy] = None  # of the data, that the last `fit` made

    @classmethod
    def load(cls, workdir: str) -> "AdaGAN":
        """A run that is there, as it was trained from here or on the command line.

        Raises:
          ValueError: if there is none.
        """
        if not os.path.isfile(os.path.join(workdir, "state.json")):
            raise ValueError(f"{workdir}: holds no run")
        made = cls(workdir=workdir)
        made._has_run = True
        made._is_array = not os.path.isfile(os.path.join(workdir, "columns.npz"))
        settings = made.settings
        made._is_array |= settings["data_file"].lower().endswith((".npy", ".npz"))
        made._fitted = frame_types.kept(workdir)
        return made

    def get_params(self, deep: bool = True) -> Dict[str, Any]:
        """What `__init__` was given, by name."""
        del deep  # nothing is nested
        return dict(self._given)

    def set_params(self, **params: Any) -> "AdaGAN":
        """Other arguments for the next `fit`; what was fitted stays, in the same workdir."""
        self._take({**self._given, **params})
        return self

    def fit(self, X: Optional[Data] = None, y: None = None) -> "AdaGAN":
        """Trains, or goes on where a run of the same data and flags in this workdir stopped.

        Args:
          X: a table: a DataFrame, an array [N, d] or images [N, *shape], or the path of a file that
            `--data_file` takes; None for the toy data that the flags say.
          y: ignored, for scikit-learn's pipelines.

        Returns:
          This object.

        Raises:
          ValueError: for data or flags that main.py refuses, with its words.
          RuntimeError: if the training failed.
          KeyboardInterrupt: when interrupted; `fit` again goes on.
        """
        flags = {k: v for k, v in self._given.items() if k not in ("preset", "workdir")}
        seed = flags.pop("random_state")
        if seed is not None:
            flags["seed"] = seed
        self._has_run, self._fitted, self._is_array, self._copy = False, [], X is None, None
        if X is not None:
            flags.update(dataset="file", data_file=self._data_file(X))
        if isinstance(X, pandas.DataFrame):
            flags = {"header": "yes", "delimiter": "comma", "decimal": "point", **flags}
        try:
            self._train(flags)
        finally:  # interrupted, it is a run of these data too
            path = os.path.join(self.workdir, "settings.json")
            started = self._fitted and os.path.isfile(path)
            if started and _settings(path)["data_file"] == flags["data_file"]:
                frame_types.keep(self._fitted, self.workdir)
        return self

    def _train(self, flags: Dict[str, Any]) -> None:
        """Trains with what `fit` was given; see there for what it raises."""
        preset, self._has_run = os.path.join(ROOT, f"{self._given['preset']}.flags"), True
        try:
            self._run([f"--flagfile={preset}"], **flags)
        except ValueError:  # refused: no run needs the copy of the data
            if self._copy:
                self._copy.remove()
            self._has_run, self._fitted = False, []
            raise

    def sample(
        self, number: int = 1000, refine: bool = False, random_state: Optional[int] = None
    ) -> Union[pandas.DataFrame, np.ndarray]:
        """New points.

        Args:
          number: of them.
          refine: whether they are accepted by their density ratio; trained the first time.
          random_state: of the draw; the run's own seed unless given, so the same points each time.

        Returns:
          A DataFrame with the columns' names, order and types for a table, of which values are
          missing as there (integers are floats then); an array [number, *shape] for arrays and
          toys.
        """
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "samples.npy" if self._is_array else "samples.csv")
            flags: Dict[str, Any] = {"num_samples": number, "output": path, "refine": refine}
            if random_state is not None:
                flags["seed"] = random_state
            self._use("sample", **flags)
            if self._is_array:
                return np.load(path)
            return frame_types.read(path, self._fitted)

    def evaluate(self, refine: bool = False) -> Dict[str, float]:
        """Medians of the figures over several draws, by name; see docs/reading_the_report.md."""
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "draws.json")
            self._use("evaluate", output=path, refine=refine)
            with open(path, encoding="utf-8") as file:
                draws = pandas.DataFrame(json.load(file), dtype=float)
        return draws.median().dropna().to_dict()

    def export(self, format: str = "saved_model", directory: str = "", **flags: Any) -> str:
        """Writes the mixture for use without this project.

        Args:
          format: saved_model, onnx, frozen or ckpt.
          directory: where to; WORKDIR/export/FORMAT unless given.
          **flags: refine, component, overwrite.

        Returns:
          The directory.
        """
        flags = {"overwrite": True, "format": format, "export_dir": directory, **flags}
        self._use("export", **flags)
        return directory or os.path.join(self.workdir, "export", format)

    def report(self) -> str:
        """Path of the run's page, report.html."""
        return self._of_run("report.html")

    @property
    def history(self) -> pandas.DataFrame:
        """The figures of each boosting step, as in metrics.csv."""
        return pandas.read_csv(self._of_run("metrics.csv"))

    @property
    def settings(self) -> Dict[str, Any]:
        """Of the run, by flag."""
        return _settings(self._of_run("settings.json"))

    def _of_run(self, *names: str) -> str:
        """A path in the work directory of the run that was fitted or loaded.

        Raises:
          NotFittedError: a ValueError, if there is none yet.
        """
        if not (self._has_run and os.path.isfile(os.path.join(self.workdir, "state.json"))):
            from sklearn.exceptions import NotFittedError  # takes its time

            text = "call fit first, or AdaGAN.load(workdir) for a run that is there"
            raise NotFittedError(f"this AdaGAN has no trained step: {text}")
        return os.path.join(self.workdir, *names)

    def _data_file(self, X: Data) -> str:
        """The path of the data; a frame or an array is written beside the work directory first."""
        if isinstance(X, (str, os.PathLike)):
            path = os.path.abspath(os.fspath(X))
            self._is_array = path.lower().endswith((".npy", ".npz"))
            return path
        given_data.check(self.workdir)
        if isinstance(X, pandas.DataFrame):
            self._fitted = frame_types.of_frame(X)
            data, ending = frame_types.to_csv(X).encode("utf-8"), ".csv"
        else:
            self._is_array, written = True, io.BytesIO()
            np.save(written, np.asarray(X))
            data, ending = written.getvalue(), ".npy"
        self._copy = given_data.write(data, self.workdir, ending)
        return self._copy.path

    def _use(self, mode: str, **flags: Any) -> None:
        """A command on the run that was fitted or loaded; see `_of_run` and `fit`."""
        self._of_run()
        self._run([f"--mode={mode}"], **flags)

    def _run(self, command: Sequence[str], **flags: Any) -> None:
        """One of main.py's commands on this work directory; see `fit` for what it raises."""
        child.run([*command, *child.as_flags({**flags, "workdir": self.workdir})])


def _settings(path: str) -> Dict[str, Any]:
    """What a run's settings.json says, by flag."""
    with open(path, encoding="utf-8") as file:
        rooms = json.load(file).values()
    return {name: value for room in rooms for name, value in room.items()}
