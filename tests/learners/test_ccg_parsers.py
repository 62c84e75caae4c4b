"""depccg beside our chart: the same categories back and forth, derivations, agreement on gold categories."""

from __future__ import annotations

import importlib.util

import pytest

from probekit.corpora import load_corpus
from probekit.errors import ProbekitError
from probekit.learners import depccg_parser
from probekit.learners.ccg_parsers import chart
from probekit.learners.depccg_parser import as_bank, as_ccgbank

THERE = importlib.util.find_spec("depccg") is not None


@pytest.mark.parametrize(
    ("bank", "ccgbank"),
    [
        (r"(s:dcl\np)/np", r"(S[dcl]\NP)/NP"),
        (r"(s:X\np)\((s:X\np)/np)", r"(S[X]\NP)\((S[X]\NP)/NP)"),
        ("n", "N"),
        ("np:expl", "NP[expl]"),
    ],
)
def test_categories_go_and_come_back(bank: str, ccgbank: str) -> None:
    assert as_ccgbank(bank) == ccgbank == as_ccgbank(ccgbank) and as_bank(ccgbank) == bank


def test_punctuation_and_conjunctions_keep_their_names() -> None:
    assert [as_ccgbank(one) for one in (".", ",", "conj", "lrb", "RRB")] == [".", ",", "conj", "LRB", "RRB"]


@pytest.mark.skipif(THERE, reason="depccg is installed")
def test_where_it_is_not_installed_the_way_to_get_it_is_said() -> None:
    with pytest.raises(ProbekitError, match="pip install --no-deps depccg"):
        depccg_parser.parses([["np"]])


@pytest.mark.skipif(not THERE, reason="depccg is not installed")
def test_it_agrees_with_our_chart_on_generated_sentences() -> None:
    corpus = load_corpus("ccg-grammar(n=80, n_test=10)")
    sentences = [
        [str(c) for c in corpus.layers["ccg"][a:b]] for a, b in zip(corpus.offsets, corpus.offsets[1:], strict=False)
    ]
    broken = [["np", "np"], ["np", "(("]]
    theirs, ours = depccg_parser.parses([*sentences, *broken]), chart([*sentences, *broken])
    assert [one is None for one in theirs] == [one is None for one in ours]
    both = [(a, b) for a, b in zip(theirs, ours, strict=True) if a is not None and b is not None]
    shared, every = sum(len(a & b) for a, b in both), sum(len(b) for _, b in both)
    assert shared / every > 0.9 and theirs[-2:] == [None, None]
    assert depccg_parser.parses([]) == []
