"""A supertagger trained on the layer `ccg` of a corpus: as a recipe, saved, and asked again.

    supertagger:pmb-en(inputs=[minilm], head=primitives)

Bhargava and Penn 2020 (Supertagging with CCG primitives): the weights of the epoch with the best accuracy on the split
dev (greedy), the rate halved after an epoch without a lower loss there. Widths of 512, 25 epochs and rates of dropout
searched up to .8 are theirs; ours are smaller by default, and the size of batches, which they leave open, is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from probekit import recipes, tasks
from probekit.corpora.corpus import Corpus
from probekit.encoders.encoder import EncoderSource
from probekit.errors import ProbekitError
from probekit.learners import supertagger_search, word_models
from probekit.learners.labeller import split_sentences
from probekit.learners.supertagger_data import TASK, Alphabet, CategorySentences, categories_of
from probekit.learners.training import fit
from probekit.recipes import Recipe
from probekit.scores.arrays import at_least_one
from probekit.sources import resolve
from probekit.specs import Spec
from probekit.training.loop import Settings
from probekit.values import Count, LessThanAll, OneOf, Rate, Seed, Whole

if TYPE_CHECKING:
    from probekit.models.supertagger import Supertagger

KIND = "supertagger"
# What a head is: whether it writes primitives, reads what it said, and forgets it at every word.
HEADS = {
    "softmax": (False, False, False),
    "softmax-history": (False, True, False),
    "primitives-reset": (True, True, True),
    "primitives": (True, True, False),
}


def options(
    inputs: str | list[str] = "minilm",
    layer: str | int = "last",
    head: Annotated[str, OneOf(tuple(HEADS))] = "primitives",
    hidden: Count = 128,
    beam: Count = 5,
    dropout_input: LessThanAll = 0.2,
    dropout: LessThanAll = 0.2,
    dropout_output: LessThanAll = 0.2,
    rate: Rate = 2e-3,
    optimizer: str = "adam",
    schedule: str = "plateau(wait=1)",
    epochs: Count = 25,
    patience: Count = 25,
    budget: Count = 2048,
    threads: Count = 1,
    seed: Seed = 0,
    search: Whole = 0,
) -> dict[str, Any]:
    """Options of `supertagger:<corpus>(...)`.

    inputs: specs of frozen encoders; layer: that is read of those that have several. head: `softmax` (a category by
    itself), `softmax-history` (told the last category), `primitives-reset` (written out, the state anew at each word)
    or `primitives` (written out, told all that was said). hidden: units, of each direction too. beam: hypotheses when
    it answers. dropout_input, dropout, dropout_output: on vectors, between the layers and states, before the softmax.
    budget: primitives of a batch, whatever the head. search: settings of rate and dropouts that are tried by Optuna's
    estimator in place of those given, 0 for none.
    """
    return dict(locals())


def build(width: int, alphabet: Alphabet, chosen: Mapping[str, Any]) -> Supertagger:
    """The module of a supertagger, its weights not drawn yet. width: of the vectors of words."""
    from probekit.models.supertagger import Decoder, Supertagger

    spelled, history, reset = HEADS[chosen["head"]]
    rate = chosen["dropout"]
    decoder = Decoder(chosen["hidden"], len(alphabet.names), spelled, history, reset, alphabet.cap, rate)
    return Supertagger(width, chosen["hidden"], decoder, (chosen["dropout_input"], chosen["dropout_output"], rate))


def fit_supertagger(
    corpus: Corpus, folder: Path, about: Mapping[str, Any], keep: Path | None = None, **given: Any
) -> dict[str, Any]:
    """Train a supertagger on the split `train` and write it into a folder; options are those of `options`.

    Sentences of the split `dev` choose the epoch, else a tenth of the training sentences, and the setting where one is
    searched for. Returns what was found. Raises ProbekitError for a word without a category, and for development
    sentences of whose categories training knows none.
    """
    from probekit.models.supertagger import initialise
    from probekit.training.buckets import torch_threads

    chosen = options(**given)
    gold = categories_of(corpus)
    train_part, dev_part = split_sentences(corpus, np.arange(corpus.n_words), chosen["seed"])
    inside = np.isin(corpus.sentence_of_word, train_part)
    alphabet = Alphabet(gold[inside].tolist(), HEADS[chosen["head"]][0])
    sources = word_models.sources_of(chosen)
    data, dev = (CategorySentences(corpus, part, sources, alphabet) for part in (train_part, dev_part))
    word_models.check_read(sources, corpus)
    dev.check_known()
    asked, budget = dev.asked(), chosen["budget"]

    def trained(design: Mapping[str, Any], state: Path | None) -> tuple[Supertagger, dict[str, Any]]:
        model = build(sum(source.width for source in sources), alphabet, design)
        initialise(model, design["seed"])

        def errors() -> float:
            return 1.0 - float((dev.answers(model, budget, 1)[0] == asked).mean())

        label = f"training a supertagger ({design['head']})"
        found = fit(model, data, dev, settings_of(design), budget, design["seed"], state, label, errors)
        return model, {**found, "dev_score": 1.0 - errors()}

    def score(number: int, setting: Mapping[str, float]) -> float:
        state = keep and keep.with_name(f"trial-{number}")
        return float(trained({**chosen, **setting}, state)[1]["dev_score"])

    with torch_threads(chosen["threads"]):
        tried: list[dict[str, float]] = []
        if chosen["search"]:
            done = keep and keep.with_name("trials.json")
            best, tried = supertagger_search.search(score, chosen["search"], chosen["seed"], done)
            chosen |= best
        model, found = trained(chosen, keep)
    found |= {"trials": tried} if tried else {}
    found |= {"sentences_train": len(train_part), "sentences_dev": len(dev_part)}
    found |= {"categories": len(alphabet.categories), "symbols": len(alphabet.names) - 1}
    counts = dict(zip(*(part.tolist() for part in np.unique(gold[inside], return_counts=True)), strict=True))
    word_models.write(folder, KIND, said(chosen), {**about, "counts": counts, "found": found}, model, sources)
    return found


def said(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Options as they enter keys and folders: `search` came later, and is there where it is not 0."""
    return {name: value for name, value in chosen.items() if name != "search" or value}


def settings_of(chosen: Mapping[str, Any]) -> Settings:
    """How it is trained. Raises UnknownName or ProbekitError for an optimizer or schedule that is not there."""
    return Settings(**{name: chosen[name] for name in ("rate", "epochs", "patience", "optimizer", "schedule")})


class SavedSupertagger:
    """A supertagger in a folder. Raises ProbekitError for a folder that holds none, and for inputs that changed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, word_models.read(folder, KIND)
        self.design: Mapping[str, Any] = self.config["design"]
        self.counts: Mapping[str, int] = self.config["counts"]  # of the categories in training
        self.alphabet = Alphabet(list(self.counts), HEADS[self.design["head"]][0])
        word_models.check_inputs(folder, self.config)
        self.sources = word_models.sources_of(self.design)
        made = build(sum(source.width for source in self.sources), self.alphabet, self.design)
        self.model: Supertagger = word_models.frozen(folder, made)

    def sentences(self, corpus: Corpus, rows: np.ndarray | None = None) -> CategorySentences:
        """All sentences of a corpus, or some, as this supertagger reads them."""
        every = np.arange(corpus.n_sentences) if rows is None else rows
        return CategorySentences(corpus, every, self.sources, self.alphabet)

    def answers(self, corpus: Corpus, rows: np.ndarray, beam: int | None = None) -> tuple[np.ndarray, int]:
        """Categories of the words of some sentences, in their order, and how many lost brackets beyond need.

        beam: hypotheses, those of training where it is None. Raises ProbekitError for a beam below 1.
        """
        beam = self.design["beam"] if beam is None else at_least_one(beam, "beam")
        return self.sentences(corpus, rows).answers(self.model, self.design["budget"], beam)


def supertag(model: str | Path, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Categories of the words of some sentences, by a supertagger in a folder. Raises ProbekitError for no sentence."""
    if not sentences:
        raise ProbekitError("there is no sentence to tag; give one at least")
    corpus = Corpus.from_words(sentences)
    told, _ = SavedSupertagger(Path(model)).answers(corpus, np.arange(corpus.n_sentences))
    return [told[slice(*corpus.offsets[row : row + 2])].tolist() for row in range(corpus.n_sentences)]


def train_supertagger(corpus: str, out: str | Path, **given: Any) -> Mapping[str, Any]:
    """Train a supertagger on a corpus into a folder and return what was found; options are those of `supertagger:`.

    The same call again resumes what was interrupted, or finds it done.
    """
    return recipes.into(Path(out), Spec(KIND, corpus, (), given))


def is_supertagger(folder: Path) -> bool:
    """Whether a folder holds a supertagger."""
    try:
        word_models.read(folder, KIND)
    except ProbekitError:
        return False
    return True


# --- as a recipe

_SECONDS_A_WORD = 1.5e-4  # one core, a word of training once, 128 units, the slower heads


def recipe(spec: Spec) -> Recipe:
    """The recipe of `supertagger:<corpus>(inputs=[...], head=...)`. Raises for what cannot be trained."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write supertagger:<corpus>(inputs=[minilm])")
    arguments = resolve(spec, options, KIND)
    chosen = options(**arguments.options)
    settings_of(chosen)

    def seconds(words: int, encoders: Sequence[EncoderSource]) -> float:
        return float(_SECONDS_A_WORD * words * chosen["epochs"] * (1 + chosen["search"]))

    if chosen["search"]:
        supertagger_search.check_installed()
    content = {"task": tasks.describe(TASK).digest}
    return word_models.recipe_of(spec, arguments.written, said(chosen), fit_supertagger, seconds, content)
