"""Activations: sentence or word vectors of every layer and pooling, computed once and kept.

One artefact a layer and pooling holds one memory-mapped array, in corpus order. One pass over the corpus makes all that
are missing; an interrupted pass goes on where it stopped.
"""

from __future__ import annotations

import errno
import io
import json
import math
import mmap
import os
import shutil
import time
import warnings
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import CorpusSource, load_corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.encoders import pooling as pools
from probekit.encoders.encoder import Encoder, EncoderSource, Layer, check_request
from probekit.encoders.loading import describe, load_encoder
from probekit.errors import ProbekitError
from probekit.progress import bar
from probekit.recipes import Recipe, cores
from probekit.registry import load_module
from probekit.sources import together
from probekit.specs import Spec
from probekit.store import Store, default_store, digest, write_atomically

KIND = "activations"
ARRAY = "vectors.npy"
PROGRESS = "progress.json"
FIRST_PIECE = "first_piece.npy"  # beside the vectors of pieces: where the pieces of each word begin
# Seconds of encoding that an interruption may cost.
SAVE_EVERY = 10.0
# What a pass of a small BERT takes of one core, and sizes where an encoder does not say its own.
SECONDS_PER_WORD, PIECES_PER_WORD, USUAL_WIDTH = 6e-4, 1.3, 300

# Share of words with an unknown piece above which the rows say that the encoder hardly reads the corpus.
MOST_UNREAD = 0.1

# The layers and the width of that BERT: a pass costs as its blocks have weights, of larger and smaller ones alike.
SMALL_LAYERS, SMALL_WIDTH, LEAST_SHARE = 6, 384, 0.05

Wanted = Collection[tuple[Layer, str]]


def activation_key(encoder: EncoderSource, corpus_digest: str, layer: Layer, pooling: str) -> str:
    """Key of the vectors of one layer and pooling: what they depend on and nothing else."""
    return digest([encoder.digest, corpus_digest, layer, pooling])


def encode(
    corpus: Corpus,
    encoder: str | Encoder,
    layers: str | Collection[Layer] = "all",
    poolings: Collection[str] = ("mean",),
    *,
    device: str | None = None,
    store: Store | None = None,
) -> dict[tuple[Layer, str], np.ndarray]:
    """Vectors of a corpus: `reps[layer, pooling]` is a read-only float32 array (n_units, d) in corpus order.

    A unit is a sentence; with the pooling "words" it is a word, with "pieces" a piece; "words:half" and "pieces:half"
    are the same in float16. What was computed before is read from the cache. Raises ProbekitError for a layer or
    pooling that the encoder does not have, before any work.
    """
    loaded = None if isinstance(encoder, str) else encoder
    source = describe(encoder) if isinstance(encoder, str) else getattr(encoder, "source", None)
    if source is None:
        raise ProbekitError(
            f"{type(encoder).__name__} has no spec, so its vectors could not be told from others'; register it with "
            "probekit.encoders.register and load it with load_encoder"
        )
    chosen, names = check_request(source, layers, poolings)
    wanted = [(layer, pooling) for layer in chosen for pooling in names]
    store = store or default_store()
    make(corpus, source, wanted, loaded, device=device, store=store)
    return {(layer, pooling): read(source, corpus.digest, layer, pooling, store)[0] for layer, pooling in wanted}


def read(
    source: EncoderSource, corpus_digest: str, layer: Layer, pooling: str, store: Store
) -> tuple[np.ndarray, dict[str, Any]]:
    """The array of one finished entry and what its pass found. Raises ProbekitError when it is not there."""
    key = activation_key(source, corpus_digest, layer, pooling)
    folder = store.find(KIND, key)
    if folder is None:
        raise ProbekitError(
            f"the vectors of '{source.name}' (layer {layer}, {pooling}) are gone from the cache; run again"
        )
    return np.load(folder / ARRAY, mmap_mode="r", allow_pickle=False), store.recipe(KIND, key)["found"]


def read_first_piece(source: EncoderSource, corpus_digest: str, layer: Layer, store: Store) -> np.ndarray:
    """Where the pieces of each word begin, (n_words + 1,) int64, beside the vectors of pieces of a layer."""
    forms = (pools.PIECES, pools.PIECES + pools.HALF)
    found = [store.find(KIND, activation_key(source, corpus_digest, layer, form)) for form in forms]
    folder = next(filter(None, found), None)
    if folder is None:
        raise ProbekitError(f"the pieces of '{source.name}' (layer {layer}) are gone from the cache; run again")
    return np.load(folder / FIRST_PIECE, allow_pickle=False)


def unread(found: Mapping[str, Any]) -> str:
    """What a row should note of a pass whose encoder cannot read many of the words, or ""."""
    share = found.get("unread_words", 0)
    return f"the encoder cannot read {share:.0%} of the words" if share > MOST_UNREAD else ""


def missing(source: EncoderSource, corpus_digest: str, wanted: Wanted, store: Store) -> list[tuple[Layer, str]]:
    """The layers and poolings that no intact entry holds."""
    return [
        (layer, pooling)
        for layer, pooling in wanted
        if store.find(KIND, activation_key(source, corpus_digest, layer, pooling)) is None
    ]


@dataclass(frozen=True)
class PassRecipe(Recipe):
    """One pass of an encoder over a corpus, which makes an entry of its own for each layer and pooling wanted."""

    encoder: str = ""
    corpus: str = ""
    wanted: tuple[tuple[Layer, str], ...] = ()

    @property
    def made(self) -> bool:
        """Whether all entries are there."""
        return not missing(describe(self.encoder), self.content["corpus"], self.wanted, default_store())

    def ensure(self) -> Path:
        """The shelf that holds the entries, those that are missing made. Loads neither side when none is."""
        for module in self.modules:
            load_module(module)
        if not self.made:
            for need in self.needs:
                recipes.of(need).ensure()
            corpus = load_corpus(self.corpus)
            make(corpus, describe(self.encoder), self.wanted, None, device=None, store=default_store())
        return default_store().path(KIND, "")

    def release(self) -> None:
        """Take the entries away; those that another process uses stay."""
        for layer, pooling in self.wanted:
            key = activation_key(describe(self.encoder), self.content["corpus"], layer, pooling)
            default_store().discard(KIND, key)


def need(corpus: CorpusSource, encoder: EncoderSource, wanted: Wanted) -> str:
    """The spec of a pass: what a cell that reads these vectors needs."""
    listed = [list(one) for one in wanted]
    return str(Spec("activations", encoder.spec, (), {"corpus": corpus.spec, "wanted": listed}))


def recipe(spec: Spec) -> PassRecipe:
    """The recipe of `activations:<encoder>(corpus=<corpus>, wanted=[[layer, pooling], ...])`."""
    encoder = describe(str(spec.target))
    corpus = describe_corpus(str(spec.kwargs["corpus"]))
    wanted = tuple((layer, str(pooling)) for layer, pooling in spec.kwargs["wanted"])
    shared = together(corpus, encoder)

    def cost() -> tuple[float, int]:
        absent = missing(encoder, corpus.digest, wanted, default_store())
        if not absent:
            return 0.0, 0
        sizes = load_corpus(corpus.spec)
        pieces = int(PIECES_PER_WORD * sizes.n_words)
        rows = {pools.WORDS: sizes.n_words, pools.PIECES: pieces}
        found = sum(
            pools.kept_as(pooling).itemsize * rows.get(pools.in_full(pooling), sizes.n_sentences)
            for _, pooling in absent
        )
        return sizes.n_words * seconds_a_word(encoder), found * (encoder.width or USUAL_WIDTH)

    return PassRecipe(
        str(spec),
        f"activations of {encoder.name} on {corpus.name}",
        KIND,
        {
            "recipe": "activations",
            "encoder": encoder.digest,
            "corpus": corpus.digest,
            "wanted": [list(one) for one in wanted],
        },
        lambda folder, progress: None,
        needs=shared["needs"],
        modules=shared["modules"],
        threads=cores(),
        cost=cost,
        encoder=encoder.spec,
        corpus=corpus.spec,
        wanted=wanted,
    )


def seconds_a_word(encoder: EncoderSource) -> float:
    """What a pass takes of one core for a word; nothing where words are looked up."""
    if encoder.layers == (None,):
        return 0.0
    blocks, width = len(encoder.layers) - 1, encoder.width or USUAL_WIDTH
    return SECONDS_PER_WORD * max(blocks * width**2 / (SMALL_LAYERS * SMALL_WIDTH**2), LEAST_SHARE)


def make(
    corpus: Corpus, source: EncoderSource, wanted: Wanted, encoder: Encoder | None, *, device: str | None, store: Store
) -> None:
    """Make the entries that are missing in one pass. A second process that wants the same waits and finds them."""
    if not missing(source, corpus.digest, wanted, store):
        return
    pass_key = digest([source.digest, corpus.digest])
    with store.making(KIND, pass_key) as unfinished:
        absent = missing(source, corpus.digest, wanted, store)
        if not absent:
            return
        found = run_pass(corpus, encoder or load_encoder(source.spec, device=device), absent, unfinished)
        if encoder is None and describe(source.spec).digest != source.digest:
            (unfinished / PROGRESS).unlink()  # of vectors that are partly another's
            raise ProbekitError(f"a file of '{source.name}' changed while it encoded; run again")
        for layer, pooling in absent:
            key = activation_key(source, corpus.digest, layer, pooling)
            recipe = {
                "encoder": source.name,
                "corpus": corpus.digest,
                "layer": layer,
                "pooling": pooling,
                "found": found,
            }
            store.publish(KIND, key, unfinished / part_name(layer, pooling), recipe)


def run_pass(corpus: Corpus, encoder: Encoder, wanted: Wanted, folder: Path) -> Mapping[str, Any]:
    """Write `folder/<part>/vectors.npy` for every layer and pooling wanted; returns what the pass found.

    `progress.json` says how many steps are on disk. A pass over something else that lies there is discarded.
    """
    layers = sorted({layer for layer, _ in wanted}, key=lambda layer: -1 if layer is None else layer)
    asked = {pools.in_full(pooling) for _, pooling in wanted}
    poolings = [p for p in (*pools.POOLINGS, *pools.WHOLE, *pools.UNPOOLED) if p in asked]
    poolings += sorted(asked - set(poolings))
    corpus.require("form")
    todo = encoder.start_pass(corpus, layers, poolings)
    if note := unread(todo.found):
        warnings.warn(
            f"'{encoder.source.name}' on {corpus!r}: {note}: they hold pieces that its vocabulary lacks; "
            "an encoder trained on such text says more of this corpus",
            stacklevel=2,
        )
    state = {"wanted": sorted(part_name(*w) for w in wanted), "steps": todo.n_steps, "found": dict(todo.found)}
    widths = getattr(todo, "widths", {})  # of a layer or of a pooling, where they are not all the encoder's
    shapes = {w: (n_rows(corpus, w[1], todo), widths.get(w[0], widths.get(w[1], encoder.width))) for w in wanted}
    kept = {part_name(*w): (shape, pools.kept_as(w[1])) for w, shape in shapes.items()}
    done, seconds = _resume(folder, state, kept)
    if done == 0:
        _clear(folder)
    arrays = {w: _open(folder / part_name(*w), *kept[part_name(*w)], fresh=done == 0) for w in wanted}
    for layer, pooling in wanted:
        if pools.in_full(pooling) == pools.PIECES:
            np.save(folder / part_name(layer, pooling) / FIRST_PIECE, todo.first_piece)  # type: ignore[attr-defined]
    started = saved = time.monotonic()

    def save(steps: int) -> None:
        for array in arrays.values():
            array.flush()
            _let_go(array)
        progress = {**state, "done": steps, "seconds": seconds + time.monotonic() - started}
        write_atomically(folder / PROGRESS, json.dumps(progress).encode())

    # A pass that offers `steps` works on some of them at once; they come in order all the same.
    ahead = getattr(todo, "steps", None)
    steps = ahead(done) if ahead else (todo.step(number) for number in range(done, todo.n_steps))
    label = f"encoding with {encoder.source.name}"
    with closing(steps), bar(todo.n_steps, label, "batch", initial=done) as progress:
        for number, parts in enumerate(steps, done):
            for layer, pooling, rows, vectors in parts:
                for form in (pooling, pooling + pools.HALF):
                    if (layer, form) in arrays:
                        arrays[layer, form][rows] = _sound(vectors, encoder.source.name, layer, form)
            progress.update()
            if time.monotonic() - saved > SAVE_EVERY:
                save(number + 1)
                saved = time.monotonic()
    save(todo.n_steps)
    return {**todo.found, "seconds": round(seconds + time.monotonic() - started, 1)}


def _sound(vectors: np.ndarray, name: str, layer: Layer, pooling: str) -> np.ndarray:
    """Vectors as they are kept. Raises ProbekitError for those that are not finite, or too large for it."""
    if not np.isfinite(vectors).all():
        raise ProbekitError(
            f"'{name}' gave vectors that are not finite (layer {layer}, {pooling}); "
            "try dtype=float32, or look at its weights"
        )
    kept = pools.kept_as(pooling)
    if vectors.size and max(vectors.max(), -vectors.min()) > np.finfo(kept).max:
        raise ProbekitError(
            f"'{name}' gave vectors too large for half precision (layer {layer}, {pooling}); keep them in full"
        )
    return vectors.astype(kept, copy=False)


def n_rows(corpus: Corpus, pooling: str, todo: Any) -> int:
    """Rows of the array that a pooling of a corpus fills."""
    if pools.in_full(pooling) == pools.PIECES:
        return int(todo.first_piece[-1])
    return corpus.n_words if pools.in_full(pooling) == pools.WORDS else corpus.n_sentences


def part_name(layer: Layer, pooling: str) -> str:
    """Folder name of one part of a pass."""
    return f"{'table' if layer is None else f'layer{layer:02d}'}-{pooling.replace('/', 'of').replace(':', '_')}"


def _open(folder: Path, shape: tuple[int, int], kept: np.dtype, fresh: bool) -> np.memmap:
    folder.mkdir(exist_ok=True)
    path = folder / ARRAY
    if fresh:
        array = np.lib.format.open_memmap(path, mode="w+", dtype=kept, shape=shape)
        _allocate(path)
        return array
    return np.lib.format.open_memmap(path, mode="r+")


def _let_go(array: np.memmap) -> None:
    """Give back the memory of pages that are on disk: many layers and poolings together would not fit a laptop's."""
    if isinstance(array.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.base.madvise(mmap.MADV_DONTNEED)


def _allocate(path: Path) -> None:
    """Claim the blocks of a new array now: on a full disk, writing to a mapped hole would kill the process."""
    if not hasattr(os, "posix_fallocate"):
        return
    with open(path, "r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, max(path.stat().st_size, 1))
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # file systems that cannot promise room
                raise


def _resume(
    folder: Path, state: Mapping[str, Any], parts: Mapping[str, tuple[tuple[int, int], np.dtype]]
) -> tuple[int, float]:
    """Steps that an interrupted pass left on disk for all that is wanted now, and the seconds it took.

    It may have made more than that: one that was stopped while its parts were published is such a pass. Whatever lies
    there otherwise than a pass leaves it begins anew: (0, 0.0).
    """
    try:
        progress = json.loads((folder / PROGRESS).read_text())
        same = all(progress[name] == state[name] for name in ("steps", "found"))
        same = same and set(state["wanted"]) <= set(progress["wanted"])
        done, seconds = progress["done"], progress["seconds"]
        sound = type(done) is int and 0 <= done <= state["steps"] and 0 <= float(seconds) < float("inf")
        whole = all(_is_whole(folder / name, *part) for name, part in parts.items())
        return (done, float(seconds)) if same and sound and whole else (0, 0.0)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 0, 0.0


def _is_whole(part: Path, shape: tuple[int, int], dtype: np.dtype) -> bool:
    """Whether a part holds an array of the type, shape and length that a pass writes, and nothing but files."""
    header = io.BytesIO()
    kind = np.lib.format.dtype_to_descr(dtype)
    np.lib.format.write_array_header_1_0(header, {"descr": kind, "fortran_order": False, "shape": shape})
    expected = header.getvalue()
    with open(part / ARRAY, "rb") as file:
        begins = file.read(len(expected)) == expected
    length = len(expected) + dtype.itemsize * math.prod(shape)
    return begins and (part / ARRAY).stat().st_size == length and all(path.is_file() for path in part.iterdir())


def _clear(folder: Path) -> None:
    """Take away what an earlier pass left, its progress first: that must not vouch for arrays begun anew."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name != PROGRESS):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
