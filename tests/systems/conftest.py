import pytest

from faceproof.systems.weights.mtcnn_wheel import find_wheel_folder, read_wheel


@pytest.fixture(scope="session")
def cascade():
    """The tensors of the real cascade: 2 MB, of a known digest, so they stand for any weights."""
    return read_wheel(find_wheel_folder())
