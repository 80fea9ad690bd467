"""Devices that sessions share: compiled once, nothing listens, nothing stays."""

import glob
import os
import re
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf

from estimator import sharing
from tests.conftest import ROOT, TINY, run_fresh
from tests.estimator.trainings import make_params, train, weights_of

PROXIES = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "grpc_proxy")}
"""Nobody listens there, and nobody is to ask."""


def test_a_run_compiles_each_kind_of_training_once(tmp_path):
    """XLA writes a file for whatever it compiles."""
    done = run_fresh(
        *TINY,
        "--steps=4",
        f"--workdir={tmp_path}/run",
        environment={"XLA_FLAGS": "--xla_dump_to=dumped", **PROXIES},
    )
    assert done.returncode == 0, done.stderr
    names = os.listdir(str(tmp_path / "dumped"))
    compiled = {name.split(".")[0] for name in names}
    assert len(compiled) == 3  # the probe, the GAN's loop, the mixture discriminator's


def test_nothing_listens_while_a_run_trains(tmp_path):
    flags = [*TINY, "--epochs=100000", "--workdir=run"]
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "main.py"), *flags],
        cwd=str(tmp_path), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not glob.glob(f"{glob.escape(str(tmp_path))}/run/components/01/events*"):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
        assert listening(process.pid) == []
    finally:
        process.kill()
        process.wait()


def listening(process):
    """Addresses that a process listens at, as the kernel writes them."""
    links = glob.glob(f"/proc/{process}/fd/*")
    sockets = [link for link in map(os.readlink, links) if link.startswith("socket")]
    inodes = {re.sub(r"\D", "", link) for link in sockets}
    found = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{process}/net/{table}") as file:
            rows = [line.split() for line in file][1:]
        found += [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]
    return found


def test_trainings_one_after_another_leave_no_trace_in_each_other(tmp_path):
    """Of other initial weights, on the same devices, with the same names."""
    latent = np.zeros((1, 5), np.float32)
    found = []
    for number, std in enumerate((0.8, 0.3, 0.8)):
        params = make_params()
        values = {n: v * std if "kernel" in n else v for n, v in params.initial_values.items()}
        params = type(params)(**{**vars(params), "initial_values": values})
        (tmp_path / str(number)).mkdir()
        _, result, _ = train(tmp_path / str(number), 50, params, latent)
        found.append(weights_of(result.checkpoint))
    for name, value in found[0].items():
        np.testing.assert_array_equal(found[2][name], value, err_msg=name)
    assert any((found[1][name] != value).any() for name, value in found[0].items())


def test_what_a_session_leaves_on_the_devices_stays_until_it_is_destroyed():
    target = sharing.devices(tf.ConfigProto(device_count={"GPU": 0}))
    zeros = tf.zeros_initializer()
    with tf.Graph().as_default() as graph, graph.container("one"):
        variable = tf.get_variable("v", [], initializer=zeros, use_resource=True)
        moved, there = variable.assign_add(2.0).op, variable.is_initialized()
        value, destroy = variable.read_value(), sharing.destroy_all()
        with tf.Session(target) as session:
            session.run(variable.initializer)
            session.run(moved)
        with tf.Session(target) as session:  # so another training must not use its names
            assert session.run(value) == 2.0
            session.run(destroy)
            assert not session.run(there)
