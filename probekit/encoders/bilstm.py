"""An LSTM in each direction over word vectors, drawn at random and then trained by a step such as `|tune(...)`.

bilstm(vectors=glove, hidden=384)

Words are those of the table; any other is one unknown word, whose vector begins as zeros. A tuned one is read back from
its folder: config.json, model.safetensors, words.txt.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from probekit import streams
from probekit.corpora.corpus import Corpus
from probekit.embeddings.tables import describe_table, load_table
from probekit.encoders.catalogue import registry
from probekit.encoders.encoder import EncoderKind, EncoderSource, WordEncoder
from probekit.encoders.live import LiveBatch
from probekit.encoders.pooling import POOLINGS
from probekit.encoders.recurrent import CONFIG, WEIGHTS, fill, find_folder, load_weights
from probekit.errors import ProbekitError
from probekit.models.bilstm import BiLSTM
from probekit.models.tuned import LiveModule
from probekit.sources import resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest, folder_digest, write_atomically
from probekit.values import Count, Seed

NAME, WORDS = "bilstm", "words.txt"
OFFERED = tuple(pooling for pooling in POOLINGS if pooling != "cls")
PAD, UNKNOWN, SPECIAL = 0, 1, 2  # rows before those of the words


def options(
    vectors: str = "glove", hidden: Count = 384, layers: Count = 1, lower: bool = True, init_seed: Seed = 0
) -> dict[str, Any]:
    """Options of `bilstm`. vectors: a word-vector table. hidden: units of each direction. lower: words are looked up in
    lower case. init_seed: of the weights."""
    return {"vectors": vectors, "hidden": hidden, "layers": layers, "lower": lower, "init_seed": init_seed}


class WordLSTM(LiveModule):
    """Embeddings and LSTMs behind the live face: layer 0 the vectors, layer 1 the states of the top LSTM."""

    def __init__(self, rows: int, width: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(rows, width, padding_idx=PAD)
        self.body, self.width = BiLSTM(width, hidden, layers), 2 * hidden

    @property
    def table(self) -> Tensor:
        """See `LiveModule`."""
        return self.embedding.weight

    def embed(self, texts: LiveBatch) -> Tensor:
        """Vectors of the words."""
        found: Tensor = self.embedding(texts.ids)
        return found

    def forward(self, vectors: Tensor, texts: LiveBatch, every: bool = False) -> Sequence[Tensor]:
        """States (B, T, 2 hidden), with `every` the vectors before them."""
        states = self.body(vectors, texts.mask)
        return (vectors, states) if every else (states,)


class WordReader:
    """A corpus as rows of words; two texts follow each other."""

    cut = 0

    def __init__(self, corpus: Corpus, index: dict[str, int], lower: bool) -> None:
        forms = [str(form) for form in corpus.form.categories]
        rows = np.array([index.get(form.lower() if lower else form, UNKNOWN) for form in forms], dtype=np.int64)
        self.corpus, self.rows = corpus, rows[corpus.form.codes]

    def sizes(self, first: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
        """Words of texts, or of pairs, (n,)."""
        found = self.corpus.lengths[first]
        return found if second is None else found + self.corpus.lengths[second]

    def batch(self, first: np.ndarray, second: np.ndarray | None = None, marked: np.ndarray | None = None) -> LiveBatch:
        """Texts, or pairs, by sentence number. Raises ProbekitError for a marked word: there are no segments."""
        if marked is not None:
            raise ProbekitError("a bilstm has no segments to mark a word by; take a BERT-like model, such as minilm")
        sides = [first] if second is None else [first, second]
        sizes = self.sizes(first, second)
        mask = np.arange(int(sizes.max()))[None, :] < sizes[:, None]
        ids, word, side = np.full(mask.shape, PAD), np.full(mask.shape, -1), np.full(mask.shape, -1)
        for row in range(len(first)):
            start = 0
            for text, own in enumerate(sides):
                begin, end = self.corpus.offsets[own[row] : own[row] + 2]
                place = slice(start, start + int(end - begin))
                ids[row, place], side[row, place] = self.rows[begin:end], text
                word[row, place] = np.arange(end - begin)
                start = place.stop
        ids_, mask_, word_, side_ = (torch.from_numpy(one) for one in (ids, mask, word, side))
        return LiveBatch(ids_, mask_, None, word_, side_)


class BiLSTMEncoder(WordEncoder):
    """The states of the top LSTM, one vector a word, frozen."""

    n_layers = 1

    def __init__(self, source: EncoderSource, module: WordLSTM, words: Sequence[str], lower: bool) -> None:
        self.source, self.words, self.lower = source, tuple(words), lower
        self.module: WordLSTM = module.eval().requires_grad_(False)
        self.width = module.width

    @cached_property
    def _index(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words, SPECIAL)}

    def vectors(self, words: list[str]) -> np.ndarray:
        """States (1, n, width) of the words of a sentence."""
        batch = WordReader(Corpus.from_words([words]), self._index, self.lower).batch(np.zeros(1, dtype=np.int64))
        with torch.inference_mode():
            found: np.ndarray = self.module(self.module.embed(batch), batch)[0].numpy()
        return found

    def live(self) -> LiveBiLSTM:
        """The same as one that learns."""
        return LiveBiLSTM(self)


class LiveBiLSTM:
    """See `LiveEncoder`."""

    segments = False

    def __init__(self, encoder: BiLSTMEncoder) -> None:
        self.encoder, self.source, self.width = encoder, encoder.source, encoder.width
        self.module: LiveModule = encoder.module.requires_grad_(True)

    @property
    def blocks(self) -> Sequence[nn.Module]:
        """Embeddings, LSTMs."""
        return [self.encoder.module.embedding, self.encoder.module.body]

    def reader(self, corpus: Corpus, strict: bool = False) -> WordReader:
        """A corpus as rows of words."""
        return WordReader(corpus, self.encoder._index, self.encoder.lower)

    def save(self, folder: Path) -> None:
        """Weights, words and, last, the configuration."""
        from safetensors.torch import save

        encoder, body = self.encoder, self.encoder.module.body
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / WORDS, ("\n".join(encoder.words) + "\n").encode())
        weights = {name: value.detach().contiguous() for name, value in encoder.module.state_dict().items()}
        write_atomically(folder / WEIGHTS, save(weights, {"format": "pt"}))
        config = {"kind": NAME, "width": int(encoder.module.embedding.embedding_dim), "hidden": self.width // 2}
        config |= {"layers": len(body.forwards), "lower": encoder.lower}
        write_atomically(folder / CONFIG, (json.dumps(config) + "\n").encode())


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `bilstm(vectors=...)` with nothing read."""
    spec = parse(spec)
    if spec.target is not None:
        raise ProbekitError(f"the encoder '{spec.name}' takes arguments in brackets, not ':{spec.target}'")
    arguments = resolve(spec.bare, options, "encoder")
    settings = options(**arguments.options)
    table = describe_table(settings["vectors"])
    written = {**arguments.written.kwargs, **({"vectors": table.spec} if "vectors" in arguments.given else {})}
    shown = {**written, **({"vectors": table.name} if "vectors" in written else {})}
    key = [registry.entry(NAME).revision, table.digest, {**settings, "vectors": ""}]
    text, name = (str(Spec(NAME, None, (), dict(sorted(own.items())))) for own in (written, shown))
    width = 2 * int(settings["hidden"])
    return EncoderSource(text, name, digest(key), **together(table), poolings=OFFERED, width=width)


def load(spec: str | Spec, device: str | None = None) -> BiLSTMEncoder:
    """The encoder of a spec, its weights drawn."""
    spec = parse(spec)
    settings = resolve(spec.bare, options, "encoder").options
    table = load_table(settings["vectors"])
    words = [word for word in table.words if "\n" not in word and "\r" not in word]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.whole_number(settings["init_seed"], "init", "bilstm"))
        module = WordLSTM(len(words) + SPECIAL, table.width, settings["hidden"], settings["layers"])
    with torch.no_grad():
        module.embedding.weight[:SPECIAL] = 0
        module.embedding.weight[SPECIAL:] = torch.from_numpy(np.array(table.vectors[table.rows(words)]))
    return BiLSTMEncoder(describe(spec), module, words, settings["lower"])


def _no_options() -> None: ...


def describe_saved(spec: Spec) -> EncoderSource:
    """What is known of a folder that holds a tuned one."""
    resolve(spec.bare, _no_options, "encoder")
    folder = find_folder(str(spec.target))
    contents = folder_digest(folder, [CONFIG, WEIGHTS, WORDS])
    shown = str(Spec("saved", f"{folder.name}-{contents[:8]}"))
    width = 2 * int(json.loads((folder / CONFIG).read_text(encoding="utf-8"))["hidden"])
    key = digest([registry.entry(NAME).revision, contents])
    return EncoderSource(str(Spec("saved", str(folder))), shown, key, poolings=OFFERED, width=width)


def load_folder(folder: Path, source: EncoderSource) -> BiLSTMEncoder:
    """The encoder of a folder."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    words = (folder / WORDS).read_text(encoding="utf-8").split("\n")[:-1]
    module = WordLSTM(len(words) + SPECIAL, config["width"], config["hidden"], config["layers"])
    fill(module, load_weights(folder), folder)
    return BiLSTMEncoder(source, module, words, config["lower"])


def load_saved(spec: Spec, device: str | None = None) -> BiLSTMEncoder:
    """The encoder of `saved:<folder>`."""
    return load_folder(find_folder(str(spec.target)), describe_saved(spec))


KIND = EncoderKind(describe, load, saved=EncoderKind(describe_saved, load_saved))
