"""Costly things kept as folders under their key: digests, locks, checksums, atomic publishing, eviction.

    <cache root>/artefacts/<kind>/<key>/          finished: files and manifest.json with their checksums
    <cache root>/unfinished/<kind>-<key>/         being made; a maker that can resume finds its progress here
    <cache root>/locks/<kind>-<key>.lock          held while making
    <cache root>/memo/<digest of path>.json       digests of files, by path, size and times

An artefact appears by one rename, after its files and manifest are on disk. A reader checks sizes always and
checksums once in a process; what fails is removed, said, and made again. A process holds a shared lock on the manifest
of what it uses, so that no other process clears it to keep a limit.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probekit.errors import ProbekitError

MANIFEST = "manifest.json"
GIB = 2**30
CLOCK_GRAIN_NS = 2_000_000_000  # the coarsest clock among file systems in use
# Artefacts that a process holds against others' clearing: one open file each, of the 1,024 that are usual.
MOST_HELD = 256
CLEARED = "cleared-"
WAYS_OUT = ("make room (probekit cache clear)", "point PROBEKIT_CACHE elsewhere")
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
# Errors that speak of a broken artefact; others (too many open files, no permission) speak of the reader.
DAMAGE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO, errno.ENAMETOOLONG)


def cache_root() -> Path:
    """Folder of everything probekit keeps: `PROBEKIT_CACHE`, or the user's cache folder."""
    if configured := os.environ.get("PROBEKIT_CACHE"):
        return Path(configured).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "probekit"


def cache_limit() -> int | None:
    """Size limit of the artefacts in bytes from `PROBEKIT_CACHE_LIMIT` (GiB), or None for no limit."""
    text = os.environ.get("PROBEKIT_CACHE_LIMIT", "")
    if not text:
        return None
    try:
        limit = int(float(text) * GIB)
        if limit < 0:
            raise ValueError
        return limit
    except (ValueError, OverflowError):
        raise ProbekitError(f"PROBEKIT_CACHE_LIMIT is '{text}'; give a number of GiB, such as 20") from None


def digest(value: Any) -> str:
    """Digest of plain data (JSON types; mappings by sorted key): 32 hexadecimal digits.

    Raises TypeError for anything that is not plain data, so that nothing enters a key by its memory address.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Digests by path and what was computed, with size, times and number of the file they are of.
_digests: dict[tuple[str, str], tuple[list[Any], str]] = {}


def file_digest(path: str | Path, compute: Callable[[Path], str] = sha256, what: str = "") -> str:
    """Digest of a file: its SHA-256, or what `compute` says of it under the name `what`.

    Remembered over processes by path, size, time of modification and time of change, so that planning a grid reads no
    data twice. The time of change tells a file that was put in another's place with its size and date kept.
    """
    asked = os.path.abspath(path), what
    status = os.stat(path)
    file = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    if (known := _digests.get(asked)) and known[0] == file:
        return known[1]
    path = Path(path).resolve()
    state = [str(path), what, *file[:3]]
    memo = cache_root() / "memo" / f"{digest([str(path), what])}.json"
    with suppress(*UNREADABLE):
        content = json.loads(memo.read_text())
        if content["state"] == state and len(bytes.fromhex(content["sha256"])) == 32:
            _digests[asked] = (file, content["sha256"])
            return content["sha256"]
    found = compute(path)
    if time.time_ns() - status.st_mtime_ns < CLOCK_GRAIN_NS:
        return found  # it may change once more within the same tick of the file system's clock
    _digests[asked] = (file, found)
    with suppress(OSError):  # a cache that cannot be written costs time, not results
        memo.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(memo, json.dumps({"state": state, "sha256": found}).encode())
    return found


def folder_digest(folder: str | Path, names: list[str]) -> str:
    """Digest of some files of a folder by name and content."""
    return digest({name: file_digest(Path(folder) / name) for name in sorted(names)})


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all: hidden name, sync, rename. The user's umask says who reads
    it."""
    name = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Kept:
    """One finished artefact as `info` lists it."""

    kind: str
    key: str
    path: Path
    size: int
    used: float
    recipe: Mapping[str, Any]


class Store:
    """Artefact folders under one root."""

    def __init__(self, root: str | Path | None = None, limit: int | None = None) -> None:
        self.root = Path(root) if root is not None else cache_root()
        self.limit = limit if limit is not None else cache_limit()
        self._verified: dict[Path, tuple[int, int]] = {}
        self._held: OrderedDict[Path, int] = OrderedDict()
        self._holding = threading.Lock()
        weakref.finalize(self, _close_all, self._held)

    def path(self, kind: str, key: str) -> Path:
        """Where the finished artefact is or will be."""
        return self.root / "artefacts" / kind / key

    def find(self, kind: str, key: str) -> Path | None:
        """Folder of a finished, intact artefact, or None. A damaged one is removed with a warning.

        From here on no other process clears it to keep its limit.
        """
        folder = self.path(kind, key)
        try:
            if not self._hold(folder):
                return None
            problem = self._problem(folder)
        except OSError as error:
            raise ProbekitError(
                f"cannot read the cache entry {folder}: {error.strerror}; mend that, or point PROBEKIT_CACHE elsewhere"
            ) from error
        if problem:
            self._remove(folder)
            did = "cannot remove" if folder.exists() else "removed"
            warnings.warn(f"{did} the damaged cache entry {kind}/{key} ({problem}); it is made again", stacklevel=2)
            return None
        with suppress(OSError):
            os.utime(folder / MANIFEST)  # the manifest's time is when the artefact was last used
        return folder

    def _hold(self, folder: Path, lying: Path | None = None) -> bool:
        """Keep a shared lock on an artefact's manifest. False when there is none, or another process clears it.

        lying: where the artefact lies before it is renamed to `folder`.
        """
        manifest = (lying or folder) / MANIFEST
        with self._holding:
            if (handle := self._held.pop(folder, None)) is not None:
                if _is_open(handle, manifest):
                    self._held[folder] = handle
                    return True
                os.close(handle)
            if (handle := _lock_shared(manifest)) is None:
                return False
            self._held[folder] = handle
            if len(self._held) > MOST_HELD:
                os.close(self._held.popitem(last=False)[1])
            return True

    def _problem(self, folder: Path) -> str:
        """What is wrong with an artefact, or "". Raises OSError where it cannot be looked at."""
        try:
            content = _manifest(folder)
            for name, expected in content["files"].items():
                path = folder / name
                status = path.stat()
                if status.st_size != expected["size"]:
                    return f"{name} has {status.st_size} bytes instead of {expected['size']}"
                state = (status.st_size, status.st_mtime_ns)
                if self._verified.get(path) != state:
                    if sha256(path) != expected["sha256"]:
                        return f"the checksum of {name} differs"
                    self._verified[path] = state
        except UNREADABLE as error:
            if isinstance(error, OSError) and error.errno not in DAMAGE:
                raise
            return f"its manifest or a file cannot be read: {error}"
        return ""

    def _remove(self, folder: Path) -> None:
        """Take an artefact away by one rename, so that nobody finds half of it, and then from the disk."""
        unfinished = self.root / "unfinished"
        with suppress(OSError):
            unfinished.mkdir(exist_ok=True)
            os.replace(folder, Path(tempfile.mkdtemp(prefix=CLEARED, dir=unfinished)))
        for left in (folder, *unfinished.glob(f"{CLEARED}*")):
            shutil.rmtree(left, ignore_errors=True)

    def recipe(self, kind: str, key: str) -> dict[str, Any]:
        """What a finished artefact's manifest says about how it was made and what was found."""
        return _manifest(self.path(kind, key))["recipe"]

    @contextmanager
    def making(self, kind: str, key: str) -> Iterator[Path]:
        """Hold the lock of an artefact (or of a pass that makes several) and give its unfinished folder.

        The folder is kept when the block fails, so that a maker that can resume finds its progress.
        """
        from filelock import FileLock

        locks = self.root / "locks"
        unfinished = self.root / "unfinished" / f"{kind}-{key}"
        with disk_errors(self.root, *WAYS_OUT):
            locks.mkdir(parents=True, exist_ok=True)
            with FileLock(locks / f"{kind}-{key}.lock"):
                unfinished.mkdir(parents=True, exist_ok=True)
                yield unfinished
                shutil.rmtree(unfinished, ignore_errors=True)

    def publish(self, kind: str, key: str, folder: Path, recipe: Mapping[str, Any]) -> Path:
        """Turn a folder of finished files into an artefact by writing its manifest and renaming it."""
        for left in folder.glob(f".{MANIFEST}.*.tmp"):
            left.unlink()  # of a process that was killed here
        files = {}
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST):
            with open(path, "rb") as file:
                os.fsync(file.fileno())
            files[path.relative_to(folder).as_posix()] = {"size": path.stat().st_size, "sha256": sha256(path)}
        content = {"kind": kind, "key": key, "recipe": dict(recipe), "files": files}
        content["digest"] = digest(content)
        write_atomically(folder / MANIFEST, json.dumps(content, indent=1).encode())
        target = self.path(kind, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # made by somebody else in between, or left without a manifest
            if self.find(kind, key):
                return target
            self._remove(target)
        self._hold(target, lying=folder)
        os.replace(folder, target)
        sync_folder(target.parent)
        for name in files:
            status = (target / name).stat()
            self._verified[target / name] = (status.st_size, status.st_mtime_ns)
        if self.limit is not None:
            self.evict(self.limit)
        return target

    def make(
        self, kind: str, key: str, recipe: Mapping[str, Any], maker: Callable[[Path], Mapping[str, Any] | None]
    ) -> Path:
        """Find an artefact or make it: `maker` fills a folder and may return findings kept in the manifest.

        Two processes that ask for the same artefact make it once; the second waits for the first.
        """
        if found := self.find(kind, key):
            return found
        with self.making(kind, key) as unfinished:
            if found := self.find(kind, key):
                return found
            folder = unfinished / "folder"
            folder.mkdir(exist_ok=True)
            findings = maker(folder)
            return self.publish(kind, key, folder, {**recipe, **({"found": findings} if findings else {})})

    def entries(self) -> list[Kept]:
        """All finished artefacts, least recently used first."""
        found = []
        for manifest in (self.root / "artefacts").glob(f"*/*/{MANIFEST}"):
            folder = manifest.parent
            try:
                recipe = _manifest(folder)["recipe"]
                size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                found.append(Kept(folder.parent.name, folder.name, folder, size, manifest.stat().st_mtime, recipe))
            except UNREADABLE:
                continue  # removed by another process, or damaged: `find` deals with it
        return sorted(found, key=lambda entry: entry.used)

    def evict(self, limit: int) -> list[Kept]:
        """Clear the least recently used artefacts until the rest fits; what this or another live process uses stays."""
        in_use = {folder for path in self._verified for folder in path.parents}
        entries = self.entries()
        total = sum(entry.size for entry in entries)
        cleared = []
        for entry in entries:
            if total <= limit:
                break
            if entry.path in in_use or not self._clear_unused(entry.path):
                continue
            total -= entry.size
            cleared.append(entry)
        return cleared

    def discard(self, kind: str, key: str) -> bool:
        """Take away an artefact that this process needs no more; one that another process uses stays."""
        folder = self.path(kind, key)
        with self._holding:
            if (handle := self._held.pop(folder, None)) is not None:
                os.close(handle)
        for path in [path for path in self._verified if folder in path.parents]:
            del self._verified[path]
        return self._clear_unused(folder)

    def _clear_unused(self, folder: Path) -> bool:
        """Remove an artefact unless some process holds it."""
        try:
            handle = os.open(folder / MANIFEST, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._remove(folder)
            return not folder.exists()
        except OSError:
            return False
        finally:
            os.close(handle)

    def clear(self, kind: str | None = None) -> int:
        """Remove all artefacts of a kind, or everything with unfinished work and memos. Returns bytes freed."""
        freed = sum(entry.size for entry in self.entries() if kind in (None, entry.kind))
        places = ["artefacts", "unfinished", "memo", "locks"] if kind is None else [f"artefacts/{kind}"]
        for place in places:
            shutil.rmtree(self.root / place, ignore_errors=True)
        self._verified.clear()
        _close_all(self._held)
        return freed


def _manifest(folder: Path) -> dict[str, Any]:
    """An artefact's manifest. Raises one of UNREADABLE for one that is damaged."""
    content = json.loads((folder / MANIFEST).read_text())
    if content.pop("digest", None) not in (None, digest(content)):  # those of earlier versions have none
        raise ValueError("the checksum of the manifest differs")
    if not isinstance(content["recipe"], dict) or not isinstance(content["files"], dict):
        raise ValueError("it is not a manifest")
    return content


def _lock_shared(path: Path) -> int | None:
    """A file opened with a shared lock on it; None when there is no such file or another process removes it."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    there = True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        there = False
    except OSError:
        pass  # a file system without locks: nobody can hold anything there
    if there and _is_open(handle, path):
        return handle
    os.close(handle)
    return None


def _is_open(handle: int, path: Path) -> bool:
    """Whether a path still leads to the file that was opened."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


def _close_all(held: OrderedDict[Path, int]) -> None:
    while held:
        os.close(held.popitem()[1])


_stores: dict[Path, Store] = {}


def default_store() -> Store:
    """The store under `cache_root()`, one a process, so that checksums are verified once."""
    root = cache_root()
    if root not in _stores:
        _stores[root] = Store(root)
    return _stores[root]


@contextmanager
def disk_errors(place: Path, *ways: str) -> Iterator[None]:
    """Within it a full, read-only or forbidden disk is a ProbekitError with the way out; see `raise_disk_error`."""
    try:
        yield
    except OSError as error:
        raise_disk_error(error, place, *ways)
    except Exception as error:
        # Libraries written in Rust, such as safetensors, tell of the system's errors in words alone.
        if found := re.search(r"\(os error (\d+)\)", str(error)):
            with suppress(OSError):
                raise_disk_error(OSError(int(found[1]), os.strerror(int(found[1]))), place, *ways)
        raise


def raise_disk_error(
    error: OSError, place: Path, make_room: str = "make room there", elsewhere: str = "choose another folder"
) -> None:
    """Re-raise a full, read-only or forbidden disk as a ProbekitError with the way out; other errors as they are."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        raise ProbekitError(
            f"no room left under {place}; {make_room} or {elsewhere}, then run again: what is finished is kept"
        ) from error
    # A regular file where a folder should be (ENOTDIR, EEXIST) is as little a place to write as a forbidden one.
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EEXIST):
        named = Path(error.filename) if isinstance(error.filename, str) else place
        if not named.is_relative_to(place) and not place.is_relative_to(named):
            raise ProbekitError(f"cannot open '{named}': {error.strerror}") from error
        raise ProbekitError(f"cannot write under {place}: {error.strerror}; {elsewhere}") from error
    raise error
