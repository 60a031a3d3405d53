import io
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from faceproof.errors import CacheError, WeightsError
from faceproof.systems.weights.mtcnn_wheel import find_wheel_folder
from faceproof.systems.weights.resolve import (
    FoundWeights,
    adopt_weights,
    cache_root,
    cached_path,
    download_weights,
    find_weights,
    forget_unfinished_download,
    load_found,
    resolve_weights,
    weights_folders,
)
from faceproof.systems.weights.tensors import tensors_digest, write_tensors
from faceproof.systems.weights.zoo import get_card, list_cards

URL = "https://weights.invalid/cascade-2016.pt"


class RunsCode:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


class OneFile(BaseHTTPRequestHandler):
    """The same answer at any address."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_):
        pass


@contextmanager
def serving(content):
    server = ThreadingHTTPServer(("127.0.0.1", 0), OneFile)
    server.content, server.asked = content, []
    server.url = f"http://127.0.0.1:{server.server_port}/cascade-2016.pt"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="module")
def card():
    """The cascade's card, as if its weights were a file to download."""
    changes = {"name": "cascade", "wheel": None, "file_name": "cascade-2016.pt", "download_url": URL}
    return get_card("mtcnn").model_copy(update=changes)


@pytest.fixture(scope="module")
def altered(cascade):
    """Tensors of the same names and shapes, one value of which is another."""
    return cascade | {"pnet.conv1.bias": cascade["pnet.conv1.bias"] + np.float32(1e-3)}


@pytest.fixture
def keep(cascade):
    """Write tensors, the cascade's by default, in the format that the file's name tells."""

    def write(path, tensors=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".safetensors":
            write_tensors(path, tensors or cascade, {})
        else:
            path.write_bytes(as_torch_file(tensors or cascade))
        return path

    return write


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder named in FACEPROOF_WEIGHTS."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setenv("FACEPROOF_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def as_torch_file(tensors):
    content = io.BytesIO()
    torch.save({name: torch.from_numpy(values.copy()) for name, values in tensors.items()}, content)
    return content.getvalue()


# where weights are looked for


def test_the_first_place_that_has_a_copy_counts(tmp_path, monkeypatch, card, cascade, keep, progress):
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("FACEPROOF_WEIGHTS", f"{first}{os.pathsep}{tmp_path / 'none'}{os.pathsep}{second}")
    with serving(as_torch_file(cascade)) as server:
        card = card.model_copy(update={"download_url": server.url, "wheel": "mtcnn"})
        explicit = keep(tmp_path / "mine.pt")
        copies = [
            keep(first / "cascade.safetensors"),
            keep(first / "cascade-2016.pt"),
            keep(first / "cascade-2016.pth"),
            keep(second / "cascade.safetensors"),
            keep(second / "cascade-2016.pt"),
            keep(cached_path(card)),
        ]
        wheel = find_wheel_folder()
        assert find_weights(card) == [
            *(FoundWeights("folder", path) for path in copies[:-1]),
            FoundWeights("cache", copies[-1]),
            FoundWeights("wheel", wheel),
        ]
        assert resolve_weights(card, path=explicit, progress=progress).source == str(explicit)
        for path in copies:
            assert resolve_weights(card, progress=progress).source == str(path)
            path.unlink()
        assert resolve_weights(card, progress=progress).source == str(wheel)
        assert server.asked == []
        assert progress.notes == []
        card = card.model_copy(update={"wheel": None})
        assert find_weights(card) == []
        assert resolve_weights(card, progress=progress).source == server.url


def test_folders_and_cache_that_are_passed_stand_in_for_those_of_the_environment(tmp_path, folder, card, keep):
    keep(folder / "cascade.safetensors")
    keep(cached_path(card))
    assert find_weights(card, folders=[], cache=tmp_path / "other") == []
    passed = keep(tmp_path / "passed" / "cascade.safetensors")
    kept = keep(tmp_path / "other" / "weights" / "cascade.safetensors")
    found = find_weights(card, folders=[tmp_path / "passed"], cache=tmp_path / "other")
    assert [copy.path for copy in found] == [passed, kept]
    assert resolve_weights(card, folders=[], cache=tmp_path / "other").source == str(kept)


def test_folders_are_named_in_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FACEPROOF_WEIGHTS", os.pathsep.join(["/b", "", "~/a", "c d"]))
    assert weights_folders() == [Path("/b"), tmp_path / "a", Path("c d")]
    monkeypatch.delenv("FACEPROOF_WEIGHTS")
    assert weights_folders() == []


def test_the_cache_is_named_in_the_environment_or_the_platforms(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FACEPROOF_CACHE", "~/kept")
    assert cache_root() == tmp_path / "kept"
    monkeypatch.delenv("FACEPROOF_CACHE")
    assert cache_root().is_relative_to(tmp_path)
    assert cache_root().name == "faceproof"


def test_the_home_of_nobody_is_no_place(monkeypatch):
    monkeypatch.setenv("FACEPROOF_CACHE", "~nobody-of-this-name/cache")
    with pytest.raises(CacheError, match=r"no home folder .* Set FACEPROOF_CACHE"):
        cache_root()
    monkeypatch.setenv("FACEPROOF_WEIGHTS", "~nobody-of-this-name/weights")
    assert weights_folders() == [Path("~nobody-of-this-name/weights")]


def test_a_folder_in_place_of_a_file_is_no_copy(folder, card):
    (folder / "cascade.safetensors").mkdir()
    assert find_weights(card) == []


def test_the_real_cascade_comes_with_its_package_and_is_verified(cascade, progress):
    loaded = resolve_weights(get_card("mtcnn"), offline=True, progress=progress)
    assert loaded.verified
    assert loaded.tensors_sha256 == get_card("mtcnn").tensors_sha256
    assert loaded.tensors.keys() == cascade.keys()
    assert all(np.array_equal(loaded.tensors[name], cascade[name]) for name in cascade)
    assert progress.notes == []


# what is refused


def test_a_file_of_the_right_tensors_is_verified(tmp_path, card, cascade, keep, progress):
    path = keep(tmp_path / "any name.pt", cascade | {"logits.weight": np.ones((3, 2), np.float32)})
    loaded = resolve_weights(card, path=path, progress=progress)
    assert loaded.verified
    assert loaded.tensors_sha256 == card.tensors_sha256 == tensors_digest(loaded.tensors)
    assert loaded.tensors.keys() == cascade.keys()


def test_another_digest_is_refused_and_says_both(folder, card, altered, keep):
    path = keep(folder / "cascade.safetensors", altered)
    with pytest.raises(WeightsError) as raised:
        resolve_weights(card)
    message = str(raised.value)
    assert message.startswith(f"{path} does not hold the weights of cascade, though names and shapes fit: ")
    assert f"SHA-256 is {tensors_digest(altered)}, expected {card.tensors_sha256}. Remove it" in message
    assert message.endswith("To get the right weights: faceproof weights pull cascade --force")


def test_a_wrong_copy_is_never_passed_over_for_a_right_one(tmp_path, folder, card, altered, keep):
    right = keep(tmp_path / "right" / "cascade.safetensors")
    wrong = keep(folder / "cascade.safetensors", altered)
    keep(cached_path(card))
    for places in ({}, {"folders": [folder, right.parent]}):
        with pytest.raises(WeightsError, match=f"{wrong} does not hold"):
            resolve_weights(card, **places)
    with pytest.raises(WeightsError, match=r"none\.pt cannot be read \(No such file or directory\)"):
        resolve_weights(card, path=tmp_path / "none.pt")
    assert resolve_weights(card, path=right).verified


def test_a_truncated_file_is_refused(folder, card, keep):
    path = keep(folder / "cascade.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match=r"cascade\.safetensors is a damaged or incomplete safetensors file"):
        resolve_weights(card)


def test_code_in_a_file_is_refused_and_not_run(tmp_path, folder, card):
    ran = tmp_path / "ran"
    torch.save({"pnet.conv1.weight": torch.zeros(1), "more": RunsCode(ran)}, folder / "cascade-2016.pt")
    with pytest.raises(WeightsError, match=r"cascade-2016\.pt is refused: .*mkdir.*could run any code"):
        resolve_weights(card)
    assert not ran.exists()


def test_weights_of_another_network_are_refused(tmp_path, card, keep):
    path = keep(tmp_path / "mine.pt")
    facenet = get_card("facenet-casia")
    with pytest.raises(WeightsError, match=r"mine\.pt does not hold the weights of inception_resnet_v1\. Tensors miss"):
        resolve_weights(facenet, path=path)
    part = {name: np.zeros((2, 2), np.float32) for name in ("pnet.conv1.weight", "rnet.extra")}
    with pytest.raises(WeightsError, match=r"weights of mtcnn\. Tensors missing: .* unexpected: rnet\.extra"):
        resolve_weights(card, path=keep(tmp_path / "part.safetensors", part))


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({}, "To get the right weights: faceproof weights pull cascade --force"),
        ({"download_url": None, "wheel": "mtcnn"}, "The right weights come with the Python package mtcnn, without any"),
        (
            {"download_url": None, "wheel": "mtcnn", "wheel_extra": "some"},
            "The right weights come with the Python package mtcnn (pip install 'faceproof[some]'), without any",
        ),
        (
            {"download_url": None},
            "For the right weights, get them from https://github.com/ipazc/mtcnn (Kaipeng Zhang; package by Iván",
        ),
        ({"download_url": None, "file_from": "x.pt from a drive"}, "For the right weights, get x.pt from a drive."),
    ],
)
def test_what_to_do_about_a_wrong_file(tmp_path, folder, card, altered, keep, changes, remedy):
    card = card.model_copy(update=changes)
    advice = "Remove it (folders in FACEPROOF_WEIGHTS come before all else). "
    with pytest.raises(WeightsError) as raised:
        resolve_weights(card, path=keep(tmp_path / "mine.pt", altered))
    assert remedy in str(raised.value)
    assert advice not in str(raised.value)
    keep(folder / "cascade.safetensors", altered)
    with pytest.raises(WeightsError) as raised:
        resolve_weights(card)
    assert advice + remedy in str(raised.value)


# weights that nothing is known of


@pytest.fixture(scope="module")
def unknown(card):
    return card.model_copy(update={"tensors_sha256": None})


def test_weights_without_a_known_digest_are_unverified_and_said_to_be(folder, unknown, altered, keep, progress):
    path = keep(folder / "cascade.safetensors", altered)
    loaded = resolve_weights(unknown, progress=progress)
    assert not loaded.verified
    assert loaded.tensors_sha256 == tensors_digest(altered)
    (note,) = progress.notes
    assert note.startswith(f"Unverified weights: cascade from {path}. No digest is known")
    assert tensors_digest(altered) in note


def test_the_word_of_missing_verification_goes_to_standard_error(folder, unknown, keep, capsys):
    keep(folder / "cascade.safetensors")
    resolve_weights(unknown)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Unverified weights: cascade")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_unverified_weights_must_at_least_be_numbers(folder, unknown, cascade, keep, progress, value):
    weight = cascade["rnet.dense4.weight"].copy()
    weight[100, 500] = value
    keep(folder / "cascade.safetensors", cascade | {"rnet.dense4.weight": weight})
    with pytest.raises(WeightsError, match=r"is damaged: tensor rnet\.dense4\.weight holds values that are not finite"):
        resolve_weights(unknown, progress=progress)
    assert progress.notes == []


def test_unverified_weights_must_fit_the_network(folder, unknown, cascade, keep):
    keep(folder / "cascade.safetensors", {name: v for name, v in cascade.items() if name != "onet.dense5.bias"})
    with pytest.raises(WeightsError, match=r"weights of mtcnn\. Tensors missing: onet\.dense5\.bias\. Remove it"):
        resolve_weights(unknown)


# weights that are not here


def test_offline_names_the_command_and_the_places_that_were_searched(tmp_path, monkeypatch, card, progress):
    (tmp_path / "there").mkdir()
    monkeypatch.setenv("FACEPROOF_WEIGHTS", f"{tmp_path / 'there'}{os.pathsep}{tmp_path / 'gone'}")
    with pytest.raises(WeightsError) as raised:
        resolve_weights(card, offline=True, progress=progress)
    searched = f"{tmp_path / 'there'}, {tmp_path / 'gone'} (no such folder), {cached_path(card).parent}"
    assert str(raised.value) == (
        f"The weights of cascade are not on this machine (searched: {searched}). The network is not to be used "
        f"(offline). Run faceproof weights pull cascade, or get {URL} elsewhere and put it in a folder named in "
        "FACEPROOF_WEIGHTS."
    )
    assert progress.notes == []


def test_every_download_of_the_zoo_can_be_named_offline():
    downloads = [card for card in list_cards() if card.download_url]
    assert downloads
    for card in downloads:
        with pytest.raises(WeightsError, match=rf"FACEPROOF_WEIGHTS \(not set\).*faceproof weights pull {card.name}, "):
            resolve_weights(card, offline=True)


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"wheel": "no_such_package_of_weights"}, "pip install 'no_such_package_of_weights>=1.0.0'"),
        ({"wheel": "no_such_package_of_weights", "wheel_extra": "some"}, "pip install 'faceproof[some]'"),
        (
            {"file_from": "x.pt from a drive"},
            "faceproof cannot fetch them. Get x.pt from a drive. Then name that file: `weights=FILE`, or "
            "have it checked and kept for good: faceproof weights pull cascade --from FILE",
        ),
        ({}, "Get them from https://github.com/ipazc/mtcnn (Kaipeng Zhang; package by Iván de Paz Centeno). Then name"),
    ],
)
def test_weights_that_cannot_be_downloaded_say_where_they_come_from(card, offline, changes, advice):
    card = card.model_copy(update={"download_url": None, **changes})
    with pytest.raises(WeightsError, match="The weights of cascade are not on this machine") as raised:
        resolve_weights(card, offline=offline)
    assert advice in str(raised.value)


# downloads


def test_a_download_is_checked_and_kept_as_safetensors(card, cascade, progress):
    with serving(as_torch_file(cascade)) as server:
        card = card.model_copy(update={"download_url": server.url})
        loaded = resolve_weights(card, progress=progress)
    assert (loaded.source, loaded.verified) == (server.url, True)
    assert server.asked == ["/cascade-2016.pt"]
    kept = cached_path(card)
    assert os.listdir(kept.parent) == ["cascade.safetensors"]
    with safe_open(kept, framework="np") as file:
        assert file.metadata() == {"model": "cascade", "source": server.url, "tensors_sha256": card.tensors_sha256}
        assert set(file.keys()) == cascade.keys()
    again = resolve_weights(card, offline=True, progress=progress)
    assert (again.source, again.verified) == (str(kept), True)
    assert all(np.array_equal(again.tensors[name], cascade[name]) for name in cascade)


def test_the_licence_is_shown_before_anything_arrives(card, cascade, progress):
    progress.advance = lambda done, total: progress.notes.append(done)
    with serving(as_torch_file(cascade)) as server:
        card = card.model_copy(update={"download_url": server.url})
        download_weights(card, progress=progress)
    assert progress.notes[:2] == [
        f"Fetching {card.title} from {server.url}",
        f"Licence: {card.licence}. {card.licence_note}",
    ]
    assert len(progress.notes) > 2
    assert all(isinstance(note, int) for note in progress.notes[2:])


def test_nothing_is_in_the_cache_before_all_has_arrived(card, cascade, progress):
    seen = []
    progress.advance = lambda done, total: seen.append((done, total, cached_path(card).exists()))
    content = as_torch_file(cascade)
    with serving(content) as server:
        download_weights(card.model_copy(update={"download_url": server.url}), progress=progress)
    assert len(seen) > 2
    assert seen[-1] == (len(content), len(content), False)
    assert not any(there for _, _, there in seen)
    assert cached_path(card).exists()


def test_a_download_replaces_a_damaged_copy(card, cascade, keep, progress):
    keep(cached_path(card)).write_bytes(b"damaged")
    with serving(as_torch_file(cascade)) as server:
        card = card.model_copy(update={"download_url": server.url})
        with pytest.raises(WeightsError, match="faceproof weights pull cascade --force"):
            resolve_weights(card, progress=progress)
        assert server.asked == []
        download_weights(card, progress=progress)
    assert resolve_weights(card, offline=True, progress=progress).verified


def the_altered(cascade, altered):
    return as_torch_file(altered)


def the_first_half(cascade, altered):
    return as_torch_file(cascade)[:1_000_000]


def an_error_page(cascade, altered):
    return b"<!DOCTYPE html><html>Please sign in</html>"


def nothing(cascade, altered):
    return b""


def another_network(cascade, altered):
    return as_torch_file({"conv.weight": np.zeros((3, 3), np.float32)})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (the_altered, "does not hold the weights of cascade, though names and shapes fit"),
        (the_first_half, "is a damaged or incomplete PyTorch file"),
        (an_error_page, "is not a weights file: it is a web page"),
        (nothing, "is empty"),
        (another_network, "does not hold the weights of mtcnn. Tensors missing"),
    ],
)
def test_a_bad_download_is_thrown_away(card, cascade, altered, keep, progress, content, reason):
    kept = keep(cached_path(card))
    before = kept.read_bytes()
    with serving(content(cascade, altered)) as server:
        card = card.model_copy(update={"download_url": server.url})
        with pytest.raises(WeightsError, match=f"The download from {server.url} is thrown away") as raised:
            download_weights(card, progress=progress)
        assert reason in str(raised.value)
        assert os.listdir(kept.parent) == ["cascade.safetensors"]
        assert kept.read_bytes() == before, "a good copy outlives a bad download"
        server.content = as_torch_file(cascade)
        kept.unlink()
        assert resolve_weights(card, progress=progress).verified, "the next try starts from nothing"


def test_code_in_a_download_is_not_run(tmp_path, card, progress):
    content = io.BytesIO()
    torch.save({"a": RunsCode(tmp_path / "ran")}, content)
    with serving(content.getvalue()) as server:
        card = card.model_copy(update={"download_url": server.url})
        with pytest.raises(WeightsError, match=r"thrown away.*could run any code"):
            download_weights(card, progress=progress)
    assert not (tmp_path / "ran").exists()
    assert os.listdir(cached_path(card).parent) == []


def test_a_refused_download_leaves_nothing(card, progress):
    with serving(None) as server:
        card = card.model_copy(update={"download_url": server.url})
        with pytest.raises(WeightsError, match="the server answered 404 Not Found"):
            resolve_weights(card, progress=progress)
    assert os.listdir(cached_path(card).parent) == []


def test_a_download_without_a_known_digest_is_kept_but_stays_unverified(unknown, altered, progress):
    with serving(as_torch_file(altered)) as server:
        card = unknown.model_copy(update={"download_url": server.url})
        assert not download_weights(card, progress=progress).verified
    assert progress.notes[-1].startswith(f"Unverified weights: cascade from {server.url}")
    progress.notes.clear()
    assert not resolve_weights(card, offline=True, progress=progress).verified
    assert len(progress.notes) == 1, "said again each time"


def test_a_cache_that_cannot_be_written_is_said_plainly(tmp_path, monkeypatch, card, cascade, progress):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "file"))
    with serving(as_torch_file(cascade)) as server:
        card = card.model_copy(update={"download_url": server.url})
        with pytest.raises(WeightsError, match=r"Cannot write .*file/weights/cascade-2016\.pt\.download: "):
            resolve_weights(card, progress=progress)


# a file that came by other means


@pytest.mark.parametrize("name", ["mine.pt", "mine.safetensors"])
def test_a_file_is_checked_and_a_copy_of_its_tensors_kept(tmp_path, card, cascade, keep, progress, name):
    path = keep(tmp_path / name, cascade | {"logits.weight": np.ones((3, 2), np.float32)})
    before = path.read_bytes()
    loaded = adopt_weights(card, path, progress=progress)
    assert (loaded.source, loaded.verified) == (str(path), True)
    assert path.read_bytes() == before
    kept = cached_path(card)
    assert os.listdir(kept.parent) == ["cascade.safetensors"]
    path.unlink()
    again = resolve_weights(card, offline=True, progress=progress)
    assert (again.source, again.verified) == (str(kept), True)
    with safe_open(kept, framework="np") as file:
        assert set(file.keys()) == cascade.keys()
        assert file.metadata()["source"] == str(path)


def test_a_file_takes_the_place_of_a_damaged_copy_even_under_its_own_name(card, keep, progress):
    kept = keep(cached_path(card))
    content = kept.read_bytes()
    kept.write_bytes(content[:-1])
    adopt_weights(card, keep(kept.with_name("mine.pt")), progress=progress)
    assert resolve_weights(card, offline=True, progress=progress).verified
    adopt_weights(card, kept, progress=progress)
    assert resolve_weights(card, offline=True, progress=progress).verified


def test_a_wrong_file_is_not_kept(tmp_path, card, altered, keep, progress):
    wrong = keep(tmp_path / "mine.pt", altered)
    with pytest.raises(WeightsError, match=r"mine\.pt does not hold the weights of cascade"):
        adopt_weights(card, wrong, progress=progress)
    assert not cached_path(card).exists()
    kept = keep(cached_path(card))
    before = kept.read_bytes()
    with pytest.raises(WeightsError, match=r"mine\.pt does not hold the weights of cascade"):
        adopt_weights(card, wrong, progress=progress)
    assert kept.read_bytes() == before


def test_an_unknown_file_is_kept_and_stays_unverified(tmp_path, unknown, altered, keep, progress):
    assert not adopt_weights(unknown, keep(tmp_path / "mine.pt", altered), progress=progress).verified
    assert not resolve_weights(unknown, offline=True, progress=progress).verified
    assert [note.startswith("Unverified weights: cascade") for note in progress.notes] == [True, True]


def test_models_that_are_not_downloaded_say_so():
    with pytest.raises(WeightsError, match=r"The weights of mtcnn are not downloaded: Weights from the Python package"):
        download_weights(get_card("mtcnn"))
    told = (
        r"p8s8 are not downloaded: get Backbone_VIT_Epoch_2_\S+\.pth from the cloud drive that the README of https://"
    )
    with pytest.raises(WeightsError, match=told):
        download_weights(get_card("face-transformer-p8s8"))


def test_a_model_whose_makers_publish_no_file_is_found_by_its_own_name(folder):
    card = get_card("face-transformer-p10s8")
    assert card.file_name is None
    assert find_weights(card) == []
    (folder / "face-transformer-p10s8.safetensors").write_bytes(b"not opened")
    assert [found.path.name for found in find_weights(card)] == ["face-transformer-p10s8.safetensors"]


def test_an_unfinished_download_is_forgotten_and_nothing_else(card, keep):
    kept = keep(cached_path(card))
    unfinished = kept.with_name("cascade-2016.pt.download.part")
    unfinished.write_bytes(b"half")
    forget_unfinished_download(card)
    assert os.listdir(kept.parent) == ["cascade.safetensors"]
    forget_unfinished_download(card)


def test_a_copy_that_is_opened_by_itself_is_checked_like_any(tmp_path, card, altered, keep, progress):
    path = keep(tmp_path / "mine.pt", altered)
    with pytest.raises(WeightsError, match="though names and shapes fit"):
        load_found(card, FoundWeights("cache", path), progress=progress)
    assert load_found(card, FoundWeights("cache", keep(path)), progress=progress).source == str(path)
