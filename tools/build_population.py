"""Make the face model that ``faceproof people synth`` draws from, out of a folder of people.

    python tools/build_population.py PEOPLE [--out FILE] [--components 240] [--weights FACENET_FILE]

1. Finds the subject's face in each photo; keeps frontal ones; moves them onto a canvas by their landmarks.
2. Registers every face to what few principal components make of it, by a smooth displacement (shape); what is left
   is its texture. Repeats with more components.
3. Takes light and colour cast out of the textures in part, since drawing puts its own in.
4. Principal components of texture and shape together.
5. Covariance of people and of one person's photos in that space.
6. Judges draws: are faces found, do recognisers tell the people apart but not without errors, and do draws come closer
   to a real person of PEOPLE than real people usually come to each other? Leaves no file where one of these fails.

The same folder gives the same file on the same machine. Takes about 15 minutes for 12,600 photos on two cores, and 8 GB
of memory. No photo, and no point of any real person, is in the file: means, components and covariances alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from faceproof.metrics.operating_points import eer
from faceproof.people.decode import decode_photo
from faceproof.people.folder import read_people
from faceproof.people.synthetic.draw import Variation, draw_identity, draw_photo
from faceproof.people.synthetic.face_model import FaceModel, pack_model, read_model
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.faces.alignment import similarity_transform
from faceproof.systems.faces.selection import choose
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.recognizer import Recognizer

CANVAS, SMALL, NODES, REGISTERED = 144, 36, 9, 72
LANDMARKS = np.array([(53.3, 66.2), (90.7, 66.2), (72.0, 88.4), (55.7, 107.2), (88.3, 107.2)])
"""Where the landmarks go on the canvas: the usual proportions of a face, with room for hair, ears and neck."""
ROUNDS = ((0, 30.0), (12, 20.0), (30, 14.0), (60, 10.0))
"""Components of the reference and stiffness of the displacement in each round of registration."""
STEPS, BATCH = 22, 512
WITHIN = 0.75
"""Factor on one person's variation with which recognisers make some errors, as they do on people."""
MOST_OF_A_PERSON = 20
SHAPE_WEIGHT, CHROMA_WEIGHT = 720.0, 2.8

Float32Array = NDArray[np.float32]


def main() -> None:
    """Parse, build, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path)
    default = Path(__file__).parents[1] / "src/faceproof/people/synthetic/face_model.npz"
    parser.add_argument("--out", type=Path, default=default)
    parser.add_argument("--components", type=int, default=240)
    parser.add_argument("--within", type=float, default=WITHIN, help="factor on one person's variation")
    parser.add_argument("--weights", type=Path, help="judge by facenet-vggface2 too, with these weights")
    parser.add_argument("--no-judging", action="store_true", help="write without looking at draws (for tests)")
    options = parser.parse_args()
    canvases, names = gather(options.people)
    print(f"{len(canvases)} frontal faces of {len(set(names))} people", flush=True)
    model = build(canvases, names, options.components)
    variation = {"within": options.within}
    about = {
        "source": f"{len(canvases)} photos of {len(set(names))} people in {options.people.name}",
        "made_by": "tools/build_population.py",
        "variation": variation,
    }
    model = read_model(pack_model(replace(model, about=about)))
    if not options.no_judging:
        models = [load_model("dlib-resnet", offline=True)]
        if not options.weights:
            print("facenet-vggface2 is not asked: no --weights")
        else:
            models.append(load_model("facenet-vggface2", weights=options.weights, offline=True))
        problems = list(judged(model, Variation(**variation), models, options.people))
        if problems:
            raise SystemExit("Not written: " + "; ".join(problems))
    content = pack_model(model)
    options.out.write_bytes(content)
    print(f"{options.out}: {len(content) / 1e6:.2f} MB")


def gather(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Frontal faces on their canvas, uint8 (n, 144, 144, 3), and whose they are."""
    detector = load_mtcnn()
    canvases, names = [], []
    photos = read_people(folder).photos
    for first in range(0, len(photos), 32):
        batch = photos[first : first + 32]
        pixels = [decode_photo(photo.path) for photo in batch]
        for photo, picture, found in zip(batch, pixels, detector.find(pixels), strict=True):
            face = choose(found, picture.shape[0], picture.shape[1], "subject")
            canvas = None if face is None or face.probability < 0.98 else on_canvas(picture, face.landmarks_px)
            if canvas is not None:
                canvases.append(canvas)
                names.append(photo.person)
    return np.stack(canvases), np.array(names)


def on_canvas(picture: NDArray[np.uint8], landmarks: Float32Array) -> NDArray[np.uint8] | None:
    """The face on its canvas, or None where it is turned too far."""
    matrix = similarity_transform(landmarks.astype(np.float64), LANDMARKS)
    placed = landmarks @ matrix[:, :2].T + matrix[:, 2]
    eyes = placed[1, 0] - placed[0, 0]
    if np.abs(placed - LANDMARKS).max() > 9 or abs(placed[2, 0] - placed[:2, 0].mean()) > 0.22 * eyes:
        return None
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    back[:, 2] += 0.5 - back[:, :2].sum(axis=1) * 0.5
    flat = tuple(back.ravel())
    moved = Image.fromarray(picture).transform((CANVAS, CANVAS), Image.Transform.AFFINE, flat, Image.Resampling.BICUBIC)
    return np.asarray(moved)


def build(canvases: NDArray[np.uint8], names: NDArray[np.str_], components: int) -> FaceModel:
    """The model of some faces, without words about it."""
    torch.manual_seed(0)
    flow = registered(canvases)
    texture = relit(textures(canvases, flow))
    shape = flow.reshape(len(flow), -1)
    mean, weight = texture.mean(axis=0), pixel_weight()
    texture -= mean
    joint = torch.from_numpy(np.concatenate([texture * weight, shape * np.float32(SHAPE_WEIGHT)], axis=1))
    k = min(components, len(joint) - 1)
    u, s, v = torch.svd_lowrank(joint, q=k, niter=4)
    points, basis = (u * s).numpy().astype(np.float64), v.numpy().T
    pixels = texture.shape[1]
    between, within = two_covariances(points, names)
    return FaceModel(
        canvas_px=CANVAS,
        nodes=NODES,
        mean=mean,
        texture=basis[:, :pixels] / weight,
        shape=basis[:, pixels:] / np.float32(SHAPE_WEIGHT),
        between=square_root(between),
        within=square_root(within),
        about={},
        sha256="",
    )


def registered(canvases: NDArray[np.uint8]) -> Float32Array:
    """Displacement of each face that brings it closest to what few components make of it, (n, 2, nodes, nodes)."""
    gray = torch.from_numpy(canvases).float().mean(dim=3)[:, None]
    pictures = functional.interpolate(gray, (REGISTERED, REGISTERED), mode="area")[:, 0]
    mask = torch.from_numpy(face_mask(REGISTERED))
    pictures = _levelled(pictures, mask)
    flow = torch.zeros(len(pictures), 2, NODES, NODES)
    for components, stiffness in ROUNDS:
        with torch.no_grad():
            parts = range(0, len(flow), BATCH)
            moved = torch.cat([_seen(pictures[i : i + BATCH], flow[i : i + BATCH], mask) for i in parts])
            reference = moved.mean(dim=0).expand_as(moved)
            if components:
                q = min(components, len(moved) - 1)
                _u, _s, v = torch.svd_lowrank(moved - reference, q=q, niter=3)
                reference = reference + (moved - reference) @ v @ v.T
        for i in parts:
            part = slice(i, i + BATCH)
            flow[part] = _closer(pictures[part], flow[part], reference[part], mask, stiffness)
        flow -= flow.mean(dim=0, keepdim=True)
        print(f"registered with {components} components: {float(flow.std()) * CANVAS / 2:.2f} px", flush=True)
    return flow.numpy()


def _closer(pictures: Tensor, flow: Tensor, reference: Tensor, mask: Tensor, stiffness: float) -> Tensor:
    moving = flow.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([moving], lr=0.012)
    for _ in range(STEPS):
        optimizer.zero_grad()
        bends = [(moving.diff(dim=axis) ** 2).mean() for axis in (2, 3)]
        misfit = ((_seen(pictures, moving, mask) - reference) ** 2).mean()
        loss = misfit + stiffness * (bends[0] + bends[1]) + 0.5 * (moving**2).mean()
        (loss * len(pictures)).backward()
        optimizer.step()
    return moving.detach()


def _seen(pictures: Tensor, flow: Tensor, mask: Tensor) -> Tensor:
    """Pictures moved by their flow, levelled and weighted, as rows."""
    moved = warped(pictures[:, None], flow)[:, 0]
    return (_levelled(moved, mask) * mask.sqrt()).flatten(1)


def _levelled(pictures: Tensor, mask: Tensor) -> Tensor:
    """Mean 0 and deviation 1 within the mask."""
    share = mask / mask.sum()
    level = (pictures * share).sum(dim=(1, 2), keepdim=True)
    spread = ((pictures - level) ** 2 * share).sum(dim=(1, 2), keepdim=True).sqrt()
    return (pictures - level) / (spread + 1e-3)


def warped(pictures: Tensor, flow: Tensor) -> Tensor:
    """The value at q of the result is the picture's at q + flow(q)."""
    side = pictures.shape[-1]
    line = torch.linspace(-1, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    moves = functional.interpolate(flow, (side, side), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    place = torch.stack([x, y], dim=-1) + moves
    return functional.grid_sample(pictures, place, padding_mode="border", align_corners=True)


def textures(canvases: NDArray[np.uint8], flow: Float32Array) -> Float32Array:
    """Registered faces in YCbCr, chroma at a quarter of the size, as rows."""
    to_ycc = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    rows = []
    for i in range(0, len(canvases), BATCH):
        pictures = torch.from_numpy(canvases[i : i + BATCH]).float().permute(0, 3, 1, 2)
        ycc = torch.einsum("dc,nchw->ndhw", to_ycc, warped(pictures, torch.from_numpy(flow[i : i + BATCH])))
        chroma = functional.interpolate(ycc[:, 1:] + 128, (SMALL, SMALL), mode="area")
        rows.append(torch.cat([ycc[:, 0].flatten(1), chroma.flatten(1)], dim=1).numpy())
    return np.concatenate(rows)


def relit(texture: Float32Array) -> Float32Array:
    """Textures with half of what sets photos apart in exposure, contrast and colour cast taken out."""
    size = CANVAS * CANVAS
    share = (face_mask(CANVAS) / face_mask(CANVAS).sum()).ravel()
    luminance = texture[:, :size]
    level = luminance @ share
    spread = np.sqrt(((luminance - level[:, None]) ** 2) @ share)
    gain = (spread.mean() / np.maximum(spread, 1)) ** 0.7
    middle = (level + level.mean()) / 2
    texture[:, :size] = (luminance - level[:, None]) * gain[:, None] + middle[:, None]
    for start in (size, size + SMALL * SMALL):
        plane = texture[:, start : start + SMALL * SMALL]
        cast = plane.mean(axis=1, keepdims=True)
        plane -= (cast - cast.mean()) / 2
    return texture


def face_mask(side: int) -> Float32Array:
    """1 on the face, falling off towards hair and background, (side, side)."""
    line = np.linspace(-1, 1, side, dtype=np.float32)
    return np.exp(-((line[None] / 0.54) ** 4 + ((line[:, None] - 0.13) / 0.68) ** 4)).astype(np.float32)


def pixel_weight() -> Float32Array:
    """How much each value of a texture counts in the components: the face more than what is around it."""
    luminance = np.sqrt(0.15 + face_mask(CANVAS)).ravel()
    chroma = CHROMA_WEIGHT * np.sqrt(0.15 + face_mask(SMALL)).ravel()
    return np.concatenate([luminance, chroma, chroma]).astype(np.float32)


def two_covariances(
    points: NDArray[np.float64], names: NDArray[np.str_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Covariance of people and of one person's photos; people with very many photos do not outweigh the others."""
    _names, whose, count = np.unique(names, return_inverse=True, return_counts=True)
    middle = np.zeros((len(count), points.shape[1]))
    np.add.at(middle, whose, points)
    middle /= count[:, None]
    several = count[whose] >= 2
    away = (points - middle[whose])[several]
    n = count[whose][several]
    weight = np.minimum(1, MOST_OF_A_PERSON / n) * n / (n - 1)
    within = (away * weight[:, None]).T @ away / weight.sum()
    return np.cov(middle.T) - within * (1 / count).mean(), within


def square_root(covariance: NDArray[np.float64]) -> Float32Array:
    """A matrix R with R @ R.T the covariance, negative directions (there are some by chance) left out."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))).astype(np.float32)


def judged(model: FaceModel, how: Variation, recognizers: list[Recognizer], folder: Path) -> Iterator[str]:
    """Draw 200 people with four photos each; yield what is wrong with them."""
    people, photos = 200, 4
    drawn = [
        draw_photo(model, draw_identity(model, 1, person, how), 1, person, photo, how)
        for person in range(people)
        for photo in range(photos)
    ]
    names = np.repeat(np.arange(people), photos)
    faces = [found for i in range(0, len(drawn), 32) for found in load_mtcnn().find(drawn[i : i + 32])]
    share = float(np.mean([len(one) > 0 for one in faces]))
    print(f"faces found in {share:.2%} of {len(drawn)} draws")
    if share < 0.995:
        yield f"faces are found in {share:.2%} of draws only"
    for recognizer in recognizers:
        name, vectors = recognizer.card.name, described(drawn, recognizer)
        similarity = (vectors @ vectors.T).astype(np.float64)
        upper = np.triu_indices(len(names), 1)
        rate = eer(similarity[upper], names[upper[0]] == names[upper[1]])[0]
        print(f"{name}: EER {rate:.2%} over all pairs", flush=True)
        if not 0.02 <= rate <= 0.08:
            yield f"EER of {name} is {rate:.2%}, not 2% to 8%"
        nearest_drawn, nearest_real = closest(vectors, recognizer, folder)
        print(f"{name}: most alike real person: draws {nearest_drawn}, other real people {nearest_real}", flush=True)
        for share, drawn_one, real_one in zip(("half", "95%"), nearest_drawn, nearest_real, strict=False):
            if drawn_one > real_one:
                yield f"by {name}, {share} of draws are closer to a real person than {share} of real people are"


def closest(drawn: Float32Array, recognizer: Recognizer, folder: Path) -> tuple[list[float], list[float]]:
    """Similarity to the most alike real person, of draws and of real people (somebody else): 50%, 95%, highest."""
    photos = [person[0] for person in read_people(folder).by_person().values()]
    real = np.concatenate(
        [
            described([decode_photo(photo.path) for photo in photos[i : i + 512]], recognizer)
            for i in range(0, len(photos), 512)
        ]
    )
    between_real = real @ real.T
    np.fill_diagonal(between_real, -1)
    pairs = (drawn @ real.T).max(axis=1), between_real.max(axis=1)
    return tuple([round(float(np.nanquantile(p, q)), 3) for q in (0.5, 0.95, 1)] for p in pairs)


def described(pictures: list[NDArray[np.uint8]], recognizer: Recognizer) -> Float32Array:
    """Templates of pictures in which a face is found."""
    detector = load_mtcnn()
    crops = []
    for i in range(0, len(pictures), 32):
        batch = pictures[i : i + 32]
        for picture, found in zip(batch, detector.find(batch), strict=True):
            face = choose(found, picture.shape[0], picture.shape[1], "subject")
            crop = None if face is None else recognizer.prepare(picture, face)
            side = recognizer.contract.size_px
            crops.append(np.zeros((side, side, 3), np.uint8) if crop is None else crop)
    return recognizer.embed(np.stack(crops))[0]


if __name__ == "__main__":
    main()
