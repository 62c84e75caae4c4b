"""Generated inference, pairs cut by split, and the runs of others as they were published."""

from __future__ import annotations

from collections import Counter

import pytest

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.corpora.generated.inference import OVERLAP_ENTAILS, SUBCASES
from probekit.corpora.named import published_runs
from probekit.errors import ProbekitError, UnknownName


def sides(corpus):
    """Premise, hypothesis and what is said of them, a line a pair."""
    link = corpus.links["pair"]
    for first, second in zip(link["sentence"], link["sentence2"], strict=True):
        yield corpus.words(int(first)), corpus.words(int(second)), corpus.sentences.iloc[int(first)]


def test_who_sees_the_words_of_comparisons_alone_is_right_half_the_time():
    rights: Counter[tuple] = Counter()
    for premise, claim, about in sides(load_corpus("compared(n=120)")):
        rights[about["type"], tuple(premise), tuple(sorted(claim))] += 1 if about["label"] == "entailment" else -1
        relation = " ".join(claim[3 if claim[2] == "is" else 2 : -1])
        assert relation and about["label"] in ("entailment", "contradiction")
    assert not any(rights.values())  # every bag of words is entailed as often as it is contradicted


def test_a_small_hans_repeats_words_and_has_every_subcase():
    for premise, claim, about in sides(load_corpus("mini-hans(n=120, challenge=true)")):
        assert set(claim) <= set(premise)
        entailed = SUBCASES[about["subcase"]][1]
        assert about["entailment"] == ("entailment" if entailed else "neutral")
        assert about["label"] == ("entailment" if entailed else "non-entailment")
        text, part = (" ".join(words[:-1]) for words in (premise, claim))
        if about["heuristic"] == "subsequence":
            assert f" {part} " in f" {text} "
    corpus = load_corpus("mini-hans(n=120, challenge=true)")
    assert sorted(set(corpus.sentences["subcase"])) == sorted(SUBCASES)
    assert sum(entailed for _, entailed, _ in SUBCASES.values()) == 15
    trained = load_corpus("mini-hans(n=3000)").sentences
    trained = trained[trained["heuristic"].ne("") & trained["side"].eq("source")]
    share = trained["entailment"].eq("entailment").mean()
    assert abs(share - OVERLAP_ENTAILS) < 4 * (OVERLAP_ENTAILS * (1 - OVERLAP_ENTAILS) / len(trained)) ** 0.5
    with pytest.raises(ProbekitError):
        load_corpus("mini-hans(n=1)")


def test_roles_of_a_generated_passive_are_those_of_who_does_it():
    corpus = load_corpus("mini-hans(n=60, challenge=true)")
    first = int(corpus.sentences.index[corpus.sentences["subcase"].eq("ln_passive")][0])
    words = corpus.words(first)
    task = tasks.get("word/role")
    units = task.units(corpus)
    tags = dict(
        zip(units["start"][units["sentence"].eq(first)], task.targets(corpus)[units["sentence"].eq(first)], strict=True)
    )
    assert words[2] == "was" and words[4] == "by" and tags[0] == "B-ARG1" and tags[4] == "B-ARG0" and 3 not in tags


def test_fewer_pairs_keeps_both_sides_and_a_larger_number_keeps_those_of_a_smaller():
    few, more = (load_corpus(f"plausible(n=60)|fewer-pairs(train={n}, dev=4)") for n in (6, 9))
    for corpus, n in ((few, 6), (more, 9)):
        counts = corpus.sentences["split"].value_counts()
        assert counts["train"] == 2 * n and counts["dev"] == 8 and counts["test"] > 20
        assert len(corpus.links["pair"]) == corpus.n_sentences / 2
    assert set(few.sentences["id"]) <= set(more.sentences["id"])
    with pytest.raises(ProbekitError, match="has no pairs"):
        load_corpus("cues(n=20)|fewer-pairs(train=3)")


@pytest.mark.data
def test_a_hundred_runs_are_read_with_the_means_of_their_subcases():
    runs = list(published_runs.berts_of_a_feather())
    assert len(runs) == 3800 and {one.run for one in runs} == set(range(100))
    cell = "heuristic=lexical_overlap;label=non-entailment"
    own = [one for one in runs if one.run == 7 and one.subset.startswith(cell)]
    whole = next(one.value for one in own if one.subset == cell)
    parts = [one.value for one in own if one.subset != cell]
    assert len(parts) == 5 and whole == pytest.approx(sum(parts) / 5, abs=2e-3)


def test_runs_that_nobody_published_are_refused():
    with pytest.raises(UnknownName, match="berts-of-a-feather"):
        published_runs.describe("berts")
