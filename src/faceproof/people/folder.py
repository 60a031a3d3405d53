"""Read a folder of people: one folder per person, with that person's photos directly in it.

Files that are ignored or unusual are counted in notices, with a few examples. A file with the suffix of a photo counts
as a photo even if it is damaged, so that it gets a row with a reason.
"""

from __future__ import annotations

import errno
import hashlib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

from faceproof.errors import ConfigurationError, ImageDecodeError, PeopleError
from faceproof.people.decode import SIGNATURE_BYTES, SYNTHETIC_MARK, image_format
from faceproof.people.opening import EMPTY, digest_of, opened
from faceproof.people.photo_files import PHOTO_SUFFIXES, valid_unicode
from faceproof.people.types import SYNTHETIC, Group, Notice, Photo, PhotoSet

FOREIGN_PHOTO_SUFFIXES = frozenset(
    {".heic", ".heif", ".jxl", ".jp2", ".j2k", ".psd"}
    | {".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"}
)
GROUP_FOLDERS: dict[str, Group] = {"matched_faces": "mated", "mismatched_faces": "non_mated"}

_EXPECTED = "Expected a folder with a folder of photos for each person: Anna/1.jpg, Anna/2.jpg, Ben/1.jpg."
_EXAMPLES = 5
_BATCH = 2048
_PROGRESS_EVERY = 64
_MARK_BYTES = 512
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

# Kind of a notice: singular, plural, description. In the order in which notices are shown.
_NOTICES = {
    SYNTHETIC: ("photo", "photos", "of people who do not exist, drawn by faceproof: no evidence about a real system"),
    "unreadable_people": ("person's folder", "people's folders", "that cannot be opened: left out"),
    "people_without_photos": ("folder", "folders", "without a photo: left out"),
    "unreadable_photos": ("photo", "photos", "that cannot be read: counted as failed, with a reason"),
    "empty_files": ("photo", "photos", "of zero bytes: counted as failed, with a reason"),
    "not_images": ("file", "files", "with the suffix of a photo and an unknown image format: counted as failed"),
    "same_photo_in_two_people": (
        "photo",
        "photos",
        "with an identical copy in another person's folder: a non-mated comparison may show one picture twice",
    ),
    "same_photo_twice": (
        "photo",
        "photos",
        "with an identical copy in the same person's folder: a mated comparison may show one picture twice",
    ),
    "similar_names": (
        "name",
        "names",
        "of people in several spellings that differ only by case or Unicode form: treated as different people",
    ),
    "invalid_names": ("name", "names", "not valid in Unicode: shown with \ufffd"),
    "link_loops": ("symbolic link", "symbolic links", "to itself or to a folder above: ignored"),
    "dangling_links": ("symbolic link", "symbolic links", "whose target does not exist: ignored"),
    "folders_in_people": (
        "folder",
        "folders",
        "inside a person's folder: ignored; only photos directly in the person's folder count",
    ),
    "people_beside_groups": ("folder", "folders", "beside matched_faces and mismatched_faces: ignored"),
    "photos_in_no_person": ("photo", "photos", "outside every person's folder: ignored"),
    "foreign_photos": (
        "photo",
        "photos",
        "in a format that faceproof cannot read: ignored; convert to JPEG or PNG",
    ),
    "foreign_files": ("file", "files", "without the suffix of a photo: ignored"),
    "special_files": ("pipe or device", "pipes or devices", "without the suffix of a photo: ignored"),
    "hidden_files": ("file or folder", "files or folders", "with a leading dot in the name: ignored"),
}

_Kind = Literal["folder", "file", "special", "loop", "dangling"]


class _Found(NamedTuple):
    id: str
    path: str
    person: str
    group: Group


class _Notebook:
    """Collects notices: their number by kind, and the first few examples of each kind."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = defaultdict(int)
        self.examples: dict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, example: str) -> None:
        self.counts[kind] += 1
        if len(self.examples[kind]) < _EXAMPLES:
            self.examples[kind].append(example)

    def message(self, kind: str) -> str:
        one, many, meaning = _NOTICES[kind]
        count = self.counts[kind]
        return f"{count:,} {one if count == 1 else many} {meaning}"

    def notices(self) -> tuple[Notice, ...]:
        return tuple(
            Notice(kind, self.message(kind), self.counts[kind], tuple(self.examples[kind]))
            for kind in _NOTICES
            if kind in self.counts
        )


def read_people(root: str | Path, *, workers: int = 8, progress: Callable[[int, int], None] | None = None) -> PhotoSet:
    """All photos of a folder of people, with the digest of every file, and notices.

    Every folder in ``root`` is a person. Every file directly in it with the suffix of a photo is a photo of that
    person. Names are in the order of ``sorted``. If there are two folders ``matched_faces`` and ``mismatched_faces``,
    the people are in these, and their photos are of group ``mated`` and ``non_mated``. Symbolic links are followed,
    except those to a folder above.

    Args:
        root: the folder of people.
        workers: number of threads that read files, 1 or more; the result does not depend on it.
        progress: called in this thread from time to time with the number of photos read and of all photos.

    Returns:
        The photos sorted by group, person and id, including damaged ones.

    Raises:
        PeopleError: the folder does not exist, cannot be opened, or has no people or no photos.
        ConfigurationError: ``workers`` is below 1.
    """
    if workers < 1:
        raise ConfigurationError(f"workers is {workers}: expected 1 or more threads that read photos.")
    root = Path(root)
    notebook = _Notebook()
    found: list[_Found] = []
    without_photos: list[str] = []
    for group, person_id, person, folder in _people(root, notebook):
        photos = _photos_of_person(group, person_id, person, folder, notebook)
        if photos == []:
            without_photos.append(person_id)
            notebook.add("people_without_photos", person_id)
        found.extend(photos or ())
    if not found:
        raise PeopleError(_why_no_photos(root, notebook))
    photo_set = tuple(_read_contents(found, workers, progress, notebook))
    _notice_same_bytes(photo_set, notebook)
    return PhotoSet(root, photo_set, tuple(without_photos), notebook.notices())


def _people(root: Path, notebook: _Notebook) -> Iterator[tuple[Group, str, str, str]]:
    """Group, id, readable name and path of every person's folder, in order."""
    folders = _folders_in(root, "", notebook)
    if not folders:
        raise PeopleError(_why_no_people(root, notebook))
    if not GROUP_FOLDERS.keys() <= folders.keys():
        for person, path in _labelled(folders, "", notebook):
            yield "any", person, person, path
        return
    for name in sorted(folders.keys() - GROUP_FOLDERS.keys()):
        notebook.add("people_beside_groups", valid_unicode(name))
    inner = {name: _folders_in(Path(folders[name]), f"{name}/", notebook) for name in GROUP_FOLDERS}
    # All names are labelled together: a person of both groups has one label, and two people never have the same.
    everybody = {person: person for people in inner.values() for person in people}
    label_of = {person: label for label, person in _labelled(everybody, "", notebook)}
    for name, group in GROUP_FOLDERS.items():
        for label, path in sorted((label_of[person], path) for person, path in inner[name].items()):
            yield group, f"{name}/{label}", label, path


def _folders_in(folder: Path, prefix: str, notebook: _Notebook) -> dict[str, str]:
    """Path of every folder in ``folder``, by name; everything else in it becomes a notice."""
    try:
        entries = _sorted_entries(folder)
    except OSError as error:
        raise PeopleError(_why_not_opened(folder, error)) from error
    folders: dict[str, str] = {}
    for entry in entries:
        kind = _kind_of(entry)
        if _is_hidden(entry.name) or kind not in ("folder", "file"):
            _notice_ignored(entry.name, kind, prefix, notebook)
        elif kind == "folder":
            folders[entry.name] = entry.path
        elif _suffix(entry.name) in PHOTO_SUFFIXES:
            notebook.add("photos_in_no_person", prefix + valid_unicode(entry.name))
        else:
            _notice_ignored(entry.name, kind, prefix, notebook)
    _notice_similar_names(folders, notebook)
    return folders


def _photos_of_person(
    group: Group, person_id: str, person: str, folder: str, notebook: _Notebook
) -> list[_Found] | None:
    """The photos directly in a person's folder, or None if it cannot be opened."""
    try:
        entries = _sorted_entries(folder)
    except OSError as error:
        notebook.add("unreadable_people", f"{person_id} ({_cause(error)})")
        return None
    paths: dict[str, str] = {}
    for entry in entries:
        kind = _kind_of(entry)
        named_like_a_photo = not _is_hidden(entry.name) and _suffix(entry.name) in PHOTO_SUFFIXES
        if kind in ("file", "special") and named_like_a_photo:
            paths[entry.name] = entry.path
        else:
            _notice_ignored(entry.name, kind, f"{person_id}/", notebook)
    return [
        _Found(f"{person_id}/{label}", path, person, group)
        for label, path in _labelled(paths, f"{person_id}/", notebook)
    ]


def _sorted_entries(folder: Path | str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _kind_of(entry: os.DirEntry[str]) -> _Kind:
    """The kind of an entry, after links are followed."""
    try:
        if entry.is_dir():
            return "loop" if entry.is_symlink() and _leads_back(entry.path) else "folder"
        if entry.is_file():
            return "file"
        return "dangling" if entry.is_symlink() and not os.path.exists(entry.path) else "special"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "loop"
        return "dangling" if error.errno == errno.ENOTDIR else "file"  # no permission: reading it gives the reason


def _leads_back(link: str) -> bool:
    """Whether the target of a link is the folder that contains the link, or a folder above."""
    target = os.path.realpath(link).rstrip(os.sep)
    start = os.path.realpath(os.path.dirname(link))
    return f"{start}{os.sep}".startswith(f"{target}{os.sep}")


def _notice_ignored(name: str, kind: _Kind, prefix: str, notebook: _Notebook) -> None:
    """Add the notice for a file or folder that is ignored."""
    if _is_hidden(name):
        notice = "hidden_files"
    elif kind == "folder":
        notice = "folders_in_people"
    elif kind == "loop":
        notice = "link_loops"
    elif kind == "dangling":
        notice = "dangling_links"
    elif kind == "special":
        notice = "special_files"
    else:
        notice = "foreign_photos" if _suffix(name) in FOREIGN_PHOTO_SUFFIXES else "foreign_files"
    notebook.add(notice, prefix + valid_unicode(name))


def _labelled(paths: dict[str, str], prefix: str, notebook: _Notebook) -> list[tuple[str, str]]:
    """Label and path, sorted by label: the name, or a unique valid label for a name that is not valid Unicode."""
    taken = {name for name in paths if valid_unicode(name) == name}
    labels: list[tuple[str, str]] = []
    for name, path in paths.items():
        label = valid = valid_unicode(name)
        if label != name:
            number = 2
            while label in taken:
                label, number = f"{valid}~{number}", number + 1
            taken.add(label)
            notebook.add("invalid_names", prefix + label)
        labels.append((label, path))
    return sorted(labels)


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _notice_similar_names(names: Iterable[str], notebook: _Notebook) -> None:
    """Add a notice for names that differ only by case or Unicode form."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in names:
        spellings[unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())].append(name)
    for same in spellings.values():
        if len(same) > 1:
            notebook.add("similar_names", " = ".join(map(valid_unicode, same)))


def _read_contents(
    found: list[_Found], workers: int, progress: Callable[[int, int], None] | None, notebook: _Notebook
) -> Iterator[Photo]:
    """Every photo with its digest, in order; batches limit the number of photos in the queue."""
    if progress:
        progress(0, len(found))
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(found), _BATCH):
            batch = found[start : start + _BATCH]
            contents = pool.map(_digest, [photo.path for photo in batch])
            for done, (photo, (sha256, notice, cause)) in enumerate(zip(batch, contents, strict=True), start + 1):
                if notice:
                    notebook.add(notice, f"{photo.id} ({cause})" if cause else photo.id)
                yield Photo(photo.id, Path(photo.path), photo.person, sha256, photo.group)
                if progress and (done % _PROGRESS_EVERY == 0 or done == len(found)):
                    progress(done, len(found))


def _digest(path: str) -> tuple[str, str, str]:
    """SHA-256 of a file, the kind of its notice (empty for none), and the cause."""
    try:
        with opened(path) as file:
            first_bytes = file.read(_MARK_BYTES)
            file.seek(0)
            sha256 = digest_of(file)
    except ImageDecodeError as error:
        why = str(error)
        return (
            (_EMPTY_SHA256, "empty_files", "")
            if why == EMPTY
            else ("", "unreadable_photos", why.removeprefix("cannot be read: "))
        )
    if SYNTHETIC_MARK in first_bytes:
        return sha256, SYNTHETIC, ""
    return sha256, "" if image_format(first_bytes[:SIGNATURE_BYTES]) else "not_images", ""


def _notice_same_bytes(photos: tuple[Photo, ...], notebook: _Notebook) -> None:
    """Add notices for identical files, of one person and of several people."""
    first: dict[str, Photo] = {}
    copies: dict[str, list[Photo]] = {}
    for photo in photos:
        if photo.sha256 in ("", _EMPTY_SHA256):
            continue
        earlier = first.setdefault(photo.sha256, photo)
        if earlier is not photo:
            copies.setdefault(photo.sha256, [earlier]).append(photo)
    for same in copies.values():
        people = {photo.person for photo in same}
        example = " = ".join(photo.id for photo in same[:3]) + (" = ..." if len(same) > 3 else "")
        if len(people) > 1:
            notebook.add("same_photo_in_two_people", example)
        if len(people) < len(same):
            notebook.add("same_photo_twice", example)


def _cause(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _why_not_opened(folder: Path, error: OSError) -> str:
    """The message for a folder that cannot be opened."""
    where = valid_unicode(str(folder))
    if isinstance(error, FileNotFoundError):
        return f"{where}: there is no such folder. {_EXPECTED} Check the path."
    if isinstance(error, NotADirectoryError):
        return f"{where}: this is a file, not a folder. {_EXPECTED} Give the folder that contains the people."
    if isinstance(error, PermissionError):
        return f"{where}: no permission to open this folder. {_EXPECTED} Ask for the right to read it."
    return f"{where}: this folder cannot be opened ({_cause(error)}). {_EXPECTED}"


def _why_no_people(root: Path, notebook: _Notebook) -> str:
    """The message for a folder without people."""
    where = valid_unicode(str(root))
    if loose := notebook.counts.get("photos_in_no_person"):
        photos = "1 photo is" if loose == 1 else f"{loose:,} photos are"
        return (
            f"{where}: {photos} directly in this folder, so the person on each photo is not known. "
            f"{_EXPECTED} Put each person's photos into a separate folder."
        )
    return f"{where}: no person's folder in it. {_EXPECTED} Check that this is the right folder."


def _why_no_photos(root: Path, notebook: _Notebook) -> str:
    """The message for a folder whose people have no photos."""
    seen = "; ".join(notebook.message(kind) for kind in _NOTICES if kind in notebook.counts)
    advice = "Check that this is the right folder."
    if inner := notebook.examples.get("folders_in_people"):
        deeper = valid_unicode(str(root / inner[0].rpartition("/")[0]))
        advice = f"The folder of people may be further down, such as {deeper}."
    return f"{valid_unicode(str(root))}: no photo in it. {_EXPECTED} Found: {seen}. {advice}"
