from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from stopping import stopped

SLOW = """
import time
import numpy as np

class Slow:
    version = "1"
    contract = {"size_px": 8, "pixel_mean": 0.0, "pixel_divisor": 255.0, "alignment": "even_margin_crop"}
    chunks = 0

    def embed(self, batch):
        Slow.chunks += 1
        if Slow.chunks > 2:
            time.sleep(0.2)
        rows = batch.reshape(len(batch), -1) + 0.01
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_done_is_kept_when_a_command_is_stopped(tmp_path, monkeypatch, number):
    (tmp_path / "slow_model.py").write_text(SLOW)
    rng = np.random.default_rng(0)
    for person in range(100):
        folder = tmp_path / "people" / f"p{person:03d}"
        folder.mkdir(parents=True)
        for photo in range(2):
            Image.fromarray(rng.integers(0, 255, (12, 12, 3), np.uint8)).save(folder / f"{photo}.png")
    line = ["evaluate", "people", "--model", "slow_model:Slow"]
    line += ["--detector", "none", "--no-canary", "--no-figures", "--batch-size", "4", "--out", "run"]
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "cache"))

    two_chunks_done = "getattr(getattr(sys.modules.get('slow_model'), 'Slow', None), 'chunks', 0) > 2"
    done = stopped(two_chunks_done, *line, cwd=tmp_path, number=number)
    assert done.returncode == 130, done.stderr
    assert "done and kept in the template cache; give the same command again" in done.stderr
    assert len(list((tmp_path / "cache").rglob("*.parquet"))) == 1
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".unfinished"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_after_the_command_ends_the_process_without_a_traceback(number):
    at_the_end = f"""
import atexit, os, signal, sys
from faceproof.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
atexit.register(os.kill, os.getpid(), {int(number)})
sys.argv = ["faceproof", "--version"]
main()
"""
    done = subprocess.run([sys.executable, "-c", at_the_end], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == -number
    assert done.stdout.startswith("faceproof ")
    assert done.stderr == ""
