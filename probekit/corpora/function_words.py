"""Function words: the forms of a treebank whose tokens are nearly all of closed classes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from probekit.corpora.loading import load_corpus
from probekit.corpora.word_items import WordItems, items_of
from probekit.errors import ProbekitError
from probekit.values import Count, Share

# Closed classes of Universal Dependencies without numbers, which name things.
CLOSED = ("ADP", "AUX", "CCONJ", "DET", "PART", "PRON", "SCONJ")


def function_words(of: str, share: Share = 0.9, least: Count = 5) -> WordItems:
    """Lower-case forms of the corpus `of`, most frequent first, of whose tokens at least `share` are of closed classes.

    least: tokens a form needs. Forms without a letter are left out. Raises ProbekitError for a corpus without parts of
    speech, or without such a form.
    """
    corpus = load_corpus(of)
    if "upos" not in corpus.layers:
        raise ProbekitError(f"{corpus!r} has no parts of speech (upos); name a treebank")
    forms = pd.Series(np.asarray(corpus.form, dtype=object)).str.lower()
    closed = pd.Series(np.isin(np.asarray(corpus.layers["upos"], dtype=object), CLOSED)).groupby(forms.to_numpy())
    found = pd.DataFrame({"share": closed.mean(), "n": closed.size()})
    found = found[(found["share"] >= share) & (found["n"] >= least) & found.index.str.contains("[^\\W\\d_]")]
    if not len(found):
        raise ProbekitError(f"no form of {corpus!r} is of closed classes; lower share or least")
    found = found.sort_index().sort_values("n", ascending=False, kind="stable")
    return items_of("words", ([word] for word in found.index), languages=_languages(corpus.sentences))


def _languages(sentences: pd.DataFrame) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences["language"])) or ("",)
