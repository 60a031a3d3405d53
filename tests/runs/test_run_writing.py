from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from faceproof.errors import RunFolderError
from faceproof.runs import run_writing
from faceproof.runs.manifest_file import stored_files
from faceproof.runs.manifest_schema import Manifest
from faceproof.runs.run_folder import open_run
from faceproof.runs.run_writing import READY, UNFINISHED, finish_publishing, new_run, rewritten_run

PLAN = {"comparisons": "c", "system": "s", "settings": "x"}
BEGUN = {"kind": "evaluation", "plan": PLAN, "finished": None, "systems": [{"name": "m"}], "people": {"root": "r"}}
DONE = BEGUN | {"finished": "2026-01-01T00:00:00Z"}
NEW = DONE | {"systems": [{"name": "new"}]}


def manifest_of(entries):
    return Manifest.model_validate(entries)


def read_manifest(folder):
    return open_run(folder).manifest


def write(folder, *, overwrite=False, manifest=DONE, error=None, **files):
    """Write a run; with ``error`` the writer fails before it publishes."""
    with new_run(folder, manifest_of(BEGUN | {"kind": manifest["kind"]}), overwrite=overwrite) as writer:
        for name, text in files.items():
            place = writer.staging / name.replace("__", "/").replace("_", ".")
            place.parent.mkdir(exist_ok=True)
            place.write_text(text)
        if error is not None:
            raise error
        writer.publish(manifest_of(manifest))


def files_in(folder):
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def without_manifest(folder):
    return {name: text for name, text in files_in(folder).items() if name != "manifest.json"}


def test_a_new_folder_is_made_and_nothing_else_is_left(tmp_path):
    write(tmp_path / "a" / "b", a_txt="1", figures__f_svg="2")
    assert without_manifest(tmp_path / "a" / "b") == {"a.txt": "1", "figures/f.svg": "2"}
    assert set(stored_files(tmp_path / "a" / "b" / "manifest.json")) == {"a.txt", "figures/f.svg"}
    assert read_manifest(tmp_path / "a" / "b").finished == DONE["finished"]


def test_a_finished_run_is_not_overwritten_unasked(tmp_path):
    write(tmp_path, a_txt="old")
    with pytest.raises(RunFolderError, match=r"finished run of 2026-01-01.*overwrite=True"):
        write(tmp_path, a_txt="new")
    assert without_manifest(tmp_path) == {"a.txt": "old"}
    write(tmp_path, overwrite=True, b_txt="new")
    assert without_manifest(tmp_path) == {"b.txt": "new"}


def test_files_that_no_run_wrote_are_left_alone(tmp_path):
    write(tmp_path, a_txt="old")
    (tmp_path / "notes.md").write_text("mine")
    write(tmp_path, overwrite=True, b_txt="new")
    assert without_manifest(tmp_path) == {"b.txt": "new", "notes.md": "mine"}


def test_until_the_new_run_is_finished_the_old_one_is_whole(tmp_path):
    write(tmp_path, a_txt="old")
    before = files_in(tmp_path)
    with pytest.raises(ZeroDivisionError):
        write(tmp_path, overwrite=True, error=ZeroDivisionError(), a_txt="new")
    assert read_manifest(tmp_path) == manifest_of(DONE)
    assert {name: text for name, text in files_in(tmp_path).items() if UNFINISHED not in name} == before


def test_an_unfinished_run_of_the_same_plan_goes_on(tmp_path):
    def begin(plan):
        with pytest.raises(KeyboardInterrupt), new_run(tmp_path, manifest_of(BEGUN | {"plan": plan}), overwrite=False):
            raise KeyboardInterrupt

    begin(PLAN)
    with pytest.raises(RunFolderError, match="unfinished"):
        read_manifest(tmp_path)
    begin(PLAN)
    for part in PLAN:
        with pytest.raises(RunFolderError, match=f"unfinished run with other {part}"):
            begin(PLAN | {part: "other"})
    with pytest.raises(RunFolderError, match="another unfinished run"):
        write(tmp_path, manifest=DONE | {"kind": "stress"})
    write(tmp_path, a_txt="1")
    assert without_manifest(tmp_path) == {"a.txt": "1"}


@pytest.mark.parametrize("name", [".manifest.json.12.part", ".lock", ".rewriting"])
def test_what_an_interrupted_writer_left_is_no_obstacle(tmp_path, name):
    (tmp_path / name).write_text("")
    if name == ".rewriting":
        (tmp_path / name).unlink()
        (tmp_path / name).mkdir()
    write(tmp_path, a_txt="1")
    assert read_manifest(tmp_path).system.name == "m"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_something_else_is_left_alone(tmp_path, overwrite):
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(RunFolderError, match="holds no run"):
        write(tmp_path, overwrite=overwrite, a_txt="1")
    with pytest.raises(RunFolderError, match="is a file"):
        write(tmp_path / "thesis.doc", overwrite=overwrite)
    assert files_in(tmp_path) == {"thesis.doc": "mine"}


def test_rewriting_keeps_the_tables_and_replaces_the_rest(tmp_path):
    write(tmp_path, scores_parquet="table", a_txt="old", b_txt="old")
    with rewritten_run(tmp_path) as writer:
        (writer.staging / "a.txt").write_text("new")
        writer.publish(manifest_of(DONE), keep=("scores.parquet",))
    assert without_manifest(tmp_path) == {"scores.parquet": "table", "a.txt": "new"}
    assert set(stored_files(tmp_path / "manifest.json")) == {"scores.parquet", "a.txt"}


def test_rewriting_that_fails_changes_nothing(tmp_path):
    write(tmp_path, a_txt="old")
    before = files_in(tmp_path)
    with pytest.raises(ZeroDivisionError), rewritten_run(tmp_path):
        raise ZeroDivisionError
    assert files_in(tmp_path) == before


def test_a_writer_stopped_while_it_moved_the_files_is_finished_by_the_next_reader(tmp_path):
    """At every step at which a process can be killed, the next reader sees the old run or the new one, whole."""
    old, new = {"a.txt": "old", "b.txt": "old", "gone.txt": "old"}, {"a.txt": "new", "b.txt": "new", "c.txt": "new"}
    steps = 0
    for stop_after in range(20):
        folder = tmp_path / str(stop_after)
        write(folder, **{name.replace(".", "_"): text for name, text in old.items()})
        script = f"""
            import os
            from pathlib import Path
            from faceproof.runs import run_writing
            from faceproof.runs.manifest_schema import Manifest
            left = {stop_after}
            def counted(function):
                def step(*args, **more):
                    global left
                    if left == 0:
                        os._exit(9)
                    left -= 1
                    return function(*args, **more)
                return step
            for name in ("rename", "replace", "unlink", "mkdir"):
                setattr(Path, name, counted(getattr(Path, name)))
            manifest = Manifest.model_validate({BEGUN!r})
            with run_writing.new_run(Path({str(folder)!r}), manifest, overwrite=True) as writer:
                for name, text in {new!r}.items():
                    (writer.staging / name).write_text(text)
                writer.publish(Manifest.model_validate({NEW!r}))
        """
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, timeout=300)
        manifest = read_manifest(folder)
        shown = {name: text for name, text in without_manifest(folder).items() if not name.startswith(".")}
        assert shown == (new if manifest.system.name == "new" else old), stop_after
        assert not (folder / READY).exists()
        steps += done.returncode == 9
        if done.returncode == 0:
            break
    assert steps >= 8


HOLD = """
    import sys, time
    from pathlib import Path
    from faceproof.runs.manifest_schema import Manifest
    from faceproof.runs.run_writing import new_run
    with new_run(Path(sys.argv[1]), Manifest(systems=[{"name": "m"}], people={"root": "r"}), overwrite=False):
        print("locked", flush=True)
        time.sleep(600)
"""


def test_one_writer_at_a_time_and_a_killed_one_holds_nothing(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(RunFolderError, match=rf"Another process writes to .* \(process {holder.pid} on "):
            write(tmp_path, overwrite=True, a_txt="1")
        holder.send_signal(signal.SIGKILL)
        holder.wait(60)
        write(tmp_path, overwrite=True, a_txt="1")
    finally:
        holder.kill()
        holder.communicate(timeout=60)
    assert without_manifest(tmp_path) == {"a.txt": "1"}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_full_disk_is_told_with_the_folder_and_its_room(tmp_path, code):
    error = OSError(code, os.strerror(code), str(tmp_path / "x"))
    told = rf"{tmp_path} cannot be written: .*free in {tmp_path}.*same command again"
    with pytest.raises(RunFolderError, match=told):
        write(tmp_path, error=error)
    write(tmp_path, a_txt="1")
    assert without_manifest(tmp_path) == {"a.txt": "1"}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of file sizes")
def test_a_disk_that_is_full_at_the_start_leaves_no_part_of_a_manifest(tmp_path):
    script = f"""
        import resource
        from pathlib import Path
        from faceproof.runs.manifest_schema import Manifest
        from faceproof.runs.run_writing import new_run
        from faceproof.errors import RunFolderError
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            manifest = Manifest.model_validate({BEGUN | {"command": "m" * 200}!r})
            with new_run(Path({str(tmp_path)!r}), manifest, overwrite=False):
                pass
        except RunFolderError as error:
            print(error)
    """
    line = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60)
    assert "cannot be written: file too large" in done.stdout
    write(tmp_path, a_txt="1")
    assert without_manifest(tmp_path) == {"a.txt": "1"}


def test_an_error_that_is_none_of_the_disk_stays_what_it_is(tmp_path):
    with pytest.raises(FileNotFoundError), new_run(tmp_path, manifest_of(BEGUN), overwrite=False):
        raise FileNotFoundError(errno.ENOENT, "x", "y")


def test_two_readers_may_finish_the_same_result(tmp_path, monkeypatch):
    write(tmp_path, a_txt="old")
    with new_run(tmp_path, manifest_of(BEGUN), overwrite=True) as writer:
        (writer.staging / "a.txt").write_text("new")
        monkeypatch.setattr(run_writing, "finish_publishing", lambda _: None)
        writer.publish(manifest_of(NEW))
    monkeypatch.undo()
    (tmp_path / READY / "a.txt").replace(tmp_path / "a.txt")  # what another reader has done meanwhile
    finish_publishing(tmp_path)
    finish_publishing(tmp_path)
    assert without_manifest(tmp_path) == {"a.txt": "new"}
    assert json.loads((tmp_path / "manifest.json").read_text())["systems"] == [{"name": "new"}]
