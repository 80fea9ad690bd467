"""Addresses of this machine at which workers meet, and what they meet with."""

import contextlib
import socket
import time

SHARED = {"--batch_size": 64, "version": "aa"}
TEXT = "process 1 on here\n"


def free_addresses(number):
    """Of ports that nobody listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)


def connected(address):
    host, port = address.split(":")
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection((host, int(port)))
        time.sleep(0.05)
    raise AssertionError("nobody listens")
