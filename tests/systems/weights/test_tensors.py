import hashlib
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch

from faceproof.errors import WeightsError
from faceproof.systems.weights.layouts import check_layout, expected_layout
from faceproof.systems.weights.resolve import FoundWeights, load_found
from faceproof.systems.weights.tensors import plain_names, read_tensors, tensors_digest, write_tensors
from faceproof.systems.weights.zoo import get_card

SMALL = {"b.weight": np.array([[1.5, -2.0, 0.0]], np.float32), "a.bias": np.array([3.0], np.float32)}


class RunsCode:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def as_torch(tensors):
    return {name: torch.from_numpy(values.copy()) for name, values in tensors.items()}


def test_digest_is_that_of_its_definition():
    told = b"a.bias\0" + b"1\0" + struct.pack("<f", 3.0)
    told += b"b.weight\0" + b"1,3\0" + struct.pack("<3f", 1.5, -2.0, 0.0)
    assert tensors_digest(SMALL) == hashlib.sha256(told).hexdigest()


def test_digest_leaves_out_classifier_and_step_counters():
    more = {"logits.weight": np.ones(4, np.float32), "x.num_batches_tracked": np.array(7)}
    assert tensors_digest(SMALL | more) == tensors_digest(SMALL)


def test_digest_does_not_depend_on_order_memory_layout_or_byte_order():
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    plain = tensors_digest({"a": values, "b": values})
    assert tensors_digest({"b": np.asfortranarray(values), "a": values.astype(">f4")}) == plain


@pytest.mark.parametrize(
    "changed",
    [
        {"a": np.zeros((3, 2), np.float32)},
        {"c": np.zeros((2, 3), np.float32)},
        {"a": np.full((2, 3), 1e-30, np.float32)},
        {"a": np.zeros((2, 3), np.float32), "b": np.zeros(0, np.float32)},
    ],
    ids=["shape", "name", "value", "one more"],
)
def test_digest_changes_with_every_part_of_it(changed):
    assert tensors_digest(changed) != tensors_digest({"a": np.zeros((2, 3), np.float32)})


def test_tensors_survive_a_file(tmp_path):
    path = tmp_path / "new" / "small.safetensors"
    write_tensors(path, SMALL, {"model": "small"})
    back = read_tensors(path)
    assert tensors_digest(back) == tensors_digest(SMALL)
    assert all(values.flags.writeable for values in back.values())
    assert [file.name for file in path.parent.iterdir()] == ["small.safetensors"]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["small.pt", "small.pth", "wrongly-named.safetensors"])
def test_torch_files_are_told_by_their_content(tmp_path, zipped, name):
    more = {"logits.weight": torch.ones(2), "bn.num_batches_tracked": torch.tensor(5)}
    torch.save(as_torch(SMALL) | more, tmp_path / name, _use_new_zipfile_serialization=zipped)
    back = read_tensors(tmp_path / name)
    assert back.keys() == SMALL.keys()
    assert tensors_digest(back) == tensors_digest(SMALL)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("wrapper", ["", "module.", "model.", "backbone.", "module.backbone.", "backbone.module."])
def test_what_training_puts_around_a_network_is_left_out(tmp_path, suffix, wrapper):
    head = {"loss.weight": np.ones((7, 3), np.float32), "logits.bias": np.ones(2, np.float32)}
    state = {wrapper + name: values for name, values in (SMALL | head).items()}
    path = tmp_path / f"wrapped.{suffix}"
    if suffix == "pth":
        torch.save(as_torch(state), path)
    else:
        write_tensors(path, state, {})
    back = read_tensors(path)
    assert back.keys() == SMALL.keys()
    assert tensors_digest(back) == tensors_digest(SMALL)


@pytest.mark.parametrize(
    ("names", "plain"),
    [
        ([], []),
        (["module.a", "b"], ["module.a", "b"]),
        (["module.a", "module.module.b"], ["a", "module.b"]),
        (["module.model.a", "module.backbone.b"], ["model.a", "backbone.b"]),
        (["backbone.model.module.a"], ["a"]),
        (["backbone.a", "loss.weight"], ["a"]),
        (["module.model.a", "module.loss.weight"], ["a"]),
        (["pnet.a", "pnet.b"], ["pnet.a", "pnet.b"]),
        (["modules.a"], ["modules.a"]),
    ],
)
def test_a_wrapper_is_one_that_all_names_have(names, plain):
    assert list(plain_names(names).values()) == plain


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_torch_file_is_refused_and_not_run(tmp_path, zipped):
    marker = tmp_path / "ran"
    state = {"a": torch.zeros(1), "b": RunsCode(marker)}
    torch.save(state, tmp_path / "evil.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"evil\.pt is refused: .*mkdir.*run any code"):
        read_tensors(tmp_path / "evil.pt")
    assert not marker.exists()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_code_in_a_bare_pickle_is_refused_and_not_run(tmp_path, protocol):
    marker = tmp_path / "ran"
    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"b": RunsCode(marker)}, protocol=protocol))
    with pytest.raises(WeightsError, match="run any code"):
        read_tensors(tmp_path / "evil.pt")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello, these are no weights at all", "starts with b'hello"),
        (b"<!DOCTYPE html><html>Not found</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", None),
        (b"\xff\x00\x00\x00\x00\x00\x00\x00{", "damaged or incomplete safetensors"),
        (b"PK\x03\x04 but no more of a zip", "damaged or incomplete PyTorch"),
    ],
)
def test_what_is_no_weights_file_is_said_to_be_none(tmp_path, content, message):
    path = tmp_path / "file.pt"
    path.write_bytes(content)
    if message is None:
        assert read_tensors(path) == {}
        return
    with pytest.raises(WeightsError, match=message):
        read_tensors(path)


@pytest.mark.parametrize("kind", ["safetensors", "pt", "legacy.pt"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_files_are_damaged(tmp_path, cascade, kind, share):
    path = tmp_path / f"cut.{kind}"
    if kind == "safetensors":
        write_tensors(path, cascade, {})
    else:
        torch.save(as_torch(cascade), path, _use_new_zipfile_serialization=kind == "pt")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(WeightsError, match="damaged or incomplete"):
        read_tensors(path)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"epoch": 3, "state_dict": {}}, "holds a int under 'epoch'"),
        ([torch.zeros(1)], "holds a list"),
        ({0: torch.zeros(1)}, "holds a Tensor under 0"),
        ({"a": torch.zeros(1, dtype=torch.bfloat16)}, "cannot be read as float32"),
    ],
)
def test_torch_files_of_something_else_are_refused(tmp_path, state, message):
    torch.save(state, tmp_path / "file.pt")
    with pytest.raises(WeightsError, match=message):
        read_tensors(tmp_path / "file.pt")


def test_folder_and_missing_file_are_said_plainly(tmp_path):
    with pytest.raises(WeightsError, match="is a folder; expected a weights file"):
        read_tensors(tmp_path)
    with pytest.raises(WeightsError, match=r"none\.pt cannot be read \(No such file"):
        read_tensors(tmp_path / "none.pt")


def test_write_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "taken.safetensors").mkdir()
    with pytest.raises(WeightsError, match="Cannot write"):
        write_tensors(tmp_path / "taken.safetensors", SMALL, {})
    assert [file.name for file in tmp_path.iterdir()] == ["taken.safetensors"]


def test_layout_names_what_is_wrong(cascade):
    wrong = dict(cascade)
    del wrong["pnet.conv1.bias"]
    wrong["extra"] = np.zeros(1, np.float32)
    wrong["rnet.dense4.weight"] = wrong["rnet.dense4.weight"].T
    wrong["onet.prelu1.weight"] = wrong["onet.prelu1.weight"].astype(np.float16)
    with pytest.raises(WeightsError) as raised:
        check_layout(wrong, "mtcnn", "some.pt")
    for part in (
        "some.pt",
        "missing: pnet.conv1.bias",
        "unexpected: extra",
        "rnet.dense4.weight (576, 128), expected (128, 576)",
        "not float32: onet.prelu1.weight float16",
    ):
        assert part in str(raised.value)


def test_layout_shows_a_few_of_many(cascade):
    with pytest.raises(WeightsError, match=r"missing: .* and 598 more; unexpected: .* and \d+ more"):
        check_layout(cascade, "inception_resnet_v1", "some.pt")


@pytest.mark.parametrize("module", ["mtcnn.MTCNN", "inception_resnet_v1.InceptionResnetV1"])
def test_inception_layout_has_the_size_that_is_known(module):
    counts = {"mtcnn.MTCNN": 495_850, "inception_resnet_v1.InceptionResnetV1": 23_508_576}
    architecture = module.split(".")[0]
    sizes = [int(np.prod(shape)) for shape in expected_layout(architecture).values()]
    assert sum(sizes) == pytest.approx(counts[module], rel=0.01)


def written(path, header, body=b"", length=None):
    """A safetensors file with this header, which says that it is ``length`` bytes long."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + body)
    return path


def one(shape, end, dtype="F32"):
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


@pytest.mark.parametrize(
    ("header", "length", "said"),
    [
        (one([1], 4), 10**12, "header too large"),
        (one([1], 4), 2**63, "header too large"),
        (one([10**12], 4 * 10**12), None, "incomplete metadata"),
        (one([10**12], 4), None, "invalid shape"),
        (one([2**62, 4], 0), None, "overflow"),
        (b'{"a":' + b"[" * 100_000, None, "recursion limit"),
    ],
)
def test_sizes_that_a_safetensors_file_claims_and_does_not_hold(tmp_path, header, length, said):
    path = written(tmp_path / "a.safetensors", header, b"\0" * 4, length)
    with pytest.raises(WeightsError, match=f"is a damaged or incomplete safetensors file: .*{said}"):
        read_tensors(path)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3"])
def test_types_that_numpy_lacks_are_named(tmp_path, dtype):
    path = written(
        tmp_path / "a.safetensors", one([2], 4 if dtype == "BF16" else 2, dtype), b"\0" * (4 if dtype == "BF16" else 2)
    )
    with pytest.raises(WeightsError, match=rf"tensor a has the type {dtype}; expected float32"):
        read_tensors(path)


def test_a_torch_file_that_unpacks_to_more_than_it_holds_is_refused(tmp_path):
    torch.save({"a": torch.zeros(1000, 1000)}, tmp_path / "plain.pt")
    with (
        zipfile.ZipFile(tmp_path / "plain.pt") as plain,
        zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for member in plain.infolist():
            packed.writestr(member.filename, plain.read(member))
    assert read_tensors(tmp_path / "plain.pt")["a"].shape == (1000, 1000)
    assert (tmp_path / "packed.pt").stat().st_size < 10_000
    with pytest.raises(WeightsError, match=r"packed\.pt is refused: it says that it unpacks to 4,000,\d\d\d bytes"):
        read_tensors(tmp_path / "packed.pt")


def test_an_old_torch_file_that_claims_a_trillion_numbers_is_damaged(tmp_path):
    torch.save({"a": torch.zeros(7)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    content = (tmp_path / "a.pt").read_bytes()
    assert content.count(b"K\x07") > 1
    (tmp_path / "a.pt").write_bytes(content.replace(b"K\x07", b"\x8a\x06" + (10**12).to_bytes(6, "little")))
    with pytest.raises(WeightsError, match="damaged or incomplete PyTorch file"):
        read_tensors(tmp_path / "a.pt")


def test_weights_that_are_no_regular_file_are_not_opened(tmp_path, special):
    path = tmp_path / "odd.pt"
    called = special(path)
    with pytest.raises(WeightsError, match=rf"odd\.pt is {called}(\. Expected|; expected) a "):
        read_tensors(path)
    with pytest.raises(WeightsError, match=rf"odd\.pt is {called}.*faceproof weights pull facenet-casia"):
        load_found(get_card("facenet-casia"), FoundWeights("path", path))
