"""Words of a treebank as running text has them, one for one, for encoders that were trained on such text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.store import digest

_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}


def plain_words(corpus: Corpus) -> Corpus:
    """Brackets and slashes as characters, and `did n't` as `didn 't`: as many words as before, labels stay (Bhargava
    and Penn 2020, for ELMo). `can` and `won` keep their own n. Raises ProbekitError for a corpus with trees, which hold
    words too."""
    if corpus.trees is not None:
        raise ProbekitError(f"plain-words changes words, and {corpus!r} has trees of them; take a corpus without")
    forms = [unescaped(str(form)) for form in corpus.form]
    first = set(corpus.offsets[:-1].tolist())
    for place, form in enumerate(forms):
        if form.lower() != "n't" or place in first:
            continue
        before = forms[place - 1]
        forms[place] = "'" + form[-1]
        if before.lower() not in ("can", "won"):
            forms[place - 1] = before + form[0]
    made: Any = pd.Categorical(pd.Series(forms, dtype=object))
    return replace(corpus, form=made, spec="", digest=digest([corpus.digest, "plain-words"]))


def unescaped(form: str) -> str:
    """A word without the treebank's escapes."""
    return _BRACKETS.get(form.upper(), form).replace("\\/", "/").replace("\\*", "*")
