"""Which recipe (margin, alignment, mirrored averaging) suits a model best, on people that no test uses.

    python tools/search_recipe.py PEOPLE PAIRS --model facenet-vggface2 [--weights FILE]

PEOPLE is a folder of people, PAIRS a pair list in the View 2 format: everybody named in it is left out, so that what
is chosen here was never fitted to the test. Faces are found once; each recipe then makes a template of every photo,
and all pairs of photos are compared. Prints one row a recipe, best first by the area above the ROC curve, with the
distance at which FMR is 0.1%: that of the chosen recipe is the card's threshold.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.curves import auc
from faceproof.metrics.operating_points import fnmr_at_fmr, threshold_at_fmr
from faceproof.metrics.separation import d_prime
from faceproof.people.decode import decode_photo
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.faces.selection import choose
from faceproof.systems.faces.types import Face
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.recognizer import Recognizer
from faceproof.systems.weights.card import InputContract
from faceproof.systems.weights.zoo import get_card

MARGINS = {"margin_crop": (0, 14, 32, 44), "even_margin_crop": (32, 44, 50, 56)}
FMRS = (1e-2, 1e-3, 1e-4)
CARD_FMR = 1e-3

Row = tuple[float, float, tuple[float, ...], float, str]


def main() -> None:
    """Parse, search, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model", default="facenet-vggface2")
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    paths = photos_outside(options.people, options.pairs)
    print(
        f"{len(paths)} photos of {len({p.parent for p in paths})} people whom the pair list does not name", flush=True
    )
    base = get_card(options.model).contract
    if base is None:
        raise SystemExit(f"{options.model} makes no templates")
    photos, faces = found_faces(paths, base.selection)
    print(f"{len(photos)} of them have a face", flush=True)
    names = np.array([path.parent.name for path in photos])
    model = load_model(options.model, weights=options.weights)
    rows = []
    for label, contract in recipes(base, faces):
        plain, mirrored = templates(model, contract, photos, faces)
        for name, vectors in ((label, plain), (f"{label}, mirrored", mirrored)):
            rows.append((*quality(vectors, names), name))
            print(line(rows[-1]), flush=True)
    rates = ", ".join(f"{fmr:g}" for fmr in FMRS)
    print(f"\nBest first: area above the ROC curve, d', FNMR at FMR {rates}, distance at FMR {CARD_FMR:g}, recipe")
    for row in sorted(rows):
        print(line(row))


def photos_outside(people: Path, pairs: Path) -> list[Path]:
    """Photos of people whom the pair list does not name, sorted."""
    named: set[str] = set()
    for text in pairs.read_text("utf-8").splitlines()[1:]:
        fields = text.split("\t")
        named.update(fields[0::2] if len(fields) == 4 else fields[:1])
    return sorted(p for p in people.glob("*/*.jpg") if p.parent.name not in named)


def found_faces(paths: list[Path], selection: str) -> tuple[dict[Path, NDArray[np.uint8]], list[Face]]:
    """The photos that have a face, and the face that counts."""
    detector = load_mtcnn()
    photos: dict[Path, NDArray[np.uint8]] = {}
    faces: list[Face] = []
    for first in range(0, len(paths), 32):
        batch = [decode_photo(path) for path in paths[first : first + 32]]
        for path, photo, found in zip(paths[first : first + 32], batch, detector.find(batch), strict=True):
            face = choose(found, photo.shape[0], photo.shape[1], selection)
            if face is not None:
                photos[path] = photo
                faces.append(face)
    return photos, faces


def recipes(base: InputContract, faces: list[Face]) -> Iterator[tuple[str, InputContract]]:
    """Each recipe's name and contract; five-point templates are the mean landmarks of the margin crops."""
    fields = base.model_dump() | {"mirrored": False}
    for alignment, margins in MARGINS.items():
        for margin in margins:
            changed = fields | {"alignment": alignment, "margin_px": margin, "template_points": None}
            yield f"{alignment} {margin}", InputContract.model_validate(changed)
    for margin in (14, 32):
        boxes = np.stack([face.box_xyxy_px for face in faces]).astype(np.float64)
        points = np.stack([face.landmarks_px for face in faces]).astype(np.float64)
        middle, side = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2, boxes[:, None, 2:] - boxes[:, None, :2]
        inner = base.size_px - margin
        for kind, scale in (("square", side.mean(axis=2, keepdims=True)), ("height", side[..., 1:])):
            mean = ((points - middle) / scale).mean(axis=0) * inner + base.size_px / 2
            mean = (mean + mean[[1, 0, 2, 4, 3]] * (-1, 1) + (base.size_px, 0)) / 2  # as a mirror would see it
            changed = fields | {"alignment": "five_point", "margin_px": 0, "template_points": mean.tolist()}
            yield f"five_point {kind} {margin} {mean.round(2).tolist()}", InputContract.model_validate(changed)


def templates(
    model: Recognizer, contract: InputContract, photos: dict[Path, NDArray[np.uint8]], faces: list[Face]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Templates of all photos by one recipe, without and with the mirrored face."""
    fed = Recognizer(model.card, contract, model.weights_sha256, model.weights_source, model.run)
    crops = [fed.prepare(photo, face) for photo, face in zip(photos.values(), faces, strict=True)]
    whole = np.stack([crop for crop in crops if crop is not None])
    plain, other = fed.embed(whole)[0], fed.embed(whole[:, :, ::-1])[0]
    both = plain + other
    return plain, both / np.linalg.norm(both, axis=1, keepdims=True)


def quality(vectors: NDArray[np.float32], names: NDArray[np.str_]) -> tuple[float, float, tuple[float, ...], float]:
    """1 - AUC, -d', FNMR at each FMR, and the distance at FMR 0.1%, over all pairs of photos."""
    similarity = (vectors @ vectors.T).astype(np.float64)
    upper = np.triu_indices(len(names), 1)
    values, mated = similarity[upper], (names[:, None] == names[None])[upper]
    fnmr = tuple(fnmr_at_fmr(values, mated, fmr) for fmr in FMRS)
    distance = distance_from_similarity(threshold_at_fmr(values, mated, CARD_FMR))
    return 1 - auc(values, mated), -d_prime(values, mated), fnmr, distance


def line(row: Row) -> str:
    """A row of the table."""
    area, negative_d_prime, fnmr, distance, name = row
    rates = "  ".join(f"{rate:.4f}" for rate in fnmr)
    return f"{area:.6f}  {-negative_d_prime:.3f}  {rates}  {distance:.4f}  {name}"


if __name__ == "__main__":
    main()
