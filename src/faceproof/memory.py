"""How much memory this process may use, whatever sets the limit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

UNKNOWN_MACHINE_BYTES = 8_000_000_000
"""What a machine is taken to have where it does not say."""

_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def memory_limit() -> int:
    """Bytes that this process may use: the smallest of the machine's memory, its cgroup's and its own limits.

    The limits are those of control groups (versions 1 and 2, with all groups above) and ``RLIMIT_AS`` and
    ``RLIMIT_DATA`` (``ulimit -v`` and ``-d``). What cannot be read counts as no limit.

    Returns:
        Bytes, 1 or more; `UNKNOWN_MACHINE_BYTES` at most where the machine does not say what it has.
    """
    return min([_machine_bytes(), *cgroup_limits(), *_process_limits()])


def cgroup_limits(root: Path = _CGROUPS, membership: Path = _MEMBERSHIP) -> list[int]:
    """Memory limits in bytes of the control groups that a process is in, none where there are no such groups.

    Args:
        root: where control groups are mounted.
        membership: what lists the groups of the process, as ``/proc/self/cgroup`` does.
    """
    limits = []
    for file in _limit_files(root, membership):
        try:
            text = file.read_text("ascii").strip()
        except (OSError, ValueError):
            continue
        if text.isdigit() and int(text) > 0:  # version 2 writes "max" where there is none
            limits.append(int(text))
    return limits


def _limit_files(root: Path, membership: Path) -> Iterator[Path]:
    """Files with the limit of each group and of all above it.

    A container may be told the path that its group has outside, which it does not see: the groups above it end at the
    root, which is then its own.
    """
    try:
        lines = membership.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    for line in [*lines, "0::/", "0:memory:/"]:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        base, name = (root / "memory", "memory.limit_in_bytes") if controllers else (root, "memory.max")
        inside = PurePosixPath(path.lstrip("/"))
        for group in (inside, *inside.parents):
            yield base / group / name


def _machine_bytes() -> int:
    try:
        return max(1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on Windows; names that a system may lack
        return UNKNOWN_MACHINE_BYTES


def _process_limits() -> list[int]:
    try:
        import resource
    except ImportError:  # Windows
        return []
    soft = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return [limit for limit in soft if limit != resource.RLIM_INFINITY and limit > 0]
