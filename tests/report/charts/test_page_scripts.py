from __future__ import annotations

from pathlib import Path

import pytest

from faceproof.report.charts import page_scripts

SCRIPT = "window.vegaEmbed = 'ü';"


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(page_scripts, "_made", {})


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a new process knows."""
    monkeypatch.setattr(page_scripts, "_made", {})


def test_a_script_is_kept_for_its_version_and_for_later_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert page_scripts.find("6.4") is None
    page_scripts.keep("6.4", SCRIPT)
    forget(monkeypatch)
    assert page_scripts.find("6.4") == SCRIPT
    assert page_scripts.find("6.3") is None


def test_a_damaged_script_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page_scripts.keep("6.4", SCRIPT)
    forget(monkeypatch)
    (kept,) = (tmp_path / "cache" / "page-scripts").iterdir()
    kept.write_text(SCRIPT.replace("ü", "u"), "utf-8")
    assert page_scripts.find("6.4") is None
    kept.write_bytes(b"\xff")
    assert page_scripts.find("6.4") is None


def test_without_a_cache_folder_a_script_serves_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file")
    page_scripts.keep("6.4", SCRIPT)
    assert page_scripts.find("6.4") == SCRIPT
    forget(monkeypatch)
    assert page_scripts.find("6.4") is None
