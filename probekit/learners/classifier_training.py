"""Training our own text classifiers on a corpus of labelled texts, and asking any classifier about texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from probekit import progress, recipes, streams
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import called, load_corpus, n_words
from probekit.corpora.loading import describe as describe_corpus
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.catalogue import describe, model_spec
from probekit.learners.classifier import (
    MASK,
    PAD,
    SPECIAL,
    UNKNOWN,
    Classifier,
    Labelled,
    OwnClassifier,
    TextBatch,
    own_module,
    pad,
    save_classifier,
)
from probekit.learners.objectives import describe as describe_regularizer
from probekit.learners.objectives import joined, loss_of, read
from probekit.learners.preparation import preparation_of
from probekit.recipes import Recipe
from probekit.sources import Arguments, Source, resolve, together
from probekit.specs import Spec, parse
from probekit.training.loop import Settings, train
from probekit.training.progress import Progress
from probekit.values import Count, LessThanAll, Positive, Rate, Seed, Share

if TYPE_CHECKING:
    from torch import Tensor, nn

KIND = "classifier"
_ASKED_AT_ONCE = 256
RANDOM_WIDTH, RANDOM_SPREAD = 100, 0.3
USUAL = Settings(epochs=30, patience=3, clip=5.0, decay=1e-5)
# One core, a word of the corpus in an epoch, as measured: a layer of a bilstm with vectors of 100, and masked words
# told among 14,000.
_SECONDS_A_WORD, _SECONDS_A_MASKED_ONE = 8e-6, 1.6e-5


@dataclass(frozen=True)
class Design:
    """What a trained classifier depends on apart from its corpus and seed.

    model: spec of a kind, `bilstm(attention=dot, layers=2)` or `text-cnn(filters=100)`. vectors: a word-vector table,
    or `random(width=100, spread=0.3)`. trainable: whether the embeddings learn too. min_count: how often the train
    texts have a word that is not unknown for want of a vector in the table. lower: words are read in lower case.
    batch: texts a step. settings: of the loop. regularizer: what is added to the loss of a bilstm, "" for nothing (see
    `objectives`).

    words: "train" has the words of the train texts and then all others of the table, so that a word that training did
    not see has its vector; "table" has the table's alone (for embeddings that do not learn) and the masked words of a
    regularizer are told among all of them. A word without a vector is the unknown word, zeros or the table's `<unk>`;
    where embeddings learn, those of the train texts begin as zeros, each with a row of its own.
    """

    model: str = "bilstm"
    vectors: str = "glove"
    trainable: bool = False
    min_count: int = 1
    lower: bool = True
    batch: int = 32
    settings: Settings = USUAL
    regularizer: str = ""
    words: str = "train"

    def plain(self) -> dict[str, Any]:
        """The design as plain data: what a key is made of."""
        found = {**asdict(self), "vectors": describe_vectors(self.vectors).digest, "model": str(self.network)}
        if self.words == "train":
            del found["words"]  # as before there was a choice
        return found

    @property
    def network(self) -> Spec:
        """The kind of classifier, with the connections that its regularizer asks for."""
        return joined(model_spec(self.model), self.regularizer) if self.regularizer else model_spec(self.model)


def describe_vectors(spec: str) -> Source:
    """The source of a table, or of `random(width=100, spread=0.3)`, vectors that are drawn."""
    parsed = parse(spec)
    if parsed.name != "random":
        return describe_table(parsed)
    written = str(_drawn(parsed).written)
    return Source(written, written, written)


def random_vectors(width: Count = RANDOM_WIDTH, spread: Positive = RANDOM_SPREAD) -> None:
    """What `random(...)` takes."""


def _drawn(spec: Spec) -> Arguments:
    """Width and spread of vectors that are drawn. Raises UnknownName or ProbekitError for anything else."""
    found = resolve(spec.bare, random_vectors, "table")
    if spec.target is not None or spec.steps:
        raise ProbekitError(f"'{spec}': random vectors take a width and a spread above 0, such as random(width=50)")
    return found


def classification_loss(module: nn.Module, batch: Labelled) -> Tensor:
    """Mean cross-entropy of a batch."""
    from torch.nn.functional import cross_entropy

    scores = module.body(module.embedding(batch.text.ids), batch.text.mask)  # type: ignore[operator]
    return cross_entropy(scores, batch.gold)


# --- data -----------------------------------------------------------------------------------------------------------


def part(corpus: Corpus, split: str) -> tuple[list[list[str]], list[str]]:
    """Texts and labels of one split. Raises ProbekitError where there are none, with the way to make one."""
    if "label" not in corpus.sentences:
        raise ProbekitError(f"{corpus!r} has no labels; read labelled texts (text:FILE) or name a labelled data set")
    rows = np.flatnonzero(corpus.sentences["split"].astype(str).to_numpy() == split)
    if not len(rows):
        there = sorted(set(corpus.sentences["split"].astype(str)))
        raise ProbekitError(
            f"{corpus!r} has no split '{split}' (it has {', '.join(map(repr, there))}); |resplit makes train, dev and "
            "test anew, |holdout takes dev out of train"
        )
    return [corpus.words(int(i)) for i in rows], [str(label) for label in corpus.sentences["label"].iloc[rows]]


def classes_of(train: Sequence[str], dev: Sequence[str]) -> list[str]:
    """The classes of training texts, sorted. Raises ProbekitError where dev has others, and where there is one."""
    labels = sorted(set(train))
    if absent := sorted(set(dev) - set(labels)):
        raise ProbekitError(f"the class '{absent[0]}' of dev has no text in train; give it some, or leave it out")
    if len(labels) < 2:
        raise ProbekitError(f"all texts of train have the label '{labels[0]}'; a classifier needs two classes")
    return labels


def vocabulary(texts: Sequence[Sequence[str]], lower: bool, min_count: int) -> list[str]:
    """Special words and then the words of some texts, most frequent first, of equals in order of the alphabet."""
    counts = Counter(word.lower() if lower else word for words in texts for word in words)
    kept = [word for word in counts if counts[word] >= min_count and word not in SPECIAL and "\n" not in word]
    return [*SPECIAL, *sorted(kept, key=lambda word: (-counts[word], word))]


def known_words(texts: Sequence[Sequence[str]], design: Design, seed: int) -> tuple[list[str], np.ndarray, int]:
    """The words a classifier knows, their vectors (V, d) float32, and how many of them training is about.

    Words of training texts come first, after them the table's others, so that a word which training did not see has
    its own vector. Raises ProbekitError where no word of the texts has a vector.
    """
    if design.words not in ("train", "table"):
        raise UnknownName("choice of words:", design.words, ("train", "table"))
    spec, from_texts = parse(design.vectors), design.words == "train"
    own = vocabulary(texts, design.lower, design.min_count) if from_texts else list(SPECIAL)
    if not from_texts and (design.trainable or spec.name == "random"):
        raise ProbekitError("words=table needs a table of vectors that do not learn")
    if spec.name == "random":
        return own, drawn_vectors(len(own), spec, seed), len(own)
    table = load_table(spec)
    if not design.trainable:
        own = [*SPECIAL, *(word for word in own if word in table and word not in SPECIAL)]
    if from_texts and not any(word in table for word in own[len(SPECIAL) :]):
        raise ProbekitError(f"no word of the training texts is in {table!r}; take a table of their language and case")
    words = [*own, *_others(table, own, design.lower)]
    return words, table_vectors(words, table, seed), len(own) if from_texts else len(words)


def _others(table: WordTable, own: Sequence[str], lower: bool) -> Iterator[str]:
    """Words of a table beside some that are known, in its order; without those that are never looked up."""
    known = {*own, *SPECIAL}
    return (word for word in table.words if word not in known and not (lower and word != word.lower()))


def table_vectors(words: Sequence[str], table: WordTable, seed: int) -> np.ndarray:
    """Vectors (V, d) float32 of words: the table's, else zero. The mask's is drawn with the table's spread."""
    rows = table.rows(words)
    found = np.zeros((len(words), table.width), dtype=np.float32)
    found[rows >= 0] = table.vectors[rows[rows >= 0]]
    found[PAD] = 0
    found[MASK] = streams.generator(seed, "init", "embedding").normal(0, float(np.std(table.vectors)), table.width)
    return found


def drawn_vectors(n: int, spec: Spec, seed: int) -> np.ndarray:
    """Vectors (n, d) float32 as `random(width=100, spread=0.3)` says; zero for the padding and the unknown word."""
    options = _drawn(spec).options
    rng = streams.generator(seed, "init", "embedding")
    found = rng.normal(0, options["spread"], (n, options["width"])).astype(np.float32)
    found[[PAD, UNKNOWN]] = 0
    return found


def by_length(lengths: np.ndarray, size: int, epoch: int, seed: int) -> list[np.ndarray]:
    """Rows of an epoch's batches: texts of like length together, batches and equals in an order of their own."""
    rng = streams.generator(seed, "order", epoch)
    mixed = rng.permutation(len(lengths))
    rows = mixed[np.argsort(lengths[mixed], kind="stable")]
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


# --- training -------------------------------------------------------------------------------------------------------


def train_classifier(
    corpus: Corpus,
    design: Design,
    seed: int = 0,
    keep: Path | None = None,
    watch: Callable[[int, OwnClassifier], None] | None = None,
) -> tuple[OwnClassifier, Progress]:
    """Train on the split train and stop by the split dev's cross-entropy.

    keep: a folder for the state of each epoch, from which an interrupted run goes on. watch: called after each epoch
    with its number and the classifier as it is.

    Raises ProbekitError for a split that is missing, and for a label of dev that train does not have.
    """
    import torch

    texts, gold = part(corpus, "train")
    dev_texts, dev_gold = part(corpus, "dev")
    labels = classes_of(gold, dev_gold)
    spec = design.network
    words, found, seen = known_words(texts, design, seed)
    vectors = torch.from_numpy(found)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.whole_number(seed, "init", "classifier"))
        module = own_module(spec.name, spec.kwargs, len(labels), vectors, seen)
    module.embedding.weight.requires_grad_(design.trainable)  # type: ignore[union-attr]
    about = {"design": design.plain(), "corpus": called(corpus), "seed": seed}
    prepared = preparation_of(corpus)
    made = OwnClassifier(module, spec.name, spec.kwargs, labels, words, design.lower, "", about, prepared)
    number = {label: i for i, label in enumerate(labels)}
    numbers = np.array([number[label] for label in gold], dtype=np.int64)
    ids = [made.ids(text) for text in texts]
    lengths = np.array(list(map(len, ids)))

    def batches(epoch: int) -> Iterator[Labelled]:
        for rows in by_length(lengths, design.batch, epoch, seed):
            yield Labelled(pad([ids[i] for i in rows]), torch.from_numpy(numbers[rows]))

    epoch = 0
    known = torch.tensor([number[label] for label in dev_gold])
    dev_batches = list(text_batches(made, dev_texts, _ASKED_AT_ONCE))

    def dev_loss() -> float:
        nonlocal epoch
        scores = _scores(made, dev_batches, len(known))
        if watch is not None:
            watch(epoch, made)
        epoch += 1
        return float(torch.nn.functional.cross_entropy(scores, known))

    loss = loss_of(read(design.regularizer)) if design.regularizer else classification_loss
    reached = train(
        module, loss, batches, design.settings, dev_loss, seed=seed, keep=keep, label=f"training {spec.name}"
    )
    return made, reached


# --- as a recipe ----------------------------------------------------------------------------------------------------


def options(
    model: str = "bilstm",
    vectors: str = "glove",
    trainable: bool = False,
    min_count: Count = 1,
    lower: bool = True,
    batch: Count = 32,
    words: str = "train",
    regularizer: str = "",
    seed: Seed = 0,
    rate: Rate = USUAL.rate,
    epochs: Count = USUAL.epochs,
    patience: Count = USUAL.patience,
    clip: Positive | None = USUAL.clip,
    decay: Share = USUAL.decay,
    schedule: str = USUAL.schedule,
    optimizer: str = USUAL.optimizer,
    momentum: LessThanAll = USUAL.momentum,
    accumulate: Count = USUAL.accumulate,
) -> tuple[Design, int]:
    """Design and seed of `classifier:<corpus>(...)`: what `Design` and the loop's `Settings` say, side by side."""
    settings = Settings(rate, epochs, patience, clip, decay, schedule, optimizer, momentum, accumulate)
    known = describe_regularizer(regularizer).spec if regularizer else ""
    table = describe_vectors(vectors).spec
    return Design(model, table, trainable, min_count, lower, batch, settings, known, words), seed


def _seconds(design: Design, n_words: int) -> float:
    """What training will take of one core: it stops early, after six to nine of 25 epochs on SST."""
    a_word = _SECONDS_A_WORD * design.network.kwargs.get("layers", 1)
    a_word += _SECONDS_A_MASKED_ONE * ("mlm" in design.regularizer)
    return a_word * n_words * design.settings.epochs / 3


def recipe(spec: Spec) -> Recipe:
    """The recipe of `classifier:<corpus>(model=bilstm, vectors=glove, seed=0, ...)`."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write classifier:<labelled texts>(model=bilstm)")
    arguments = resolve(spec.bare, options, "classifier")
    design, seed = options(**arguments.options)
    corpus, vectors = describe_corpus(spec.target), describe_vectors(design.vectors)
    network = describe(design.network)
    added = [describe_regularizer(design.regularizer)] if design.regularizer else []
    shared = together(corpus, vectors, network, *added)
    shown = {**arguments.written.kwargs, **({"vectors": vectors.name} if design.vectors != "glove" else {})}

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        made, reached = train_classifier(load_corpus(corpus.spec), design, seed, progress / "state")
        save_classifier(made, folder)
        return {"epochs": reached.epoch, "best": reached.best_epoch, "dev_loss": reached.best_loss}

    return Recipe(
        str(Spec("classifier", corpus.spec, (), arguments.written.kwargs)),
        str(Spec("classifier", corpus.name, (), dict(sorted(shown.items())))),
        KIND,
        {
            "recipe": "classifier",
            "revision": recipes.registry.entry("classifier").revision,
            "corpus": corpus.digest,
            "design": design.plain(),
            "network": network.digest,
            "regularizer": [one.digest for one in added],
            "seed": seed,
        },
        make,
        needs=shared["needs"],
        modules=shared["modules"],
        cost=lambda: (_seconds(design, n_words(corpus)), 0),
        generated=shared["generated"],
    )


# --- asking ---------------------------------------------------------------------------------------------------------


class Reads(Protocol):
    """What cuts texts into batches: a classifier, or a view of one."""

    def batch(self, texts: Sequence[Sequence[str]]) -> TextBatch: ...


def text_batches(
    classifier: Reads, texts: Sequence[Sequence[str]], size: int = 64, title: str = "reading texts"
) -> Iterator[tuple[np.ndarray, TextBatch]]:
    """Rows and batch of texts of like length, longest first; every text stands in one. Shows progress by `title`."""
    order = np.argsort([-len(words) for words in texts], kind="stable")
    with progress.bar(len(order), title, "text") as shown:
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield rows, classifier.batch([texts[i] for i in rows])
            shown.update(len(rows))


def predict_logits(classifier: Classifier, texts: Sequence[Sequence[str]]) -> np.ndarray:
    """Class scores (n, K) float32 of texts, in their order."""
    import torch

    with torch.no_grad():
        return _scores(classifier, text_batches(classifier, texts, _ASKED_AT_ONCE), len(texts)).numpy()


def _scores(classifier: Classifier, batches: Iterable[tuple[np.ndarray, TextBatch]], n: int) -> Tensor:
    import torch

    found = torch.empty(n, len(classifier.labels))
    for rows, batch in batches:
        found[torch.from_numpy(rows)] = classifier.logits(classifier.embed(batch), batch).float()
    return found
