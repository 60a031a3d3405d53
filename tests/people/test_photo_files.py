"""Which files below a folder are photos: by their first bytes, and by their suffix where they cannot be opened."""

from __future__ import annotations

from pathlib import Path

from faceproof.people.photo_files import photos_below, valid_unicode

PPM = b"P6 1 1 255 \x00\x00\x00"


def written(folder: Path, **files: bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def below(source: Path) -> tuple[list[str], int]:
    photos, others = photos_below(source)
    folder = source if source.is_dir() else source.parent
    return [path.relative_to(folder).as_posix() for path in photos], others


def test_the_first_bytes_decide_and_not_the_name(tmp_path: Path) -> None:
    written(tmp_path, b_txt=PPM, a_jpg=b"no photo", sub__deep__c_jpg=PPM, sub__notes=b"x")
    assert below(tmp_path) == (["b.txt", "sub/deep/c.jpg"], 2)


def test_what_cannot_be_opened_goes_by_its_suffix_in_any_case(tmp_path: Path) -> None:
    written(tmp_path, empty_JPG=b"", empty_Avif=b"", empty_txt=b"", empty=b"")
    (tmp_path / "lost.png").symlink_to("nowhere")
    assert below(tmp_path) == (["empty.Avif", "empty.JPG", "lost.png"], 2)


def test_hidden_files_and_folders_count_as_nothing(tmp_path: Path) -> None:
    written(tmp_path, a_jpg=PPM, _b_jpg=PPM, _hidden__c_jpg=PPM)
    assert (tmp_path / ".hidden" / "c.jpg").is_file()
    assert below(tmp_path) == (["a.jpg"], 0)


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    people = written(tmp_path / "people", a__1_jpg=PPM)
    (people / "a" / "up").symlink_to(people)
    (people / "other").symlink_to(written(tmp_path / "other", b__2_jpg=PPM))
    assert below(people) == (["a/1.jpg", "other/b/2.jpg"], 0)


def test_a_single_file_is_a_photo_or_the_only_other_file(tmp_path: Path) -> None:
    written(tmp_path, a_jpg=PPM, _b_jpg=PPM, notes_txt=b"x")
    assert below(tmp_path / "a.jpg") == (["a.jpg"], 0)
    assert below(tmp_path / ".b.jpg") == ([".b.jpg"], 0)
    assert below(tmp_path / "notes.txt") == ([], 1)


def test_an_empty_folder_has_no_photos(tmp_path: Path) -> None:
    assert below(tmp_path) == ([], 0)


def test_each_byte_that_is_no_unicode_is_replaced_and_letters_stay() -> None:
    assert valid_unicode("caf\udce9\udcff/1.jpg") == "caf\ufffd\ufffd/1.jpg"
    assert valid_unicode("\ud7ff\ud800\udfff\ue000") == "\ud7ff\ufffd\ufffd\ue000"
    assert valid_unicode("Zoë 😀") == "Zoë 😀"
