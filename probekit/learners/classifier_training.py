"""Training our own text classifiers on a corpus of labelled texts, and asking any classifier about texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from probekit import progress, streams
from probekit.corpora import describe as describe_corpus
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.classifier import PAD, SPECIAL, Classifier, OwnClassifier, TextBatch, own_module, pad
from probekit.models import kinds
from probekit.registry import canonical, parameters
from probekit.specs import Spec, parse
from probekit.store import default_store, digest
from probekit.training.loop import Progress, Settings, train

if TYPE_CHECKING:
    from torch import Tensor, nn

REVISION = 1
KIND = "classifier"
_ASKED_AT_ONCE = 256
RANDOM_WIDTH, RANDOM_SPREAD = 100, 0.3
USUAL = Settings(epochs=30, patience=3, clip=5.0, decay=1e-5)


@dataclass(frozen=True)
class Recipe:
    """What a trained classifier depends on apart from its corpus and seed.

    model: spec of a kind, `bilstm(attention=dot, layers=2)` or `text-cnn(filters=100)`. vectors: a word-vector table,
    or `random(width=100, spread=0.3)`. trainable: whether the embeddings learn too. min_count: how often the train
    texts have a word that is not unknown. lower: words are read in lower case. batch: texts a step. settings: of the
    loop. regularizer: a spec that the room of attention reads, "" for the plain loss. words: "train" knows the words of
    the train texts, those without a vector drawn; "table" knows all words of the table, and every other word is a
    vector of zeros (for embeddings that do not learn).
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
        """The recipe as plain data: what a key is made of."""
        vectors = parse(self.vectors)
        known = str(vectors) if vectors.name == "random" else describe_table(vectors).digest
        found = {**asdict(self), "vectors": known, "model": str(model_spec(self.model))}
        if self.words == "train":
            del found["words"]  # as before there was a choice
        return found


@dataclass(frozen=True)
class Labelled:
    """A batch of texts with the number of each one's label, (B,) int64."""

    text: TextBatch
    gold: Tensor


LossOf = Callable[["nn.Module", Labelled], "Tensor"]


def model_spec(text: str) -> Spec:
    """Canonical spec of a kind of classifier. Raises UnknownName for a kind or an option that is not there."""
    spec = parse(text)
    kind = kinds.classifier_class(spec.name)
    if spec.target is not None or spec.steps:
        raise ProbekitError(f"'{text}': a classifier is a name with options, such as bilstm(layers=2)")
    return canonical(spec, kind, "classifier", ("width", "labels"))


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


def vocabulary(texts: Sequence[Sequence[str]], lower: bool, min_count: int) -> list[str]:
    """Special words and then the words of some texts, most frequent first, of equals in order of the alphabet."""
    counts = Counter(word.lower() if lower else word for words in texts for word in words)
    kept = [word for word in counts if counts[word] >= min_count and word not in SPECIAL and "\n" not in word]
    return [*SPECIAL, *sorted(kept, key=lambda word: (-counts[word], word))]


def embeddings(words: Sequence[str], vectors: str, seed: int) -> np.ndarray:
    """Vectors (V, d) float32 of words: the table's, else drawn with its spread; zero for the padding."""
    rng = streams.generator(seed, "init", "embedding")
    spec = parse(vectors)
    if spec.name == "random":
        options = {"width": RANDOM_WIDTH, "spread": RANDOM_SPREAD, **spec.kwargs}
        if set(options) != {"width", "spread"} or spec.args:
            raise ProbekitError(f"'{vectors}': random vectors take width and spread, such as random(width=50)")
        found = rng.normal(0, options["spread"], (len(words), options["width"]))
    else:
        table = load_table(spec)
        rows = table.rows(words)
        found = rng.normal(0, float(np.std(table.vectors)), (len(words), table.width))
        found[rows >= 0] = table.vectors[rows[rows >= 0]]
    found[PAD] = 0
    return found.astype(np.float32)


def known_words(texts: Sequence[Sequence[str]], recipe: Recipe, seed: int) -> tuple[list[str], np.ndarray]:
    """The words a classifier knows and their vectors (V, d), as the recipe says."""
    if recipe.words == "train":
        words = vocabulary(texts, recipe.lower, recipe.min_count)
        return words, embeddings(words, recipe.vectors, seed)
    if recipe.words != "table":
        raise UnknownName("choice of words:", recipe.words, ("train", "table"))
    if recipe.trainable or parse(recipe.vectors).name == "random":
        raise ProbekitError("words=table needs a table of vectors that do not learn")
    table = load_table(parse(recipe.vectors))
    kept = [word for word in table.words if word not in SPECIAL and not (recipe.lower and word != word.lower())]
    vectors = np.zeros((len(SPECIAL) + len(kept), table.width), dtype=np.float32)
    vectors[len(SPECIAL) :] = table.vectors[table.rows(kept)]
    return [*SPECIAL, *kept], vectors


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
    recipe: Recipe,
    seed: int = 0,
    loss: LossOf = classification_loss,
    keep: Path | None = None,
    watch: Callable[[int, OwnClassifier], None] | None = None,
) -> tuple[OwnClassifier, Progress]:
    """Train on the split train and stop by the split dev's cross-entropy.

    loss: of a module (`embedding`, `body`) on a batch. keep: a file for the state of each epoch, from which an
    interrupted run goes on. watch: called after each epoch with its number and the classifier as it is.

    Raises ProbekitError for a split that is missing, and for a label of dev that train does not have.
    """
    import torch

    texts, gold = part(corpus, "train")
    dev_texts, dev_gold = part(corpus, "dev")
    labels = sorted(set(gold))
    if absent := sorted(set(dev_gold) - set(labels)):
        raise ProbekitError(f"the class '{absent[0]}' of dev has no text in train; give it some, or leave it out")
    if len(labels) < 2:
        raise ProbekitError(f"all texts of train have the label '{labels[0]}'; a classifier needs two classes")
    spec = model_spec(recipe.model)
    words, found = known_words(texts, recipe, seed)
    vectors = torch.from_numpy(found)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.whole_number(seed, "init", "classifier"))
        module = own_module(spec.name, spec.kwargs, len(labels), vectors)
    module.embedding.weight.requires_grad_(recipe.trainable)  # type: ignore[union-attr]
    about = {"recipe": recipe.plain(), "corpus": describe_text(corpus), "seed": seed}
    made = OwnClassifier(module, spec.name, spec.kwargs, labels, words, recipe.lower, about=about)
    number = {label: i for i, label in enumerate(labels)}
    numbers = np.array([number[label] for label in gold], dtype=np.int64)
    ids = [made.ids(text) for text in texts]
    lengths = np.array(list(map(len, ids)))

    def batches(epoch: int) -> Iterator[Labelled]:
        for rows in by_length(lengths, recipe.batch, epoch, seed):
            yield Labelled(pad([ids[i] for i in rows]), torch.from_numpy(numbers[rows]))

    seen = 0

    known = torch.tensor([number[label] for label in dev_gold])
    dev_batches = list(text_batches(made, dev_texts, _ASKED_AT_ONCE))

    def dev_loss() -> float:
        nonlocal seen
        scores = _scores(made, dev_batches, len(known))
        if watch is not None:
            watch(seen, made)
        seen += 1
        return float(torch.nn.functional.cross_entropy(scores, known))

    reached = train(
        module, loss, batches, recipe.settings, dev_loss, seed=seed, keep=keep, label=f"training {spec.name}"
    )
    return made, reached


def describe_text(corpus: Corpus) -> str:
    """How a corpus is called where its name is kept: never by a path."""
    return describe_corpus(corpus.spec).name if corpus.spec else f"by hand, {corpus.digest[:8]}"


def classifier_key(corpus: str, recipe: Recipe, seed: int) -> str:
    """Key of a trained classifier, known before it is trained."""
    return digest([KIND, REVISION, describe_corpus(corpus).digest, recipe.plain(), seed])


def trained(
    corpus: str, recipe: Recipe, seed: int = 0, loss: LossOf = classification_loss, key: str | None = None
) -> Path:
    """Folder of a classifier that is kept in the store, trained if it is not there.

    Training goes on from the last finished epoch after an interruption. loss: what `recipe.regularizer` names.
    """
    from probekit.learners.classifier import save_classifier

    def make(folder: Path) -> Mapping[str, Any]:
        made, reached = train_classifier(load_corpus(corpus), recipe, seed, loss, folder.parent / "state.safetensors")
        save_classifier(made, folder)
        return {"epochs": reached.epoch, "best": reached.best_epoch, "dev_loss": reached.best_loss}

    known = key or classifier_key(corpus, recipe, seed)
    about = {"corpus": describe_corpus(corpus).name, "recipe": recipe.plain(), "seed": seed}
    return default_store().make(KIND, known, about, make)


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


def with_settings(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe with other settings of the loop; names as in `Settings`."""
    known = parameters(Settings)
    for name in changes:
        if name not in known:
            raise ProbekitError(f"'{name}' is no setting of the loop; it has {', '.join(known)}")
    return replace(recipe, settings=replace(recipe.settings, **changes))
