"""A program in the place of Python's, for what starts main.py by itself; tests only."""

import contextlib
import os
import shlex
import sys
import threading
from multiprocessing.connection import Client, Listener


@contextlib.contextmanager
def program(directory, run):
    """Path of a program that is Python, but that main.py is run by what runs it here.

    So it finds TensorFlow loaded, whoever starts it; what it says comes once it has ended.

    Args:
      directory: where the program goes.
      run: of main.py's arguments, the current directory and the environment: as `Prepared.run`.
    """
    path = os.path.join(str(directory), "python")
    with Listener(family="AF_UNIX") as listener, open(path, "w") as file:
        words = [sys.executable, "-IS", os.path.abspath(__file__), sys.executable, listener.address]
        file.write(f'#!/bin/sh\nexec {" ".join(map(shlex.quote, words))} "$@"\n')
        os.chmod(path, 0o755)
        file.close()  # as what is being written is not run
        threading.Thread(target=_answer, args=(listener, run), daemon=True).start()
        yield path
        with Client(listener.address) as asked:
            asked.send(None)


def _answer(listener, run):
    """Runs what is asked for until that is nothing."""
    while True:
        with listener.accept() as asked:
            given = asked.recv()
            if given is None:
                return
            done = run(*given)
            asked.send((done.returncode, done.stdout, done.stderr))


def main(python, address, *command):
    """What the program is: another Python, or main.py's end."""
    if not command or os.path.basename(command[0]) != "main.py":
        os.execv(python, [python, *command])
    with Client(address) as asked:
        asked.send((list(command[1:]), os.getcwd(), dict(os.environ)))
        status, out, error = asked.recv()
    sys.stdout.write(out)
    sys.stderr.write(error)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
