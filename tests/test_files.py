from __future__ import annotations

import os
from pathlib import Path

import pytest

from faceproof.errors import PeopleError, WeightsError
from faceproof.files import check_file, read_toml, write_whole


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_regular_file_may_be_opened_and_has_a_size(tmp_path):
    (tmp_path / "a").write_bytes(b"four")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert check_file(tmp_path / "a", "The file", PeopleError, most_bytes=4) == 4
    assert check_file(tmp_path / "link", "The file", PeopleError) == 4


def test_what_is_no_regular_file_is_refused_before_it_is_opened(tmp_path, special):
    path = tmp_path / "odd"
    called = special(path)
    with pytest.raises(WeightsError) as refused:
        check_file(path, "The weights file", WeightsError)
    assert str(refused.value).startswith(f"The weights file {path} is {called}. Expected a ")
    if called != "a folder":
        assert "/dev/stdin and <(command) are not supported" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", r"The list \S+/absent cannot be read \(No such file or directory\)\."),
        ("a\0b", r"The list \S+ cannot be read \(.*null (byte|character)"),
        ("a" * 300, r"The list \S+ cannot be read \(File name too long\)\."),
        ("five", r"The list \S+/five has 5 bytes\. Expected at most 4\."),
    ],
)
def test_a_file_that_cannot_be_opened_is_named_with_the_reason(tmp_path, name, said):
    (tmp_path / "five").write_bytes(b"12345")
    with pytest.raises(PeopleError, match=said):
        check_file(tmp_path / name, "The list", PeopleError, most_bytes=4)


def test_toml_is_read(tmp_path):
    (tmp_path / "a.toml").write_text('[a.b]\nc = [[1, 2], [3]]\n"d.e" = "ü"\n')
    assert read_toml(tmp_path / "a.toml", "The card", PeopleError) == {"a": {"b": {"c": [[1, 2], [3]], "d.e": "ü"}}}
    (tmp_path / "empty.toml").write_text("")
    assert read_toml(tmp_path / "empty.toml", "The card", PeopleError) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 50_000, "cannot be read as TOML: arrays or tables are nested too deep."),
        ("a = " + "{a = " * 3_000, "cannot be read as TOML: arrays or tables are nested too deep."),
        ("a." * 50_000 + "b = 1", "cannot be read as TOML: arrays or tables are nested too deep."),
        ("[a" + " . 'b'" * 50 + "]", "cannot be read as TOML: arrays or tables are nested too deep."),
        ("a = " + "1" * 5_000, "is no TOML: Exceeds the limit (4300"),
        ("a = 2020-02-30", "is no TOML: Invalid date"),
        ("[a", "is no TOML: "),
        ("#" * 300_000, "has 300,000 bytes. Expected at most 262,144."),
    ],
    ids=["arrays", "inline tables", "a long key", "a long header", "digits", "date", "syntax", "size"],
)
def test_toml_that_cannot_be_read_is_refused_with_its_name(tmp_path, text, said):
    path = tmp_path / "odd.toml"
    path.write_text(text)
    with pytest.raises(PeopleError) as refused:
        read_toml(path, "The card", PeopleError)
    assert str(refused.value).startswith(f"The card {path} {said}")


def test_keys_of_49_parts_and_long_lists_of_numbers_are_no_deep_keys(tmp_path):
    path = tmp_path / "fine.toml"
    path.write_text(f"{'a.' * 49}b = 1\nc = [{'0.5, ' * 200}1.0]\n")
    assert len(read_toml(path, "The card", PeopleError)["c"]) == 201
