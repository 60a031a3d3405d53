"""Download, check and unpack the photos and pair lists of Labeled Faces in the Wild."""

from __future__ import annotations

import os
import shutil
import tarfile
import zlib
from pathlib import Path

from faceproof.download import DownloadProgress, StderrProgress, fetch_file
from faceproof.errors import DownloadError, PeopleError
from faceproof.files import sha256_of

LFW_PEOPLE, LFW_PHOTOS = 5_749, 13_233
PEOPLE_FOLDER, PAIR_LIST = "lfw-funneled", "pairs.txt"
LFW_NOTE = (
    "Labeled Faces in the Wild (University of Massachusetts, 2007): 13,233 photos of 5,749 public figures from news "
    "pages, here in the funneled version. Offered for research. The photos belong to their owners, and the people in "
    "them did not give consent: do not publish them. Cite Huang, Ramesh, Berg, Learned-Miller, TR 07-49. Most people "
    "in LFW are light-skinned men, so a result on LFW says little about other people."
)

_ARCHIVE = "lfw-funneled.tgz"
_PAIR_LISTS = (PAIR_LIST, "pairsDevTrain.txt", "pairsDevTest.txt")
_HOST = "https://ndownloader.figshare.com/files"
_FILES = {
    PAIR_LIST: ("5976006", "ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592"),
    "pairsDevTrain.txt": ("5976012", "1d454dada7dfeca0e7eab6f65dc4e97a6312d44cf142207be28d688be92aabfa"),
    "pairsDevTest.txt": ("5976009", "7cb06600ea8b2814ac26e946201cdb304296262aad67d046a16a7ec85d0ff87c"),
    _ARCHIVE: ("5976015", "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a"),
}
"""File number on the host, and SHA-256, of each file."""
_ATTEMPTS = 3


def pull_lfw(destination: str | Path, *, offline: bool = False, progress: DownloadProgress | None = None) -> Path:
    """Download the photos and pair lists of Labeled Faces in the Wild, if they are not there.

    About 240 MB are downloaded to ``DESTINATION.partial``, and each file is checked against its SHA-256. A download
    that was stopped is resumed. The destination appears when everything is complete: ``lfw-funneled/`` with the
    people, and ``pairs.txt``.

    Args:
        destination: folder to make.
        offline: do not use the network.
        progress: receives the progress of the download; None: standard error.

    Returns:
        The folder of people below ``destination``.

    Raises:
        PeopleError: the network cannot be reached or may not be used, or the downloaded files are not LFW.
    """
    destination = Path(destination)
    people = destination / PEOPLE_FOLDER
    if people.is_dir() and (destination / PAIR_LIST).is_file():
        return people
    partial = destination.with_name(destination.name + ".partial")
    try:
        _refuse_occupied(destination)
        if offline and not (partial / _ARCHIVE).is_file():
            raise PeopleError(f"LFW is not at {destination}, and the network may not be used. {_by_hand(destination)}")
        partial.mkdir(parents=True, exist_ok=True)
        _fetch(partial, offline, progress or StderrProgress())
    except (OSError, DownloadError) as error:
        _remove_empty(partial)
        raise PeopleError(_not_fetched(destination, error)) from error
    try:
        _unpack(partial)
        _check_count(partial)
        _lay_out(partial, destination)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise PeopleError(_not_fetched(destination, error)) from error
    return people


def _refuse_occupied(destination: Path) -> None:
    if os.path.lexists(destination) and not (destination.is_dir() and not any(destination.iterdir())):
        raise PeopleError(
            f"{destination} exists, and does not have all of LFW ({PEOPLE_FOLDER} and {PAIR_LIST}). "
            "Choose another folder, or remove this one first."
        )


def _by_hand(destination: Path) -> str:
    return (
        f"By hand: download {_url(_ARCHIVE)} ({_ARCHIVE}) and {_url(PAIR_LIST)} ({PAIR_LIST}) elsewhere, unpack the "
        f"first, and copy its folder to {destination / PEOPLE_FOLDER} and the second file to "
        f"{destination / PAIR_LIST}."
    )


def _not_fetched(destination: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or error
    return (
        f"LFW could not be downloaded to {destination} ({str(reason).rstrip('.')}). Try again with a network "
        f"connection. {_by_hand(destination)}"
    )


def _url(name: str) -> str:
    return f"{_HOST}/{_FILES[name][0]}"


def _fetch(partial: Path, offline: bool, progress: DownloadProgress) -> None:
    """Download the files that are missing, and check them.

    Raises:
        DownloadError: a file is missing and cannot be downloaded, or has another digest.
    """
    for name, (_, sha256) in _FILES.items():
        if (partial / name).is_file():
            continue
        if offline:
            raise DownloadError(f"{name} is missing, and the network may not be used")
        progress.note(f"Fetching {name} from {_url(name)}")
        fetched = fetch_file(_url(name), partial / name, progress=progress, attempts=_ATTEMPTS)
        if sha256_of(fetched) != sha256:
            fetched.unlink()
            raise DownloadError(f"the file from {_url(name)} is not {name}: its SHA-256 differs")


def _unpack(partial: Path) -> None:
    """Unpack the archive, after removing what an interrupted attempt left."""
    shutil.rmtree(_unpacked_in(partial), ignore_errors=True)
    with tarfile.open(partial / _ARCHIVE, "r:gz") as archive:
        archive.extractall(partial, filter="data")


def _remove_empty(partial: Path) -> None:
    if partial.is_dir() and not any(partial.iterdir()):
        partial.rmdir()


def _check_count(partial: Path) -> None:
    """Remove the archive and raise PeopleError if it has not the people and photos of LFW."""
    folders = [folder for folder in _unpacked_in(partial).iterdir() if folder.is_dir()]
    photos = sum(1 for folder in folders for _photo in folder.glob("*.jpg"))
    if (len(folders), photos) != (LFW_PEOPLE, LFW_PHOTOS):
        shutil.rmtree(partial)
        raise PeopleError(
            f"The archive has {photos:,} photos of {len(folders):,} people; LFW has {LFW_PHOTOS:,} of "
            f"{LFW_PEOPLE:,}. It was removed; download it again."
        )


def _lay_out(partial: Path, destination: Path) -> None:
    """Rename the complete download to its destination."""
    _unpacked_in(partial).rename(partial / PEOPLE_FOLDER)
    (partial / _ARCHIVE).unlink()
    if destination.exists():
        destination.rmdir()
    partial.rename(destination)


def _unpacked_in(partial: Path) -> Path:
    return partial / "lfw_funneled"
