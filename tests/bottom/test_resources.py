"""Where data are found and how they are fetched, against a real server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from probekit import resources
from probekit.errors import DataError, ProbekitError, UnknownName
from probekit.registry import Registry
from probekit.resources import File, Resource

CONTENT = b"some words\n" * 5000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT whole, spoilt, cut with and without an honest length, or an error, by path."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
            return
        body = {"/good": CONTENT, "/wrong": CONTENT[:-1] + b"x"}.get(self.path, CONTENT[:1000])
        self.send_response(200)
        if self.path == "/broken":  # promises more than it sends, as a connection that breaks does
            self.send_header("Content-Length", str(len(CONTENT)))
        elif self.path != "/short":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, one data folder, no proxies, and a registry of its own."""
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PROBEKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(resources, "resources", Registry("resource", Resource))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "words_folder").mkdir(parents=True)
    Handler.asked.clear()


def register(url: str | None, sha256: str = SHA256) -> None:
    source = "https://example.org/words at v1"
    resources.add(Resource("words", "words_folder", (File("words.txt", sha256, url),), "CC0", "Nobody 2000", source))


def cached(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "data" / "words_folder" / "words.txt"


def nothing_kept(tmp_path: Path) -> bool:
    return [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and "memo" not in path.parts] == []


# --- downloads -------------------------------------------------------------------------------------------


def test_download_once(server: str, tmp_path: Path) -> None:
    register(f"{server}/good")
    assert resources.known()[0].missing == ("words.txt",) and resources.available("words")
    assert resources.get("words") == [cached(tmp_path)]
    assert cached(tmp_path).read_bytes() == CONTENT
    assert resources.get("words") == resources.path("words") == [cached(tmp_path)]
    assert Handler.asked == ["/good"]
    assert resources.known()[0].missing == ()
    assert [path.name for path in cached(tmp_path).parent.iterdir()] == ["words.txt"]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("/wrong", "wrong checksum"),
        ("/short", "wrong checksum"),  # cut short, and the server never said how long it would be
        ("/broken", "broke off before its end"),
        ("/missing", "answered 404"),
    ],
)
def test_bad_downloads_leave_nothing(server: str, tmp_path: Path, page: str, message: str) -> None:
    register(server + page)
    with pytest.raises(ProbekitError, match=message) as caught:
        resources.get("words")
    text = str(caught.value)
    assert server + page in text and str(cached(tmp_path)) in text and "PROBEKIT_DATA" in text
    assert nothing_kept(tmp_path)
    assert Handler.asked == [page]  # nothing is tried again behind the user's back


def test_no_network(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    register(f"http://127.0.0.1:{port}/good")
    with pytest.raises(ProbekitError, match=r"could not be downloaded \(no connection\)") as caught:
        resources.get("words")
    text = str(caught.value)
    for place in ("data/words_folder/words.txt", "data/words.txt", "cache/data/words_folder/words.txt"):
        assert str(tmp_path / place) in text
    assert f"Fetch http://127.0.0.1:{port}/good" in text
    assert nothing_kept(tmp_path)


def test_without_a_download_the_error_says_where_to_get_it(tmp_path: Path) -> None:
    register(None)
    assert not resources.available("words")
    for ask in (resources.get, resources.path):
        with pytest.raises(ProbekitError, match=r"was not found(?s:.*)Fetch https://example\.org/words at v1"):
            ask("words")


def test_path_downloads_nothing(server: str) -> None:
    register(f"{server}/good")
    with pytest.raises(ProbekitError, match="probekit data get words"):
        resources.path("words")
    assert Handler.asked == []


def test_spoilt_cache_is_fetched_again(server: str, tmp_path: Path) -> None:
    register(f"{server}/good")
    resources.get("words")
    cached(tmp_path).write_bytes(CONTENT[:100])
    with pytest.warns(UserWarning, match="fetched again"):
        assert resources.get("words") == [cached(tmp_path)]
    assert cached(tmp_path).read_bytes() == CONTENT and Handler.asked == ["/good", "/good"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_cache_that_cannot_be_written(server: str, tmp_path: Path) -> None:
    register(f"{server}/good")
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.raises(ProbekitError, match="cannot write under"):
        resources.get("words")


def test_cache_in_the_way(server: str, tmp_path: Path) -> None:
    register(f"{server}/good")
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(ProbekitError, match="cannot be used as a cache folder"):
        resources.get("words")


# --- resolution ------------------------------------------------------------------------------------------


def test_order_of_places(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(f"{server}/good")
    resources.get("words")
    second = tmp_path / "second"
    second.mkdir()
    monkeypatch.setenv("PROBEKIT_DATA", os.pathsep.join([str(tmp_path / "data"), "", str(second)]))
    (second / "words.txt.gz").write_bytes(gzip.compress(CONTENT))
    assert resources.get("words") == [second / "words.txt.gz"]  # data folders before the cache
    (tmp_path / "data" / "words_folder" / "words.txt").write_bytes(CONTENT)
    assert resources.get("words") == [tmp_path / "data" / "words_folder" / "words.txt"]  # in the order listed


def test_other_content_in_a_data_folder_is_refused(tmp_path: Path) -> None:
    register(None)
    place = tmp_path / "data" / "words_folder" / "words.txt.gz"
    place.write_bytes(gzip.compress(b"another release"))
    for ask in (resources.get, resources.path, resources.available):
        with pytest.raises(ProbekitError, match="is not the registered content of 'words'") as caught:
            ask("words")
        assert str(place) in str(caught.value)
    place.write_bytes(gzip.compress(CONTENT)[:-9])
    with pytest.raises(DataError, match="truncated"):
        resources.get("words")


def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "data" / "words_folder" / "a.txt.gz"
    inside.write_bytes(gzip.compress(b"x"))
    assert resources.find("words_folder/a.txt") == inside
    assert resources.find(inside) == inside
    (tmp_path / "words_folder").mkdir()
    own = tmp_path / "words_folder" / "a.txt"
    own.write_text("mine")
    assert resources.find("words_folder/a.txt").resolve() == own  # a path of the user's comes first
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resources.find("~/words_folder/a.txt") == own
    with pytest.raises(ProbekitError, match=r"'words_folder' is a folder; name the files in it: a\.txt"):
        resources.find("words_folder")
    for name in ("nothing.txt", "x" * 5000, "a\0b"):
        with pytest.raises(ProbekitError, match="no file") as caught:
            resources.find(name)
        assert str(tmp_path / "data") in str(caught.value)
    with pytest.raises(ProbekitError) as caught:
        resources.find(tmp_path / "absolute.txt")
    assert str(tmp_path / "data") not in str(caught.value)  # an absolute path is looked for nowhere else
    monkeypatch.delenv("PROBEKIT_DATA")
    with pytest.raises(ProbekitError, match="PROBEKIT_DATA is not set"):
        resources.find("nothing.txt")


def test_names_and_checksums() -> None:
    with pytest.raises(UnknownName):
        resources.get("wrods")
    with pytest.raises(ProbekitError, match="needs the sha256"):
        register(None, sha256="abc")
    register(None)
    with pytest.raises(ProbekitError, match="taken"):
        register(None)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("/dev/zero", str(tmp_path / "pipe")):
        for read in (resources.find, resources.read_bytes):
            with pytest.raises(DataError, match=f"{name}: is no regular file but a device or a pipe"):
                read(name)


def test_a_packed_file_is_not_unpacked_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "LARGEST_TEXT", 1 << 24)
    (tmp_path / "large").write_bytes(bytes((1 << 24) + 1))
    (tmp_path / "large.gz").write_bytes(gzip.compress(bytes(1 << 26), 1))
    (tmp_path / "most.gz").write_bytes(gzip.compress(bytes(1 << 24), 1))
    with pytest.raises(DataError, match=r"large: is more than 16 MiB, .*cut it into several"):
        resources.read_bytes(tmp_path / "large")
    with pytest.raises(DataError, match=r"large\.gz: unpacks to more than 16 MiB"):
        resources.read_bytes(tmp_path / "large.gz")
    tracemalloc.start()
    with pytest.raises(DataError, match=r"large\.gz: unpacks to more than 16 MiB"):
        resources.content_digest(tmp_path / "large.gz")
    resources.content_digest(tmp_path / "most.gz")
    assert tracemalloc.get_traced_memory()[1] < 1 << 23, "a digest holds no file"
    tracemalloc.stop()
    assert len(resources.read_bytes(tmp_path / "most.gz")) == 1 << 24


def test_content_digest(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a", tmp_path / "b"
    plain.write_bytes(CONTENT)
    packed.write_bytes(gzip.compress(CONTENT))
    assert resources.content_digest(plain) == resources.content_digest(packed) == SHA256
    packed.write_bytes(gzip.compress(CONTENT + b"!"))
    assert resources.content_digest(packed) != SHA256
    assert resources.read_bytes(packed) == CONTENT + b"!"
