"""Labeled Faces in the Wild, fetched by scikit-learn, which knows where it lies and the digests of its files."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import tarfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faceproof.errors import PeopleError

LFW_PEOPLE, LFW_PHOTOS = 5_749, 13_233
PEOPLE_FOLDER, PAIR_LIST = "lfw-funneled", "pairs.txt"
LFW_NOTE = (
    "Labeled Faces in the Wild (University of Massachusetts, 2007): 13,233 photos of 5,749 public figures from news "
    "pages, here in the funneled version. Offered for research; the photos belong to their owners and nobody in them "
    "was asked, so keep them to yourself. Cite Huang, Ramesh, Berg, Learned-Miller, TR 07-49. Men and light skin are "
    "far in the majority, so a result on LFW says little about other people."
)

_ARCHIVE = "lfw-funneled.tgz"
_PAIR_LISTS = (PAIR_LIST, "pairsDevTrain.txt", "pairsDevTest.txt")
_ARCHIVE_URL = "https://ndownloader.figshare.com/files/5976015"
_PAIRS_URL = "https://ndownloader.figshare.com/files/5976006"
_TIMEOUT_S = 30.0


def pull_lfw(destination: str | Path, *, offline: bool = False) -> Path:
    """Fetch the photos and pair lists of Labeled Faces in the Wild, unless they are there.

    About 240 MB are downloaded to ``DESTINATION.partial`` and checked against the digests that scikit-learn holds;
    the destination appears when all is there: ``lfw-funneled/`` with the people, and ``pairs.txt``.

    Args:
        destination: folder to make.
        offline: never use the network.

    Returns:
        The folder of people below ``destination``.

    Raises:
        PeopleError: the network cannot be reached or may not be used, or what arrived is not LFW.
    """
    destination = Path(destination)
    people = destination / PEOPLE_FOLDER
    if people.is_dir() and (destination / PAIR_LIST).is_file():
        return people
    partial = destination.with_name(destination.name + ".partial")
    try:
        _refuse_occupied(destination)
        if offline and not (_archive_in(partial).is_file() or _unpacked_in(partial).is_dir()):
            raise PeopleError(f"LFW is not at {destination}, and the network may not be used. {_by_hand(destination)}")
        _fetch(partial, offline)
        _check_count(partial)
        _lay_out(partial, destination)
    except (OSError, EOFError, tarfile.TarError, zlib.error, http.client.HTTPException) as error:
        shutil.rmtree(partial, ignore_errors=True)
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise PeopleError(
            f"LFW could not be fetched to {destination} ({reason}). Tried: {_ARCHIVE_URL} and the pair lists beside "
            f"it. Try again where the network can be reached. {_by_hand(destination)}"
        ) from error
    return people


def _refuse_occupied(destination: Path) -> None:
    if os.path.lexists(destination) and not (destination.is_dir() and not any(destination.iterdir())):
        raise PeopleError(
            f"{destination} is there, without all of LFW ({PEOPLE_FOLDER} and {PAIR_LIST}). "
            "Choose another place, or remove it first."
        )


def _by_hand(destination: Path) -> str:
    return (
        f"By hand: download {_ARCHIVE_URL} ({_ARCHIVE}) and {_PAIRS_URL} ({PAIR_LIST}) elsewhere, unpack the first, "
        f"and bring its folder here as {destination / PEOPLE_FOLDER} and the second as {destination / PAIR_LIST}."
    )


def _fetch(partial: Path, offline: bool) -> None:
    """Have scikit-learn download and unpack; its public function also opens 1,000 pairs, which proves them readable."""
    from sklearn.datasets import fetch_lfw_pairs

    if _archive_in(partial).is_file():
        # Unpacking did not come to its end, for the archive is removed then.
        shutil.rmtree(_unpacked_in(partial), ignore_errors=True)
    partial.mkdir(parents=True, exist_ok=True)
    with _patience(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it announces each retry as a warning
        fetch_lfw_pairs(
            subset="test",
            data_home=partial,
            funneled=True,
            resize=0.1,
            download_if_missing=not offline,
            n_retries=1,
        )


def _check_count(partial: Path) -> None:
    folders = [folder for folder in _unpacked_in(partial).iterdir() if folder.is_dir()]
    photos = sum(1 for folder in folders for _photo in folder.glob("*.jpg"))
    if (len(folders), photos) != (LFW_PEOPLE, LFW_PHOTOS):
        shutil.rmtree(partial)
        raise PeopleError(
            f"What arrived has {photos:,} photos of {len(folders):,} people; LFW has {LFW_PHOTOS:,} of "
            f"{LFW_PEOPLE:,}. It is thrown away; fetch it again."
        )


def _lay_out(partial: Path, destination: Path) -> None:
    """Give the finished download its name and the names of its parts."""
    lfw_home = _unpacked_in(partial).parent
    whole = lfw_home.with_name("whole")
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    _unpacked_in(partial).rename(whole / PEOPLE_FOLDER)
    for name in _PAIR_LISTS:
        (lfw_home / name).rename(whole / name)
    if destination.exists():
        destination.rmdir()
    whole.rename(destination)
    shutil.rmtree(partial, ignore_errors=True)


def _archive_in(partial: Path) -> Path:
    return partial / "lfw_home" / _ARCHIVE


def _unpacked_in(partial: Path) -> Path:
    return partial / "lfw_home" / "lfw_funneled"


@contextmanager
def _patience() -> Iterator[None]:
    """No connection is waited for without end, which `urllib.request.urlretrieve` would do."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
