"""Writes what the commands in README.md read, into the current folder. No photograph of a real person is needed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save
from PIL import Image

SIDE_PX, BLOCK_PX, SIZE = 64, 8, 24


def add_bad_photos(people: Path) -> None:
    """A photo of noise, in which no face is found, and a file that is no photo."""
    noise = np.random.default_rng(1).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    first, second = sorted(path for path in people.rglob("synthetic-*") if path.is_dir())[:2]
    Image.fromarray(noise).save(first / "0.png")
    (second / "0.jpg").write_bytes(b"\xff\xd8\xff no photo")


def write_model(path: Path) -> None:
    """A net of one random layer over the means of blocks, and its card."""
    blocks = 3 * (SIDE_PX // BLOCK_PX) ** 2
    weight = np.random.default_rng(2).standard_normal((blocks, SIZE)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["face"], ["mean"], kernel_shape=[BLOCK_PX] * 2, strides=[BLOCK_PX] * 2),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["template"]),
    ]
    taken = helper.make_tensor_value_info("face", TensorProto.FLOAT, ["n", 3, SIDE_PX, SIDE_PX])
    given = helper.make_tensor_value_info("template", TensorProto.FLOAT, ["n", SIZE])
    graph = helper.make_graph(nodes, "tiny", [taken], [given], [numpy_helper.from_array(weight, "weight")])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    path.with_suffix(".toml").write_text(
        'title = "A random layer"\nlicence = "MIT"\nthreshold = 0.9\n\n[contract]\npixel_mean = 127.5\n'
        'pixel_divisor = 127.5\nalignment = "even_margin_crop"\n\n[templates]\nscore = "cosine_similarity"\n'
    )


def write_templates(path: Path) -> None:
    """Templates of 6 people with 3 photos each; one is empty (NaN)."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(6), 3)
    template = rng.standard_normal((6, 16))[person] + 0.75 * rng.standard_normal((18, 16))
    template[5] = np.nan
    names = [f"p{one:02d}/{number}.jpg" for one, number in zip(person, np.tile([1, 2, 3], 6), strict=True)]
    np.savez(path, photo=np.array(names), template=template.astype(np.float32))


def write_scores(path: Path) -> None:
    """Scores of 0 to 100 that are distances, in three folds; one comparison has no score."""
    rng = np.random.default_rng(4)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["photo_a", "photo_b", "person_a", "person_b", "mated", "distance", "fold", "reason"])
        for one in range(12):
            for other in (one, (one + 1) % 3 + one // 3 * 3, (one + 2) % 3 + one // 3 * 3):
                mated = one == other
                score = f"{np.clip(rng.normal(35 if mated else 60, 11), 0, 100):.2f}"
                lost = one == 4 and mated
                photos = f"q{one:02d}/1.jpg", f"q{other:02d}/{2 if mated else 3}.jpg"
                people = f"q{one:02d}", f"q{other:02d}"
                rows.writerow(
                    [*photos, *people, int(mated), "" if lost else score, one // 3 + 1, "no face" if lost else ""]
                )


def write_suite(path: Path) -> None:
    """A degradation of the suite classic, and one whose function fails."""
    path.write_text(
        '[[degradation]]\nfamily = "gaussian-blur"\nseverities = [4]\n\n'
        '[[degradation]]\nfunction = "failing:no_such_photo"\nlevels = [{ strength = 2 }]\n'
    )
    path.with_name("grey.toml").write_text('[[degradation]]\nfamily = "grayscale"\n')
    path.with_name("failing.py").write_text(
        'def no_such_photo(photo, strength):\n    raise ValueError(f"strength {strength} cannot be made")\n'
    )


if __name__ == "__main__":
    write_model(Path("tiny.onnx"))
    write_templates(Path("templates.npz"))
    write_scores(Path("scores.csv"))
    write_suite(Path("suite.toml"))
    add_bad_photos(Path("people"))
