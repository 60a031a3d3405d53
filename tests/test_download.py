import os
import random
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from faceproof.download import StderrProgress, fetch_file, part_path
from faceproof.errors import DownloadError

CONTENT = random.Random(7).randbytes(700_001)


class FileServer(BaseHTTPRequestHandler):
    """One file at any address, with Range, and a few ways of going wrong."""

    def do_GET(self):
        plan = self.server.plan
        start = self.asked_from() if plan["ranges"] else None
        self.server.asked.append(self.headers.get("Range"))
        if plan["answers"]:
            self.send_error(plan["answers"].pop(0))
        elif plan["redirect"] and self.path != "/moved":
            self.send_response(302)
            self.send_header("Location", "/moved")
            self.end_headers()
        elif start is not None and start >= len(plan["content"]):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(plan['content'])}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_content(plan, start)

    def asked_from(self):
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(wanted[1]) if wanted else None

    def send_content(self, plan, start):
        body = plan["content"][start or 0 :]
        self.send_response(200 if start is None else 206)
        if start is not None:
            last = len(plan["content"]) - 1
            told = start + plan["lies_by"]
            self.send_header("Content-Range", f"bytes {told}-{last}/{len(plan['content'])}")
        if plan["tells_length"]:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if plan["cuts_after"]:
            body = body[: plan["cuts_after"].pop(0)]
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def serving(content=CONTENT, **plan):
    server = ThreadingHTTPServer(("127.0.0.1", 0), FileServer)
    server.plan = {
        "content": content,
        "ranges": True,
        "answers": [],
        "cuts_after": [],
        "redirect": False,
        "tells_length": True,
        "lies_by": 0,
    } | plan
    server.asked = []
    server.url = f"http://127.0.0.1:{server.server_port}/weights.pt"
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


@pytest.fixture
def destination(tmp_path):
    return tmp_path / "new" / "weights.pt"


def fetch(url, destination, progress, **settings):
    return fetch_file(url, destination, progress=progress, pause_s=0.0, **settings)


def test_whole_file_arrives_and_nothing_else_is_left(destination, progress):
    with serving() as server:
        assert fetch(server.url, destination, progress) == destination
    assert destination.read_bytes() == CONTENT
    assert [path.name for path in destination.parent.iterdir()] == ["weights.pt"]
    assert server.asked == [None]
    assert progress.steps[-1] == (len(CONTENT), len(CONTENT))
    assert progress.finished == 1


def test_redirects_are_followed(destination, progress):
    with serving(redirect=True) as server:
        fetch(server.url, destination, progress)
    assert destination.read_bytes() == CONTENT


def test_part_left_over_is_continued(destination, progress):
    destination.parent.mkdir()
    part_path(destination).write_bytes(CONTENT[:400_000])
    with serving() as server:
        fetch(server.url, destination, progress)
    assert server.asked == ["bytes=400000-"]
    assert destination.read_bytes() == CONTENT
    assert progress.steps[0][0] > 400_000


def test_part_that_is_already_whole_is_only_renamed(destination, progress):
    destination.parent.mkdir()
    part_path(destination).write_bytes(CONTENT)
    with serving() as server:
        fetch(server.url, destination, progress)
    assert server.asked == [f"bytes={len(CONTENT)}-"]
    assert destination.read_bytes() == CONTENT


def test_part_longer_than_the_file_is_thrown_away(destination, progress):
    destination.parent.mkdir()
    part_path(destination).write_bytes(CONTENT + b"too much")
    with serving() as server:
        fetch(server.url, destination, progress)
    assert server.asked[1] is None
    assert destination.read_bytes() == CONTENT


@pytest.mark.parametrize("left_over", [b"old" * 50_000, CONTENT + b"too much"])
def test_server_that_ignores_range_sends_everything_again(destination, progress, left_over):
    destination.parent.mkdir()
    part_path(destination).write_bytes(left_over)
    with serving(ranges=False) as server:
        fetch(server.url, destination, progress)
    assert destination.read_bytes() == CONTENT


def test_server_that_sends_another_piece_is_not_believed(destination, progress):
    destination.parent.mkdir()
    part_path(destination).write_bytes(CONTENT[:1000])
    with serving(lies_by=5) as server:
        fetch(server.url, destination, progress)
    assert server.asked == ["bytes=1000-", None]
    assert destination.read_bytes() == CONTENT


def test_connection_that_breaks_is_taken_up_where_it_broke(destination, progress):
    with serving(cuts_after=[300_000, 100_000]) as server:
        fetch(server.url, destination, progress)
    assert server.asked == [None, "bytes=300000-", "bytes=400000-"]
    assert destination.read_bytes() == CONTENT
    assert "ended after 300,000 of 700,001 bytes; trying again (2 of 4)" in progress.notes[0]


def test_connection_that_keeps_breaking_leaves_the_part_and_says_so(destination, progress):
    with (
        serving(cuts_after=[10, 20]) as server,
        pytest.raises(DownloadError, match=r"ended after 30 .*stored in .*weights\.pt\.part"),
    ):
        fetch(server.url, destination, progress, attempts=2)
    assert not destination.exists()
    assert part_path(destination).read_bytes() == CONTENT[:30]


def test_file_of_unknown_length_is_taken_as_it_comes(destination, progress):
    with serving(tells_length=False) as server:
        fetch(server.url, destination, progress)
    assert destination.read_bytes() == CONTENT
    assert progress.steps[-1] == (len(CONTENT), None)


def test_refusal_is_final(destination, progress):
    with serving(answers=[404]) as server, pytest.raises(DownloadError, match="answered 404 Not Found"):
        fetch(server.url, destination, progress)
    assert len(server.asked) == 1
    assert not destination.exists()


def test_busy_server_is_asked_again(destination, progress):
    with serving(answers=[503, 429]) as server:
        fetch(server.url, destination, progress)
    assert len(server.asked) == 3
    assert destination.read_bytes() == CONTENT


def test_no_network_is_said_plainly(destination, progress):
    with serving() as server:
        url = server.url
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:\d+ cannot be reached"):
        fetch(url, destination, progress, attempts=2)
    assert len(progress.notes) == 1


def test_folder_that_cannot_be_made_is_said_plainly(tmp_path, progress):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="Cannot write"):
        fetch("http://127.0.0.1:9/x", tmp_path / "file" / "weights.pt", progress)


def test_two_downloads_at_once_both_get_the_file(destination, progress):
    """Both write the same bytes to the same places; the one that comes second may find the part renamed."""
    outcomes = []

    def run(url):
        try:
            outcomes.append(fetch(url, destination, progress))
        except DownloadError as error:
            outcomes.append(error)

    with serving() as server:
        threads = [threading.Thread(target=run, args=(server.url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert Path(destination) in outcomes
    assert destination.read_bytes() == CONTENT


def test_notes_and_bar_stay_off_standard_output(destination, capsys):
    with serving() as server:
        shown = StderrProgress()
        shown.note("Licence: MIT")
        fetch(server.url, destination, shown)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Licence: MIT" in captured.err
    assert os.path.getsize(destination) == len(CONTENT)


def test_on_a_terminal_a_bar_shows_how_much_has_arrived(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    shown = StderrProgress()
    shown.advance(500_000, 2_000_000)
    shown.note("the connection broke [a]; trying again")
    shown.advance(2_000_000, 2_000_000)
    shown.finish()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "the connection broke [a]; trying again" in captured.err
    assert "2.0/2.0 MB" in captured.err
