"""The models that faceproof knows: a card each."""

from __future__ import annotations

from difflib import get_close_matches

from faceproof.errors import ConfigurationError
from faceproof.systems.faces.alignment import ARCFACE_112
from faceproof.systems.weights.card import Card, CardThreshold, Figure, InputContract, Source, TemplateContract

_RELEASE = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9"

_OUTSIDE_VIEW_2 = "the model's card: FMR 0.1% on 1.2 million non-mated comparisons of people of LFW outside View 2"

_FACENET_CONTRACT = InputContract(
    size_px=160, pixel_mean=127.5, pixel_divisor=128.0, alignment="even_margin_crop", margin_px=50, mirrored=True
)

_EUCLIDEAN = TemplateContract(unit_length=False, score="euclidean")

_MTCNN = Card(
    name="mtcnn",
    title="MTCNN (three-stage cascade)",
    kind="detector",
    architecture="mtcnn",
    training_set="WIDER FACE (boxes), CelebA (landmarks)",
    licence="MIT",
    licence_note="Weights from the Python package mtcnn (MIT, Iván de Paz Centeno), ported from the Caffe "
    "model of Zhang, Zhang, Li and Qiao (MIT, Kaipeng Zhang).",
    source=Source(who="Kaipeng Zhang; package by Iván de Paz Centeno", url="https://github.com/ipazc/mtcnn"),
    wheel="mtcnn",
    file_name="mtcnn.safetensors",
    tensors_sha256="1ee87f428953c9939c0666241ac6499deeb5d7680071b042e5e911de0b012135",
)

_FACENET_VGGFACE2 = Card(
    name="facenet-vggface2",
    title="Inception-ResNet-V1, trained on VGGFace2",
    kind="recogniser",
    architecture="inception_resnet_v1",
    training_set="VGGFace2 (3.31 million photos, 8,631 people for training)",
    template_size=512,
    contract=_FACENET_CONTRACT,
    templates=_EUCLIDEAN,
    licence="MIT (code)",
    licence_note="David Sandberg's and facenet-pytorch's repositories are under the MIT licence. The weights "
    "were learned from VGGFace2, photos of real people gathered for research: read that data set's terms "
    "before any use beyond research.",
    source=Source(
        who="David Sandberg (20180402-114759), converted by Tim Esler",
        url="https://github.com/davidsandberg/facenet",
    ),
    download_url=f"{_RELEASE}/20180402-114759-vggface2.pt",
    file_name="20180402-114759-vggface2.pt",
    tensors_sha256="776e07487aca0c045a6b413f9f3e8e09370a885f8fcb6258a6df674742c3c964",
    threshold=CardThreshold(distance=0.953, origin=_OUTSIDE_VIEW_2),
    published=(
        Figure(
            dataset="LFW View 2",
            metric="ten-fold accuracy",
            value=0.9965,
            by="David Sandberg, on his own crops",
        ),
    ),
)

_FACENET_CASIA = Card(
    name="facenet-casia",
    title="Inception-ResNet-V1, trained on CASIA-WebFace",
    kind="recogniser",
    architecture="inception_resnet_v1",
    training_set="CASIA-WebFace (494,414 photos, 10,575 people)",
    template_size=512,
    contract=_FACENET_CONTRACT,
    templates=_EUCLIDEAN,
    licence="MIT (code)",
    licence_note="David Sandberg's and facenet-pytorch's repositories are under the MIT licence. The weights "
    "were learned from CASIA-WebFace, photos of real people gathered for research: read that data set's "
    "terms before any use beyond research.",
    source=Source(
        who="David Sandberg (20180408-102900), converted by Tim Esler",
        url="https://github.com/davidsandberg/facenet",
    ),
    download_url=f"{_RELEASE}/20180408-102900-casia-webface.pt",
    file_name="20180408-102900-casia-webface.pt",
    published=(
        Figure(
            dataset="LFW View 2",
            metric="ten-fold accuracy",
            value=0.9905,
            by="David Sandberg, on his own crops",
        ),
    ),
)

_DLIB_RESNET = Card(
    name="dlib-resnet",
    title="dlib's face recognition ResNet (29 convolutions)",
    kind="recogniser",
    architecture="dlib_resnet",
    training_set="about 3 million faces of 7,485 people: FaceScrub, VGG Face and the author's own search of the web",
    template_size=128,
    contract=InputContract(
        size_px=150,
        pixel_mean=(122.782, 117.001, 104.298),
        pixel_divisor=256.0,
        alignment="five_point",
        template_points=(
            (47.5492, 46.5990),
            (100.4761, 46.5990),
            (74.0127, 76.5625),
            (50.4149, 103.0233),
            (97.6104, 103.0233),
        ),
    ),
    # Its author's distances are those of templates as the net gives them, about 1.4 long: other numbers than these.
    templates=_EUCLIDEAN,
    licence="CC0 1.0",
    licence_note="Models by Davis King, who gave them to the public domain (CC0). They were learned from photos of "
    "real people, partly gathered for research: read the terms of FaceScrub and VGG Face before any use beyond "
    "research. The package carries other files, which faceproof does not read; the 68-point landmarks among them are "
    "not for commercial use.",
    source=Source(
        who="Davis King (dlib-models); package by Adam Geitgey", url="https://github.com/davisking/dlib-models"
    ),
    wheel="face_recognition_models",
    wheel_extra="embedded",
    file_name="dlib_face_recognition_resnet_model_v1.dat",
    threshold=CardThreshold(
        distance=0.381,
        origin=f"{_OUTSIDE_VIEW_2}; its author's 0.6 is for templates that are not of unit length",
    ),
    size_bytes=22_466_066,
    tensors_sha256="538f1a3f6f48634a658cf7598c3a7d6db525038d9d47b7eee81fe70feb788e74",
    published=(
        Figure(
            dataset="LFW View 2",
            metric="ten-fold accuracy",
            value=0.9938,
            by="Davis King, with dlib's own detection and alignment",
        ),
    ),
)

_FACE_TRANSFORMER_URL = "https://github.com/zhongyy/Face-Transformer"
_LEFT_EYE, _RIGHT_EYE, _NOSE, _LEFT_MOUTH, _RIGHT_MOUTH = ARCFACE_112


def _face_transformer(variant: str, patches: str, file_name: str | None, accuracy: dict[str, float]) -> Card:
    """The card of one Face Transformer; ``accuracy`` as its authors claim it, by data set."""
    authors = "Yaoyao Zhong and Weihong Deng"
    if file_name is not None:
        training_set = "MS-Celeb-1M, cleaned (ms1m-retinaface, 93,431 people)"
        file_from = f"{file_name} from the cloud drive that the README of {_FACE_TRANSFORMER_URL} links to"
    else:
        training_set = "whatever the checkpoint was trained on; its authors use MS-Celeb-1M, cleaned (ms1m-retinaface)"
        file_from = f"a checkpoint from whoever trained one; the README of {_FACE_TRANSFORMER_URL} links to none"
    return Card(
        name=f"face-transformer-{variant.lower()}",
        title=f"Face Transformer ViT-{variant} ({patches})",
        kind="recogniser",
        architecture=f"face_transformer_{variant.lower()}",
        training_set=training_set,
        template_size=512,
        contract=InputContract(
            size_px=112,
            pixel_mean=0.0,
            pixel_divisor=1.0,
            alignment="five_point",
            template_points=(_LEFT_EYE, _RIGHT_EYE, _NOSE, _LEFT_MOUTH, _RIGHT_MOUTH),
            mirrored=True,
        ),
        templates=TemplateContract(unit_length=False, score="squared_euclidean"),
        licence="MIT (code); weights: not stated",
        licence_note="The authors' repository is under the MIT licence. It does not say on which terms their weights "
        "may be used. They learned from MS-Celeb-1M, photos of real people gathered from the web for research, which "
        "its makers took down in 2019: find out what you may do with such weights before any use beyond research.",
        source=Source(who=authors, url=_FACE_TRANSFORMER_URL),
        file_from=file_from,
        file_name=file_name,
        published=tuple(
            Figure(dataset=dataset, metric="ten-fold accuracy", value=value, by=authors)
            for dataset, value in accuracy.items()
        ),
    )


_FACE_TRANSFORMERS = (
    _face_transformer(
        "P8S8",
        "patches of 8 px, side by side",
        "Backbone_VIT_Epoch_2_Batch_20000_Time_2021-01-12-16-48_checkpoint.pth",
        {"LFW": 0.9983, "CALFW": 0.9592, "CPLFW": 0.9255, "CFP-FP": 0.9619, "AgeDB-30": 0.9782},
    ),
    _face_transformer("P10S8", "patches of 10 px, overlapping", None, {}),
    _face_transformer(
        "P12S8",
        "patches of 12 px, overlapping",
        "Backbone_VITs_Epoch_2_Batch_12000_Time_2021-03-17-04-05_checkpoint.pth",
        {"LFW": 0.9980, "CALFW": 0.9618, "CPLFW": 0.9308, "CFP-FP": 0.9677, "AgeDB-30": 0.9805},
    ),
)

_MOBILEFACENET = Card(
    name="mobilefacenet",
    title="MobileFaceNet (foamliu)",
    kind="recogniser",
    architecture="onnx",
    training_set="not given with the file",
    template_size=128,
    contract=InputContract(
        size_px=112,
        pixel_mean=(123.675, 116.28, 103.53),
        pixel_divisor=(58.395, 57.12, 57.375),
        alignment="five_point",
        template_points=(_LEFT_EYE, _RIGHT_EYE, _NOSE, _LEFT_MOUTH, _RIGHT_MOUTH),
        mirrored=True,
    ),
    templates=TemplateContract(unit_length=False, score="angle_deg"),
    licence="Apache-2.0",
    licence_note="foamliu's repository is under Apache-2.0. The weights were learned from photos of real people: "
    "look there for the data set and its terms.",
    source=Source(who="foamliu", url="https://github.com/foamliu/MobileFaceNet"),
    file_sha256="b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507",
    published=(
        Figure(dataset="LFW View 2", metric="ten-fold accuracy", value=0.9948, by="foamliu, with his own alignment"),
    ),
)

_BY_FILE = {card.file_sha256: card for card in (_MOBILEFACENET,)}

_CARDS = {card.name: card for card in (_MTCNN, _FACENET_VGGFACE2, _FACENET_CASIA, _DLIB_RESNET, *_FACE_TRANSFORMERS)}


def list_cards() -> list[Card]:
    """All cards, the detector first.

    >>> [card.name for card in list_cards()][:4]
    ['mtcnn', 'facenet-vggface2', 'facenet-casia', 'dlib-resnet']
    """
    return list(_CARDS.values())


def is_reserved(name: str) -> bool:
    """Whether a name is that of a model that faceproof knows, in any case: no other model may have it.

    >>> is_reserved("FaceNet-VGGFace2"), is_reserved("mobilefacenet"), is_reserved("mine")
    (True, True, False)
    """
    plain = name.strip().lower()
    return plain in _CARDS or any(card.name == plain for card in _BY_FILE.values())


def card_of_file(sha256: str) -> Card | None:
    """The card of a model that faceproof knows by its file and not by a name, or None."""
    return _BY_FILE.get(sha256)


def get_card(name: str) -> Card:
    """The card called ``name``.

    Args:
        name: a card's name, in any case.

    Returns:
        The card.

    Raises:
        ConfigurationError: when there is no such card; the message suggests the closest name.

    >>> get_card("facenet-vggface2").template_size
    512
    """
    card = _CARDS.get(name.strip().lower())
    if card is not None:
        return card
    close = get_close_matches(name.strip().lower(), _CARDS, n=1, cutoff=0.4)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise ConfigurationError(f"There is no model {name!r}. {hint}Known models: {', '.join(_CARDS)}.")
