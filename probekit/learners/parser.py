"""A parser of dependencies trained on a treebank: inputs, body, biaffine scores; as a recipe, and what it answers.

    parser:"ud-low-resource-afribooms"(inputs=[minilm], layer=3, layers=0)      frozen, no body: a structural probe

Scores as in Dozat and Manning 2017 (ICLR), the best tree with one root; relations without their subtype, as in Wu and
Dredze 2020. Sizes are smaller than theirs; epochs, patience and the size of batches are ours. The weights kept are
those of the best labelled attachment on the split dev.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.encoders.encoder import EncoderSource
from probekit.errors import ProbekitError
from probekit.learners import word_models
from probekit.learners.input_source import Source
from probekit.learners.labeller import split_sentences
from probekit.learners.spanning_trees import greedy, spanning_tree
from probekit.learners.training import fit
from probekit.recipes import Recipe
from probekit.sources import resolve
from probekit.specs import Spec
from probekit.training.loop import Settings
from probekit.values import Count, LessThanAll, OneOf, Range, Rate, Seed, Whole

if TYPE_CHECKING:
    from probekit.models.biaffine import Parser

KIND = "parser"
LATER = ("head_rate", "look")  # they came later: in the key where they are not the default
DECODERS = {"tree": spanning_tree, "greedy": greedy}


def options(
    inputs: str | list[str] = "glove",
    layer: str | int = "last",
    learn: bool = False,
    combine: Annotated[str, OneOf(("concat", "average", "attention"))] = "concat",
    hidden: Count = 200,
    layers: Whole = 1,
    arc: Count = 200,
    label: Count = 50,
    decode: Annotated[str, OneOf(tuple(DECODERS))] = "tree",
    dropout: LessThanAll = 0.33,
    rate: Rate = 2e-3,
    head_rate: Annotated[float, Range(0, 1000, above=True)] = 1.0,
    schedule: str = "constant",
    epochs: Count = 30,
    patience: Count = 5,
    look: Whole = 0,
    budget: Count = 1024,
    threads: Count = 1,
    seed: Seed = 0,
) -> dict[str, Any]:
    """Options of `parser:<corpus>(...)`.

    inputs: specs of encoders, frozen unless `learn`; layer: that is read of those that have several. combine: several
    inputs into one vector. hidden: units of each direction; layers: of a BiLSTM, 0 for none. arc, label: units in which
    pairs of words are compared. head_rate: by what the rate is multiplied for all but inputs that learn. decode: the
    best `tree`, or each word's best head (`greedy`). look: batches between two looks at the development sentences,
    which `epochs` and `patience` count then; 0 for a pass of the data. budget: positions of a batch.
    """
    return dict(locals())


class Treebank:
    """Some sentences of a corpus with heads, as batches of a parser; relations by number, -1 for an unknown one."""

    def __init__(self, corpus: Corpus, rows: np.ndarray, sources: Sequence[Source], relations: Sequence[str]) -> None:
        self.corpus, self.rows, self.sources, self.relations = corpus, rows, sources, list(relations)
        self.decode = spanning_tree
        for source in sources:
            source.prepare(corpus)

    @cached_property
    def gold(self) -> tuple[np.ndarray, np.ndarray]:
        """Heads (n_words,) and relations, text, of all words. Raises ProbekitError where a sentence is no tree."""
        return gold_of(self.corpus, self.rows)

    def buckets(self, budget: int, seed: int = 0) -> Any:
        from probekit.training.buckets import Buckets

        return Buckets(self.corpus.lengths[self.rows], budget, seed)

    def given(self, rows: np.ndarray) -> word_models.Given:
        """Inputs of each source, and the mask (B, T), of some of the sentences."""
        return word_models.given(self.sources, self.corpus, self.rows[rows])

    def batch(self, rows: np.ndarray) -> tuple[Any, ...]:
        """Inputs, mask and gold of some of the sentences."""
        import torch

        from probekit.models.biaffine import Arcs
        from probekit.training.buckets import padded

        heads, relations = self.gold
        number = {name: k for k, name in enumerate(self.relations)}
        parts = [slice(*self.corpus.offsets[row : row + 2]) for row in self.rows[rows]]
        codes = [np.array([number.get(one, -1) for one in relations[part]]) for part in parts]
        both = (padded([heads[part] for part in parts]), padded(codes, -1))
        return (*self.given(rows), Arcs(*map(torch.from_numpy, both)))

    def answers(self, model: Parser, budget: int) -> tuple[np.ndarray, np.ndarray]:
        """Heads and relations, text, of every word of the sentences, in their order."""
        import torch

        found: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0), np.empty(0))] * len(self.rows)
        names = np.array(self.relations, dtype=object)
        with torch.no_grad():
            for rows in self.buckets(budget).in_order():
                arcs, labels = (part.numpy() for part in model.scores(*self.given(rows)))
                for place, row in enumerate(rows):
                    n = int(self.corpus.lengths[self.rows[row]])
                    heads = self.decode(arcs[place, :n, : n + 1])
                    found[row] = heads, names[labels[place][:, np.arange(n), heads].argmax(axis=0)]
        return tuple(map(np.concatenate, zip(*found, strict=True)))  # type: ignore[return-value]

    def asked(self) -> tuple[np.ndarray, np.ndarray]:
        """Gold of the words of the sentences, in the order of the answers."""
        heads, relations = self.gold
        words = np.concatenate([np.arange(*self.corpus.offsets[row : row + 2]) for row in self.rows])
        return heads[words], relations[words]

    def mean_loss(self, model: Parser, budget: int) -> float:
        """The share of words whose head or relation is wrong: what training makes small on development data."""
        (heads, names), (gold_heads, gold_names) = self.answers(model, budget), self.asked()
        return float(np.mean((heads != gold_heads) | (names != gold_names)))


def gold_of(corpus: Corpus, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heads (n_words,) int64 and relations without their subtype of a treebank.

    Raises ProbekitError for a corpus without them, and for a sentence among `rows` whose heads are no tree with one
    root, or of which a word has no relation, by its id.
    """
    if "head" not in corpus.layers or "deprel" not in corpus.layers:
        raise ProbekitError(f"{corpus!r} has no heads and relations; a parser learns from a treebank, such as conllu:")
    heads = np.asarray(corpus.layers["head"], dtype=np.int64)
    relations = np.array([name.partition(":")[0] for name in np.asarray(corpus.layers["deprel"], dtype=object)], object)
    for row in rows:
        part = slice(*corpus.offsets[row : row + 2])
        where = f"sentence {corpus.sentences['id'].iloc[int(row)]} of {corpus!r}"
        if not is_tree(heads[part]):
            raise ProbekitError(f"the heads of {where} are no tree with one root; mend the file")
        if "" in relations[part]:
            word = str(corpus.form[part][relations[part] == ""][0])
            raise ProbekitError(f"'{word}' in {where} has no relation; mend the file, or leave the sentence out")
    return heads, relations


def is_tree(heads: np.ndarray) -> bool:
    """Whether heads (n,), 0 the root, are one tree with one word below the root."""
    n = len(heads)
    if (heads == 0).sum() != 1 or heads.min() < 0 or heads.max() > n:
        return False
    reached = np.append(0, heads)  # what stands above each node; the root is its own
    for _ in range(n.bit_length() + 1):
        reached = reached[reached]
    return not reached.any()


def settings_of(chosen: Mapping[str, Any]) -> Settings:
    """How a parser is trained. Raises UnknownName or ProbekitError for a schedule that is not there."""
    return Settings(**{name: chosen[name] for name in ("rate", "epochs", "patience", "schedule")})


def fit_parser(
    corpus: Corpus, folder: Path, about: Mapping[str, Any], keep: Path | None = None, **given: Any
) -> dict[str, Any]:
    """Train a parser on the split `train` of a treebank and write it into a folder; options are those of `options`.

    Sentences of the split `dev` choose the epoch, else a tenth of the training sentences. Returns what was found.
    """
    from probekit.training.buckets import torch_threads

    chosen = options(**given)
    train_part, dev_part = split_sentences(corpus, np.arange(corpus.n_words), chosen["seed"])
    _, relations = gold_of(corpus, np.concatenate([train_part, dev_part]))
    names = sorted(set(relations[np.isin(corpus.sentence_of_word, train_part)]))
    sources = word_models.sources_of(chosen)
    word_models.take_up(sources, corpus, train_part)
    data, dev = (Treebank(corpus, part, sources, names) for part in (train_part, dev_part))
    word_models.check_read(sources, corpus)
    dev.decode = DECODERS[chosen["decode"]]
    with torch_threads(chosen["threads"]):
        model = build(sources, names, chosen)
        how = (settings_of(chosen), chosen["budget"], chosen["seed"], keep, "training a parser")
        found = fit(model, data, dev, *how, rates=word_models.rates_of(chosen["head_rate"]), look=chosen["look"])
    found |= {"sentences_train": len(train_part), "sentences_dev": len(dev_part), "dev_las": 1 - found["dev_loss"]}
    word_models.write(folder, KIND, chosen, {**about, "relations": names, "found": found}, model, sources)
    return found


def build(sources: Sequence[Source], relations: Sequence[str], chosen: Mapping[str, Any]) -> Parser:
    """A parser with drawn weights; sources begin as they are, scores at zero."""
    from torch import nn

    from probekit.models.biaffine import Biaffine, Parser
    from probekit.models.lstm import initialise
    from probekit.models.tagger import Combination

    sizes = {name: chosen[name] for name in ("hidden", "layers", "arc", "label", "dropout")}
    combination = Combination([source.width for source in sources], chosen["combine"])
    model = Parser([source.module for source in sources], combination, len(relations), **sizes)
    own = {name: part for name, part in model.named_children() if name != "sources" and not isinstance(part, Biaffine)}
    initialise(nn.ModuleDict(own), chosen["seed"])
    return model


class SavedParser:
    """A parser in a folder. Raises ProbekitError for a folder that holds none, and for an input that changed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, word_models.read(folder, KIND)
        self.chosen: dict[str, Any] = self.config["design"]
        word_models.check_inputs(folder, self.config)
        self.sources = word_models.sources_of(self.chosen)
        word_models.hold(folder, self.sources)
        made = build(self.sources, self.config["relations"], self.chosen)
        self.model: Parser = word_models.frozen(folder, made)

    def treebank(self, corpus: Corpus, rows: np.ndarray | None = None) -> Treebank:
        """All sentences of a corpus, or some, as this parser reads them."""
        found = Treebank(
            corpus, np.arange(corpus.n_sentences) if rows is None else rows, self.sources, self.config["relations"]
        )
        found.decode = DECODERS[self.chosen["decode"]]
        return found

    def answers(self, corpus: Corpus, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Heads and relations of the words of some sentences, in their order."""
        return self.treebank(corpus, rows).answers(self.model, self.chosen["budget"])


def parse(model: str | Path, sentences: Sequence[Sequence[str]]) -> list[list[tuple[int, str]]]:
    """Head, 0 the root, and relation of the words of some sentences, by a parser in a folder."""
    if not sentences:
        raise ProbekitError("there is no sentence to parse; give one at least")
    corpus = Corpus.from_words(sentences)
    heads, names = SavedParser(Path(model)).answers(corpus)
    parts = [slice(*corpus.offsets[row : row + 2]) for row in range(corpus.n_sentences)]
    return [list(zip(heads[part].tolist(), names[part].tolist(), strict=True)) for part in parts]


def train_parser(corpus: str, out: str | Path, **given: Any) -> Mapping[str, Any]:
    """Train a parser on a treebank into a folder and return what was found; options are those of `parser:`."""
    return recipes.into(Path(out), Spec("parser", corpus, (), given))


# --- as a recipe

# One core, a word of a training sentence once, with a layer of 2 x 200 units over 100 dimensions.
_SECONDS_A_WORD, _SECONDS_A_WORD_TUNED = 4e-4, 2.5e-3


def recipe(spec: Spec) -> Recipe:
    """The recipe of `parser:<corpus>(inputs=[...], ...)`. Raises for what cannot be trained."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no treebank; write parser:<corpus>(inputs=[minilm])")
    arguments = resolve(spec, options, "parser")
    chosen = options(**arguments.options)
    settings_of(chosen)

    def seconds(words: int, encoders: Sequence[EncoderSource]) -> float:
        each = _SECONDS_A_WORD_TUNED if chosen["learn"] and encoders[0].piece else _SECONDS_A_WORD
        return each * words * min(chosen["epochs"], 10)

    usual = options()
    same = [name for name in LATER if chosen[name] == usual[name]]
    content = {"options": {name: value for name, value in chosen.items() if name not in ("inputs", *same)}}
    return word_models.recipe_of(spec, arguments.written, chosen, fit_parser, seconds, content)
