"""Tables that are trained on a corpus: how trainers become kinds of tables, and what those of gensim share."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe, load_corpus, size
from probekit.embeddings.catalogue import TableKind
from probekit.embeddings.table import WordTable
from probekit.embeddings.table_files import read_table
from probekit.embeddings.text import counted
from probekit.errors import MissingExtra, ProbekitError
from probekit.progress import bar
from probekit.recipes import Recipe
from probekit.sources import Arguments, Source, resolve, together
from probekit.specs import Spec
from probekit.streams import generator

_LONGEST = 10_000  # gensim trains on no more words of one sentence


@dataclass(frozen=True)
class Trained:
    """A kind of table that a function(corpus, **options) trains: `name:<corpus spec>(size=100, ...)`.

    check: a function(options) that refuses what the types of options do not. seconds: of one core, a sentence and pass.
    gensim: whether that trains it. resumes: whether it takes `keep`, a folder of its state after every epoch.
    """

    name: str
    train: Callable[..., WordTable]
    seconds: float
    check: Callable[[Mapping[str, Any]], None] = lambda options: None
    gensim: bool = True
    resumes: bool = False

    def recipe(self, spec: Spec) -> Recipe:
        """The recipe of a spec; a corpus spec with brackets is quoted. Raises ProbekitError where it names none."""
        if not spec.target:
            raise ProbekitError(f"'{spec}' names no corpus; write {self.name}:<corpus spec>(size=100)")
        arguments = self._arguments(spec)
        self.check(arguments.given)
        corpus = describe(spec.target)
        options = dict(arguments.options)
        written = arguments.written.kwargs

        def make(folder: Path, progress: Path) -> Mapping[str, Any]:
            more = {"keep": progress} if self.resumes else {}
            table = self.train(load_corpus(corpus.spec), **options, **more)
            table.save(folder)
            return {"words": len(table), **({"gensim": _gensim_version()} if self.gensim else {})}

        return Recipe(
            str(Spec(self.name, corpus.spec, (), written)),
            str(Spec(self.name, corpus.name, (), written)),
            "table",
            {
                "recipe": self.name,
                "revision": recipes.registry.entry(self.name).revision,
                "corpus": corpus.digest,
                "options": options,
            },
            make,
            needs=corpus.needs,
            modules=corpus.modules,
            cost=lambda: (self.seconds * size(corpus) * int(options.get("epochs", 1)), 0),
            generated=corpus.generated,
        )

    @property
    def kind(self) -> TableKind:
        """It as a kind of table."""
        return TableKind(self._describe, self._load, self._width)

    def _width(self, spec: Spec) -> int:
        return int(self._arguments(spec).options["size"])

    def _arguments(self, spec: Spec) -> Arguments:
        return resolve(spec.bare, self.train, self.name, ("corpus", "progress", "keep"))

    def _describe(self, spec: Spec) -> Source:
        if self.gensim:
            gensim_models()  # a missing one is said before any work
        made = self.recipe(spec)
        corpus = describe(str(spec.target))
        shared = together(corpus)
        return Source(made.spec, made.name, made.key, **(shared | {"needs": (*corpus.needs, made.spec)}))

    def _load(self, spec: Spec) -> WordTable:
        return read_table(self.recipe(spec).ensure(), format="safetensors")


def gensim_models() -> Any:
    """gensim's models. Raises MissingExtra where it is not installed."""
    try:
        from gensim import models
    except ImportError:
        raise MissingExtra("gensim", "training word vectors") from None
    # gensim reports each epoch and warns of small corpora through logging; our bar says what a user needs.
    logging.getLogger("gensim").setLevel(logging.ERROR)
    return models


def fit(
    model: Callable[..., Any], corpus: Corpus, name: str, options: Mapping[str, Any], progress: bool, **more: Any
) -> tuple[Any, dict[str, int], int]:
    """One of gensim's models trained, the frequencies of its words in their order, and how many sentences were cut.

    Options are those that word2vec and fastText share, more the model's own. Raises ProbekitError for a corpus none of
    whose words reaches min_count.
    """
    sentences, counts, cut = sentences_of(corpus, options["lower"])
    kept = {word: count for word, count in counts.items() if count >= options["min_count"]}
    if not kept:
        raise ProbekitError(f"no word of {corpus!r} occurs {options['min_count']} times; lower min_count")
    # Seeds of gensim are 32 bits. The stream does not know the options: runs that differ in them start from
    # the same weights where shapes agree.
    made = model(
        vector_size=options["size"],
        window=options["window"],
        sg=int(options["algorithm"] == "skipgram"),
        hs=0,
        negative=options["negative"],
        min_count=1,
        sample=options["sample"],
        alpha=options["alpha"],
        min_alpha=min(1e-4, options["alpha"]),
        seed=int(generator(options["seed"], "init", name).integers(2**32)),
        workers=1,
        epochs=options["epochs"],
        sorted_vocab=0,
        hashfxn=stable_hash,
        **more,
    )
    # Words below min_count are left away here and not by gensim: the order of the vocabulary decides every
    # draw.
    made.build_vocab_from_freq(dict(kept), corpus_count=len(sentences))
    callbacks = [progress_bar(name, options["epochs"])] if progress else []
    made.train(sentences, total_examples=len(sentences), epochs=options["epochs"], callbacks=callbacks)
    words = list(made.wv.index_to_key)
    if words != list(kept):
        raise RuntimeError("gensim changed the order of the vocabulary; its version is not supported")
    return made, kept, cut


def train(
    model: Callable[..., Any], corpus: Corpus, name: str, options: Mapping[str, Any], progress: bool, **more: Any
) -> WordTable:
    """A table of one of gensim's models; arguments and errors are those of `fit`."""
    made, kept, cut = fit(model, corpus, name, options, progress, **more)
    return WordTable(
        list(kept),
        np.array(made.wv.vectors, dtype=np.float32),
        context=np.array(made.syn1neg, dtype=np.float32),
        counts=np.fromiter(kept.values(), np.int64),
        language=language_of(corpus),
        notes={"sentences_cut": cut} if cut else {},
        about={"made by": name, "corpus": corpus.digest, **options},
    )


def sentences_of(corpus: Corpus, lower: bool) -> tuple[list[list[str]], dict[str, int], int]:
    """Sentences as lists of words, frequencies in vocabulary order, and how many sentences were cut."""
    forms, ordered = counted(corpus, lower)
    words = np.array(forms, dtype=object)[corpus.form.codes]
    cut = 0
    sentences = []
    for start, end in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True):
        cut += int(end - start > _LONGEST)
        sentences += [words[a : min(a + _LONGEST, end)].tolist() for a in range(start, end, _LONGEST)]
    return sentences, ordered, cut


def language_of(corpus: Corpus) -> str:
    """The one language of a corpus, "" where there are several or none is said."""
    if "language" not in corpus.sentences:
        return ""
    languages = corpus.sentences["language"].unique()
    return str(languages[0]) if len(languages) == 1 else ""


def stable_hash(text: str) -> int:
    """The same number for a text in every process."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _gensim_version() -> str:
    from importlib.metadata import version

    return version("gensim")


def progress_bar(what: str, epochs: int) -> Any:
    """A bar that steps once an epoch and shows itself only when training takes longer than a few seconds."""
    from gensim.models.callbacks import CallbackAny2Vec

    class Bar(CallbackAny2Vec):
        def on_train_begin(self, model: Any) -> None:
            self.bar = bar(epochs, f"training {what}", "epoch")

        def on_epoch_end(self, model: Any) -> None:
            self.bar.update()

        def on_train_end(self, model: Any) -> None:
            self.bar.close()

    return Bar()
