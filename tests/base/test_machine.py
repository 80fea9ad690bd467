"""Available memory, from what the system tells and however little that is."""

import resource

import pytest

from base import machine

MEMINFO = "MemTotal: 9000 kB\nMemFree: 100 kB\nMemAvailable:    4096 kB\nSwapFree: 1024 kB\n"


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Files of a system that tells nothing yet."""
    for name, path in [("MEMINFO", "meminfo"), ("CGROUP", "cgroup"), ("CGROUP_MOUNT", "mount")]:
        monkeypatch.setattr(machine, name, str(tmp_path / path))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_system_that_tells_nothing_has_no_limit(system):
    assert machine.available_memory() == float("inf")
    write(system / "meminfo", "nonsense\n")
    write(system / "cgroup", "nonsense\n\n0::/\n")
    assert machine.available_memory() == float("inf")


def test_memory_and_swap_count(system):
    write(system / "meminfo", MEMINFO)
    assert machine.available_memory() == 5120 * 1024


def test_the_lowest_limit_of_the_groups_around_counts_in_both_versions(system):
    write(system / "meminfo", MEMINFO)
    write(system / "cgroup", "5:cpu,memory:/a/b\n1:name=systemd:/x\n0::/u/v\n")
    write(
        system / "mount" / "memory" / "a" / "b" / "memory.limit_in_bytes", "9223372036854771712\n"
    )
    write(system / "mount" / "u" / "memory.max", "max\n")
    assert machine.available_memory() == 5120 * 1024
    write(system / "mount" / "memory" / "memory.limit_in_bytes", "4000000\n")  # of the container
    assert machine.available_memory() == 4000000
    write(system / "mount" / "u" / "v" / "memory.max", "3000000\n")
    assert machine.available_memory() == 3000000
    write(system / "mount" / "u" / "memory.max", "2000000\n")
    assert machine.available_memory() == 2000000


def test_the_limit_of_the_process_counts(system, monkeypatch):
    write(system / "meminfo", MEMINFO)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 2000))
    assert machine.available_memory() == 1000


def test_this_machine_has_memory():
    assert machine.available_memory() > 1 << 20
