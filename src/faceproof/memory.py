"""The memory that this process may use, by all limits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

UNKNOWN_MACHINE_BYTES = 8_000_000_000
"""Assumed memory of a machine that does not report it."""

_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def memory_limit() -> int:
    """Memory that this process may use: the minimum of the machine's memory and all limits.

    The limits are those of control groups (versions 1 and 2, with all groups above) and ``RLIMIT_AS`` and
    ``RLIMIT_DATA`` (``ulimit -v`` and ``-d``). A limit that cannot be read is ignored.

    Returns:
        Bytes, 1 or more; at most `UNKNOWN_MACHINE_BYTES` if the machine does not report its memory.
    """
    return min([_machine_bytes(), *cgroup_limits(), *_process_limits()])


def cgroup_limits(root: Path = _CGROUPS, membership: Path = _MEMBERSHIP) -> list[int]:
    """Memory limits of the control groups of a process.

    Args:
        root: mount point of the control groups.
        membership: the file that lists the groups of the process, in the format of ``/proc/self/cgroup``.

    Returns:
        The limits in bytes; none if there are no groups with a limit.
    """
    limits = []
    for file in _limit_files(root, membership):
        try:
            text = file.read_text("ascii").strip()
        except (OSError, ValueError):
            continue
        if text.isdigit() and int(text) > 0:  # version 2 has "max" for no limit
            limits.append(int(text))
    return limits


def _limit_files(root: Path, membership: Path) -> Iterator[Path]:
    """Files with the limit of each group and of all groups above it.

    In a container the listed path may be the one outside of the container, which does not exist inside. The root is
    then the container's own group, and it is always included.
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
    except (AttributeError, ValueError, OSError):  # Windows, or a system without these names
        return UNKNOWN_MACHINE_BYTES


def _process_limits() -> list[int]:
    """The soft limits ``RLIMIT_AS`` and ``RLIMIT_DATA`` in bytes, without unlimited ones."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    soft = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return [limit for limit in soft if limit != resource.RLIM_INFINITY and limit > 0]
