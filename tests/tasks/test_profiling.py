"""The linguistic profile: against hand-computed sentences, a plain twin, and the published numbers."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pandas as pd
import plain_profiling
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_profiling import Word
from scipy.stats import spearmanr

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.errors import DataError

FIELDS = ("form", "lemma", "upos", "xpos", "feats", "deprel")
MIRRORS = {"sentence/subj_post", "sentence/obj_pre", "sentence/subordinate_pre"}
VARIANTS = [{}, {"clauses": "verb-only"}, {"arity": "later"}, {"denominator": "non-punct"}, {"percent": True}]


def corpus_of(*sentences: list[Word]) -> Corpus:
    """A corpus of plain sentences."""
    words = [word for sentence in sentences for word in sentence]
    columns = {
        name: pd.Categorical([getattr(w, "dep" if name == "deprel" else name) for w in words]) for name in FIELDS
    }
    offsets = np.concatenate([[0], np.cumsum([len(sentence) for sentence in sentences])]).astype(np.int64)
    table = pd.DataFrame({"id": [f"s{i}" for i in range(len(sentences))]})
    form = columns.pop("form")
    return Corpus(form, offsets, {**columns, "head": np.array([w.head for w in words], dtype=np.int32)}, table)


def plain_sentences(corpus: Corpus) -> list[list[Word]]:
    """The sentences of a corpus for the plain twin."""
    columns = [list(map(str, corpus.form))] + [list(map(str, corpus.layers[name])) for name in FIELDS[1:]]
    heads = corpus.layers["head"].tolist()
    return [
        [Word(i - a + 1, *(c[i] for c in columns[:5]), heads[i], columns[5][i]) for i in range(a, b)]
        for a, b in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)
    ]


def sentence(text: str) -> list[Word]:
    """A sentence from lines of form, lemma, upos, xpos, feats, head, relation; `_` is empty."""
    rows = [line.split() for line in text.strip().splitlines()]
    return [
        Word(i, *("" if field == "_" else field for field in row[:5]), int(row[5]), row[6])
        for i, row in enumerate(rows, 1)
    ]


def value(spec: str, corpus: Corpus) -> float:
    return float(tasks.get(f"sentence/{spec}").targets(corpus)[0])


# -- by hand
# --------------------------------------------------------------------------------------------------

# A subordinate clause with a copular predicate, and one prepositional modifier inside another.
SHE_SAID = sentence("""
    She    she    PRON   PRP  Case=Nom|Number=Sing|Person=3                            2  nsubj
    said   say    VERB   VBD  Mood=Ind|Tense=Past|VerbForm=Fin                         0  root
    that   that   SCONJ  IN   _                                                        12 mark
    the    the    DET    DT   _                                                        5  det
    dog    dog    NOUN   NN   Number=Sing                                              12 nsubj
    of     of     ADP    IN   _                                                        8  case
    the    the    DET    DT   _                                                        8  det
    king   king   NOUN   NN   Number=Sing                                              5  nmod
    of     of     ADP    IN   _                                                        10 case
    Spain  Spain  PROPN  NNP  Number=Sing                                              8  nmod
    was    be     AUX    VBD  Mood=Ind|Number=Sing|Person=3|Tense=Past|VerbForm=Fin    12 cop
    ill    ill    ADJ    JJ   Degree=Pos                                               2  ccomp
    .      .      PUNCT  .    _                                                        2  punct
""")
SHE_SAID_VALUES = {
    "sent_length": 13,
    "char_per_tok": 39 / 12,  # 3+4+4+3+3+2+3+4+2+5+3+3 letters in 12 words
    "ttr_form": 10 / 13,  # "the" and "of" come twice; over all 13 words
    "ttr_lemma": 10 / 13,
    "upos_dist_NOUN": 2 / 13,
    "upos_dist_DET": 2 / 13,
    "upos_dist_PUNCT": 1 / 13,
    "upos_dist_NUM": 0,
    "xpos_dist_IN": 3 / 13,
    "xpos_dist_VBD": 2 / 13,
    "xpos_dist_.": 1 / 13,
    "lexical_density": 5 / 12,  # said, dog, king, Spain, ill
    "verbs_mood_dist_Ind": 1,
    "verbs_tense_dist_Past": 1,
    "verbs_form_dist_Fin": 1,
    "verbs_num_pers_dist_+": 1,  # "said" shows neither number nor person
    "verbs_num_pers_dist_Sing+3": 0,
    "aux_mood_dist_Ind": 1,
    "aux_tense_dist_Past": 1,
    "aux_form_dist_Fin": 1,
    "aux_num_pers_dist_Sing+3": 1,
    "parse_depth": 5,  # said > ill > dog > king > Spain > of
    "avg_links_len": 38 / 11,  # 1+9+1+7+2+1+3+1+2+1+10; the root and the full stop do not count
    "max_links_len": 10,  # said > ill
    "avg_prepositional_chain_len": 2,  # king > Spain: one chain
    "prep_dist_1": 0,
    "prep_dist_2": 1,
    "avg_token_per_clause": 13 / 2,  # said, ill
    "subj_pre": 1,
    "subj_post": 0,
    "obj_post": 0,  # no object at all
    "obj_pre": 0,
    "verbal_head_dist": 2,
    "verbal_root_perc": 1,
    "avg_verb_edges": 2,  # She, ill
    "verbal_arity_2": 1,
    "verbal_arity_3": 0,
    "dep_dist_nsubj": 2 / 13,
    "dep_dist_root": 1 / 13,
    "dep_dist_nmod": 2 / 13,
    "principal_proposition_dist": 1 / 2,
    "subordinate_proposition_dist": 1 / 2,
    "avg_subordinate_chain_len": 1,
    "subordinate_dist_1": 1,
    "subordinate_post": 1,  # "ill" stands after "said"
    "subordinate_pre": 0,
    "avg_token_per_clause(clauses=verb-only)": 13,
    "verbal_head_dist(clauses=verb-only)": 1,
    "principal_proposition_dist(clauses=verb-only)": 0,  # (1 verb - 1 subordinate clause) / 1 verb
    "subordinate_proposition_dist(clauses=verb-only)": 1,
    "avg_verb_edges(arity=later)": 3,  # the full stop too
    "verbal_arity_3(arity=later)": 1,
    "ttr_form(denominator=non-punct)": 10 / 12,
    "xpos_dist_IN(percent=true)": 300 / 13,
}

# A subordinate clause before the root, coordinated imperatives, an indirect object, a possessive.
GIVE_HER = sentence("""
    If     if     SCONJ  IN    _                                                       3  mark
    he     he     PRON   PRP   _                                                       3  nsubj
    comes  come   VERB   VBZ   Mood=Ind|Number=Sing|Person=3|Tense=Pres|VerbForm=Fin   5  advcl
    ,      ,      PUNCT  ,     _                                                       5  punct
    give   give   VERB   VB    Mood=Imp|VerbForm=Fin                                   0  root
    her    she    PRON   PRP   _                                                       5  iobj
    my     my     PRON   PRP$  Poss=Yes                                                8  nmod:poss
    hat    hat    NOUN   NN    Number=Sing                                             5  obj
    and    and    CCONJ  CC    _                                                       10 cc
    go     go     VERB   VB    Mood=Imp|VerbForm=Fin                                   5  conj
    .      .      PUNCT  .     _                                                       5  punct
""")
GIVE_HER_VALUES = {
    "sent_length": 11,
    "char_per_tok": 26 / 9,
    "ttr_form": 9 / 11,
    "lexical_density": 4 / 9,
    "verbs_mood_dist_Imp": 2 / 3,
    "verbs_tense_dist_Pres": 1,  # of the one verb that has a tense
    "verbs_num_pers_dist_Sing+3": 1 / 3,
    "verbs_num_pers_dist_+": 2 / 3,
    "aux_form_dist_Fin": 0,
    "xpos_dist_PRP$": 1 / 11,
    "xpos_dist_,": 1 / 11,
    "parse_depth": 2,
    "avg_links_len": 2,  # 2+1+2+1+1+3+1+5 over 8
    "max_links_len": 5,
    "avg_prepositional_chain_len": 0,  # nmod:poss is no prepositional modifier
    "avg_token_per_clause": 11 / 3,
    "obj_post": 1,  # her (iobj) and hat
    "avg_verb_edges": 7 / 3,  # comes 2, give 4 without punctuation, go 1
    "verbal_arity_4": 1 / 3,
    "principal_proposition_dist": 1 / 2,  # "go" is coordinated: neither principal nor subordinate
    "subordinate_post": 0,
    "subordinate_pre": 1,
    "principal_proposition_dist(clauses=verb-only)": 2 / 3,
    "subordinate_proposition_dist(clauses=verb-only)": 1 / 3,
    "avg_verb_edges(arity=later)": 3,  # 2, 6 and 1
    "verbal_arity_6(arity=later)": 1 / 3,
}


@pytest.mark.parametrize(("words", "values"), [(SHE_SAID, SHE_SAID_VALUES), (GIVE_HER, GIVE_HER_VALUES)])
def test_hand_computed(words, values):
    corpus = corpus_of(words)
    assert {spec: value(spec, corpus) for spec in values} == pytest.approx(values, abs=1e-12)


def test_one_word_has_zero_for_everything_that_needs_two():
    corpus = corpus_of(sentence("Hello hello INTJ UH _ 0 root"))
    found = {spec: tasks.get(spec).targets(corpus)[0] for spec in tasks.expand("sentence/profiling-68")}
    nonzero = {"sent_length": 1, "char_per_tok": 5, "ttr_form": 1, "ttr_lemma": 1, "dep_dist_root": 1}
    assert {spec: v for spec, v in found.items() if v} == {f"sentence/{k}": v for k, v in nonzero.items()}


def test_a_branching_chain_counts_once_a_branch():
    # wall of the house of the man, of the king: two modifiers below `house` make two chains of two.
    corpus = corpus_of(
        sentence("""
        wall  wall  NOUN NN _ 0 root
        of    of    ADP  IN _ 3 case
        house house NOUN NN _ 1 nmod
        of    of    ADP  IN _ 5 case
        man   man   NOUN NN _ 3 nmod
        of    of    ADP  IN _ 7 case
        king  king  NOUN NN _ 3 nmod
    """)
    )
    assert value("prep_dist_2", corpus) == 1
    assert value("avg_prepositional_chain_len", corpus) == 2
    # One of them longer: lengths 2 and 3.
    deeper = corpus_of(
        sentence("""
        wall  wall  NOUN NN _ 0 root
        of    of    ADP  IN _ 3 case
        house house NOUN NN _ 1 nmod
        of    of    ADP  IN _ 5 case
        man   man   NOUN NN _ 3 nmod
        of    of    ADP  IN _ 7 case
        king  king  NOUN NN _ 3 nmod
        of    of    ADP  IN _ 9 case
        war   war   NOUN NN _ 7 nmod
    """)
    )
    assert value("avg_prepositional_chain_len", deeper) == 2.5
    assert (value("prep_dist_2", deeper), value("prep_dist_3", deeper)) == (0.5, 0.5)


def test_predicates_that_are_easy_to_get_wrong():
    # PROPN and NUM with a copula are no copular predicates; `obj` catches `iobj`, `nmod` no subtype.
    template = "it it PRON PRP _ 3 nsubj:pass\nis be AUX VBZ _ 3 cop\nX x {} NN _ 0 root"
    heads = {
        u: value("verbal_head_dist", corpus_of(sentence(template.format(u))))
        for u in ("ADJ", "NOUN", "PRON", "ADV", "PROPN", "NUM", "VERB")
    }
    assert heads == {"ADJ": 1, "NOUN": 1, "PRON": 1, "ADV": 1, "PROPN": 0, "NUM": 0, "VERB": 1}
    corpus = corpus_of(sentence(template.format("PROPN")))
    assert value("verbal_root_perc", corpus) == 0
    assert value("subj_pre", corpus) == 1


def test_later_arity_drops_verbs_with_more_than_six_kids_from_the_sum_alone():
    kids = "\n".join(f"w{i} w NOUN NN _ 1 obl" for i in range(7))
    corpus = corpus_of(sentence(f"go go VERB VB _ 0 root\n{kids}\nsee see VERB VB _ 1 conj\nit it PRON P _ 9 obj"))
    assert value("avg_verb_edges", corpus) == (8 + 1) / 2
    assert value("avg_verb_edges(arity=later)", corpus) == (0 + 1) / 2


# -- against the plain twin
# -------------------------------------------------------------------------------------


def options_of(spec: str, variant: dict[str, object]) -> str | None:
    """A feature's spec under a variant, None when the variant does not concern it."""
    for option, choice in variant.items():
        text = str(choice).lower() if isinstance(choice, bool) else choice
        try:
            return tasks.expand(f"{spec}({option}={text})")[0]
        except ValueError:
            return None
    return spec


def assert_agree(corpus: Corpus, variants: list[dict[str, object]]) -> int:
    """Compare every feature of the profile with the plain twin; the number of columns compared."""
    names = [name for name in tasks.expand("sentence/*", corpus) if "Miaschi" in tasks.get(name).source]
    sentences = plain_sentences(corpus)
    compared = 0
    for variant in variants:
        twins = [plain_profiling.profile(words, **variant) for words in sentences]
        seen = {f"sentence/{label}" for twin in twins for label in twin}
        # Numbers that the published families leave out, and words without a tag, have no place in the
        # expansion.
        missing = {name for name in seen if not name.endswith("_")} - {tasks.get(name).name for name in names}
        assert all(name.startswith(("sentence/prep_dist_", "sentence/verbal_arity_")) for name in missing)
        for name in names:
            spec = options_of(name, variant)
            if spec is None:
                continue
            label = tasks.get(name).name.removeprefix("sentence/")
            expected = np.array([twin.get(label, 0.0) for twin in twins])
            found = tasks.get(spec).targets(corpus)
            assert found.dtype == np.float64
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12, err_msg=f"{spec} in {corpus!r}")
            compared += 1
    return compared


@st.composite
def sentences(draw: st.DrawFn) -> list[Word]:
    """A random tree over random words, dense in the classes and relations that the definitions name."""
    n = draw(st.integers(1, 14))
    order = draw(st.permutations(range(1, n + 1)))
    heads = {order[0]: 0}
    for place in range(1, n):
        heads[order[place]] = order[draw(st.integers(0, place - 1))]
    upos = st.sampled_from(
        ["VERB", "VERB", "AUX", "NOUN", "NOUN", "PROPN", "ADJ", "ADV", "PRON", "PUNCT", "ADP", "NUM", "X"]
    )
    relation = st.sampled_from(
        [
            "nsubj",
            "nsubj:pass",
            "csubj",
            "obj",
            "iobj",
            "cop",
            "cop",
            "conj",
            "parataxis",
            "amod",
            "nmod",
            "nmod",
            "nmod:poss",
            "case",
            "case",
            "case",
            "aux",
            "aux:pass",
            "advcl",
            "acl:relcl",
            "ccomp",
            "punct",
            "root",
        ]
    )
    feats = st.sampled_from(
        [
            "",
            "VerbForm=Fin",
            "VerbForm=Inf",
            "Mood=Imp|VerbForm=Fin",
            "Number=Plur|VerbForm=Fin",
            "Number=Sing",
            "Mood=Ind|Number=Sing|Person=3|Tense=Pres|VerbForm=Fin",
            "Tense=Past|VerbForm=Part",
            "Person=1|VerbForm=Fin",
        ]
    )
    form = st.sampled_from(["a", "A", "bb", "ccc", "é", "naïve", "_", "--"])
    xpos = st.sampled_from(["NN", "VB", ",", ".", ":", "''", "$", "(", "|", '"', "a b", "*", "[x]", "S", ""])
    root = st.sampled_from(["root", "root", "root", "parataxis"])
    return [
        Word(
            i,
            draw(form),
            draw(form),
            draw(upos),
            draw(xpos),
            draw(feats),
            heads[i],
            draw(relation) if heads[i] else draw(root),
        )
        for i in range(1, n + 1)
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(sentences(), min_size=1, max_size=6), st.sampled_from(VARIANTS))
def test_random_trees_agree_with_the_plain_twin(corpus, variant):
    assert assert_agree(corpus_of(*corpus), [variant]) > 0


def test_fixtures_agree_with_the_plain_twin():
    assert assert_agree(corpus_of(SHE_SAID, GIVE_HER), VARIANTS) > 100


def test_a_chain_of_two_thousand_words():
    # The plain twin would recurse too deep here; the answer is known.
    n = 2000
    words = [Word(i, "of", "of", "VERB", "V", "", i - 1, "root" if i == 1 else "ccomp") for i in range(1, n + 1)]
    corpus = corpus_of(SHE_SAID, words, GIVE_HER)
    assert tasks.get("sentence/parse_depth").targets(corpus).tolist() == [5, n - 1, 2]
    assert tasks.get("sentence/avg_subordinate_chain_len").targets(corpus).tolist() == [1, n - 1, 1]
    assert tasks.get(f"sentence/subordinate_dist_{n - 1}").targets(corpus).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("heads", "what"),
    [
        ([0, 0, 1], "not exactly one root"),
        ([2, 1, 1], "not exactly one root"),
        ([0, 3, 2], "cycle"),
        ([0, 2, 1], "cycle"),
        ([0, 4, 1], "outside"),
        ([0, -1, 1], "outside"),
    ],
)
def test_what_is_no_tree_is_refused_by_sentence(heads, what):
    good = sentence("a a NOUN N _ 0 root\nb b NOUN N _ 1 dep")
    bad = [Word(i, "w", "w", "NOUN", "N", "", h, "dep") for i, h in enumerate(heads, 1)]
    with pytest.raises(DataError, match=what) as refusal:
        tasks.get("sentence/subj_pre").targets(corpus_of(good, bad))
    assert refusal.value.sentence == "s1"


# -- real treebanks
# -----------------------------------------------------------------------------------------------


@cache
def ud_english() -> Corpus:
    return load_corpus("ud-english")


@cache
def profile_of_ud_english() -> tuple[np.ndarray, np.ndarray]:
    """Share of sentences with a non-zero value, and correlation with the length, of the 68 features."""
    corpus = ud_english()
    values = np.column_stack([tasks.get(f.name).targets(corpus) for f in tasks.PROFILING_68])
    ranks = [spearmanr(column, values[:, 0])[0] for column in values.T]
    return (values != 0).mean(axis=0), np.array(ranks)


def is_release_2_4() -> bool:
    """Whether the pooled treebanks are UD 2.4, on which the frozen numbers were measured.

    Release 2.4 has 2,764 sentences of fewer than four words. A later EWT with the same sentences has 2,765,
    more words tagged PROPN and person and number on more verbs, which moves other features in the second
    decimal.
    """
    return int((ud_english().lengths < 4).sum()) == 2764


# What a later annotation of EWT changed beyond the second decimal: number and person were added to its verbs,
# and addresses and names became PROPN, which are content words.
REANNOTATED = {"sentence/verbs_num_pers_dist_+", "sentence/upos_dist_PROPN", "sentence/lexical_density"}
# What it left alone.
UNTOUCHED = {
    "sentence/sent_length", "sentence/char_per_tok", "sentence/upos_dist_DET", "sentence/xpos_dist_.",
    "sentence/xpos_dist_DT", "sentence/xpos_dist_NNS", "sentence/xpos_dist_NNP", "sentence/dep_dist_root",
    "sentence/dep_dist_det", "sentence/dep_dist_cc", "sentence/dep_dist_conj",
}  # fmt: skip


@pytest.mark.data
def test_frozen_numbers():
    shares, ranks = profile_of_ud_english()
    for feature, share, rho in zip(tasks.PROFILING_68, shares, ranks, strict=True):
        if is_release_2_4() or feature.name in UNTOUCHED:
            tolerance = 0.0006
        else:
            tolerance = 0.22 if feature.name in REANNOTATED else 0.011
        assert share == pytest.approx(feature.share, abs=tolerance), feature.name
        assert rho == pytest.approx(feature.rho, abs=tolerance), feature.name


@pytest.mark.data
def test_length_baseline_of_the_groups():
    _, ranks = profile_of_ud_english()
    groups = np.array([feature.group for feature in tasks.PROFILING_68])
    found = {group: np.abs(ranks[groups == group]).mean() for group in dict.fromkeys(groups)}
    found["all"] = np.abs(ranks).mean()
    published = {"raw text": 0.372, "morphosyntax": 0.285, "syntax": 0.494, "all": 0.388}
    later = {"raw text": 0.3703, "morphosyntax": 0.2796, "syntax": 0.4939, "all": 0.3858}
    assert found == pytest.approx(published if is_release_2_4() else later, abs=0.0006)
    assert found == pytest.approx(published, abs=0.006)


@pytest.mark.data
def test_frozen_list_is_the_one_third_rule():
    corpus = ud_english()
    assert corpus.n_sentences == 23943
    every = tasks.expand("sentence/*", corpus)
    kept = {spec for spec in every if (tasks.get(spec).targets(corpus) != 0).mean() >= 1 / 3} - MIRRORS
    frozen = {feature.name for feature in tasks.PROFILING_68}
    # Person and number on verbs, again; the other two lay at .334 and .320, on either side of the cut.
    moved = {"sentence/verbs_num_pers_dist_+", "sentence/verbal_arity_2", "sentence/verbs_tense_dist_Pres"}
    assert kept ^ frozen == (set() if is_release_2_4() else moved)


@pytest.mark.data
def test_real_sentences_agree_with_the_plain_twin():
    corpus = ud_english()
    rows = np.random.default_rng(0).choice(corpus.n_sentences, size=3000, replace=False)
    assert assert_agree(corpus.select(rows), [{}]) > 200
    assert assert_agree(corpus.select(rows[:500]), VARIANTS[1:]) > 200


@pytest.mark.data
def test_the_68_take_seconds_on_all_sentences():
    corpus = ud_english()
    whole = corpus.select(np.arange(corpus.n_sentences))
    start = time.perf_counter()
    for spec in tasks.expand("sentence/profiling-68"):
        tasks.get(spec).targets(whole)
    assert time.perf_counter() - start < 10
