"""Artefact folders: made once, damaged ones rebuilt, the least recently used cleared, disks that say no."""

from __future__ import annotations

import errno
import fcntl
import gc
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from probekit import store as stores
from probekit.errors import ProbekitError
from probekit.store import Store, cache_limit, cache_root, default_store, digest, file_digest, write_atomically

TESTS = Path(__file__).parent


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PROBEKIT_CACHE_LIMIT", raising=False)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


def writer(content=b"content", name="file"):
    """A maker that counts its calls."""

    def maker(folder):
        maker.calls += 1
        (folder / name).write_bytes(content)

    maker.calls = 0
    return maker


# Digests


def test_digests_tell_what_differs_and_nothing_else():
    values = [
        None,
        0,
        1,
        -1,
        1.5,
        True,
        "1",
        "",
        [],
        [1],
        [[1]],
        [1, None],
        {},
        {"a": 1},
        {"a": 2},
        {"b": 1},
        "ä",
        "a\u0308",
    ]
    assert len({digest(value) for value in values}) == len(values)
    assert digest({"a": 1, "b": [2]}) == digest({"b": (2,), "a": 1})
    assert digest(["a", "bc"]) != digest(["ab", "c"])
    assert len(digest(0)) == 32
    assert digest("\ud800") != digest("\ud801")


def test_digests_are_pinned():
    """Keys of everybody's cache: a change here makes all of it new."""
    assert digest(["a", 1, None, {"b": 2.5}]) == "43ac32b34492b2bd87fc4ec724055ad8"


@pytest.mark.parametrize("value", [{1, 2}, object(), b"x", [object()], Path("x")])
def test_what_is_not_plain_data_has_no_digest(value):
    with pytest.raises(TypeError):
        digest(value)


def test_the_digest_of_a_file_is_its_content(tmp_path):
    import hashlib

    file = tmp_path / "data"
    file.write_bytes(b"one")
    assert file_digest(file) == hashlib.sha256(b"one").hexdigest()
    for content in (b"two", b"six", b"ten", b"tenth", b""):  # in less than a tick of many clocks, and of one length
        file.write_bytes(content)
        assert file_digest(file) == hashlib.sha256(content).hexdigest()


def test_a_file_that_changes_within_a_tick_of_the_clock_is_read_again(tmp_path):
    file = tmp_path / "data"
    tick = time.time_ns() + 10**9
    found = []
    for content in (b"one", b"two"):
        file.write_bytes(content)
        os.utime(file, ns=(tick, tick))
        found.append(file_digest(file))
    assert found[0] != found[1]


def asked(file, **environment):
    """The digest that another process gives, and how many files it read for it."""
    code = (
        "import sys\nfrom probekit.store import file_digest, sha256\nread = []\n"
        "def compute(path): read.append(path); return sha256(path)\n"
        "print(file_digest(sys.argv[1], compute), len(read))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert not done.returncode, done.stderr
    found, read = done.stdout.split()
    return found, int(read)


@pytest.fixture
def old(tmp_path):
    """A file that was not written just now."""
    file = tmp_path / "data"
    file.write_bytes(b"one")
    os.utime(file, (1e9, 1e9))
    return file


def test_a_digest_is_remembered_over_processes(old, tmp_path):
    first = file_digest(old)
    assert asked(old) == (first, 0) and asked(old, PYTHONHASHSEED="7") == (first, 0)
    assert asked(old, PROBEKIT_CACHE=str(tmp_path / "other")) == (first, 1)
    os.utime(old, (1e9, 1e9 + 1))
    assert asked(old) == (first, 1) and asked(old) == (first, 0)
    moved = tmp_path / "moved"
    old.rename(moved)
    assert asked(moved) == (first, 1) and asked(moved) == (first, 0) and file_digest(moved) == first


def test_a_file_put_in_anothers_place_with_its_size_and_date_is_read_again(old, tmp_path):
    first = file_digest(old)
    other = tmp_path / "other"
    other.write_bytes(b"two")
    os.utime(other, (1e9, 1e9))
    other.replace(old)
    assert file_digest(old) != first and asked(old) == (file_digest(old), 0)


def test_what_is_remembered_has_a_name(old):
    assert file_digest(old) != file_digest(old, lambda path: "0" * 64, "zeros") == "0" * 64
    assert file_digest(old, lambda path: "1" * 64, "zeros") == "0" * 64


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "3", '"x"', "null", "{}", "[" * 5000, "\udcff", "CUT", "OTHER", "NUMBER", "SHORT"]
)
def test_a_damaged_memory_of_digests_is_no_memory(old, text):
    first = file_digest(old)
    [memo] = (cache_root() / "memo").iterdir()
    known = json.loads(memo.read_text())
    texts = {
        "CUT": memo.read_text()[:-9],
        "OTHER": json.dumps({**known, "state": [*known["state"][:-1], 0]}),
        "NUMBER": json.dumps({**known, "sha256": 3}),
        "SHORT": json.dumps({**known, "sha256": known["sha256"][:-2]}),
    }
    memo.write_bytes(texts.get(text, text).encode("utf-8", "surrogateescape"))
    assert asked(old) == (first, 1) and asked(old) == (first, 0)


def test_processes_that_remember_the_same_file_at_once_do_not_disturb_each_other(old):
    first = file_digest(old)
    code = (
        "import os, sys\nfrom probekit import store\n"
        "for n in range(300):\n"
        "    os.utime(sys.argv[1], (1e9, 1e9 + n % 3)); store._digests.clear()\n"
        "    assert store.file_digest(sys.argv[1]) == sys.argv[2]"
    )
    racers = [subprocess.Popen([sys.executable, "-c", code, str(old), first]) for _ in range(3)]
    assert [racer.wait(60) for racer in racers] == [0, 0, 0]
    [memo] = (cache_root() / "memo").iterdir()
    assert json.loads(memo.read_text())["sha256"] == first


def test_a_cache_that_cannot_be_written_costs_no_digest(tmp_path, monkeypatch):
    file = tmp_path / "data"
    file.write_bytes(b"one")
    os.utime(file, (1e9, 1e9))
    monkeypatch.setenv("PROBEKIT_CACHE", str(file / "below"))
    assert file_digest(file) == file_digest(file)


# Writing


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    file = tmp_path / "file"
    write_atomically(file, b"old")
    with pytest.raises(TypeError):
        write_atomically(file, "text")
    assert file.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["file"]
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new" and [p.name for p in tmp_path.iterdir()] == ["file"]


def test_an_artefact_is_made_once(store):
    maker = writer()
    first = store.make("table", "k1", {"name": "x"}, maker)
    again = store.make("table", "k1", {"name": "x"}, maker)
    other = Store(store.root).make("table", "k1", {}, maker)
    assert first == again == other == store.path("table", "k1") and maker.calls == 1
    assert (first / "file").read_bytes() == b"content"
    assert store.recipe("table", "k1") == {"name": "x"}
    assert not list((store.root / "unfinished").iterdir())
    store.make("table", "k2", {}, lambda folder: {"loss": 0.5})
    assert store.recipe("table", "k2") == {"found": {"loss": 0.5}}


def damage_byte(folder):
    content = bytearray((folder / "file").read_bytes())
    content[3] ^= 1
    (folder / "file").write_bytes(content)


DAMAGE = {
    "byte": (damage_byte, "the checksum of file differs"),
    "shorter": (lambda f: (f / "file").write_bytes(b"cont"), "file has 4 bytes instead of 7"),
    "gone": (lambda f: (f / "file").unlink(), "cannot be read"),
    "manifest cut": (
        lambda f: (f / "manifest.json").write_text((f / "manifest.json").read_text()[:40]),
        "cannot be read",
    ),
    "manifest empty": (lambda f: (f / "manifest.json").write_text(""), "cannot be read"),
    "manifest of another shape": (lambda f: (f / "manifest.json").write_text("[1]"), "cannot be read"),
    "manifest with another finding": (
        lambda f: (f / "manifest.json").write_text((f / "manifest.json").read_text().replace('"loss": 1', '"loss": 2')),
        "the checksum of the manifest differs",
    ),
    "manifest without its parts": (lambda f: (f / "manifest.json").write_text('{"files": {}}'), "cannot be read"),
    "manifest of brackets": (lambda f: (f / "manifest.json").write_text("[" * 100_000), "cannot be read"),
}


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_artefact_is_said_removed_and_made_again(store, how, same):
    maker = writer()
    folder = store.make("table", "key", {"loss": 1}, maker)
    hurt, said = DAMAGE[how]
    time.sleep(0.005)  # so that the file's time moves, as it does whenever a disk is slower than this test
    hurt(folder)
    reader = store if same else Store(store.root)
    with pytest.warns(UserWarning, match=rf"removed the damaged cache entry table/key \(.*{said}.*it is made again"):
        assert reader.find("table", "key") is None
    assert not folder.exists()
    assert (reader.make("table", "key", {}, maker) / "file").read_bytes() == b"content" and maker.calls == 2


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_artefact_disturbs_no_list(store, how):
    folder = store.make("table", "key", {"loss": 1}, writer())
    store.make("table", "other", {}, writer())
    DAMAGE[how][0](folder)
    assert "other" in keys(store)
    assert {entry.key for entry in Store(store.root).evict(0)} <= {"key", "other"}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
def test_what_cannot_be_looked_at_is_not_taken_for_damaged(store):
    """A process that has too many files open says so; it removes nothing."""
    folder = store.make("table", "key", {}, writer())
    code = """
import os, resource, sys
from probekit.errors import ProbekitError
from probekit.store import Store
store = Store(sys.argv[1])
room = int(sys.argv[2])
limit = len(os.listdir("/proc/self/fd")) - 1 + room
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
try:
    print("FOUND", store.find("table", "key"))
except ProbekitError as error:
    print("REFUSED", error)
"""
    said = []
    for room in range(4):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, str(store.root), str(room)], capture_output=True, text=True
        )
        assert not done.returncode, done.stderr
        said.append(done.stdout)
        assert sorted(path.name for path in folder.iterdir()) == ["file", "manifest.json"]
    assert (
        said[0]
        == said[1]
        == (
            f"REFUSED cannot read the cache entry {folder}: Too many open files; mend that, or point PROBEKIT_CACHE "
            "elsewhere\n"
        )
    )
    assert said[-1] == f"FOUND {folder}\n"


def test_what_a_killed_process_left_beside_the_manifest_is_no_part_of_it(store):
    def maker(folder):
        (folder / "file").write_bytes(b"content")
        (folder / ".manifest.json.abc.tmp").write_bytes(b"{half")

    folder = store.make("table", "key", {}, maker)
    assert sorted(path.name for path in folder.iterdir()) == ["file", "manifest.json"]
    assert Store(store.root).find("table", "key")


def test_a_half_written_artefact_is_no_artefact(store):
    """A folder without a manifest, as a copy that was broken off leaves it."""
    folder = store.path("table", "key")
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"cont")
    assert store.find("table", "key") is None and store.entries() == []
    store.make("table", "key", {}, writer())
    assert (store.find("table", "key") / "file").read_bytes() == b"content"


def test_a_maker_that_fails_leaves_its_progress_and_no_artefact(store):
    def fails(folder):
        (folder / "half").write_bytes(b"1")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        store.make("model", "key", {}, fails)
    assert store.find("model", "key") is None

    def goes_on(folder):
        assert (folder / "half").read_bytes() == b"1"
        (folder / "half").rename(folder / "whole")

    assert [p.name for p in store.make("model", "key", {}, goes_on).iterdir() if p.suffix != ".json"] == ["whole"]


RACE = """
import os, sys, time
from pathlib import Path
from probekit.store import Store
root, log = sys.argv[1:]
def maker(folder):
    with open(log, "a") as file:
        file.write(f"{os.getpid()}\\n")
    time.sleep(0.3)
    (folder / "file").write_bytes(b"content")
print("ready", flush=True)
sys.stdin.readline()
print((Store(root).make("table", "key", {}, maker) / "file").read_bytes().decode(), flush=True)
"""


def test_two_processes_make_an_artefact_once_and_both_get_it(tmp_path):
    log = tmp_path / "log"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path / "cache"), str(log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    assert [racer.communicate(timeout=60)[0] for racer in racers] == ["content\n"] * 3
    assert len(log.read_text().split()) == 1


def test_the_lock_of_a_killed_maker_is_free(tmp_path):
    log = tmp_path / "log"
    command = [
        sys.executable,
        "-c",
        RACE.replace("time.sleep(0.3)", "time.sleep(60)"),
        str(tmp_path / "cache"),
        str(log),
    ]
    killed = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    killed.stdin.write("go\n")
    killed.stdin.flush()
    while not log.exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    started = time.monotonic()
    assert (Store(tmp_path / "cache").make("table", "key", {}, writer()) / "file").read_bytes() == b"content"
    assert time.monotonic() - started < 5


# Room


def fill(store, *keys, size=1000):
    for age, key in enumerate(keys):
        store.make("table", key, {}, writer(b"x" * size))
        used(store, key, 1e9 + age)


def used(store, key, when):
    os.utime(store.path("table", key) / "manifest.json", (when, when))


def keys(store):
    return [entry.key for entry in store.entries()]


def test_entries_are_listed_by_their_last_use(store):
    fill(store, "a", "b", "c")
    assert keys(store) == ["a", "b", "c"]
    store.find("table", "a")
    assert keys(store) == ["b", "c", "a"]
    entry = store.entries()[0]
    assert entry.kind == "table" and entry.size == sum(p.stat().st_size for p in entry.path.iterdir())


def test_the_least_recently_used_is_cleared_but_nothing_in_use(tmp_path):
    fill(Store(tmp_path / "cache"), "a", "b", "c", "d")
    store = Store(tmp_path / "cache")
    total = sum(entry.size for entry in store.entries())
    store.find("table", "a")
    used(store, "a", 1e9)
    assert [entry.key for entry in store.evict(total)] == []
    assert [entry.key for entry in store.evict(total - 1)] == ["b"]
    assert keys(store) == ["a", "c", "d"]
    assert [entry.key for entry in store.evict(0)] == ["c", "d"]
    assert keys(store) == ["a"] and store.find("table", "a")
    assert not list((store.root / "unfinished").iterdir())


def test_a_limit_is_kept_while_artefacts_are_made(tmp_path):
    fill(Store(tmp_path / "cache"), "a", "b", "c")
    size = Store(tmp_path / "cache").entries()[0].size
    limited = Store(tmp_path / "cache", limit=3 * size + 10)
    fill(limited, "d")
    assert set(keys(limited)) == {"b", "c", "d"}
    del limited
    tight = Store(tmp_path / "cache", limit=1)
    tight.make("table", "e", {}, writer())
    assert keys(tight) == ["e"] and tight.find("table", "e"), "what was just made stays, whatever the limit"


USER = """
import sys
from probekit.store import Store
store = Store(sys.argv[1])
for key in sys.argv[2:]:
    assert store.find("table", key)
print("ready", flush=True)
sys.stdin.readline()
for key in sys.argv[2:]:
    assert (store.find("table", key) / "file").read_bytes() == b"x" * 1000
"""


def test_what_another_live_process_uses_is_not_cleared(tmp_path):
    root = tmp_path / "cache"
    fill(Store(root), "a", "b", "c")
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USER, str(root), key], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for key in "ab"
    ]
    for user in users:
        assert user.stdout.readline() == "ready\n"
    tight = Store(root, limit=1)
    tight.make("table", "d", {}, writer())
    assert set(keys(tight)) == {"a", "b", "d"}
    users[0].kill()  # a process that is gone uses nothing, however it went
    users[0].communicate()
    assert [entry.key for entry in tight.evict(1)] == ["a"]
    assert users[1].communicate("go\n", timeout=60)[0] == "" and users[1].returncode == 0
    assert [entry.key for entry in tight.evict(1)] == ["b"] and keys(tight) == ["d"]


def test_an_entry_that_is_being_cleared_is_no_entry(tmp_path):
    """Another process holds it for clearing: it is made again, and not read while it goes."""
    fill(Store(tmp_path / "cache"), "a")
    reader = Store(tmp_path / "cache")
    with open(reader.path("table", "a") / "manifest.json", "r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert reader.find("table", "a") is None
    assert reader.find("table", "a")


def test_only_so_many_entries_are_held(store, monkeypatch):
    monkeypatch.setattr(stores, "MOST_HELD", 3)
    gc.collect()  # files of stores that other tests have left
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else None
    fill(store, *"abcdef", size=10)
    for key in "abcdefabc":
        assert store.find("table", key)
    other = Store(store.root)
    assert {entry.key for entry in other.evict(0)} == set("def")
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before + 3
        store.clear()
        assert len(os.listdir("/proc/self/fd")) == before


def test_the_limit_is_read_from_the_environment(monkeypatch, tmp_path):
    assert cache_limit() is None and Store(tmp_path).limit is None
    monkeypatch.setenv("PROBEKIT_CACHE_LIMIT", "0.5")
    assert cache_limit() == 2**29 == Store(tmp_path).limit
    assert Store(tmp_path, limit=7).limit == 7
    for wrong in ("a lot", "nan", "inf", "-1"):
        monkeypatch.setenv("PROBEKIT_CACHE_LIMIT", wrong)
        with pytest.raises(ProbekitError, match=f"PROBEKIT_CACHE_LIMIT is '{wrong}'; give a number of GiB"):
            cache_limit()


def test_clearing_frees_what_it_says(store):
    fill(store, "a", "b")
    store.make("model", "m", {}, writer(b"y" * 500))
    file = store.root.parent / "data"
    file.write_bytes(b"one")
    os.utime(file, (1e9, 1e9))
    file_digest(file)
    sizes = {kind: sum(e.size for e in store.entries() if e.kind == kind) for kind in ("table", "model")}
    assert store.clear("model") == sizes["model"] > 500
    assert keys(store) == ["a", "b"] and store.find("model", "m") is None
    assert store.clear() == sizes["table"] > 2000
    assert store.entries() == [] and list(store.root.iterdir()) == []
    assert store.clear() == 0
    fill(store, "a")
    assert keys(store) == ["a"]


def test_the_root_follows_the_environment(monkeypatch, tmp_path):
    assert cache_root() == tmp_path / "cache" == default_store().root
    assert default_store() is default_store()
    monkeypatch.setenv("PROBEKIT_CACHE", "~/own")
    assert cache_root() == Path.home() / "own"
    monkeypatch.delenv("PROBEKIT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_root() == tmp_path / "xdg" / "probekit"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_root() == Path.home() / ".cache" / "probekit"


# Disks that say no


@pytest.mark.parametrize("where", ["below a file", "a file", "artefacts is a file", "unfinished is a file"])
def test_a_root_that_cannot_be_written_is_refused_by_name(tmp_path, where):
    blocked = tmp_path / "blocked"
    if where in ("below a file", "a file"):
        blocked.write_text("a file")
        root = blocked / "cache" if where == "below a file" else blocked
    else:
        root = blocked
        root.mkdir()
        (root / where.partition(" ")[0]).write_text("a file")
    broken = Store(root)
    assert broken.find("table", "key") is None
    with pytest.raises(ProbekitError, match=rf"cannot write under {root}: .*; point PROBEKIT_CACHE elsewhere"):
        broken.make("table", "key", {}, writer())
    assert broken.entries() == []


FULL = """
import resource, sys
from probekit.errors import ProbekitError
from probekit.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    Store(sys.argv[1]).make("table", "key", {}, lambda folder: (folder / "file").write_bytes(b"x" * 5000) and None)
except ProbekitError as error:
    print("REFUSED", error)
"""


def test_a_file_that_finds_no_room_is_refused_with_the_way_out(tmp_path, store):
    done = subprocess.run([sys.executable, "-c", FULL, str(store.root)], capture_output=True, text=True)
    assert done.stdout.startswith(f"REFUSED no room left under {store.root}; make room (probekit cache clear)"), (
        done.stderr
    )
    assert store.entries() == []
    store.make("table", "key", {}, writer())
    assert keys(store) == ["key"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)  # of this process, as it was


@pytest.mark.parametrize(
    "number, said", [(errno.ENOSPC, "no room left"), (errno.EDQUOT, "no room"), (errno.EROFS, "cannot write")]
)
def test_errors_of_the_disk_are_told_apart(tmp_path, number, said):
    with pytest.raises(ProbekitError, match=said):
        stores.raise_disk_error(OSError(number, os.strerror(number)), tmp_path)


def test_other_errors_pass_as_they_are(store, tmp_path):
    with pytest.raises(FileNotFoundError), store.making("table", "key"):
        (tmp_path / "nothing").read_text()
    # A file of somebody else's that may not be read says nothing about this store.
    with pytest.raises(ProbekitError, match="cannot open '/elsewhere/model'"):
        stores.raise_disk_error(PermissionError(errno.EACCES, "Permission denied", "/elsewhere/model"), store.root)


def test_files_are_the_users_to_share(tmp_path, store):
    """Caches, results and models of one user can be read by the next, as the umask says."""
    before = os.umask(0o022)
    try:
        write_atomically(tmp_path / "file", b"content")
        folder = store.make("kind", "key", {}, writer())
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path
