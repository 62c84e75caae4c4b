"""Readers of word-vector files. The content decides which one reads, the extension never does.

    word2vec text      header `n d`, then `word v1 ... vd` a line
    word2vec binary    header `n d`, then word, blank, d little-endian float32
    GloVe text         no header; split from the right, so words may hold blanks or look like numbers
    npy                folder with one .npy (n, d) and words.txt, one word a line
    safetensors        folder that WordTable.save wrote

Single files may be gzipped. Nothing is unpickled.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from probekit import resources
from probekit.embeddings.catalogue import TableKind
from probekit.embeddings.table import ABOUT_FILE, VECTORS_FILE, WORDS_FILE, WordTable, first_bad_row, keep_first
from probekit.embeddings.table_binary import read_binary, refuse_bad_rows
from probekit.embeddings.table_text import BOM, HEADER, LINE_LIMIT, WordReader, fields, number_of, opened, read_text
from probekit.errors import DataError, ProbekitError, UnknownName
from probekit.sources import Source
from probekit.specs import Spec
from probekit.store import digest, file_digest

FORMATS = ("word2vec-text", "word2vec-binary", "glove", "npy", "safetensors")
ERRORS = ("strict", "replace")
READ_OPTIONS = {"format": "auto", "errors": "strict", "language": ""}

_TENSORS = ("vectors", "context", "counts")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_REFUSED = (
    (
        b"\x80",
        "a Python pickle, which can run code when it is read. Where you trust it, convert it once: "
        "gensim.models.KeyedVectors.load(file), or Word2Vec.load(file).wv, then "
        ".save_word2vec_format('vectors.bin', binary=True)",
    ),
    (
        b"\xba\x16\x4f\x2f",
        "fastText's own binary format. Give the .vec file that fastText writes beside it, or convert it once: "
        "gensim.models.fasttext.load_facebook_vectors(file).save_word2vec_format('vectors.bin', binary=True)",
    ),
    (b"PK\x03\x04", "a zip archive; unpack it and give the file inside"),
    (b"BZh", "compressed with bzip2; decompress it, or use gzip"),
    (b"\xfd7zXZ", "compressed with xz; decompress it, or use gzip"),
    (b"\x89HDF", "an HDF5 file; convert it to an .npy file beside a words.txt"),
)


def table_paths(path: str | Path) -> list[Path]:
    """The files a table is read from, what its digest is made of. DataError for a folder without a table."""
    path = Path(path)
    if not path.exists():
        raise ProbekitError(f"there is no file or folder '{path}'; give a word-vector file or folder")
    resources.check_regular(path)
    if path.is_dir():
        if (path / VECTORS_FILE).exists():
            about = [path / ABOUT_FILE] if (path / ABOUT_FILE).exists() else []
            return [path / VECTORS_FILE, path / WORDS_FILE, *about]
        arrays = sorted(path.glob("*.npy"))
        if len(arrays) != 1:
            found = ", ".join(sorted(p.name for p in path.iterdir())[:6]) or "nothing"
            raise DataError(
                f"no word-vector table in this folder, which holds {found}; expected {VECTORS_FILE} "
                f"or one .npy, and {WORDS_FILE} beside it; name a single file by its own path",
                path,
            )
        return [arrays[0], path / WORDS_FILE]
    if path.name == VECTORS_FILE:
        return table_paths(path.parent)
    with open(path, "rb") as file:
        return [path, path.parent / WORDS_FILE] if file.read(6) == b"\x93NUMPY" else [path]


def check_read_options(options: Mapping[str, Any]) -> None:
    """Raise UnknownName for a value that an option of `read_table` does not have."""
    if options.get("format", "auto") not in ("auto", *FORMATS):
        raise UnknownName("table format", str(options["format"]), FORMATS)
    if options.get("errors", "strict") not in ERRORS:
        raise UnknownName("way to read invalid UTF-8, errors=", str(options["errors"]), ERRORS)


def source_of(path: str | Path, options: Mapping[str, Any], name: str = "") -> Source:
    """Spec, display name and digest of a table's files read with some options; nothing is parsed."""
    return _source_of(path, table_paths(path), options, name)


def _source_of(path: str | Path, paths: list[Path], options: Mapping[str, Any], name: str) -> Source:
    missing = next((p for p in paths if not p.exists()), None)
    if missing is not None:
        raise DataError("the word list is missing: one word a line, in the order of the vectors", missing)
    given = {key: str(value) for key, value in sorted(options.items()) if value != READ_OPTIONS[key]}
    found = digest({"files": [file_digest(p) for p in paths], "options": given})
    # Not resolved: a link keeps the name the user knows the file by.
    where = Path(path).absolute()
    shown = name or f"{where.name}-{found[:8]}"
    spec, name = (str(Spec("static", target, (), given)) for target in (name or str(where), shown))
    return Source(spec, name, found)


def read_table(
    path: str | Path, format: str = "auto", errors: str = "strict", language: str = "", name: str = ""
) -> WordTable:
    """Read a word-vector file or folder.

    `format` is one of FORMATS, or "auto" to look at the content; `errors="replace"` reads invalid UTF-8 in
    words with U+FFFD in its place and counts the words in `notes["replaced"]`. Later rows of a word already
    seen are left out and counted in `notes["duplicates"]`. `name` is what a registered table is shown as.
    Raises DataError with file and line for anything else that is wrong.
    """
    path = Path(path)
    options = {"format": format, "errors": errors, "language": language}
    check_read_options(options)
    paths = table_paths(path)
    source = _source_of(path, paths, options, name)  # first, as it also finds a missing word list
    first = paths[0]
    if first.name == VECTORS_FILE:
        kind = "safetensors"
    elif len(paths) == 2:
        kind = "npy"
    else:
        kind = _sniff(first)
    if format not in ("auto", kind):
        if kind in ("npy", "safetensors") or format in ("npy", "safetensors"):
            raise DataError(f"this is {kind}, not {format}; leave format= away", path)
        kind = format  # text without a header, text with one and binary can be mistaken for one another
    words = WordReader(errors)
    if kind == "safetensors":
        parts = _read_safetensors(paths, words)
    elif kind == "npy":
        parts = _read_npy(paths[0], paths[1], words)
    else:
        parts = read_binary(first, words) if kind == "word2vec-binary" else read_text(first, kind, words)
    parts["notes"] = {**parts.get("notes", {}), **({"replaced": words.replaced} if words.replaced else {})}
    parts["language"] = language or parts.get("language", "")
    return WordTable(**parts, digest=source.digest, spec=source.spec, name=source.name)


def _sniff(path: Path) -> str:
    with opened(path) as file:
        head = file.read(8)
        if not head:
            raise DataError("the file is empty", path)
        for magic, what in _REFUSED:
            if head.startswith(magic):
                raise DataError(f"this is {what}", path)
        header = head + file.readline(LINE_LIMIT) if b"\n" not in head else head.partition(b"\n")[0]
        if not (match := HEADER.match(header.removeprefix(BOM))):
            return "glove"
        rest = head.partition(b"\n")[2] if b"\n" in head else b""
        sample = rest + file.read(1 << 16)
    line = sample.partition(b"\n")[0]
    parts = fields(line, int(match[2]))
    if len(parts) == int(match[2]) + 1 and all(number_of(part) is not None for part in parts[1:]):
        return "word2vec-text"
    return "word2vec-binary" if _CONTROL.search(sample) or not _is_utf8(sample) else "word2vec-text"


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(sample) - 3  # a character that the end of the sample cuts
    return True


# ---- folders -----------------------------------------------------------------------------------------------


def _read_words(path: Path, words: WordReader) -> list[str]:
    raw = path.read_bytes().removeprefix(BOM)
    lines = raw.split(b"\n")
    if not lines[-1]:
        lines.pop()
    # Only "\n" ends a word: U+0085 and its like are characters that real word lists hold.
    if lines and all(line.endswith(b"\r") for line in lines):
        lines = [line[:-1] for line in lines]
    if not lines:
        raise DataError("the word list is empty", path)
    for number, line in enumerate(lines, 1):
        if b"\r" in line:
            raise DataError("a carriage return without a line feed; end lines with a line feed", path, number)
    return [words.read(line, path, number) for number, line in enumerate(lines, 1)]


def _map_npy(path: Path) -> np.ndarray:
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # numpy evaluates the header: syntax, token, type and overflow errors come out of it
        raise DataError(f"not a plain array ({error}); save a float array with numpy.save", path) from None


def _read_npy(path: Path, word_list: Path, words: WordReader) -> dict[str, Any]:
    stored = _map_npy(path)
    if stored.ndim != 2 or stored.dtype.kind != "f" or not stored.shape[1]:
        raise DataError(f"expected floats (words, width), found {stored.dtype} {stored.shape}", path)
    found = _read_words(word_list, words)
    if len(found) != len(stored):
        raise DataError(f"{len(found)} words for {len(stored)} vectors in {path.name}", word_list, len(found))
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite and is refused by name
        vectors = stored.astype(np.float32, copy=False)
    row = first_bad_row(vectors)
    if row is not None:
        what = f"row {row} of {path.name} (the word '{found[row]}') holds NaN or infinity"
        raise DataError(what, word_list, row + 1)
    kept, vectors, notes = keep_first(found, vectors, word_list, 1)
    return {"words": kept, "vectors": vectors, "notes": notes}


def _read_safetensors(paths: Iterable[Path], words: WordReader) -> dict[str, Any]:
    by_name = {path.name: path for path in paths}
    path, word_list = by_name[VECTORS_FILE], by_name[WORDS_FILE]
    arrays = _map_safetensors(path)
    if "vectors" not in arrays:
        raise DataError(f"no tensor 'vectors', only {', '.join(sorted(arrays)) or 'nothing'}", path)
    found = _read_words(word_list, words)
    shape = arrays["vectors"].shape
    if len(shape) != 2 or len(found) != shape[0]:
        raise DataError(f"{len(found)} words for vectors {shape} in {path.name}", word_list, len(found))
    first: dict[str, int] = {}
    for line, word in enumerate(found, 1):
        if not word or first.setdefault(word, line) != line:
            what = f"the word '{word}' stands twice, first at line {first[word]}" if word else "an empty word"
            raise DataError(what, word_list, line)
    known = {name: _checked(name, arrays[name], found, shape, path) for name in _TENSORS if name in arrays}
    about = _read_about(by_name[ABOUT_FILE], shape) if ABOUT_FILE in by_name else {}
    return {"words": found, **known, **about}


def _checked(name: str, array: np.ndarray, words: list[str], shape: tuple[int, ...], path: Path) -> np.ndarray:
    """A tensor of a table as float32, or int64 for counts, in the shape that the vectors give it."""
    kind, expected = ("i", shape[:1]) if name == "counts" else ("f", shape)
    if array.dtype.kind != kind or array.shape != expected:
        what = "integers" if kind == "i" else "floats"
        raise DataError(f"'{name}' are {array.dtype} {array.shape}; expected {what} {expected}", path)
    if kind == "i":
        if (array < 0).any():
            row = int(np.argmax(array < 0))
            raise DataError(f"the count of word {row + 1} ('{words[row]}') is {array[row]}, below 0", path)
        return array
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite and is refused by name
        array = array.astype(np.float32, copy=False)
    refuse_bad_rows(array, words, path, name)
    return array


def _read_about(path: Path, shape: tuple[int, ...]) -> dict[str, Any]:
    """Language, notes and history of a table; what the file says of its shape must be so."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"cannot be read: {error}", path) from None
    if not isinstance(said, dict):
        raise DataError(f"a JSON object was expected, not {str(said)[:40]}", path)
    kinds = {"language": str, "notes": dict, "about": dict}
    found = {name: said.get(name, kind()) for name, kind in kinds.items()}
    wrong = [name for name, kind in kinds.items() if not isinstance(found[name], kind)]
    wrong += [] if wrong else [name for name, count in found["notes"].items() if type(count) is not int]
    if wrong:
        raise DataError(f"'{wrong[0]}' is not what a table says there (text, counts, an object)", path)
    for name, number in zip(("words", "width"), shape, strict=True):
        if said.get(name, number) != number:
            raise DataError(f"says {name} {said[name]}, {VECTORS_FILE} has {number}; they are of two tables", path)
    return found


def _map_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file, memory-mapped."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:  # checks header, offsets and size against each other
            names = list(file.keys())
    except (SafetensorError, OSError) as error:
        raise DataError(f"not a whole safetensors file: {error}", path) from None
    raw = np.memmap(path, np.uint8, "r")
    start = 8 + int.from_bytes(raw[:8].tobytes(), "little")
    header = json.loads(raw[8:start].tobytes())
    kinds = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I64": "<i8", "I32": "<i4"}
    arrays: dict[str, np.ndarray] = {}
    for name in names:
        entry = header[name]
        if entry["dtype"] not in kinds:
            raise DataError(f"tensor '{name}' is {entry['dtype']}; expected {', '.join(kinds)}", path)
        shape = tuple(entry["shape"])
        if 0 in shape:
            raise DataError(f"tensor '{name}' is empty: {shape}", path)
        first, last = entry["data_offsets"]
        arrays[name] = raw[start + first : start + last].view(kinds[entry["dtype"]]).reshape(shape)
    return arrays


# --- kinds -------------------------------------------------------------------------------------------

REGISTERED = ("glove", "glove-50", "fi-floret", "fr-fasttext")


def locate(target: str) -> tuple[Path, str]:
    """Path of a table and its registered name or "". Raises ProbekitError with the places tried."""
    if target in REGISTERED:
        files = resources.path(target)  # fetched by "probekit data get", never on the way
        if len({file.parent for file in files}) > 1 or any(file.suffix == ".gz" for file in files):
            raise ProbekitError(f"the files of '{target}' must lie uncompressed in one folder; found {files}")
        return files[0], target
    places = [Path(target).expanduser()]
    if not places[0].is_absolute():
        places += [root / target for root in (*resources.data_roots(), resources.data_cache())]
    for place in places:
        for candidate in (place, place.with_name(f"{place.name}.gz")):
            if os.path.exists(candidate):
                return candidate, ""
    tried = "\n".join(f"  {place}" for place in places)
    raise ProbekitError(
        f"no word-vector table '{target}'. Tried:\n{tried}\n"
        f"Give an existing file or folder, or a registered name: {', '.join(REGISTERED)}"
    )


def _place(spec: Spec) -> tuple[Path, str]:
    """Where the table of a spec lies, after its options were looked at."""
    if not spec.target:
        raise UnknownName("word-vector table", spec.head, ["static:<file>", *REGISTERED])
    if spec.args:
        raise ProbekitError(f"'{spec}': options of a table are named, such as errors=replace")
    unknown = next((name for name in spec.kwargs if name not in READ_OPTIONS), None)
    if unknown is not None:
        raise UnknownName(f"option of the table '{spec.head}':", unknown, READ_OPTIONS)
    check_read_options(spec.kwargs)
    return locate(spec.target)


def _describe(spec: Spec) -> Source:
    path, name = _place(spec)
    return source_of(path, spec.kwargs, name)


def _load(spec: Spec) -> WordTable:
    path, name = _place(spec)
    return read_table(path, **spec.kwargs, name=name)


def _width(spec: Spec) -> int | None:
    """What the beginning of the file says."""
    first = table_paths(_place(spec)[0])[0]
    if first.name == VECTORS_FILE or first.suffix == ".npy":
        stored = _map_safetensors(first).get("vectors") if first.name == VECTORS_FILE else _map_npy(first)
        return None if stored is None or stored.ndim != 2 else int(stored.shape[1])
    with opened(first) as file:
        heading = HEADER.match(file.readline(LINE_LIMIT).removeprefix(BOM))
    return int(heading[2]) if heading and spec.kwargs.get("format") != "glove" else None


def _named(spec: Spec) -> Spec:
    """`glove` as `static:glove`."""
    if spec.target is not None:
        raise ProbekitError(f"the table '{spec.name}' takes no file; leave ':{spec.target}' out")
    return Spec("static", spec.name, spec.args, spec.kwargs)


STATIC = TableKind(_describe, _load, _width)
NAMED = TableKind(
    lambda spec: _describe(_named(spec)), lambda spec: _load(_named(spec)), lambda spec: _width(_named(spec))
)
