import pytest

from faceproof.systems.weights.mtcnn_wheel import find_wheel_folder, read_wheel


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
