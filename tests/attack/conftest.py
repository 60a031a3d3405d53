from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ATTACKS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Attacks fork processes, limit their memory and mount file systems, as only Linux does it."""
    if sys.platform != "linux":
        for item in items:
            if ATTACKS in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="attacks need Linux"))


@pytest.fixture(scope="session")
def forks() -> Iterator[object]:
    """Processes for attacks: one server, which takes some seconds to start."""
    from attacks.forks import Forks

    with Forks() as forks:
        yield forks


@pytest.fixture
def bench(forks, tmp_path):
    """Where a small attack runs."""
    from attacks.bench import Bench
    from attacks.findings import Failures

    tmp_path.chmod(0o755)
    return Bench(forks, tmp_path, Failures(tmp_path / "failures"), seed=1)


@pytest.fixture
def nothing_failed():
    """Fails with what an attack found; gives the number of inputs."""

    def check(tallies):
        tallies = list(tallies)
        failures = [failure for tally in tallies for failure in tally.failures]
        assert not failures, "\n".join(f"{one.name}: {one.fault}: {one.what}" for one in failures)
        assert all(tally.tried or tally.not_tried for tally in tallies)
        return sum(tally.tried for tally in tallies)

    return check
