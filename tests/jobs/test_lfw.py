"""The main job on real faces, small enough for every run: two folds of View 2, through the library's front door."""

from __future__ import annotations

import pytest

import faceproof


@pytest.fixture(scope="module")
def two_folds(shared, tmp_path_factory):
    """A pair list with folds 1 and 2 of View 2: 1,200 comparisons."""
    lines = (shared / "data/lfw-pairs.txt").read_text().splitlines()
    path = tmp_path_factory.mktemp("pairs") / "pairs.txt"
    path.write_text("\n".join(["2\t300", *lines[1:1201]]) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.real_photos
def test_accuracy_on_two_folds_of_view_2(shared, two_folds, tmp_path):
    run = faceproof.evaluate(
        shared / "data/lfw-deepfunneled",
        weights=shared / "weights/facenet-vggface2.safetensors",
        protocol="lfw",
        protocol_settings={"pairs": two_folds},
        out=tmp_path / "run",
        offline=True,
    )
    counts, folds = run.summary.counts, run.summary.folds
    assert (counts.compared_mated, counts.compared_non_mated, counts.failures) == (600, 600, 0)
    assert folds.kind == "protocol"
    # The whole of View 2 gives 0.995 +- 0.001; these two folds are no harder.
    assert folds.accuracy.value >= 0.993
    assert run.summary.distances.mated.mean < 0.7
    assert run.summary.distances.non_mated.mean > 1.3
