import os
import shutil
import subprocess
import sys

import joblib
import numpy as np
import pytest

from faceproof.errors import WeightsError
from faceproof.systems.weights.layouts import check_layout
from faceproof.systems.weights.mtcnn_wheel import find_wheel_folder, read_wheel
from faceproof.systems.weights.tensors import tensors_digest
from faceproof.systems.weights.zoo import get_card


class RunsCode:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.fixture
def folder(tmp_path):
    """A copy of the package's weights that may be damaged."""
    return shutil.copytree(find_wheel_folder(), tmp_path / "weights")


def test_the_digest_is_that_of_the_card(cascade):
    assert tensors_digest(cascade) == get_card("mtcnn").tensors_sha256


def test_tensors_have_the_names_shapes_and_types_of_the_network(cascade):
    check_layout(cascade, "mtcnn", "the package")
    assert all(values.flags.c_contiguous and np.isfinite(values).all() for values in cascade.values())


def test_a_copy_elsewhere_gives_the_same(cascade, folder):
    copy = read_wheel(folder)
    assert copy.keys() == cascade.keys()
    assert all(np.array_equal(copy[name], cascade[name]) for name in cascade)


def test_the_package_is_never_imported():
    code = (
        "import sys; from faceproof.systems.weights.mtcnn_wheel import find_wheel_folder, read_wheel; "
        "assert 'onet.dense5.weight' in read_wheel(find_wheel_folder()); "
        "sys.exit(' '.join({'mtcnn', 'tensorflow', 'keras', 'torch'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=300, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("net", ["pnet", "rnet", "onet"])
@pytest.mark.parametrize("place", [0, -1])
def test_a_file_with_one_byte_altered_is_refused(folder, net, place):
    content = bytearray((folder / f"{net}.lz4").read_bytes())
    content[place] ^= 1
    (folder / f"{net}.lz4").write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{net}\.lz4 is not the file of mtcnn 1\.0\.0, so it is not") as raised:
        read_wheel(folder)
    assert "pip install --force-reinstall --no-deps 'mtcnn==1.0.0'" in str(raised.value)


def test_code_in_another_file_is_not_run(tmp_path, folder):
    joblib.dump(RunsCode(tmp_path / "ran"), folder / "pnet.lz4", compress=("lz4", 1))
    with pytest.raises(WeightsError, match="it is a pickle, which could run code"):
        read_wheel(folder)
    assert not (tmp_path / "ran").exists()
    joblib.load(folder / "pnet.lz4")
    assert (tmp_path / "ran").is_dir(), "it would have run, had it been opened"


def test_nets_are_not_taken_for_each_other(folder):
    shutil.copy(folder / "pnet.lz4", folder / "rnet.lz4")
    with pytest.raises(WeightsError, match=r"rnet\.lz4 is not the file"):
        read_wheel(folder)


def test_a_missing_file_is_named_with_the_remedy(folder):
    (folder / "onet.lz4").unlink()
    with pytest.raises(WeightsError, match=r"Cannot read .*onet\.lz4: No such file or directory\. Reinstall it with"):
        read_wheel(folder)


@pytest.mark.parametrize("package", ["no_such_package", "numpy", "colorsys"])
def test_packages_that_are_not_there_or_have_no_weights_have_no_folder(package):
    assert find_wheel_folder(package) is None
