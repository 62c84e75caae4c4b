"""word2vec trained on a corpus with gensim (Mikolov et al. 2013: skip-gram, CBOW, negative sampling).

Both matrices are kept: the word vectors, and the context vectors that negative sampling trains beside them.
The same corpus, options and seed give the same table in every process: one worker thread, a vocabulary in an
order of our own, initial weights and sampling from a named stream, and no use of Python's hash of strings.
"""

from __future__ import annotations

import inspect
import logging
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe, load_corpus, size
from probekit.embeddings.catalogue import TableKind
from probekit.embeddings.table import WordTable
from probekit.embeddings.table_files import read_table
from probekit.errors import MissingExtra, ProbekitError, UnknownName
from probekit.progress import bar
from probekit.recipes import Recipe
from probekit.sources import Source, resolve, together
from probekit.specs import Spec
from probekit.streams import generator
from probekit.values import Count, LessThanAll, Range, Seed

ALGORITHMS = ("skipgram", "cbow")
# One core, as measured on treebank sentences at 300 dimensions.
_SECONDS_A_SENTENCE = 3e-4
_LONGEST = 10_000  # gensim trains on no more words of one sentence


def train_word2vec(
    corpus: Corpus,
    *,
    size: Count = 300,
    window: Count = 5,
    algorithm: str = "skipgram",
    negative: Count = 5,
    min_count: Count = 1,
    epochs: Count = 5,
    sample: LessThanAll = 1e-3,
    alpha: Annotated[float, Range(0, 1, above=True, below=True)] = 0.025,
    seed: Seed = 0,
    lower: bool = True,
    progress: bool = True,
) -> WordTable:
    """Train word vectors on the sentences of a corpus.

    Returns a table (n, size) with context vectors of the same shape and int64 counts, most frequent word
    first, ties in alphabetical order of code points. `sample` is the threshold above which frequent words are
    thinned out (0: none), `alpha` the learning rate at the start. A sentence of more than 10,000 words is
    trained on in stretches of that length, counted in `notes["sentences_cut"]`. Raises MissingExtra without
    gensim, ProbekitError for an option out of range and for a corpus none of whose words reaches `min_count`.
    """
    options = {
        "size": size,
        "window": window,
        "algorithm": algorithm,
        "negative": negative,
        "min_count": min_count,
        "epochs": epochs,
        "sample": sample,
        "alpha": alpha,
        "seed": seed,
        "lower": lower,
    }
    check_options(options)
    word2vec = _gensim()
    sentences, counts, cut = _sentences(corpus, lower)
    kept = {word: count for word, count in counts.items() if count >= min_count}
    if not kept:
        raise ProbekitError(f"no word of {corpus!r} occurs {min_count} times; lower min_count")
    # Seeds of gensim are 32 bits. The stream does not know the options: runs that differ in them start from
    # the same weights where shapes agree.
    state = int(generator(seed, "init", "word2vec").integers(2**32))
    model = word2vec.Word2Vec(
        vector_size=size,
        window=window,
        sg=int(algorithm == "skipgram"),
        hs=0,
        negative=negative,
        min_count=1,
        sample=sample,
        alpha=alpha,
        min_alpha=min(1e-4, alpha),
        seed=state,
        workers=1,
        epochs=epochs,
        sorted_vocab=0,
        hashfxn=_stable_hash,
    )
    # Words below min_count are left away here and not by gensim: the order of the vocabulary decides every
    # draw.
    model.build_vocab_from_freq(dict(kept), corpus_count=len(sentences))
    callbacks = [_progress_bar(epochs)] if progress else []
    model.train(sentences, total_examples=len(sentences), epochs=epochs, callbacks=callbacks)
    words = list(model.wv.index_to_key)
    if words != list(kept):
        raise RuntimeError("gensim changed the order of the vocabulary; its version is not supported")
    return WordTable(
        words,
        np.array(model.wv.vectors, dtype=np.float32),
        context=np.array(model.syn1neg, dtype=np.float32),
        counts=np.fromiter(kept.values(), np.int64),
        language=_language(corpus),
        notes={"sentences_cut": cut} if cut else {},
        about={"made by": "word2vec", "corpus": corpus.digest, **options},
    )


# --- as a kind of table ------------------------------------------------------------------------------


def recipe(spec: Spec) -> Recipe:
    """The recipe of `word2vec:<corpus spec>(size=100, ...)`; a corpus spec with brackets is quoted."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write word2vec:<corpus spec>(size=100)")
    arguments = resolve(spec.bare, train_word2vec, "word2vec", ("corpus", "progress"))
    check_options(arguments.given)
    corpus = describe(spec.target)
    options = dict(arguments.options)
    written = arguments.written.kwargs

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        table = train_word2vec(load_corpus(corpus.spec), **options)
        table.save(folder)
        return {"words": len(table), "gensim": _gensim_version()}

    return Recipe(
        str(Spec("word2vec", corpus.spec, (), written)),
        str(Spec("word2vec", corpus.name, (), written)),
        "table",
        {
            "recipe": "word2vec",
            "revision": recipes.registry.entry("word2vec").revision,
            "corpus": corpus.digest,
            "options": options,
        },
        make,
        needs=corpus.needs,
        modules=corpus.modules,
        cost=lambda: (_SECONDS_A_SENTENCE * size(corpus) * int(options["epochs"]), 0),
    )


def _describe(spec: Spec) -> Source:
    _gensim()  # a missing one is said before any work
    made = recipe(spec)
    corpus = describe(str(spec.target))
    shared = together(corpus)
    return Source(made.spec, made.name, made.key, **(shared | {"needs": (*corpus.needs, made.spec)}))


def _load(spec: Spec) -> WordTable:
    return read_table(recipe(spec).ensure(), format="safetensors")


WORD2VEC = TableKind(_describe, _load)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise ProbekitError for an option of `train_word2vec` that does not exist or is out of range."""
    defaults = _defaults()
    for name, value in options.items():
        if name not in defaults:
            raise UnknownName("word2vec option", name, defaults)
        if name in ("size", "window", "negative", "min_count", "epochs") and (
            isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1
        ):
            hint = "; the context vectors come from negative sampling" if name == "negative" else ""
            raise ProbekitError(f"word2vec option {name}={value!r} must be a whole number from 1 up{hint}")
        if name in ("sample", "alpha") and (
            isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1
        ):
            raise ProbekitError(f"word2vec option {name}={value!r} must be a number from 0 up to 1")
        if name in ("lower", "progress") and not isinstance(value, bool):
            raise ProbekitError(f"word2vec option {name}={value!r} must be true or false")
        if name == "seed" and (isinstance(value, bool) or not isinstance(value, (int, np.integer))):
            raise ProbekitError(f"word2vec option seed={value!r} must be a whole number")
    if options.get("alpha", 1) == 0:
        raise ProbekitError("word2vec option alpha=0 would train nothing; give a learning rate above 0")
    if "algorithm" in options and options["algorithm"] not in ALGORITHMS:
        raise UnknownName("word2vec algorithm", str(options["algorithm"]), ALGORITHMS)


def _defaults() -> dict[str, Any]:
    known = inspect.signature(train_word2vec).parameters
    return {name: parameter.default for name, parameter in known.items() if name != "corpus"}


def _sentences(corpus: Corpus, lower: bool) -> tuple[list[list[str]], dict[str, int], int]:
    """Sentences as lists of words, frequencies in vocabulary order, and how many sentences were cut."""
    corpus.require("form")
    forms = [str(form).lower() if lower else str(form) for form in corpus.form.categories]
    counts: dict[str, int] = {}
    for form, count in zip(forms, np.bincount(corpus.form.codes, minlength=len(forms)).tolist(), strict=True):
        if count:
            counts[form] = counts.get(form, 0) + count
    broken = next((form for form in counts if not form or "\n" in form), None)
    if broken is not None:
        raise ProbekitError(f"{corpus!r} has an empty word or one with a line break, {broken!r}; mend the corpus")
    ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    words = np.array(forms, dtype=object)[corpus.form.codes]
    cut = 0
    sentences = []
    for start, end in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True):
        cut += int(end - start > _LONGEST)
        sentences += [words[a : min(a + _LONGEST, end)].tolist() for a in range(start, end, _LONGEST)]
    return sentences, ordered, cut


def _language(corpus: Corpus) -> str:
    if "language" not in corpus.sentences:
        return ""
    languages = corpus.sentences["language"].unique()
    return str(languages[0]) if len(languages) == 1 else ""


def _stable_hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _gensim() -> Any:
    try:
        from gensim.models import word2vec
    except ImportError:
        raise MissingExtra("gensim", "training word2vec") from None
    # gensim reports each epoch and warns of small corpora through logging; our bar says what a user needs.
    logging.getLogger("gensim").setLevel(logging.ERROR)
    return word2vec


def _gensim_version() -> str:
    from importlib.metadata import version

    return version("gensim")


def _progress_bar(epochs: int) -> Any:
    """A bar that steps once an epoch and shows itself only when training takes longer than a few seconds."""
    from gensim.models.callbacks import CallbackAny2Vec

    class Bar(CallbackAny2Vec):
        def on_train_begin(self, model: Any) -> None:
            self.bar = bar(epochs, "training word2vec", "epoch")

        def on_epoch_end(self, model: Any) -> None:
            self.bar.update()

        def on_train_end(self, model: Any) -> None:
            self.bar.close()

    return Bar()
