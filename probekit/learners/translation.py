"""Encoders of translation models, trained on a parallel corpus: `translation:<corpus>(layers=2, width=64, ...)`.

Sizes and rate are by default those of the constituent study (Chang and Rafferty 2020: four layers of 500 units, Adam
at 2e-4, 11 epochs, the rate halved in the last, the best epoch on development data kept); what it leaves open (dropout,
batch, merges, no beam) is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import called, load_corpus, n_words
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.parallel import sides
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table, table_spec
from probekit.encoders.encoder import EncoderKind, EncoderSource
from probekit.encoders.recurrent import TOKENIZER, RecurrentEncoder
from probekit.errors import ProbekitError
from probekit.learners.bleu import bleu_of, commonest
from probekit.learners.training import encoder_of, fit, hold_out, model_recipe, split_own, write_model
from probekit.recipes import Recipe
from probekit.sources import Source
from probekit.specs import Spec, parse
from probekit.streams import generator
from probekit.values import Count, LessThanAll, Rate, Seed, Whole

if TYPE_CHECKING:
    import torch

    from probekit.models.translation import Translation

VECTORS = "vectors"  # the option that names a table
TARGET = "target.json"  # the target side's tokenizer
DEV_SHARE, DEV_MOST = 0.05, 1000
# A greedy translation ends here at the latest.
LONGEST_FACTOR, LONGEST_MORE = 2, 20


def train_translation(
    corpus: Corpus,
    folder: Path,
    *,
    width: Count = 500,
    layers: Count = 4,
    dropout: LessThanAll = 0.3,
    merges: Whole = 8000,
    target_merges: Whole | None = None,
    rate: Rate = 2e-4,
    epochs: Whole = 11,
    patience: Count = 11,
    schedule: str = "halved(after=10)",
    budget: Count = 4096,
    threads: Count = 1,
    seed: Seed = 0,
    vectors: WordTable | None = None,
    keep: Path | None = None,
) -> dict[str, Any]:
    """Train a translation model on the pairs of a parallel corpus and write it into a folder.

    width, layers: of encoder and decoder. merges: of byte-pair encoding, on each side by itself (target_merges:
    where the target has another number; 0 keeps whole words). budget: positions of a batch, padding and both sides
    included. vectors: a table of the model's width from which the source's words begin, whole words (merges=0); they
    learn with the rest. epochs: at most; 0 writes the untrained model, a control. schedule: of the rate (the study
    halves it every 30,000 steps of its last epoch, here once an epoch). threads: how many torch computes with, since
    that moves last digits. keep: file of the state after each epoch, from which an interrupted run goes on. Pairs
    of the split `dev` choose the epoch; without any, a twentieth of the training pairs does (1,000 at most). BLEU
    is that of greedy translations of the split `test`, else of `dev`.

    Returns what was found: `bleu` with its interval and `signature`, `bleu_on`, the BLEU of trivial answers (`graded`),
    `dev_loss` (nats a piece), epochs, counts of pairs, and the share of source words that have vectors (`coverage`).
    Raises ProbekitError for vectors that do not fit.
    """
    from probekit.encoders.pieces import learn_pieces
    from probekit.models.lstm import initialise
    from probekit.models.translation import Translation
    from probekit.training.buckets import torch_threads
    from probekit.training.loop import Settings

    if vectors is not None:
        check_vectors(merges, width, vectors.width)
    parts = split_pairs(corpus, seed)
    sources, targets = sides(corpus)
    learned = [
        learn_pieces((corpus.words(int(side[pair])) for pair in parts["train"]), own)
        for side, own in ((sources, merges), (targets, merges if target_merges is None else target_merges))
    ]
    tokenizers = dict(zip((TOKENIZER, TARGET), learned, strict=True))
    data = {name: _Pairs(corpus, sources[pairs], targets[pairs], learned) for name, pairs in parts.items()}
    sizes = [tokenizer.get_vocab_size() for tokenizer in learned]
    with torch_threads(threads):
        model = Translation(sizes[0], sizes[1], width, layers, dropout)
        initialise(model, seed)
        found: dict[str, Any] = {f"pairs_{name}": len(pairs) for name, pairs in parts.items()}
        if vectors is not None:
            found["coverage"] = begin_from(model, learned[0], vectors, seed)
        if epochs:
            settings = Settings(rate=rate, epochs=epochs, patience=patience, schedule=schedule)
            found |= fit(model, data["train"], data["dev"], settings, budget, seed, keep, "training a translation")
        model.eval()
        on = "test" if len(parts["test"]) else "dev"
        found |= {"bleu_on": on, **graded(model, data[on], data["train"], budget, seed)}
    config = {
        "kind": "translation",
        "width": width,
        "layers": layers,
        "pieces": sizes[0],
        "target_pieces": sizes[1],
        "dropout": dropout,
        "corpus": called(corpus),
        "found": found,
    }
    write_model(folder, config, model, tokenizers)
    return found


def check_vectors(merges: int, width: int, of_table: int | None = None) -> None:
    """Raise ProbekitError where words cannot begin from vectors: with words in pieces, or a model of another width."""
    if merges:
        raise ProbekitError(f"vectors are of whole words, but merges={merges} cuts words into pieces; set merges=0")
    if of_table is not None and of_table != width:
        raise ProbekitError(f"the vectors have {of_table} dimensions, the model width={width}; they must be equal")


def begin_from(model: Translation, tokenizer: Any, table: WordTable, seed: int) -> float:
    """Put a table's vectors in the place of the source's embeddings, and give the share of words that have one.

    The others' are drawn with the table's spread; padding stays zero.
    """
    import torch

    from probekit.encoders.pieces import MARK, SPECIALS

    words = [str(tokenizer.id_to_token(i)) for i in range(len(SPECIALS), tokenizer.get_vocab_size())]
    rows = rows_of(table, (word.removeprefix(MARK) for word in words))
    drawn = generator(seed, "init", "vectors").normal(0, float(np.std(table.vectors)), (len(words), table.width))
    drawn[rows >= 0] = table.vectors[rows[rows >= 0]]
    with torch.no_grad():
        model.encoder.embeddings.weight[len(SPECIALS) :] = torch.from_numpy(drawn.astype(np.float32))
    return float((rows >= 0).mean())


def split_pairs(corpus: Corpus, seed: int) -> dict[str, np.ndarray]:
    """Pairs (row numbers) to train on, to choose the epoch on, and to translate."""
    sources, _ = sides(corpus)
    split = corpus.sentences["split"].astype(str).to_numpy()[sources]
    rows = {name: np.flatnonzero(split == name) for name in ("dev", "test")}
    rest = np.flatnonzero(~np.isin(split, ("dev", "test")))
    if not len(rows["dev"]):
        if len(rest) < 2:
            raise ProbekitError(f"{corpus!r} has {len(rest)} pairs to train on; a translation model needs 2 or more")
        rest, rows["dev"] = hold_out(rest, DEV_SHARE, seed, "translation", DEV_MOST)
    if not len(rest):
        raise ProbekitError(f"{corpus!r} has no pairs of the split train")
    return {"train": rest, **rows}


class _Pairs:
    """Pairs as pieces: sources, and targets between the marks of beginning and end."""

    def __init__(self, corpus: Corpus, sources: np.ndarray, targets: np.ndarray, tokenizers: Sequence[Any]) -> None:
        from probekit.models.translation import BOS, EOS

        self.corpus, self.sources, self.targets = corpus, sources, targets
        self.tokenizers = tokenizers
        sides = [
            [
                np.array(found.ids, dtype=np.int64)
                for found in tokenizer.encode_batch(
                    [corpus.words(int(i)) for i in numbers], is_pretokenized=True, add_special_tokens=False
                )
            ]
            for tokenizer, numbers in zip(tokenizers, (sources, targets), strict=True)
        ]
        self.source = sides[0]
        self.target = [np.concatenate([[BOS], ids, [EOS]]) for ids in sides[1]]

    def spelled(self, side: int, by: int = 1) -> list[str]:
        """Words of the sources (side 0) or targets (1) as the tokenizer of a side writes them."""
        normal = self.tokenizers[by].normalizer
        numbers = (self.sources, self.targets)[side]
        return [" ".join(normal.normalize_str(word) for word in self.corpus.words(int(i))) for i in numbers]

    def buckets(self, budget: int, seed: int = 0) -> Any:
        from probekit.training.buckets import Buckets

        lengths = np.array([(len(a), len(b)) for a, b in zip(self.source, self.target, strict=True)])
        return Buckets(lengths, budget, seed)

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Sources (B, S), their lengths (B,), targets (B, T)."""
        import torch

        from probekit.training.buckets import padded

        source = [self.source[row] for row in rows]
        return (
            torch.from_numpy(padded(source)),
            torch.tensor([len(ids) for ids in source]),
            torch.from_numpy(padded([self.target[row] for row in rows])),
        )

    def mean_loss(self, model: Translation, budget: int) -> float:
        """Nats a target piece over all pairs."""
        total, pieces = 0.0, 0
        for rows in self.buckets(budget).in_order():
            n = sum(len(self.target[row]) - 1 for row in rows)
            total, pieces = total + float(model.loss(*self.batch(rows))) * n, pieces + n
        return total / pieces


def graded(model: Translation, pairs: _Pairs, train: _Pairs, budget: int, seed: int = 0) -> dict[str, Any]:
    """BLEU (0 to 100) of greedy translations against the words as the corpus cuts them: `bleu`, its interval.

    Beside it `bleu_of_copy`, that of the source left as it is, and `bleu_of_commonest`, that of the commonest target of
    training every time: a model that does not pass them has learned to translate nothing.
    """
    wanted = pairs.spelled(1)
    found = bleu_of(translated(model, pairs, budget), wanted, seed)
    trivial = {"copy": pairs.spelled(0), "commonest": [commonest(train.spelled(1))] * len(wanted)}
    return {
        "bleu": found.score,
        "bleu_low": found.low,
        "bleu_high": found.high,
        "signature": found.signature,
        **{f"bleu_of_{name}": bleu_of(answers, wanted, seed).score for name, answers in trivial.items()},
    }


def translated(model: Translation, pairs: _Pairs, budget: int) -> list[str]:
    """Greedy translations of the sources of all pairs, words between blanks."""
    from probekit.encoders.pieces import MARK

    answers: dict[int, str] = {}
    for rows in pairs.buckets(budget).in_order():
        source, lengths, _ = pairs.batch(rows)
        longest = LONGEST_FACTOR * int(lengths.max()) + LONGEST_MORE
        for row, ids in zip(rows, model.translate(source, lengths, longest), strict=True):
            joined = "".join(str(pairs.tokenizers[1].id_to_token(i)) for i in ids)
            answers[int(row)] = joined.replace(MARK, " ").strip()
    return [answers[row] for row in range(len(pairs.targets))]


# --- as a recipe, and as a kind of encoder

# One core, a word of a training sentence read once, as measured with as many weights as two layers of 64 units.
_SECONDS_A_WORD = 4e-5


def recipe(spec: Spec) -> Recipe:
    """The recipe of `translation:<parallel corpus>(layers=2, width=64, vectors=TABLE, ...)`."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write translation:<parallel corpus>(layers=2, ...)")
    corpus, given = describe_corpus(spec.target), _vectors(spec)
    rest = Spec(spec.name, spec.target, spec.args, {k: v for k, v in spec.kwargs.items() if k != VECTORS})

    def make(folder: Path, progress: Path, options: Mapping[str, Any]) -> Mapping[str, Any]:
        loaded: dict[str, Any] = {name: load_table(one.spec) for name, one in given.items()}
        return train_translation(load_corpus(corpus.spec), folder, **options, **loaded, keep=progress / "state")

    def seconds(options: Mapping[str, Any]) -> float:
        size = options["layers"] * options["width"] ** 2 / (2 * 64**2)
        return _SECONDS_A_WORD * n_words(corpus) * options["epochs"] * max(size, 0.3)

    leave = ("corpus", "folder", VECTORS, "keep")
    made = model_recipe(rest, corpus, train_translation, leave, make, seconds, given)
    if given:
        check_vectors(made.content["options"]["merges"], made.content["options"]["width"])
    return made


def _vectors(spec: Spec) -> dict[str, Source]:
    """The table that a spec names, where it names one, by its option."""
    table = spec.kwargs.get(VECTORS)
    return {} if table is None else {VECTORS: describe_table(table_spec(table))}


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `translation:<corpus>(...)` with nothing trained."""
    rest, own = split_own(parse(spec))
    made = recipe(rest)
    read = (describe_corpus(str(rest.target)), *_vectors(rest).values())
    return encoder_of(made, own, any(one.generated for one in read))


def load(spec: str | Spec, device: str | None = None) -> RecurrentEncoder:
    """The encoder of a spec, trained first where it has not been."""
    return RecurrentEncoder(describe(spec), folder_of(spec), device)


def folder_of(spec: str | Spec) -> Path:
    """Folder of the model of a spec, trained first where it has not been."""
    return recipe(split_own(parse(spec))[0]).ensure()


KIND = EncoderKind(describe, load)
