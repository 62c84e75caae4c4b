"""The prefix parser: all prefixes of sentences of 20 words over the grammar of the WSJ sample. One thread.

Without real data, over the grammar of generated sentences.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import numpy as np

from probekit import resources
from probekit.corpora import load_corpus
from probekit.probes.pcfg import Pcfg

from .measure import Line, seconds, threads

LENGTH, SENTENCES = 20, 10
AIM = 0.3


def lines() -> Iterator[Line]:
    """Seconds a sentence, against parsing every prefix by itself; prefixes without a tree; a sentence of 40 words."""
    real = None not in resources.locate("wsj-sample")
    corpus = load_corpus("wsj-sample" if real else "grammar(n=3000)")
    name = "WSJ sample" if real else "generated sentences"
    with threads(1):
        started = time.perf_counter()
        grammar = Pcfg.fit(corpus)
        size = f"{len(grammar.rules):,} rules, {len(grammar.table.source):,} dotted"
        fitted = time.perf_counter() - started
        yield Line(f"grammar of the {name}: {size}", f"{fitted:.1f} s", "-", "-", "-", "-", None)
        chosen = [corpus.words(int(i)) for i in np.flatnonzero(corpus.lengths == LENGTH)[:SENTENCES]]
        times = [seconds(partial(grammar.prefixes, words)) for words in chosen]
        ours = float(np.median(times))
        one = chosen[0]
        started = time.perf_counter()
        for t in range(1, LENGTH + 1):
            grammar.prefixes(one[:t])
        alone = time.perf_counter() - started
        what = f"all {LENGTH} prefixes of {LENGTH} words, median of {len(chosen)} (slowest {max(times):.3f} s)"
        ratio = f"{alone / times[0]:.1f}"
        yield Line(what, f"{ours:.3f} s", f"{alone:.3f} s one by one", ratio, "-", f"<= {AIM} s", max(times) <= AIM)
        lost = sum(found is None for words in chosen for found in grammar.prefixes(words))
        of = f"of {LENGTH * len(chosen)}"
        yield Line("prefixes without a tree (training sentences)", str(lost), of, "-", "-", "-", None)
        if len(long := np.flatnonzero(corpus.lengths == 2 * LENGTH)):
            took = seconds(lambda: grammar.prefixes(corpus.words(int(long[0]))))
            yield Line(f"all prefixes of one sentence of {2 * LENGTH} words", f"{took:.3f} s", "-", "-", "-", "-", None)
