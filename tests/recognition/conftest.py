import os
from pathlib import Path

import pytest

from faceproof.recognition.mtcnn_wheel import find_wheel_folder, read_wheel


class RecordedProgress:
    """Remembers what it was told."""

    def __init__(self):
        self.notes = []
        self.steps = []
        self.finished = 0

    def note(self, message):
        self.notes.append(message)

    def advance(self, done_bytes, total_bytes):
        self.steps.append((done_bytes, total_bytes))

    def finish(self):
        self.finished += 1


@pytest.fixture
def progress():
    return RecordedProgress()


@pytest.fixture(scope="session")
def cascade():
    """The tensors of the real cascade: 2 MB, of a known digest, so they stand for any weights."""
    return read_wheel(find_wheel_folder())


@pytest.fixture(scope="session")
def shared_weights():
    root = Path(os.environ.get("FACEPROOF_SHARED", Path(__file__).parents[3] / "shared"))
    folder = root / "weights"
    if not (folder / "facenet-vggface2.safetensors").is_file():
        pytest.skip(f"no facenet-vggface2.safetensors in {folder}; set FACEPROOF_SHARED")
    return folder
