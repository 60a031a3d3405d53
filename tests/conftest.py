from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real photos, golden files and weights; tests that need it skip where it is absent."""
    default = Path(__file__).parents[1].parent / "shared"
    folder = Path(os.environ.get("FACEPROOF_SHARED", default))
    if not folder.is_absolute():
        folder = Path(__file__).parents[1] / folder
    if not (folder / "data").is_dir():
        pytest.skip(f"real photos, golden files and weights are not at {folder} (set FACEPROOF_SHARED)")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that uses ``shared`` is marked, so that ``-m real_photos`` runs all that need real photos."""
    for item in items:
        if "shared" in getattr(item, "fixturenames", ()):
            item.add_marker("real_photos")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache or weights."""
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("FACEPROOF_WEIGHTS", raising=False)


@pytest.fixture
def few_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model check draws six people in place of forty, where a test is not about how well it can tell."""
    monkeypatch.setattr("faceproof.systems.model_check.faces.PEOPLE", 6)


class RecordedProgress:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[tuple[int, int | None]] = []
        self.finished = 0

    def note(self, message: str) -> None:
        self.notes.append(message)

    def advance(self, done_bytes: int, total_bytes: int | None) -> None:
        self.steps.append((done_bytes, total_bytes))

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def progress() -> RecordedProgress:
    return RecordedProgress()


@dataclass(frozen=True)
class MadeUpRun:
    """A finished evaluation of photos that are nowhere: what a test says is what ``read_run`` gives.

    Attributes:
        pairs: photo ids of side a and b; the part before the slash is the person.
        similarity: one for each pair; a comparison with a failed photo has none.
        failed: photos without a template.
        fold: of each pair; -1 where there is none.
        labels: mated or not; None: as the persons say.
        other_bytes: photos that are another file under the same name.
        root: the folder of people.
        manifest: further entries.
    """

    pairs: Sequence[tuple[str, str]]
    similarity: Sequence[float]
    failed: frozenset[str] = frozenset()
    fold: Sequence[int] | None = None
    labels: Sequence[bool] | None = None
    other_bytes: frozenset[str] = frozenset()
    model: str = "model-a"
    embed_ms: float = 8.0
    root: Path = Path("nowhere")
    manifest: dict[str, Any] | None = None

    def write(self, folder: Path) -> Path:
        """Write the folder and give it back."""
        from faceproof.people.types import Comparisons, Photo
        from faceproof.runs.manifest_file import write_manifest
        from faceproof.runs.manifest_schema import Manifest
        from faceproof.runs.run_tables import comparisons_table, of_system, scores_table, write_tables
        from faceproof.systems.photo_table import PhotoOutcome, PhotoTable

        ids = sorted({photo for pair in self.pairs for photo in pair})
        photos = [Photo(name, self.root / name, name.rpartition("/")[0], self._digest(name)) for name in ids]
        row_a, row_b = (np.array([ids.index(pair[side]) for pair in self.pairs], np.int64) for side in (0, 1))
        same = [photos[a].person == photos[b].person for a, b in zip(row_a, row_b, strict=True)]
        mated = np.array(same if self.labels is None else self.labels, np.bool_)
        fold = np.full(len(mated), -1, np.int16) if self.fold is None else np.array(self.fold, np.int16)
        comparisons = Comparisons(tuple(photos), row_a, row_b, mated, fold, "csv")
        table = PhotoTable(photos, 1)
        for row, name in enumerate(ids):
            times = {"width_px": 80, "height_px": 80, "decode_ms": 1.0, "detect_ms": 3.0}
            found = PhotoOutcome("template", faces_found=1, embed_ms=self.embed_ms, template=np.ones(1), **times)
            lost = PhotoOutcome("detect", "no face was found", faces_found=0, **times)
            table.put(row, lost if name in self.failed else found)
        lost_rows = [bool(self.failed & set(pair)) for pair in self.pairs]
        similarity = np.where(lost_rows, np.nan, np.asarray(self.similarity, np.float64))
        folder.mkdir(parents=True, exist_ok=True)
        scores = scores_table(comparisons, similarity, table)
        write_tables(folder, "comparisons", [comparisons_table(comparisons)])
        write_tables(folder, "photos", [of_system(table.to_table(), self.model)])
        write_tables(folder, "scores", [of_system(scores, self.model)])
        write_manifest(folder, Manifest.model_validate(self._manifest(comparisons) | (self.manifest or {})))
        return folder

    def _digest(self, name: str) -> str:
        return hashlib.sha256(f"{name}{' changed' if name in self.other_bytes else ''}".encode()).hexdigest()

    def _manifest(self, comparisons: Any) -> dict[str, Any]:
        from faceproof.runs.manifest import protocol_entry

        return {
            "schema_version": 3,
            "kind": "evaluation",
            "faceproof_version": "0.1.0",
            "command": None,
            "started": "2026-01-01T00:00:00Z",
            "finished": "2026-01-01T00:01:00Z",
            "systems": [self.system()],
            "people": {"root": str(self.root), "synthetic": False},
            "protocol": protocol_entry(comparisons),
            "judging": {"threshold_distance": None, "folds": 10},
            "seed": 0,
            "device": "cpu",
            "machine": {"system": "Linux", "processor": "x86_64", "cores": 2},
            "timing": {"wall_s": 1.0},
        }

    def system(self, **more: object) -> dict[str, Any]:
        """The manifest's entry of the system."""
        card = {"name": self.model, "title": self.model.title(), "template_size": 128}
        weights = hashlib.sha256(self.model.encode()).hexdigest()
        return {"name": self.model, "card": card, "weights": weights, **more}


@pytest.fixture(scope="session")
def made_up_run() -> Callable[..., MadeUpRun]:
    """See ``MadeUpRun``."""
    return MadeUpRun


@pytest.fixture(scope="session")
def two_scores() -> Callable[..., tuple[list[tuple[str, str]], np.ndarray, np.ndarray]]:
    """Pairs of made-up people, mated and non-mated, and what two systems of which the second is worse say of them."""

    def make(people: int = 60, seed: int = 3) -> tuple[list[tuple[str, str]], np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        pairs = [(f"p{one:03d}/1.jpg", f"p{one:03d}/2.jpg") for one in range(people)]
        others = [rng.choice(people, 2, replace=False) for _ in range(5 * people)]
        pairs += sorted({(f"p{min(two):03d}/1.jpg", f"p{max(two):03d}/2.jpg") for two in others})
        mated = np.arange(len(pairs)) < people
        both = np.where(mated, 0.5, 0.1) + rng.normal(0, 0.13, mated.size)
        first, second = (np.clip(both + rng.normal(0, noise, mated.size), -1, 1) for noise in (0.03, 0.12))
        return pairs, first, second

    return make


SPECIAL = {"pipe": "a pipe", "socket": "a socket", "device": "a device", "folder": "a folder"}


@pytest.fixture(params=list(SPECIAL))
def special(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Makes something under a path that is no regular file, and gives what it is called; opening it may not wait.

    A test that waits on it for a minute fails.
    """

    def waits(number: int, frame: object) -> None:
        raise AssertionError("it was opened, and that waits for ever")

    kept: list[socket.socket] = []

    def make(path: str | Path) -> str:
        kind = request.param
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            # The name of a socket is short: it is made elsewhere and linked.
            place = Path(tempfile.mkdtemp(prefix="fp")) / "s"
            kept.append(socket.socket(socket.AF_UNIX))
            kept[-1].bind(str(place))
            Path(path).symlink_to(place)
        elif kind == "device":
            Path(path).symlink_to("/dev/zero")
        else:
            Path(path).mkdir()
        return SPECIAL[kind]

    before = signal.signal(signal.SIGALRM, waits)
    signal.alarm(60)
    yield make
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    for one in kept:
        shutil.rmtree(Path(one.getsockname()).parent)
        one.close()
