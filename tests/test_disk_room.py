from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from faceproof.disk_room import temporary_folder
from faceproof.errors import CacheError


@pytest.fixture
def asked_anew(monkeypatch):
    """Python looks for its temporary folder once in a process."""
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_the_temporary_folder_is_that_of_tmpdir(tmp_path, monkeypatch, asked_anew):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert temporary_folder() == tmp_path


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no /dev/null here")
def test_where_no_temporary_file_can_be_written_the_message_says_what_to_set(monkeypatch, asked_anew):
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/dev/null"])
    with pytest.raises(CacheError, match=r"No temporary file can be written .* Set TMPDIR to a folder with free space"):
        temporary_folder()
