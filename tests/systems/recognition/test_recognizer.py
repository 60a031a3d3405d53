import json
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from faceproof.errors import ConfigurationError, ModelError, WeightsError
from faceproof.systems.faces.alignment import five_point_template
from faceproof.systems.faces.types import Face
from faceproof.systems.load import changed_contract
from faceproof.systems.nets.dlib_resnet import DlibResnet
from faceproof.systems.nets.face_transformer import P8S8, FaceTransformer
from faceproof.systems.nets.inception_resnet_v1 import InceptionResnetV1
from faceproof.systems.recipe import Recipe
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.recognizer import _LEAST_PX, _NETS, Recognizer, load_card
from faceproof.systems.weights.card import InputContract
from faceproof.systems.weights.layouts import expected_layout, face_transformer_layout
from faceproof.systems.weights.tensors import write_tensors
from faceproof.systems.weights.zoo import _CARDS, get_card

SIZE, TEMPLATE = 6, 5
WEIGHT = np.random.default_rng(3).normal(size=(3 * SIZE * SIZE, TEMPLATE)).astype(np.float32)


def contract(**changes):
    settings = {"size_px": SIZE, "pixel_mean": 127.5, "pixel_divisor": 128.0, "alignment": "margin_crop"}
    return InputContract(**(settings | changes))


def linear(batch):
    """A net of one layer."""
    return (batch.reshape(len(batch), len(WEIGHT)) @ WEIGHT,)


def recognizer(run=linear, **changes):
    card = get_card("facenet-casia").model_copy(update={"template_size": TEMPLATE})
    return Recognizer(card, contract(**changes), "5" * 64, "some.pt", run)


def crops(count, seed=0, size=SIZE):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def raw(pictures, mean=127.5, divisor=128.0):
    """What the linear net says of crops, worked out in float64."""
    batch = (np.moveaxis(pictures, 3, 1).astype(np.float64) - mean) / divisor
    return batch.reshape(len(pictures), -1) @ WEIGHT.astype(np.float64)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def face(box=(0, 0, 1, 1), landmarks=None):
    points = np.zeros((5, 2)) if landmarks is None else landmarks
    return Face(np.array(box, np.float32), 0.99, np.asarray(points, np.float32))


# what the net is fed


@pytest.mark.parametrize(
    ("mean", "divisor"),
    [(127.5, 128.0), (0.0, 255.0), (127.5, 127.5), (0.0, 1.0), ((122.782, 117.001, 104.298), 256.0)],
)
def test_pixels_are_fed_as_the_contract_says(mean, divisor):
    fed = []

    def remember(batch):
        fed.append(batch.copy())
        return linear(batch)

    pictures = crops(3)
    recognizer(remember, pixel_mean=mean, pixel_divisor=divisor).embed(pictures)
    (batch,) = fed
    assert batch.dtype == np.float32
    assert batch.shape == (3, 3, SIZE, SIZE)
    for channel, of_channel in enumerate(np.broadcast_to(mean, 3)):
        want = (pictures[..., channel].astype(np.float64) - of_channel) / divisor
        np.testing.assert_allclose(batch[:, channel], want, rtol=1e-6, atol=1e-7)


def test_the_crops_stay_as_they_are():
    pictures = crops(2)
    before = pictures.copy()
    recognizer(mirrored=True).embed(pictures)
    np.testing.assert_array_equal(pictures, before)


def test_a_mirrored_contract_feeds_the_face_and_then_its_mirror_image():
    fed = []

    def remember(batch):
        fed.append(batch.copy())
        return linear(batch)

    recognizer(remember, mirrored=True).embed(crops(2))
    face_batch, mirror_batch = fed
    for column in range(SIZE):
        np.testing.assert_array_equal(mirror_batch[..., column], face_batch[..., SIZE - 1 - column])


# templates


def test_templates_are_the_nets_answer_at_unit_length():
    pictures = crops(4)
    templates, lengths = recognizer().embed(pictures)
    assert templates.dtype == lengths.dtype == np.float32
    np.testing.assert_allclose(templates, unit(raw(pictures)), atol=1e-6)
    np.testing.assert_allclose(lengths, np.linalg.norm(raw(pictures), axis=1), rtol=1e-6)


def test_a_mirrored_template_is_the_mean_direction_of_face_and_mirror_image():
    pictures = crops(4)
    templates, lengths = recognizer(mirrored=True).embed(pictures)
    both = unit(raw(pictures)) + unit(raw(pictures[:, :, ::-1]))
    np.testing.assert_allclose(templates, unit(both), atol=1e-6)
    np.testing.assert_allclose(lengths, np.linalg.norm(both, axis=1), atol=1e-6)
    plain, _ = recognizer().embed(pictures)
    assert np.abs(templates - plain).max() > 0.1, "the mirror image counts"


def test_a_face_and_its_mirror_image_count_alike_however_long_their_answers():
    """A net of which one answer is a thousand times as long as the other."""
    pictures = crops(1)
    bright_left = pictures.copy()
    bright_left[:, :, 0], bright_left[:, :, -1] = 255, 0

    def shout(batch):
        return (linear(batch)[0] * np.where(batch[:, 0, 0, 0] > 0, 1000, 1).astype(np.float32)[:, None],)

    loud, _ = recognizer(shout, mirrored=True).embed(bright_left)
    even, _ = recognizer(mirrored=True).embed(bright_left)
    np.testing.assert_allclose(loud, even, atol=1e-6)


def test_a_mirrored_template_is_that_of_the_mirrored_photo():
    pictures = crops(3)
    model = recognizer(mirrored=True)
    np.testing.assert_array_equal(model.embed(pictures)[0], model.embed(pictures[:, :, ::-1])[0])


@pytest.mark.parametrize("scale", [1e-20, 1e-3, 1e25])
def test_the_length_of_the_nets_answer_does_not_matter_to_the_template(scale):
    pictures = crops(3)
    scaled, lengths = recognizer(lambda batch: (linear(batch)[0] * np.float32(scale),)).embed(pictures)
    plain, plain_lengths = recognizer().embed(pictures)
    np.testing.assert_allclose(scaled, plain, atol=1e-6)
    np.testing.assert_allclose(lengths, plain_lengths * scale, rtol=1e-5)


def spoilt(value, row, call=None):
    """The linear net, whose answer for one row is not usable (in every call, or in one)."""
    calls = []

    def run(batch):
        calls.append(batch)
        answers = linear(batch)[0].copy()
        if call is None or call == len(calls):
            answers[row] = value
        return (answers,)

    return run


ONE_NAN = np.array([1, np.nan, 1, 1, 1], np.float32)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, ONE_NAN])
@pytest.mark.parametrize("mirrored", [False, True])
def test_an_answer_without_direction_gives_no_template_and_harms_no_other(value, mirrored):
    pictures = crops(3)
    templates, _ = recognizer(spoilt(value, row=1), mirrored=mirrored).embed(pictures)
    want, _ = recognizer(mirrored=mirrored).embed(pictures)
    assert np.isnan(templates[1]).all()
    np.testing.assert_array_equal(templates[[0, 2]], want[[0, 2]])


@pytest.mark.parametrize("call", [1, 2])
def test_a_face_or_a_mirror_image_alone_gives_no_template(call):
    templates, _ = recognizer(spoilt(np.nan, row=0, call=call), mirrored=True).embed(crops(2))
    assert np.isnan(templates[0]).all()
    assert np.isfinite(templates[1]).all()


def test_answers_that_cancel_out_give_no_template():
    signs = iter((1, -1))
    answer = np.ones((1, TEMPLATE), np.float32)
    templates, lengths = recognizer(lambda batch: (answer * next(signs),), mirrored=True).embed(crops(1))
    assert np.isnan(templates).all()
    assert lengths.tolist() == [0]


@pytest.mark.parametrize("mirrored", [False, True])
def test_no_faces_give_no_templates(mirrored):
    templates, lengths = recognizer(mirrored=mirrored).embed(crops(0))
    assert templates.shape == (0, TEMPLATE)
    assert lengths.shape == (0,)


# crops


def test_margin_crop_cuts_the_box_with_its_margin():
    """The box and its margin are as large as the crop, so that nothing is resized."""
    (photo,) = crops(1, size=60)
    model = recognizer(size_px=40, margin_px=10)
    crop = model.prepare(photo, face(box=(15, 12, 45, 42)))
    np.testing.assert_array_equal(crop, photo[7:47, 10:50])


def test_margin_crop_knows_no_landmarks():
    (photo,) = crops(1, size=60)
    model = recognizer(size_px=40, margin_px=10)
    plain = model.prepare(photo, face(box=(15, 12, 45, 42)))
    turned = model.prepare(photo, face(box=(15, 12, 45, 42), landmarks=np.eye(5)[:, :2] * 30))
    np.testing.assert_array_equal(plain, turned)


@pytest.mark.parametrize("box", [(70, 70, 90, 90), (-30, 0, -5, 20), (20, 20, 20, 40)])
def test_a_box_outside_of_the_photo_or_empty_has_no_crop(box):
    assert recognizer().prepare(crops(1, size=60)[0], face(box)) is None


def test_five_points_move_the_landmarks_onto_those_of_the_contract():
    """Landmarks that are the contract's points, shifted by whole pixels: the crop is a piece of the photo.

    Sampling between pixels rounds down, so that a value may come out lower by 1.
    """
    (photo,) = crops(1, size=200)
    points = five_point_template(112)
    shifted = np.array(points) + np.array((31, 17))
    model = recognizer(size_px=112, alignment="five_point", template_points=points)
    crop = model.prepare(photo, face(box=(1, 1, 2, 2), landmarks=shifted))
    np.testing.assert_allclose(crop.astype(int), photo[17:129, 31:143], rtol=0, atol=1)
    other = recognizer(size_px=112, alignment="five_point", template_points=[(x + 4, y) for x, y in points])
    crop = other.prepare(photo, face(box=(1, 1, 2, 2), landmarks=shifted))
    np.testing.assert_allclose(crop.astype(int), photo[17:129, 27:139], rtol=0, atol=1)


def test_five_points_turn_the_face_upright():
    (photo,) = crops(1, size=112)
    points = np.array(five_point_template(112))
    model = recognizer(size_px=112, alignment="five_point", template_points=points.tolist())
    turned = np.rot90(photo)  # counter-clockwise: x, y of a pixel become y, 111 - x
    crop = model.prepare(turned, face(landmarks=np.stack((points[:, 1], 111 - points[:, 0]), axis=1)))
    np.testing.assert_allclose(crop[1:-1, 1:-1].astype(int), photo[1:-1, 1:-1], rtol=0, atol=1)


def test_landmarks_that_coincide_have_no_crop():
    model = recognizer(size_px=112, alignment="five_point", template_points=five_point_template(112))
    assert model.prepare(crops(1, size=60)[0], face(landmarks=np.full((5, 2), 9))) is None


def test_a_prepared_face_can_be_embedded():
    (photo,) = crops(1, size=60)
    model = recognizer(margin_px=2)
    crop = model.prepare(photo, face(box=(5, 5, 50, 40)))
    assert (crop.dtype, crop.shape) == (np.uint8, (SIZE, SIZE, 3))
    templates, _ = model.embed(crop[None])
    np.testing.assert_allclose(templates, unit(raw(crop[None])), atol=1e-6)


# recipe and loading


def test_the_recipe_tells_everything_that_decides_a_template():
    model = recognizer()
    recipe = json.loads(json.dumps(model.recipe(), allow_nan=False))
    assert recipe == recognizer(linear).recipe()
    assert recipe["weights"] == "5" * 64
    changes = [{"pixel_mean": 0.0}, {"pixel_divisor": 127.5}, {"margin_px": 3}, {"mirrored": True}, {"size_px": 7}]
    changes.append({"pixel_mean": (127.5, 127.5, 127.0)})
    others = [recognizer(**change).recipe() for change in changes]
    assert all(other != recipe for other in others)


def test_the_template_size_is_the_cards():
    assert recognizer().template_size == TEMPLATE


def test_a_detector_is_no_recognizer():
    with pytest.raises(ConfigurationError, match="mtcnn finds faces, it makes no templates"):
        load_model("mtcnn")


def test_weights_that_are_not_here_are_not_made_up():
    with pytest.raises(WeightsError, match="faceproof weights pull facenet-casia"):
        load_model("facenet-casia", offline=True)


@pytest.mark.parametrize(
    ("name", "net"), [("facenet-casia", InceptionResnetV1), ("dlib-resnet", DlibResnet)], ids=["facenet", "dlib"]
)
def test_a_model_is_the_net_of_its_cards_architecture(tmp_path, progress, monkeypatch, name, net):
    torch.manual_seed(0)
    made = net().eval()
    state = {key: value.numpy() for key, value in made.state_dict().items() if not key.endswith("batches_tracked")}
    write_tensors(tmp_path / "any.safetensors", state, {})
    card = get_card(name).model_copy(update={"tensors_sha256": None})
    monkeypatch.setattr("faceproof.systems.recognition.catalog.get_card", lambda _: card)
    model = load_model(name, weights=tmp_path / "any.safetensors")
    side = card.contract.size_px
    batch = np.random.default_rng(0).normal(size=(1, 3, side, side)).astype(np.float32)
    with torch.inference_mode():
        want = made.features(torch.from_numpy(batch)).numpy()
    np.testing.assert_allclose(model.run(batch)[0], want, rtol=0, atol=1e-4 * np.abs(want).max())
    assert model.template_size == want.shape[1]


@pytest.mark.parametrize("architecture", _NETS)
def test_the_net_of_an_architecture_is_filled_by_its_layout(architecture):
    with torch.device("meta"):
        state = _NETS[architecture]().state_dict()
    shapes = {name: tuple(value.shape) for name, value in state.items() if not name.endswith("batches_tracked")}
    assert shapes == expected_layout(architecture)


# Face Transformer: its real size is 250 MB, so that a small one of the same kind stands in for it

SMALL = {"dim": 16, "depth": 2, "heads": 2, "head_dim": 6, "mlp": 24}


@pytest.fixture
def small(monkeypatch):
    """A small Face Transformer, which goes by the name of the real one here."""
    monkeypatch.setitem(_NETS, "face_transformer_p8s8", partial(FaceTransformer, P8S8, **SMALL))
    layout = face_transformer_layout(8, **SMALL)
    monkeypatch.setattr(
        "faceproof.systems.weights.layouts.expected_layout", {"face_transformer_p8s8": layout}.__getitem__
    )
    card = get_card("face-transformer-p8s8").model_copy(update={"template_size": 16})
    monkeypatch.setitem(_CARDS, card.name, card)
    torch.manual_seed(0)
    return FaceTransformer(P8S8, **SMALL).eval()


def kept(path, state):
    if path.suffix == ".safetensors":
        write_tensors(path, {name: value.numpy() for name, value in state.items()}, {})
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("people", [None, 11, 40])
@pytest.mark.parametrize("wrapper", ["", "module."])
def test_a_face_transformer_is_loaded_from_a_file_with_or_without_its_head(tmp_path, small, suffix, people, wrapper):
    state = small.state_dict() | ({} if people is None else {"loss.weight": torch.ones(people, 16)})
    path = kept(tmp_path / f"any.{suffix}", {wrapper + name: value for name, value in state.items()})
    model = load_model("face-transformer-p8s8", weights=path)
    pictures = crops(3, size=112)
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        face, mirror = small.features(batch).double().numpy(), small.features(batch.flip(3)).double().numpy()
    np.testing.assert_allclose(model.embed(pictures)[0], unit(unit(face) + unit(mirror)), atol=1e-6)
    bare = load_model("face-transformer-p8s8", weights=kept(tmp_path / "bare.pth", small.state_dict()))
    assert model.weights_sha256 == bare.weights_sha256


def test_faces_of_a_face_transformer_are_aligned_to_112_px(tmp_path, small):
    (photo,) = crops(1, size=200)
    model = load_model("face-transformer-p8s8", weights=kept(tmp_path / "any.pth", small.state_dict()))
    crop = model.prepare(photo, face(landmarks=np.array(five_point_template(112)) + np.array((31, 17))))
    np.testing.assert_allclose(crop.astype(int), photo[17:129, 31:143], rtol=0, atol=1)


def test_weights_of_another_network_are_no_face_transformer(tmp_path, small):
    other = {"conv.weight": torch.zeros(2), "cls_token": torch.zeros(1, 1, 9)}
    with pytest.raises(WeightsError) as raised:
        load_model("face-transformer-p8s8", weights=kept(tmp_path / "other.pth", other))
    message = str(raised.value)
    assert message.startswith(f"{tmp_path / 'other.pth'} does not hold the weights of face_transformer_p8s8. Tensors")
    assert "missing: mlp_head.0.bias, mlp_head.0.weight, patch_to_embedding.bias, patch_to_embedding.weight" in message
    assert "; unexpected: conv.weight; of another shape: cls_token (1, 1, 9), expected (1, 1, 16)." in message


class RunsCode:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path, small):
    path = kept(tmp_path / "evil.pth", small.state_dict() | {"loss.weight": RunsCode(tmp_path / "ran")})
    with pytest.raises(WeightsError, match=r"evil\.pth is refused: .*mkdir.*run any code"):
        load_model("face-transformer-p8s8", weights=path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("variant", "where"),
    [
        (
            "p8s8",
            r"Get Backbone_VIT_Epoch_2_\S+_checkpoint\.pth from the cloud drive that the README of https://\S+ links",
        ),
        ("p10s8", r"Get a checkpoint from whoever trained one; the README of https://\S+ links to none\."),
        (
            "p12s8",
            r"Get Backbone_VITs_Epoch_2_\S+_checkpoint\.pth from the cloud drive that the README of https://\S+ links",
        ),
    ],
)
def test_without_a_file_a_face_transformer_says_where_people_get_one_and_what_to_do_with_it(variant, where):
    with pytest.raises(WeightsError, match=where) as raised:
        load_model(f"face-transformer-{variant}")
    message = str(raised.value)
    assert "`weights=FILE`" in message
    assert message.endswith(f"faceproof weights pull face-transformer-{variant} --from FILE")


def test_a_face_transformer_takes_no_other_crop_size():
    other = changed_contract(get_card("face-transformer-p8s8").contract, Recipe(size_px=160))
    with pytest.raises(ConfigurationError, match=r"takes crops of 112 px and no other.*160 px are asked for"):
        load_model("face-transformer-p8s8", contract=other)


@pytest.mark.parametrize(("architecture", "least"), [("dlib_resnet", 103), ("inception_resnet_v1", 75)])
def test_the_smallest_crop_is_what_the_net_can_take(architecture, least):
    assert _LEAST_PX[architecture] == least
    net = _NETS[architecture]().eval()
    with torch.inference_mode():
        assert torch.isfinite(net.features(torch.zeros(1, 3, least, least))).all()
        with pytest.raises(RuntimeError, match="size"):
            net.features(torch.zeros(1, 3, least - 1, least - 1))


@pytest.mark.parametrize(("model", "least"), [("dlib-resnet", 103), ("facenet-casia", 75)])
def test_a_smaller_crop_is_refused_before_weights_are_sought(model, least):
    contract = get_card(model).contract.model_copy(update={"size_px": least - 1})
    with pytest.raises(ConfigurationError, match=rf"^{model} takes crops of {least} px or more, .* {least - 1} px are"):
        load_card(get_card(model), contract, weights=Path("nowhere.bin"), offline=True)
    with pytest.raises(WeightsError):
        load_card(get_card(model), contract.model_copy(update={"size_px": least}), weights=Path("nowhere.bin"))


def test_crops_have_at_most_1024_px():
    assert contract(size_px=1024).size_px == 1024
    with pytest.raises(ValueError, match="less than or equal to 1024"):
        contract(size_px=1025)


@pytest.mark.parametrize("shape", [(2, 4), (3, 5), (2,), (2, 5, 1)])
def test_a_net_that_gives_another_shape_fails(shape):
    with pytest.raises(ModelError, match=r"the net gave an array of shape .* for 2 faces; expected \(2, 5\)"):
        recognizer(lambda batch: (np.ones(shape, np.float32),)).embed(crops(2))


@pytest.mark.parametrize("kind", [str, Path])
def test_weights_may_be_text_or_a_path(tmp_path, small, kind):
    path = kept(tmp_path / "any.pth", small.state_dict())
    assert load_model("face-transformer-p8s8", weights=kind(path)).template_size == 16
    with pytest.raises(WeightsError, match=r"is a folder"):
        load_model("face-transformer-p8s8", weights=kind(""))
