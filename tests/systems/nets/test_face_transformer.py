from __future__ import annotations

import ast
from math import erf

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from faceproof.systems.nets.face_transformer import P8S8, P10S8, P12S8, FaceTransformer, Patches
from faceproof.systems.nets.runtime import load_tensors, place_on, torch_runner

VARIANTS = {"p8s8": P8S8, "p10s8": P10S8, "p12s8": P12S8}
# Every size another, so that none can stand in for another; the head's is not dim / heads.
SIZES = {"dim": 20, "depth": 2, "heads": 2, "head_dim": 6, "mlp": 24}


def random_net(patches=P8S8, seed=0, **sizes):
    """A net whose numbers are of about the same size from the first layer to the last, and its tensors."""
    random = np.random.default_rng(seed)
    net = FaceTransformer(patches, **(SIZES | sizes))
    tensors = {}
    for name, value in net.state_dict().items():
        scale = np.sqrt(1 / value.shape[-1]) if value.ndim == 2 else 0.3
        is_gain = "norm.weight" in name or name == "mlp_head.0.weight"
        tensors[name] = (random.normal(size=tuple(value.shape)) * scale + is_gain).astype(np.float32)
    tensors["patch_to_embedding.weight"] /= 255
    return load_tensors(net, tensors), tensors


def pictures(count, side=112):
    """Whole numbers from 0 to 255, as float32 (count, 3, side, side)."""
    return np.random.default_rng(1).integers(0, 256, (count, 3, side, side)).astype(np.float32)


def cut(picture, patches):
    """Patches of one picture (3, h, w), one number after the other."""
    _, height, width = picture.shape
    pad, size, stride = patches.padding_px, patches.size_px, patches.stride_px

    def number(channel, y, x):
        inside = 0 <= y < height and 0 <= x < width
        return picture[channel, y, x] if inside else 0.0

    cells = [(row, column) for row in range(size) for column in range(size)]
    if patches.channel_first:
        order = [(channel, *cell) for channel in range(3) for cell in cells]
    else:
        order = [(channel, *cell) for cell in cells for channel in range(3)]
    return np.array(
        [
            [number(channel, top + row, left + column) for channel, row, column in order]
            for top in range(-pad, height + pad - size + 1, stride)
            for left in range(-pad, width + pad - size + 1, stride)
        ]
    )


def normed(x, values, name):
    """Layer normalisation of each row."""
    centred = x - x.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return centred / spread * values[f"{name}.weight"] + values[f"{name}.bias"]


def dense(x, values, name):
    return x @ values[f"{name}.weight"].T + values[f"{name}.bias"]


def attended(x, qkv, heads, head_dim, scale):
    """What each head of each token has seen, token by token; (tokens, heads * head_dim)."""
    out = np.zeros((len(x), heads * head_dim))
    query, key, value = np.split(x @ qkv.T, 3, axis=1)
    for head in range(heads):
        of_head = slice(head * head_dim, (head + 1) * head_dim)
        for token in range(len(x)):
            scores = np.exp(key[:, of_head] @ query[token, of_head] * scale)
            out[token, of_head] = scores / scores.sum() @ value[:, of_head]
    return out


def recomputed(tensors, picture, patches, scale, sizes=SIZES):
    """The template of one picture (3, h, w) in float64, by the formulas and without PyTorch."""
    values = {name: array.astype(np.float64) for name, array in tensors.items()}
    gelu = np.vectorize(lambda number: number * (1 + erf(number / np.sqrt(2))) / 2)
    x = dense(cut(picture, patches), values, "patch_to_embedding")
    x = np.vstack([values["cls_token"][0], x]) + values["pos_embedding"][0]
    for row in range(sizes["depth"]):
        name = f"transformer.layers.{row}.0.fn"
        qkv = values[f"{name}.fn.to_qkv.weight"]
        seen = attended(normed(x, values, f"{name}.norm"), qkv, sizes["heads"], sizes["head_dim"], scale)
        x = x + dense(seen, values, f"{name}.fn.to_out.0")
        name = f"transformer.layers.{row}.1.fn"
        hidden = gelu(dense(normed(x, values, f"{name}.norm"), values, f"{name}.fn.net.0"))
        x = x + dense(hidden, values, f"{name}.fn.net.3")
    return normed(x[:1], values, "mlp_head.0")[0]


def golden_pictures(shared, metadata):
    """The pictures that a golden file was made of, float32 (n, 3, 112, 112)."""
    box = tuple(map(int, metadata["crop"].split(",")))
    folder = shared / "data" / "lfw-deepfunneled"
    photos = [Image.open(folder / name).convert("RGB").crop(box) for name in metadata["images"].split(";")]
    return np.stack([np.moveaxis(np.asarray(photo, np.float32), 2, 0) for photo in photos])


@pytest.mark.real_photos
@pytest.mark.parametrize("variant", VARIANTS)
def test_templates_are_the_originals(shared, variant):
    with safe_open(shared / "golden" / f"vit-{variant}-tiny.safetensors", framework="np") as file:
        metadata = file.metadata()
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    config = ast.literal_eval(metadata["config"])
    sizes = {name: config[name] for name in ("dim", "depth", "heads")} | {"mlp": config["mlp_dim"]}
    net = FaceTransformer(VARIANTS[variant], **sizes, image_px=config["image_size"])
    state = {name.removeprefix("state/"): value for name, value in stored.items() if name.startswith("state/")}
    assert state.keys() - net.state_dict().keys() == {"loss.weight"}
    run = torch_runner(place_on(load_tensors(net, state), "cpu").features)
    batch = golden_pictures(shared, metadata)
    for name, pixels in (("embedding", batch), ("embedding_flipped", np.ascontiguousarray(batch[..., ::-1]))):
        # The template's numbers are about 1; the original sums in another order, in float32.
        np.testing.assert_allclose(run(pixels)[0], stored[name], rtol=0, atol=1e-5, err_msg=name)
    assert np.abs(stored["embedding"] - stored["embedding_flipped"]).max() > 1e-3


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_network_is_what_its_formulas_say(variant):
    patches = VARIANTS[variant]
    net, tensors = random_net(patches)
    (picture,) = pictures(1)
    want = recomputed(tensors, picture, patches, scale=SIZES["dim"] ** -0.5)
    np.testing.assert_allclose(net(torch.from_numpy(picture[None]))[0].numpy(), want, rtol=0, atol=1e-4)


def test_attention_is_scaled_by_the_size_of_a_token_not_of_a_head():
    net, tensors = random_net()
    (picture,) = pictures(1)
    got = net(torch.from_numpy(picture[None]))[0].numpy()
    by_token, by_head = (recomputed(tensors, picture, P8S8, SIZES[size] ** -0.5) for size in ("dim", "head_dim"))
    assert np.abs(got - by_token).max() < 1e-4
    assert np.abs(got - by_head).max() > 1e-2


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("patches", [*VARIANTS.values(), Patches(5, 3, 2), Patches(4, 4, channel_first=True)], ids=str)
@pytest.mark.parametrize(("height", "width"), [(112, 112), (29, 40)])
def test_patches_are_cut_in_their_order(patches, memory_format, height, width):
    picture = np.random.default_rng(2).normal(size=(3, height, width)).astype(np.float32)
    batch = torch.from_numpy(np.stack([picture, -picture])).contiguous(memory_format=memory_format)
    got = patches.cut(batch).numpy()
    want = cut(picture, patches)
    np.testing.assert_array_equal(got, np.stack([want, -want]).astype(np.float32))
    if height == width:
        assert got.shape[1] == patches.count(height)


def test_patches_side_by_side_go_row_column_channel():
    """A picture whose pixels say where they are."""
    row, column, channel = np.meshgrid(np.arange(112), np.arange(112), np.arange(3), indexing="ij")
    picture = torch.from_numpy((row * 1000 + column * 3 + channel).astype(np.float32)).permute(2, 0, 1)
    token = P8S8.cut(picture[None])[0, 14 + 2].reshape(8, 8, 3)  # second row of patches, third column
    assert token[0, 0].tolist() == [8 * 1000 + 16 * 3 + c for c in range(3)]
    assert token[0, 1, 0] == 8 * 1000 + 17 * 3
    assert token[7, 7, 2] == 15 * 1000 + 23 * 3 + 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_templates_have_as_many_numbers_as_a_token(variant):
    net, _ = random_net(VARIANTS[variant])
    batch = torch.from_numpy(pictures(2))
    with torch.inference_mode():
        raw = net.features(batch)
        torch.testing.assert_close(net(batch), raw)
        assert net.features(batch[:0]).shape == (0, 20)
    assert (raw.shape, raw.dtype) == ((2, 20), torch.float32)
    assert (raw.norm(dim=1) - 1).abs().min() > 0.1, "not scaled to unit length"


def test_other_crop_sizes_are_an_argument():
    net, tensors = random_net(P10S8, image_px=56)
    (picture,) = pictures(1, 56)
    want = recomputed(tensors, picture, P10S8, scale=SIZES["dim"] ** -0.5)
    np.testing.assert_allclose(net(torch.from_numpy(picture[None]))[0].numpy(), want, rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 3, 120, 112), (1, 3, 224, 224), (1, 1, 112, 112), (3, 112, 112)])
def test_crops_of_another_shape_are_refused(shape):
    net, _ = random_net()
    with pytest.raises(ValueError, match=r"expected crops \(n, 3, 112, 112\), got"):
        net(torch.zeros(shape))


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_do_not_depend_on_the_batch_they_come_in(variant):
    net, _ = random_net(VARIANTS[variant], dim=64, heads=4, head_dim=16, mlp=96)
    run = torch_runner(place_on(net, "cpu").features, chunk=4)
    batch = pictures(7)
    whole = run(batch)[0]
    for size in (1, 2, 3):
        parts = [run(batch[i : i + size])[0] for i in range(0, 7, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_every_place_in_the_crop_counts():
    """A change of any patch changes the template, and so does where it is."""
    net, _ = random_net()
    batch = pictures(1)
    changed = np.repeat(batch, 197, axis=0)
    for token in range(196):
        top, left = token // 14 * 8, token % 14 * 8
        changed[token + 1, :, top : top + 8, left : left + 8] = 0
    with torch.inference_mode():
        templates = net(torch.from_numpy(changed)).numpy()
    assert (np.abs(templates[1:] - templates[0]).max(axis=1) > 1e-5).all()
    assert len({template.tobytes() for template in templates}) == 197


def test_gradients_reach_every_parameter():
    net, _ = random_net()
    net.requires_grad_(True)
    weights = torch.arange(20.0)
    (net(torch.from_numpy(pictures(1))) * weights).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for parameter in net.parameters())


def test_dropout_is_for_training_only():
    net, _ = random_net(dropout=0.5)
    batch = torch.from_numpy(pictures(1))
    torch.testing.assert_close(net(batch), net(batch), rtol=0, atol=0)
    net.train()
    assert not torch.equal(net(batch), net(batch))


def test_the_published_sizes_are_the_defaults():
    with torch.device("meta"):
        counts = [sum(p.numel() for p in FaceTransformer(patches).parameters()) for patches in VARIANTS.values()]
    assert counts == [63_218_176, 63_273_472, 63_341_056]
