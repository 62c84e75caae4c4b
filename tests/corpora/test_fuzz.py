"""A million damaged inputs: every reader reads a valid object or refuses by name, and never does anything else.

Inputs are valid files with a few random changes (`Mutator`), the same in every run. For each input a reader either
gives what a plain second reading of the same bytes gives, or raises a ProbekitError that names the file. Another
exception, a call of a minute or an allocation far beyond the input fails the test, which shows the input.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import signal
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fuzz_spans import SPAN_READERS
from fuzzing import Reader, refused, write
from mutator import BOM, JSON, Mutator, packed

from probekit.corpora.readers.conllu import read_conllu
from probekit.embeddings.table import WordTable
from probekit.embeddings.table_files import read_table
from probekit.errors import DataError, ProbekitError
from probekit.grid.folder import Folder
from probekit.report.read import read_manifest, read_results
from probekit.rows import table
from probekit.specs import parse
from probekit.store import Store

# ---- readers -----------------------------------------------------------------------------------------------

# CoNLL-U

TREES = (
    b"# newdoc id = d1\n# sent_id = d1-1\n# text = Dogs don't bark\n"
    b"1\tDogs\tdog\tNOUN\tNNS\tNumber=Plur\t4\tnsubj\t_\t_\n2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    b"2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t_\t_\n3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_\n"
    b"4\tbark\tbark\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No\n\n"
    b"# sent_id = d1-2\n1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_\n1.1\tdo\tdo\tVERB\t_\t_\t_\t_\t0:root\t_\n\n",
    BOM + b"1\ta\t_\tX\t_\t_\t2\tdep\t_\t_\r\n2\tb\tb\tX\t_\t_\t0\troot\t_\t_\r\n\r\n"
    b"1\t_\t_\tX\t_\t_\t0\troot\t_\t_\r\n",
    b"0.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n1\tnaif\t\xc3\xa9\tADJ\t_\t_\t0\troot\t_\t_\n",
)
CONLLU = (
    b"1-2", b"2-1", b"1-1", b"1.1", b"1.2", b"0.1", b"2", b"3", b"#", b"# sent_id = d1-1", b"# sent_id =", b"# newdoc",
    b"# text = a", b"#\n", b"2\tb\tb\tX\t_\t_\t1\tdep\t_\t_\n", b"root",
)  # fmt: skip


def unpacked(content: bytes) -> bytes | None:
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error):
        return None


def plain_conllu(content: bytes) -> list[list[list[str]]] | None:
    """Rows of every sentence read the obvious way, one line after the other; None for what is no CoNLL-U."""
    number, ids = "[1-9][0-9]{0,8}", []
    sentences: list[list[list[str]]] = []
    try:
        text = content.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    if "\r" in text:
        return None
    for block in re.split("\n\n+", text.strip("\n")):
        rows = [line.split("\t") for line in block.split("\n") if line[:1] != "#"]
        given = [m[1].strip() for m in re.finditer(r"(?m)^#\s*sent_id\s*=([^\n]*)", block)]
        words = [row for row in rows if re.fullmatch(number, row[0])]
        if len(given) > 1 or not words or any(len(row) != 10 for row in rows):
            return None
        ids.append(given[0] if given and given[0] else f"x.conllu:{len(sentences) + 1}")
        before = covered = nodes = 0
        for row in rows:
            if re.fullmatch(number, row[0]):
                before, nodes = before + 1, 0
                head = int(row[6]) if re.fullmatch(f"0|{number}", row[6]) else len(words) + 1
                if int(row[0]) != before or head > len(words) or not row[1].strip():
                    return None
            elif match := re.fullmatch(f"({number})-({number})", row[0]):
                first, last = int(match[1]), int(match[2])
                if first != before + 1 or not covered < first <= last <= len(words) or not row[1].strip():
                    return None
                covered = last
            elif match := re.fullmatch(rf"(0|{number})\.({number})", row[0]):
                if int(match[1]) != before or int(match[2]) != nodes + 1 or not row[1].strip():
                    return None
                nodes = int(match[2])
            else:
                return None
        heads = [0, *(int(row[6]) for row in words)]
        above = list(range(len(heads)))
        for _ in words:
            above = [heads[word] for word in above]
        if heads.count(0) != 2 or any(above):
            return None
        sentences.append(rows)
    return sentences if len(set(ids)) == len(ids) else None


def check_conllu(folder: Path, name: str = "x.conllu") -> Callable[[bytes], bool]:
    path = folder / name
    path.touch()

    def check(content: bytes) -> bool:
        write(path, content)
        try:
            corpus = read_conllu(path)
        except DataError as error:
            text = unpacked(content) if name.endswith(".gz") else content
            assert text is None or plain_conllu(text) is None, f"a good file is refused: {error}"
            assert error.line is not None and (text is None or 1 <= error.line <= text.count(b"\n") + 1), error
            return refused(error, path)
        text = unpacked(content) if name.endswith(".gz") else content
        rows = [row for sentence in plain_conllu(text) or () for row in sentence]
        words = [row for row in rows if row[0].isdigit()]
        assert corpus.n_words == len(words) and corpus.offsets.dtype == np.int64
        assert corpus.layers["head"].tolist() == [int(row[6]) for row in words]
        for layer, column in (("form", 1), ("upos", 3), ("xpos", 4), ("feats", 5), ("deprel", 7), ("misc", 9)):
            found = corpus.form if layer == "form" else corpus.layers[layer]
            texts = np.asarray(found.categories)[found.codes].tolist()
            assert texts == ["" if row[column] == "_" and column > 1 else row[column] for row in words]
        assert corpus.links["ranges"]["form"].tolist() == [row[1] for row in rows if "-" in row[0]]
        assert corpus.links["empty"]["form"].tolist() == [row[1] for row in rows if "." in row[0]]
        return True

    return check


# Word vectors

WORDS = ("the", "route 66", "naïve", "12", "x")


def some_table(words: Sequence[str] = WORDS, width: int = 3) -> WordTable:
    vectors = np.random.default_rng(5).standard_normal((len(words), width)).astype(np.float32)
    more = {"context": -vectors, "counts": np.arange(len(words)) + 1, "language": "en"}
    return WordTable(list(words), vectors, **more, notes={"duplicates": 1}, about={"window": 5})


NUMBERS = (b"1_0", b"0x10", b"1,5", b".", b"-", b"+.5", b"1e", b"1.2.3", b"1e-400", b"3.4e38", b"infinity", b"2 3")
HEADERS = (b"999999999999 3\n", b"5 999999\n", b"99999999999999 1\n", b"5 3\n", b"0 3\n", b"5 0\n", b"6 3\n", b"5 4\n")


def written(folder: Path, method: str, words: Sequence[str] = WORDS, **options: Any) -> bytes:
    getattr(some_table(words), method)(folder / "seed", **options)
    return (folder / "seed").read_bytes()


def text_inputs(folder: Path) -> Iterator[bytes]:
    seeds = [written(folder, "write_text"), written(folder, "write_text", header=False)]
    seeds += [BOM + seeds[1].replace(b"\n", b"\r\n"), b"2 2\ncat 1 2\ndog 3 4\n", b"cat 1 2\ndog 3 4\ncat 5 6"]
    return iter(Mutator(4, seeds, (*NUMBERS, *HEADERS), b" "))


def binary_inputs(folder: Path) -> Iterator[bytes]:
    seeds = [written(folder, "write_binary", [word for word in WORDS if " " not in word])]
    gensims = re.sub(rb"(?s)(.{12})\n", rb"\1", seeds[0].partition(b"\n")[2])
    return iter(Mutator(5, [*seeds, b"4 3\n" + gensims], HEADERS, b" "))


def check_table(file: str, again: Callable[[bytes, WordTable], None], folder: Path) -> Callable[[bytes], bool]:
    """Reads inputs as one file of a table, by itself or in the folder where its other files are."""
    alone = file in ("text", "binary")
    if not alone:
        some_table().save(folder)
    path = folder / file
    path.touch()
    if file == "v.npy":
        (folder / "table.safetensors").unlink()

    def check(content: bytes) -> bool:
        write(path, content)
        try:
            read = read_table(path if alone else folder)
        except ProbekitError as error:
            return refused(error, folder)
        assert len(read.words) == len(set(read.words)) and "" not in read.words
        assert read.vectors.shape == (len(read.words), read.width) and np.isfinite(read.vectors).all()
        again(content, read)
        return True

    return check


def again_text(content: bytes, read: WordTable) -> None:
    """Every line split from the right into a word and numbers that Python reads."""
    lines = content.removeprefix(BOM).rstrip(b" \t\r\n").split(b"\n")
    if header := re.fullmatch(rb"\s*([0-9]{1,18})[ \t]+([0-9]{1,18})\s*", lines[0]):
        lines = lines[1:]
        assert (len(lines), read.width) == (int(header[1]), int(header[2]))
    rows: dict[str, list[float]] = {}
    for line in lines:
        cells = re.split(rb"([ \t]+)", line.rstrip(b" \t\r"))  # every second one separates
        word, values = b"".join(cells[: -2 * read.width]), cells[1 - 2 * read.width :: 2]
        assert b"\r" not in word and word.strip()
        rows.setdefault(word.strip(b" \t").decode(), [float(part) for part in values])
    assert list(rows) == list(read.words)
    np.testing.assert_allclose(read.vectors, list(rows.values()), rtol=1e-6, atol=1e-44)


def again_binary(content: bytes, read: WordTable) -> None:
    """Rows of one length after their words, all of them ended by a line break or none of them."""
    header, _, rest = content.partition(b"\n")
    n, width = map(int, header.split())
    ends = set()
    rows: dict[str, tuple[float, ...]] = {}
    for _ in range(n):
        word, _, rest = rest.partition(b" ")
        rows.setdefault(word.decode(), struct.unpack(f"<{width}f", rest[: 4 * width]))
        ends.add(rest[4 * width : 4 * width + 1] == b"\n")
        rest = rest[4 * width :].removeprefix(b"\n")
    assert not rest.strip(b"\n") and (len(ends) == 1 or not content.endswith(b"\n"))
    assert list(rows) == list(read.words) and not any("\n" in word for word in rows)
    np.testing.assert_array_equal(read.vectors, np.array(list(rows.values()), np.float32))


def again_vectors(content: bytes, read: WordTable) -> None:
    """One of the two ways to read a file of vectors: the reader decides by the content, and may see it otherwise."""
    try:
        again_binary(content, read)
    except (AssertionError, ValueError, struct.error):
        again_text(content, read)


def again_tensors(content: bytes, read: WordTable) -> None:
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    for name in ("vectors", "context", "counts"):
        found = getattr(read, name)
        if name in header:
            start, end = header[name]["data_offsets"]
            kind = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}[header[name]["dtype"]]
            expected = np.frombuffer(content[8 + size + start : 8 + size + end], kind).reshape(header[name]["shape"])
            np.testing.assert_array_equal(found, expected.astype(found.dtype))
        else:
            assert found is None


def again_npy(content: bytes, read: WordTable) -> None:
    np.testing.assert_array_equal(read.vectors, np.load(io.BytesIO(content), allow_pickle=False).astype(np.float32))


def again_words(content: bytes, read: WordTable) -> None:
    lines = content.decode().removeprefix("\ufeff").removesuffix("\n").split("\n")
    assert read.words in (tuple(lines), tuple(line.removesuffix("\r") for line in lines))


def again_about(content: bytes, read: WordTable) -> None:
    about = json.loads(content)
    assert (read.language, dict(read.notes)) == (about.get("language", ""), about.get("notes", {}))
    assert dict(read.about) == about.get("about", {}) and read.words == WORDS


def tensors_inputs(folder: Path) -> Iterator[bytes]:
    seed = (some_table().save(folder) / "table.safetensors").read_bytes()
    kinds = (b"F32", b"F16", b"F64", b"I64", b"BF16", b"vectors", b"context", b"counts", b"[5,3]", b"[15]", b"[3,5]")
    return iter(Mutator(6, [seed], (*JSON, *kinds), b","))


def npy_inputs(folder: Path) -> Iterator[bytes]:
    seeds = []
    for kind in (np.float32, np.float16):
        np.save(folder / "seed.npy", some_table().vectors.astype(kind))
        seeds.append((folder / "seed.npy").read_bytes().replace(b" " * 40, b"", 1))
        seeds[-1] = seeds[-1][:8] + struct.pack("<H", seeds[-1].index(b"\n") - 9) + seeds[-1][10:]
    (folder / "seed.npy").unlink()
    parts = (
        b"(5, 3)",
        b"(-5, 3)",
        b"(5,)",
        b"(0, 3)",
        b"(99999999999, 3)",
        b"'<f8'",
        b"'|O'",
        b"[(0, 0)]",
        b"PK\x03\x04",
    )
    return iter(Mutator(7, seeds, (*JSON, *parts), b","))


# Results: the manifest, as the grid and as the report reads it, and parts

MANIFESTS = (
    b'{\n "experiment": "x",\n "runs": [{"started": "2024", "grids": [], "versions": {"numpy": "2"}, "n": 1.5}]\n}',
    b'{"experiment": "x", "runs": [{"started": "a"}, {"started": "b", "machine": "na\xc3\xafve"}]}',
    b'{"runs": [{"grids": [{"axes": {"layer": [0, 1], "probe": ["ridge"]}, "keep": []}], "seconds": 1e3}], "n": null}',
)


def check_manifest(folder: Path) -> Callable[[bytes], bool]:
    path = folder / "_manifest.json"
    path.touch()

    def check(content: bytes) -> bool:
        write(path, content)
        answers = []
        for read in (Folder(folder, "x").manifest, lambda: read_manifest(folder)):
            try:
                answers.append(read())
            except ProbekitError as error:
                answers.append(refused(error, path))
        assert answers[0] == answers[1]
        if not answers[0]:
            return False
        expected = json.loads(content)
        assert answers[0] == expected and isinstance(expected.get("experiment", ""), str)
        assert all(isinstance(run, dict) for run in expected.get("runs", []))
        return True

    return check


def some_part(path: Path) -> bytes:
    rows = [
        {"experiment": "x", "task": f"t{i}", "metric": "rho", "value": 0.5 + i / 8, "layer": i, "key": f"k{i}"}
        for i in range(3)
    ]
    pq.write_table(table(rows), path, compression="zstd", write_page_checksum=True, write_statistics=False)
    return path.read_bytes()


def check_part(folder: Path) -> Callable[[bytes], bool]:
    path = folder / "part.parquet"
    some_part(path)
    whole, said = read_results(folder), Folder(folder, "x").read().to_pylist()

    def check(content: bytes) -> bool:
        write(path, content)
        read = 0
        try:
            assert read_results(folder).equals(whole)
            read += 1
        except ProbekitError as error:
            refused(error, path)
        try:
            rows = Folder(folder, "x").read()
            assert rows.to_pylist() == said
            read += 1
        except ProbekitError as error:
            refused(error, path)
        assert read != 1
        return read == 2

    return check


# The cache: a damaged entry is removed with a warning and made again


def kept(store: Store) -> Path:
    """An artefact of one small file."""

    def maker(place: Path) -> None:
        (place / "a").write_bytes(b"content")

    return store.make("table", "key", {"recipe": "x", "options": {"n": 1}}, maker)


def check_store(folder: Path) -> Callable[[bytes], bool]:
    store = Store(folder)
    recipe = {"recipe": "x", "options": {"n": 1}}

    def check(content: bytes) -> bool:
        entry = kept(store)
        write(entry / "manifest.json", content)
        listed = [one.recipe for one in store.entries()]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = store.find("table", "key")
        if found is None:
            assert not entry.exists() and "removed the damaged cache entry table/key" in str(caught[0].message)
            return False
        said = json.loads(content)
        assert listed == [said["recipe"]] and store.recipe("table", "key") == said["recipe"]
        assert said["recipe"] == recipe or "digest" not in said  # entries of earlier versions carry none
        return True

    return check


# Specs

SPECS = (
    b"static:glove.txt", b"hf:bert-base(piece=first)", b"ud-english|sample(n=2000)|split(dev)", b"ridge(alpha=1)",
    b'"sentence/xpos_dist_("(percent=true, a=[1, [none, "x\\n"], 2.5e-3], b=word two)', b'static:"a (1).txt"',
    b'word2vec:"conllu:a.conllu|sample(n=1)"(size=8, epochs=1)', b'mlp(hidden=[64, 32], dropout=0.1, name="a b")',
    b"parallel:a.conllu,b.conllu(language=en)|split(test)|sample(n=10, seed=3)", b"span(max, mix=[true, false, none])",
)  # fmt: skip
MARKS = (
    b"(",
    b")",
    b"[",
    b"]",
    b"|",
    b":",
    b'"',
    b"=",
    b",",
    b"\\",
    b'"\\ud800"',
    b"1_000",
    b".5",
    b"a=",
    b"[" * 2_000,
)


def check_spec(_: Path) -> Callable[[bytes], bool]:
    def check(content: bytes) -> bool:
        text = content.decode("utf-8", "surrogateescape")
        try:
            spec = parse(text)
        except ProbekitError:
            return False
        assert parse(str(spec)) == spec and str(parse(str(spec))) == str(spec)
        return True

    return check


def json_inputs(seed: int, *seeds: bytes) -> Iterator[bytes]:
    return iter(Mutator(seed, seeds, JSON, b","))


READERS = {
    "conllu": Reader(lambda _: iter(Mutator(1, TREES, CONLLU, b"\t")), check_conllu, 1_500, 30_000),
    "conllu.gz": Reader(
        lambda _: packed(iter(Mutator(2, TREES, CONLLU, b"\t")), 3),
        partial(check_conllu, name="x.conllu.gz"),
        400,
        5_000,
    ),
    "vectors, text": Reader(text_inputs, partial(check_table, "text", again_vectors), 1_500, 35_000),
    "vectors, binary": Reader(binary_inputs, partial(check_table, "binary", again_vectors), 2_500, 85_000),
    "table.safetensors": Reader(tensors_inputs, partial(check_table, "table.safetensors", again_tensors), 800, 15_000),
    "table.json": Reader(
        lambda folder: json_inputs(8, (some_table().save(folder) / "table.json").read_bytes()),
        partial(check_table, "table.json", again_about),
        600,
        8_000,
    ),
    "words.txt": Reader(
        lambda folder: iter(Mutator(9, [(some_table().save(folder) / "words.txt").read_bytes()], (), b"\n")),
        partial(check_table, "words.txt", again_words),
        600,
        8_000,
    ),
    "npy": Reader(npy_inputs, partial(check_table, "v.npy", again_npy), 600, 12_000),
    "manifest": Reader(lambda _: json_inputs(10, *MANIFESTS), check_manifest, 6_000, 400_000),
    "part": Reader(lambda folder: iter(Mutator(11, [some_part(folder / "part.parquet")])), check_part, 200, 2_500),
    "store": Reader(
        lambda folder: json_inputs(12, (kept(Store(folder)) / "manifest.json").read_bytes()), check_store, 50, 500
    ),
    "spec": Reader(lambda _: iter(Mutator(13, SPECS, MARKS, b",")), check_spec, 5_500, 401_000),
    **SPAN_READERS,
}


# ---- tests -------------------------------------------------------------------------------------------------


class Late(BaseException):
    """Not an error that a reader may take for one of its file."""


@contextmanager
def limits(spare: int = 2 << 30) -> Iterator[None]:
    """At most `spare` bytes more of memory, where the system can say what is used; a minute for one input."""
    resource = pytest.importorskip("resource")

    def late(*_: Any) -> None:
        raise Late("a minute for one input")

    handler, limit = signal.signal(signal.SIGALRM, late), resource.getrlimit(resource.RLIMIT_AS)
    used = Path("/proc/self/statm")
    if used.exists():
        pages = int(used.read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + spare, limit[1]))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, limit)


def run(name: str, folder: Path, n: int) -> None:
    """Feed one reader n different inputs."""
    reader = READERS[name]
    inputs, check = reader.inputs(folder), reader.check(folder)
    seen: set[int] = set()
    outcomes = {True: 0, False: 0}
    with limits(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while len(seen) < n:
            content = next(inputs)
            if hash(content) in seen:
                continue
            seen.add(hash(content))
            signal.alarm(60)
            try:
                outcomes[check(content)] += 1
            except (Exception, Late) as error:
                shown = content if len(content) < 2000 else content[:1000] + b" ... " + content[-1000:]
                pytest.fail(f"{name}, input {len(seen)}: {type(error).__name__}: {error}\n{shown!r}")
    assert sum(outcomes.values()) == n
    assert min(outcomes.values()) > n // 100, f"{name}: one outcome is hardly exercised, {outcomes}"


@pytest.mark.parametrize("name", READERS)
def test_damaged_inputs_are_read_or_refused(name: str, tmp_path: Path) -> None:
    run(name, tmp_path, READERS[name].quick)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_million_damaged_inputs(name: str, tmp_path: Path) -> None:
    assert sum(reader.long for reader in READERS.values()) >= 1_000_000
    run(name, tmp_path, READERS[name].long)
