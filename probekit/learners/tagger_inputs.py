"""What a tagger reads: frozen vectors of any encoder, or such that learn (of words, characters, pieces, a transformer).

Each kind of source has `width`, a `module` that gives vectors (B, T, width), `prepare(corpus)`, and then `batch(name,
sentences)`: what the module is called with. Frozen vectors are encoded once and read from the cache, one batch at a
time. Sources of words and characters are in `spelled_inputs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.embeddings.catalogue import kinds
from probekit.encoders.encoder import EncoderSource, Layer, check_request
from probekit.encoders.loading import describe, load_encoder
from probekit.errors import ProbekitError
from probekit.learners.input_source import Held, Source
from probekit.learners.spelled_inputs import Characters, Words, codes_of
from probekit.specs import parse

if TYPE_CHECKING:
    import torch

    from probekit.encoders.batch import Pieces


LEARNING = ("subwords", "minilm", "hf", "random", "pretrained", "drawn", "characters")
BEFORE = 64  # pieces that a window repeats of the one before (Wu and Dredze 2020)
MIX, MEAN = "mix", "mean:"  # of all layers, weighed by what is learned; of the last k


def make(spec: str, layer: Layer | str, learn: bool, before: int = BEFORE, dtype: str = "float32") -> Source:
    """The source of an encoder's spec; dtype: of a transformer's products while it learns.

    Raises ProbekitError for one that cannot learn.
    """
    described = describe(spec)
    if not learn:
        return Frozen(described, layer)
    check_learns(described)
    if described.piece:
        return Transformer(described, layer, before, dtype)
    if parse(spec).name == "subwords":
        return Spelling(spec)
    return Characters(spec) if parse(spec).name == "characters" and not parse(spec).steps else Words(spec)


def inputs_of(chosen: Mapping[str, Any]) -> list[str]:
    """Specs of the inputs of a tagger. Raises ProbekitError where there is none."""
    inputs = [chosen["inputs"]] if isinstance(chosen["inputs"], str) else list(chosen["inputs"])
    if not inputs:
        raise ProbekitError("a tagger needs inputs; give inputs=[minilm] or others")
    return inputs


def check_learns(source: EncoderSource) -> None:
    """Raise ProbekitError for an encoder whose vectors cannot learn with a tagger."""
    name = parse(source.spec).name
    if name not in LEARNING and name not in kinds:
        raise ProbekitError(f"'{source.name}' does not learn with a tagger; tables of words, minilm, hf:FOLDER do")


def layer_of(source: EncoderSource, layer: Layer | str) -> Layer:
    """The one layer that is read of an encoder. Raises ProbekitError where several are."""
    found = layers_of(source, layer)
    if len(found) > 1:
        raise ProbekitError(f"layer={layer} reads {len(found)} layers of '{source.name}', and a row is of one; name it")
    return found[0]


def layers_of(source: EncoderSource, layer: Layer | str) -> tuple[Layer, ...]:
    """The layers that a tagger reads: one, the last k of `mean:k` (without the embeddings), all of `mix`.

    Raises ProbekitError for one that is not there.
    """
    if source.layers == (None,):
        return (None,)
    if layer == MIX:
        return source.layers
    if isinstance(layer, str) and layer.startswith(MEAN):
        k, most = layer.removeprefix(MEAN), len(source.layers) - 1
        if not k.isdigit() or not 1 <= int(k) <= most:
            raise ProbekitError(f"layer={layer}: '{source.name}' has {most} layers above its embeddings; give mean:2")
        return source.layers[-int(k) :]
    return check_request(source, [layer if layer is not None else "last"], ())[0]


class Frozen(Source):
    """Vectors of one layer of an encoder, as they are, or of several."""

    def __init__(self, source: EncoderSource, layer: Layer | str) -> None:
        from probekit.models.tagger import Given, Mixed

        self.source, self.layers = source, layers_of(source, layer)
        self.width = int(source.width) if source.width else load_encoder(source.spec).width
        self.mixed = layer == MIX and len(self.layers) > 1
        self.module: torch.nn.Module = Mixed(len(self.layers)) if self.mixed else Given()
        self._kept: dict[str, list[np.ndarray]] = {}
        self.unread: dict[str, float] = {}

    def prepare(self, corpus: Corpus) -> None:
        """Encode a corpus, where that was not done before."""
        from probekit.encoders.activations import encode, read
        from probekit.store import default_store

        encode(corpus, self.source.spec, self.layers, ["words"])
        read_of = [read(self.source, corpus.digest, layer, "words", default_store()) for layer in self.layers]
        self._kept[corpus.digest] = [vectors for vectors, _ in read_of]
        told = read_of[0][1]
        uncovered = told.get("uncovered", {}).get("words", 0) / corpus.n_words
        self.unread[corpus.digest] = float(told.get("unread_words", uncovered))

    def batch(self, corpus: Corpus, sentences: np.ndarray) -> tuple[torch.Tensor]:
        """Vectors (B, T, width) of some sentences, 0 at padding; of a mix (layers, B, T, width)."""
        import torch

        lengths, kept = corpus.lengths[sentences], self._kept[corpus.digest]
        shape = (len(kept), len(sentences), int(lengths.max()), self.width)
        found = np.zeros(shape, dtype=np.float32)
        for layer, vectors in enumerate(kept):
            for place, (start, n) in enumerate(zip(corpus.offsets[sentences], lengths, strict=True)):
                found[layer, place, :n] = vectors[start : start + n]
        return (torch.from_numpy(found if self.mixed else found[0] if len(kept) == 1 else found.mean(axis=0)),)


class Spelling(Held):
    """Vectors of strings that learn: only rows that a corpus touches are held, the others stay what they are."""

    def __init__(self, spec: str) -> None:
        import torch

        from probekit.encoders.subwords import Subwords
        from probekit.models.tagger import WordBags
        from probekit.recipes import folder

        self.subwords = Subwords(folder(spec))
        self.width = self.subwords.width
        self.held = np.empty(0, dtype=np.int64)  # numbers of the rows in the module, sorted
        self.module: torch.nn.Module = WordBags(torch.empty(0, self.width))
        self._bags: dict[str, np.ndarray] = {}
        self.unread: dict[str, float] = {}

    def prepare(self, corpus: Corpus) -> None:
        """Take up the rows of the words of a corpus that are not held yet."""
        import torch

        for form in corpus.form.categories:
            self._bags.setdefault(str(form), self.subwords.bag(str(form)))
        touched = np.unique(np.concatenate([self._bags[str(form)] for form in corpus.form.categories]))
        new = np.setdiff1d(touched, self.held)
        self.unread[corpus.digest] = self.subwords.unread(corpus)
        self.hold(new, torch.from_numpy(np.asarray(self.subwords.rows[new])))

    def save(self, place: Path) -> None:
        np.save(place, self.held)

    def restore(self, place: Path) -> None:
        import torch

        held = np.load(place, allow_pickle=False)
        self.hold(held, torch.zeros(len(held), self.width))

    def hold(self, numbers: np.ndarray, rows: torch.Tensor) -> None:
        """Add rows with their numbers to those that are held."""
        import torch

        every = np.concatenate([self.held, numbers])
        order = np.argsort(every)
        weight = torch.cat([self.module.get_parameter("weight").detach(), rows])[torch.from_numpy(order)]
        self.held = every[order]
        self.module.weight = torch.nn.Parameter(weight)

    def batch(self, corpus: Corpus, sentences: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Rows of the distinct words, where each begins, and the word of each place (B, T)."""
        import torch

        kinds, where = np.unique(codes := codes_of(corpus, sentences), return_inverse=True)
        bags = [self._bags[str(corpus.form.categories[code])] for code in kinds]
        starts = np.concatenate([[0], np.cumsum([len(bag) for bag in bags])[:-1]])
        rows = np.searchsorted(self.held, np.concatenate(bags))
        return tuple(map(torch.from_numpy, (rows, starts.astype(np.int64), where.reshape(codes.shape))))


class Transformer(Source):
    """A Hugging Face encoder whose weights learn; a word is read at its first piece.

    A sentence longer than the model reads is read in windows. before: pieces that each repeats of the one before it, at
    most half a window; words are read, and taught, where they are new.
    """

    def __init__(self, source: EncoderSource, layer: Layer | str, before: int = BEFORE, dtype: str = "float32") -> None:
        from probekit.encoders.huggingface import HuggingFaceEncoder
        from probekit.models.tagger import FirstPieces

        encoder: Any = load_encoder(source.spec, device="cpu")
        if not isinstance(encoder, HuggingFaceEncoder):
            raise ProbekitError(f"'{source.name}' is no Hugging Face encoder; only these learn with a tagger")
        self.encoder, self.width, self.before = encoder, encoder.width, before
        layers = [int(one or 0) for one in layers_of(source, layer)]
        self.module: torch.nn.Module = FirstPieces(
            encoder.fresh_model(), layers, mixed=layer == MIX, bfloat16=dtype == "bfloat16"
        )
        self._pieces: dict[str, Pieces] = {}
        self.unread: dict[str, float] = {}

    def prepare(self, corpus: Corpus) -> None:
        """Cut the words of a corpus into pieces."""
        from probekit.encoders.batch import tokenise

        pieces = tokenise(self.encoder.tokenizer, corpus)
        self._pieces[corpus.digest] = pieces
        self.unread[corpus.digest] = float(pieces.unread["unread_words"])

    def batch(self, corpus: Corpus, sentences: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Pieces (R, P) of windows, which are there (R, P), places among R * P of the first pieces of words (B, T)."""
        import torch

        from probekit.training.buckets import padded

        pieces, (prefix, suffix) = self._pieces[corpus.digest], self.encoder.frame
        ids: list[np.ndarray] = []
        first: list[np.ndarray] = []  # the window of each word, and its place there
        for sentence in sentences:
            part = slice(*pieces.offsets[sentence : sentence + 2])
            begins = np.flatnonzero(np.diff(pieces.word[part], prepend=-1))
            where = np.empty((len(begins), 2), dtype=np.int64)
            for start, new, end in windows(len(pieces.ids[part]), self.encoder.capacity, self.before):
                own = (begins >= new) & (begins < end)
                where[own] = np.stack([np.full(own.sum(), len(ids)), len(prefix) + begins[own] - start], axis=1)
                ids.append(np.array([*prefix, *pieces.ids[part][start:end], *suffix], dtype=np.int64))
            first.append(where)
        attended = padded([np.ones(len(one), dtype=np.int64) for one in ids])
        flat = padded([row * attended.shape[1] + place for row, place in (where.T for where in first)])
        pad = self.encoder.tokenizer.pad_token_id or 0
        return tuple(map(torch.from_numpy, (padded(ids, pad), attended, flat)))

    def write(self, folder: Path) -> None:
        """Save the model as the library does, for `hf:` and any other tool."""
        from probekit.encoders.model_folder import quiet_transformers

        model: Any = self.module.get_submodule("model")
        with quiet_transformers():
            model.save_pretrained(folder)
            self.encoder.tokenizer.save_pretrained(folder)


def windows(n: int, capacity: int, before: int) -> Iterator[tuple[int, int, int]]:
    """Windows of at most `capacity` over n pieces: where each begins, where what is new in it begins, where it ends.

    The first is all new; each further one repeats `before` pieces, at most half a window, of what was read.
    """
    start = new = 0
    while new < n:
        end = min(n, start + capacity)
        yield start, new, end
        if end == n:
            return
        start, new = end - min(before, capacity // 2), end
