"""A process that has loaded all that main.py may need, and forks for each command; tests only.

Loading TensorFlow takes most of a small command's time. A fork is a process of its own like any
other, with its own memory, environment, directory, signals and end, but finds the modules loaded.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import warnings
from multiprocessing.connection import Connection
from types import SimpleNamespace

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

PARTS = """
    commands.parts commands.exported_model commands.train commands.compare onnx pandas
    sklearn.ensemble sklearn.metrics sklearn.mixture sklearn.model_selection
    report.calibration_plots report.column_plots report.comparison_page report.region_plots
    report.run_page report.step_plots report.summary_plots
""".split()
"""What commands, and the process beside a training, load only once they need it."""


class Prepared:
    """Runs commands of main.py one after another, each in a fork of a process started once.

    Or, where this is bare, other scripts in forks that have TensorFlow loaded and know no project.
    """

    def __init__(self, bare=False):
        self._server, self._bare = None, bare

    def run(self, arguments, cwd, environment, drawn=True):
        """As `subprocess.run` with what it says captured; in this process's umask.

        Unless it is drawn, a training leaves no pictures, report and events of the mixture.
        """
        if self._server is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            command = [sys.executable, os.path.abspath(__file__), *["bare"] * self._bare]
            # A command has what its own PYTHONPATH names, and nothing of this process's.
            own = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
            self._server = subprocess.Popen(command, **pipes, text=True, cwd=ROOT, env=own)
            atexit.register(self._server.communicate)  # it ends when its input does
        with tempfile.TemporaryDirectory() as directory:
            streams = [os.path.join(directory, name) for name in ("stdout", "stderr")]
            umask = os.umask(0)
            os.umask(umask)
            asked = [list(arguments), cwd, environment, drawn, umask, streams]
            status = self._answer(asked)
            told = [_read(path) for path in streams]
        return subprocess.CompletedProcess(arguments, status, *told)

    def _answer(self, asked):
        """The status of one command; whoever stops waiting for it leaves no answer to the next."""
        server, self._server = self._server, None
        try:
            server.stdin.write(json.dumps(asked) + "\n")
            server.stdin.flush()
            answer = server.stdout.readline()
            assert answer, "the process that has TensorFlow loaded has died"
            self._server = server
            return int(answer)
        finally:
            if self._server is None:
                server.kill()


def _read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class ForkedHelper:
    """In the place of the process beside a training: a fork, that has all loaded as well."""

    def __init__(self, _, pass_fds, env, **__):
        self._number = os.fork()
        if not self._number:
            try:
                self._serve(*pass_fds, env)
            finally:
                os._exit(0)

    def _serve(self, end, environment):
        os.environ.update(environment)
        os.closerange(3, end)
        os.closerange(end + 1, 256)  # with the run's own end of it
        with threadpoolctl.threadpool_limits(1, "blas"):
            connection = Connection(end)
            connection.recv()  # where modules are
            side_process._serve(connection)

    def kill(self):
        os.kill(self._number, signal.SIGKILL)

    def wait(self):
        _, status = os.waitpid(self._number, 0)
        return ended(status)


def ended(status):
    """As `subprocess` says it."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def serve():
    """Answers each line of standard input with a status; returns in a fork what that shall do."""
    for line in iter(sys.stdin.readline, ""):
        number = os.fork()
        if not number:
            return json.loads(line)
        _, status = os.waitpid(number, 0)
        sys.stdout.write(f"{ended(status)}\n")
        sys.stdout.flush()
    sys.exit()


def become(arguments, cwd, environment, drawn, umask, streams):
    """Makes this fork what a process would be that was started so."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    os.umask(umask)
    for number, path in enumerate([os.devnull, *streams]):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[1:1] = [path for path in paths if path and path not in sys.path]
    sys.argv = list(arguments)
    if IS_BARE:
        return
    sys.argv.insert(0, os.path.join(ROOT, "main.py"))
    if not drawn:
        loop.LiveReport = NothingDrawn


IS_BARE = sys.argv[1:] == ["bare"]

if __name__ == "__main__" and IS_BARE:
    sys.path.pop(0)
    warnings.simplefilter("ignore")
    for name in ("numpy", "tensorflow", "onnxruntime"):
        importlib.import_module(name)
elif __name__ == "__main__":
    sys.path[0] = ROOT
    from estimator import factory

    factory.load_tensorflow(-1)
    for name in PARTS:
        importlib.import_module(name)
    import threadpoolctl

    from boost import loop, refiner, refining
    from report import side_process
    from tests.commands.calls import NothingDrawn

    # A refinement is only begun: how good it gets is asserted of none that main.py makes.
    refining.MOST_ITERATIONS["mlp"], refining.SAMPLES, refiner.PROPOSALS = 300, 3000, 2000
    refining.POINTS = 2000

    side_process.subprocess = SimpleNamespace(Popen=ForkedHelper, DEVNULL=subprocess.DEVNULL)

if __name__ == "__main__":
    gc.freeze()  # else each fork's first collection would copy all pages
    become(*serve())
    runpy.run_path(sys.argv[0], run_name="__main__")
