"""How much memory there is, on machines of several kinds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from faceproof.memory import UNKNOWN_MACHINE_BYTES, cgroup_limits, memory_limit


def written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_version_2_counts_the_group_and_all_above_it(tmp_path: Path) -> None:
    written(tmp_path / "self", "0::/a/b\n")
    written(tmp_path / "a/b/memory.max", "max\n")
    written(tmp_path / "a/memory.max", "5000\n")
    written(tmp_path / "memory.max", "9000\n")
    written(tmp_path / "a/c/memory.max", "1\n")
    assert sorted(set(cgroup_limits(tmp_path, tmp_path / "self"))) == [5000, 9000]


def test_version_1_counts_the_memory_controller_alone(tmp_path: Path) -> None:
    written(tmp_path / "self", "3:cpu,cpuacct:/x\n4:memory:/docker/abc\n")
    written(tmp_path / "memory/docker/abc/memory.limit_in_bytes", "7000\n")
    written(tmp_path / "memory/x/memory.limit_in_bytes", "1\n")
    written(tmp_path / "x/memory.max", "1\n")
    assert set(cgroup_limits(tmp_path, tmp_path / "self")) == {7000}


def test_a_container_that_is_told_the_path_outside_finds_its_own_limit(tmp_path: Path) -> None:
    written(tmp_path / "self", "4:memory:/docker/abc\n")
    written(tmp_path / "memory/memory.limit_in_bytes", "7000\n")
    assert set(cgroup_limits(tmp_path, tmp_path / "self")) == {7000}


def test_without_proc_the_limit_of_the_root_counts(tmp_path: Path) -> None:
    assert cgroup_limits(tmp_path, tmp_path / "nothing") == []
    written(tmp_path / "memory.max", "6000\n")
    assert cgroup_limits(tmp_path, tmp_path / "nothing") == [6000]


def test_damaged_limits_are_no_limits(tmp_path: Path) -> None:
    written(tmp_path / "self", "no colons\n0::/\n")
    for text in ("", "-1\n", "0\n", "lots\n"):
        written(tmp_path / "memory.max", text)
        assert cgroup_limits(tmp_path, tmp_path / "self") == [], text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
@pytest.mark.parametrize("kind", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_the_limits_of_the_process_count(kind: str) -> None:
    script = (
        f"import resource; resource.setrlimit(resource.{kind}, (1 << 30, resource.RLIM_INFINITY));"
        "from faceproof.memory import memory_limit; print(memory_limit())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) == 1 << 30


def test_a_machine_that_does_not_say_what_it_has_is_taken_for_a_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.sysconf")
    assert 0 < memory_limit() <= UNKNOWN_MACHINE_BYTES
