"""The generative grammar: what it makes is correct, varied, reproducible, and of the length drawn."""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import said_in_processes

from probekit.corpora import load_corpus
from probekit.corpora.catalogue import registry
from probekit.corpora.generated.derivation import Node, lay_out
from probekit.corpora.generated.grammar import LENGTHS, derivations, grammar
from probekit.corpora.generated.lexicon import TOPICS, verb_forms
from probekit.corpora.generated.ratings import generated_ratings
from probekit.corpora.generated.sentences import SentenceRules
from probekit.errors import ProbekitError

N = 2000


class Constituent:
    """A node of a bracketed tree, read back from the text: a plain twin of the grammar's own trees."""

    def __init__(self, label: str, start: int) -> None:
        self.label, self.start, self.end, self.kids, self.form = label, start, start, [], None

    def all(self):
        yield self
        for kid in self.kids:
            yield from kid.all()


def read_tree(text: str) -> Constituent:
    stack: list[Constituent] = []
    position, root = 0, None
    for token in re.findall(r"\(|\)|[^\s()]+", text):
        if token == "(":
            stack.append(Constituent("", position))
        elif token == ")":
            done = stack.pop()
            done.end = position
            if stack:
                stack[-1].kids.append(done)
            else:
                assert root is None, "two roots"
                root = done
        elif not stack[-1].label:
            stack[-1].label = token
        else:
            stack[-1].form = token
            position += 1
    assert not stack and root is not None
    return root


class Sentence:
    def __init__(self, corpus, number: int) -> None:
        start, end = corpus.offsets[number], corpus.offsets[number + 1]
        self.words = corpus.words(number)
        for name in ("lemma", "upos", "xpos", "feats", "deprel", "misc"):
            setattr(self, name, list(corpus.layers[name][start:end]))
        self.head = corpus.layers["head"][start:end].tolist()
        self.tree = read_tree(corpus.trees[number])
        self.number, self.text = number, corpus.sentences.text[number]

    def __len__(self) -> int:
        return len(self.words)

    def kids(self, word: int) -> list[int]:
        return [kid for kid, head in enumerate(self.head) if head == word + 1]


@pytest.fixture(scope="module")
def corpus():
    return grammar(N, 7)


@pytest.fixture(scope="module")
def sentences(corpus):
    return [Sentence(corpus, number) for number in range(N)]


def check_structure(s: Sentence) -> None:
    """The tree yields the words; dependencies are one projective tree; a constituent has one head word."""
    leaves = [node for node in s.tree.all() if node.form is not None]
    assert [node.form for node in leaves] == s.words
    assert [node.label for node in leaves] == s.xpos
    assert s.tree.label == "TOP" and (s.tree.start, s.tree.end) == (0, len(s))
    assert s.head.count(0) == 1 and s.deprel[s.head.index(0)] == "root" and s.deprel.count("root") == 1
    for word in range(len(s)):
        seen, up = {word}, s.head[word]
        while up:
            assert up - 1 not in seen, f"cycle in {s.text}"
            seen.add(up - 1)
            up = s.head[up - 1]
    arcs = [sorted((word, head - 1)) for word, head in enumerate(s.head) if head]
    for (a, b), (c, d) in itertools.combinations(arcs, 2):
        assert not (a < c < b < d or c < a < d < b), f"crossing arcs in {s.text}"
    for node in s.tree.all():
        assert node.end > node.start
        outside = [w for w in range(node.start, node.end) if not node.start < s.head[w] <= node.end]
        assert len(outside) == 1, f"{node.label} {s.words[node.start : node.end]} in {s.text}"


def check_spans(corpus, sentences) -> None:
    """Every span is a constituent of its sentence."""
    constituents = [{(node.start, node.end) for node in s.tree.all()} for s in sentences]
    for table in corpus.spans.values():
        for suffix in ("", "2") if "sentence2" in table else ("",):
            for number, start, end in table[[f"sentence{suffix}", f"start{suffix}", f"end{suffix}"]].to_numpy():
                assert 0 <= start < end <= corpus.lengths[number]
                assert (start, end) in constituents[number]


def test_structure(sentences):
    for sentence in sentences:
        check_structure(sentence)


def test_spans_are_constituents(corpus, sentences):
    check_spans(corpus, sentences)
    assert {name: bool(len(table)) for name, table in corpus.spans.items()} == {
        "entity": True,
        "predicate-argument": True,
        "coreference": True,
    }


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**40))
def test_structure_for_any_seed(seed):
    corpus = grammar(60, seed)
    sentences = [Sentence(corpus, number) for number in range(60)]
    for sentence in sentences:
        check_structure(sentence)
    check_spans(corpus, sentences)


def test_lengths(corpus):
    lengths = corpus.lengths
    assert lengths.min() == 1 and lengths.max() == 40
    assert 12 <= lengths.mean() <= 17 and np.median(lengths) < lengths.mean()
    assert len(set(lengths)) == 40


@pytest.mark.parametrize("size", [*range(1, 12), 25, 39, 40])
def test_every_length_is_kept_exactly(size):
    draw = random.Random(size).random
    for _ in range(60):
        assert len(lay_out(SentenceRules("sport", draw).sentence(size).tree).words) == size


def test_a_longer_corpus_begins_with_the_shorter():
    small, large = grammar(100, 3), grammar(400, 3)
    part = large.select(range(100))
    assert list(small.form) == list(part.form) and small.trees == part.trees
    pd.testing.assert_frame_equal(small.sentences, part.sentences)
    for name, layer in small.layers.items():
        assert list(layer) == list(part.layers[name])
    for name, table in small.spans.items():
        pd.testing.assert_frame_equal(table, part.spans[name], check_dtype=False)


def test_seed_and_size_enter_spec_and_digest():
    one, other = grammar(20, 1), grammar(20, 2)
    assert list(one.form) != list(other.form)
    assert len({one.digest, other.digest, grammar(21, 1).digest}) == 3
    assert grammar(20, 1).digest == one.digest
    assert one.spec == "grammar(n=20, seed=1)" and grammar().spec == "grammar"


def test_same_corpus_in_every_process():
    code = (
        "from probekit.corpora.generated.grammar import grammar; from probekit.corpora.corpus import content_digest;"
        "c = grammar(150, 11); print(content_digest(c), c.digest, list(c.form.categories)[:40])"
    )
    answers = said_in_processes(code)
    assert len(answers) == 1


def test_golden():
    """When this fails, what the grammar makes has moved: raise its revision, here and in the registry."""
    corpus = grammar(80, 0)
    spans = [table.to_csv(index=False) for _, table in sorted(corpus.spans.items())]
    parts = [*corpus.trees, *corpus.sentences.text, *map(str, corpus.layers["head"]), *spans]
    parts += [str(value) for name in ("lemma", "upos", "feats", "deprel") for value in corpus.layers[name]]
    found = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    assert (registry.entry("grammar").revision, found) == (1, "ff8a169e6dfb8b78")


def test_attributes(corpus):
    table = corpus.sentences
    assert table.id.is_unique and set(table.language) == {"en"} and set(table.topic) == set(TOPICS)
    documents = table.groupby("document", sort=False)
    assert (documents.topic.nunique() == 1).all() and (documents.split.nunique() == 1).all()
    assert (documents.size()[:-1].between(3, 9)).all()
    assert (table.document.ne(table.document.shift()).cumsum().nunique()) == table.document.nunique()
    shares = documents.split.first().value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.8, abs=0.02) and shares["dev"] == pytest.approx(0.1, abs=0.02)
    assert {"statement", "question", "imperative", "fragment", "interjection"} == set(table.kind)


def test_text_and_misc(sentences):
    for s in sentences:
        joined = "".join(w + ("" if m == "SpaceAfter=No" else " ") for w, m in zip(s.words, s.misc, strict=True))
        assert joined.rstrip() == s.text
        assert s.text[0].isupper() or s.text[0].isdigit()
        assert " ," not in s.text and ",," not in s.text and not re.search(r",[.?!]", s.text), s.text
        assert not re.search(r"\b(a [aeio]|an [^aeiouh8])", s.text), s.text


def test_zipf(corpus):
    forms = Counter(str(form).lower() for form in corpus.form)
    counts = np.array(sorted(forms.values(), reverse=True)[:400], dtype=float)
    slope, _ = np.polyfit(np.log(np.arange(1, 401)), np.log(counts), 1)
    fit = np.corrcoef(np.log(np.arange(1, 401)), np.log(counts))[0, 1]
    assert -1.4 < slope < -0.6 and fit < -0.96
    assert 600 < len(set(corpus.layers["lemma"])) < 1500


def test_topics_show_in_the_words(corpus, sentences):
    """A unigram classifier of documents, trained on half of them, knows the topic far above chance."""
    counts = {topic: Counter() for topic in TOPICS}
    documents = defaultdict(list)
    for s in sentences:
        documents[corpus.sentences.document[s.number]].append(s)
    right = total = 0
    for number, members in enumerate(documents.values()):
        topic = corpus.sentences.topic[members[0].number]
        words = [lemma for s in members for lemma in s.lemma]
        if number < len(documents) // 2:
            counts[topic].update(words)
            continue
        sizes = {t: sum(c.values()) for t, c in counts.items()}
        score = {t: sum(np.log((c[w] + 0.5) / (sizes[t] + 500)) for w in words) for t, c in counts.items()}
        right, total = right + (max(score, key=score.get) == topic), total + 1
    assert right / total > 0.85
    # and no single word gives it away everywhere
    assert all(sum(c[w] > 0 for c in counts.values()) > 1 for w in ("game", "price", "doctor", "river"))


def test_ambiguous_words(sentences):
    """Words in several classes, so that the class cannot be read off the form."""
    classes = defaultdict(Counter)
    for s in sentences:
        for form, upos in zip(s.words, s.upos, strict=True):
            classes[form.lower()][upos] += 1
    ambiguous = {form for form, tags in classes.items() if len(tags) > 1}
    assert {"run", "walk", "plan", "open", "test", "to", "that", "fast", "hard", "after"} <= ambiguous
    assert len(ambiguous) > 40
    tokens = sum(map(sum, (c.values() for c in classes.values())))
    best = sum(max(tags.values()) for tags in classes.values()) / tokens
    assert 0.9 < best < 0.985  # majority class per word type
    assert {"her", "run", "open"} <= {w for w, t in tags_by_form(sentences, "xpos").items() if len(t) > 1}


def tags_by_form(sentences, layer):
    tags = defaultdict(set)
    for s in sentences:
        for form, tag in zip(s.words, getattr(s, layer), strict=True):
            tags[form.lower()].add(tag)
    return tags


RELATIONS = (
    "acl acl:relcl advcl advmod amod appos aux aux:pass case cc ccomp compound compound:prt conj cop csubj "
    "det det:predet discourse expl flat iobj mark nmod nmod:poss nsubj nsubj:pass nummod obj obl obl:tmod "
    "parataxis punct root vocative xcomp"
)
ROLES = "ADV CAU DIR LOC MNR MOD NEG PRP TMP"
LABELS = "ADJP ADVP FRAG INTJ NP PP PRN PRT QP S SBAR SBARQ SINV SQ TOP VP WHADJP WHADVP WHNP"


def test_every_construction_occurs(corpus, sentences):
    relations = Counter(r for s in sentences for r in s.deprel)
    assert set(RELATIONS.split()) <= set(relations) <= {*RELATIONS.split(), "csubj:pass"}
    phrases = {node.label for s in sentences for node in s.tree.all() if node.form is None}
    assert phrases == set(LABELS.split())
    conjoined = Counter(
        node.label
        for s in sentences
        for node in s.tree.all()
        if len(node.kids) > 2 and any(kid.label == "CC" for kid in node.kids[1:])
    )
    assert min(conjoined[label] for label in ("NP", "VP", "S")) > 20
    assert set(corpus.spans["entity"].label) == {"PER", "LOC", "ORG", "DATE"}
    roles = set(corpus.spans["predicate-argument"].label)
    assert {"ARG0", "ARG1", "ARG2", "R-ARG0", "R-ARG1"} <= roles
    assert {f"ARGM-{role}" for role in ROLES.split()} <= roles
    assert {"Imp", "Ind"} <= {m for s in sentences for f in s.feats for m in re.findall("Mood=(\\w+)", f)}
    forms = {m for s in sentences for f in s.feats for m in re.findall("VerbForm=(\\w+)", f)}
    assert forms == {"Fin", "Inf", "Part", "Ger"}
    depth = max(sum(1 for node in s.tree.all() if node.label == "S") for s in sentences)
    assert depth >= 5
    inverted = 0
    for s in sentences:
        for w in range(len(s)):
            if s.deprel[w] in ("aux", "cop"):
                siblings = range(w + 1, s.head[w] - 1)
                inverted += any(s.deprel[k] == "nsubj" and s.head[k] == s.head[w] for k in siblings)
    assert inverted > 20


def test_subjects_agree(sentences):
    """Finite present verbs and forms of `be` show the number of their subject, read off the words."""
    plural_words = {"we", "they", "you", "these", "those"}
    checked = Counter()
    for s in sentences:
        for w in range(len(s)):
            if s.deprel[w] not in ("nsubj", "nsubj:pass") or s.upos[w] not in ("NOUN", "PROPN", "PRON"):
                continue
            form = s.words[w].lower()
            if "PronType=Rel" in s.feats[w] or form in ("who", "what"):
                continue
            kids = [s.deprel[k] for k in s.kids(w)]
            coordinated = "conj" in kids
            plural = coordinated or "Number=Plur" in s.feats[w] or form in plural_words
            first = form == "i" and not coordinated
            head = s.head[w] - 1
            group = [k for k in s.kids(head) if s.deprel[k].startswith(("aux", "cop"))] or [head]
            verb = min(group)
            if s.xpos[verb] not in ("VBZ", "VBP") and s.lemma[verb] != "be":
                continue
            if s.xpos[verb] not in ("VBZ", "VBP", "VBD"):
                continue
            want = "VBP" if plural or first else "VBZ"
            if s.xpos[verb] == "VBD":
                assert s.words[verb].lower() == ("were" if plural else "was"), s.text
            else:
                assert s.xpos[verb] == want, s.text
            if s.lemma[verb] == "be" and first:
                assert s.words[verb].lower() in ("am", "was")
            singular = not plural and (want == "VBZ" or s.lemma[verb] == "be")
            assert ("Number=Sing" in s.feats[verb]) == singular, s.text
            checked[want, s.xpos[verb]] += 1
    assert min(checked.values()) > 30 and len(checked) >= 4


def test_inner_order_and_valency(sentences):
    for s in sentences:
        for w in range(len(s)):
            kids = s.kids(w)
            relations = [s.deprel[k] for k in kids]
            assert sum(r in ("nsubj", "nsubj:pass", "csubj", "csubj:pass") for r in relations) <= 1, s.text
            assert relations.count("obj") <= 1 and relations.count("cop") <= 1
            if s.deprel[w] in ("case", "cc", "aux", "cop", "punct", "det") and s.upos[w] != "DET":
                assert not kids, s.text
            if s.deprel[w] == "punct":
                assert s.upos[w] == "PUNCT"
            if s.deprel[w] == "cop":
                assert s.lemma[w] == "be" and s.upos[w] == "AUX"
            if s.deprel[w] == "conj":
                assert s.head[w] - 1 < w
            if s.deprel[w] == "cc" and w:
                assert s.head[w] - 1 > w, s.text
        final = len(s) - 1
        if s.upos[final] == "PUNCT":
            assert s.head[final] == s.head.index(0) + 1, s.text


def test_punctuation_marks_the_kind(corpus):
    table = corpus.sentences
    ends = table.text.str[-1]
    long = corpus.lengths > 1
    assert (ends[(table.kind == "question") & long] == "?").all()
    assert ends[(table.kind == "statement") & long].isin([".", "!"]).all()
    assert not ends[~long].isin([".", "!", "?"]).any()


def test_predicates_and_roles(corpus, sentences):
    frames = corpus.spans["predicate-argument"]
    assert (frames.sentence == frames.sentence2).all()
    for _, rows in frames.groupby(["sentence", "start"]):
        s = sentences[rows.sentence.iloc[0]]
        verb = rows.start.iloc[0]
        assert s.upos[verb] == "VERB" and rows.end.iloc[0] == verb + 1
        core = rows.label[rows.label.isin(["ARG0", "ARG1", "ARG2"])]
        assert core.is_unique, s.text
        for start, end, label in rows[["start2", "end2", "label"]].to_numpy():
            assert not start <= verb < end, f"the argument {label} holds its predicate in {s.text}"
    passive = 0
    for s in sentences:
        rows = frames[frames.sentence == s.number]
        for w in range(len(s)):
            if s.deprel[w] == "nsubj:pass" and s.upos[s.head[w] - 1] == "VERB":
                mine = rows[(rows.start == s.head[w] - 1) & (rows.start2 <= w) & (rows.end2 > w)]
                assert set(mine.label) <= {"ARG1", "R-ARG1"} and len(mine), s.text
                passive += 1
    assert passive > 50


def test_coreference(corpus, sentences):
    """Chains have two or more distinct mentions, and their pronouns agree with one another."""
    table = corpus.spans["coreference"]
    assert len(table) > 300
    keys = {
        "he": "m",
        "him": "m",
        "his": "m",
        "himself": "m",
        "she": "f",
        "her": "f",
        "herself": "f",
        "it": "n",
        "its": "n",
        "itself": "n",
        "they": "p",
        "them": "p",
        "their": "p",
        "themselves": "p",
        "i": "1",
        "me": "1",
        "my": "1",
        "myself": "1",
        "we": "1p",
        "us": "1p",
        "our": "1p",
        "ourselves": "1p",
        "you": "2",
        "your": "2",
        "yourself": "2",
    }
    for (number, _), rows in table.groupby(["sentence", "entity"]):
        s = sentences[number]
        spans = list(zip(rows.start, rows.end, strict=True))
        assert len(spans) > 1 and len(set(spans)) == len(spans), s.text
        shown = {keys[s.words[a].lower()] for a, b in spans if b - a == 1 and s.upos[a] == "PRON"}
        assert len(shown) <= 1, s.text
        full = [(a, b) for a, b in spans if not (b - a == 1 and s.upos[a] == "PRON")]
        assert len(full) <= 1, s.text  # names and descriptions do not repeat
    for number, rows in table.groupby("sentence"):
        s = sentences[number]
        owner = {}
        for start, end, entity in rows[["start", "end", "entity"]].to_numpy():
            # A reflexive belongs to its own clause; any other pronoun was unambiguous when it was used.
            if end - start == 1 and s.upos[start] == "PRON" and "Reflex=Yes" not in s.feats[start]:
                assert owner.setdefault(keys[s.words[start].lower()], entity) == entity, s.text


def test_reordering_keeps_dependencies():
    """Another word order from the same derivation: mirrored or shuffled trees have the same dependencies."""
    shuffle = random.Random(0)
    for generated in itertools.islice(derivations(5), 150):
        tree = generated.derivation.tree
        before = lay_out(tree)
        leaves = [node for node in walk(tree) if node.word is not None]
        arcs = arcs_between(leaves, before)
        for node in walk(tree):
            node.reorder(shuffle.sample(range(len(node.kids)), len(node.kids)))
        after = lay_out(tree)
        assert arcs == arcs_between([node for node in walk(tree) if node.word is not None], after)


def arcs_between(leaves, layout):
    rows = enumerate(zip(layout.heads, layout.relations, strict=True))
    return {(id(leaves[w]), id(leaves[head - 1]) if head else 0, relation) for w, (head, relation) in rows}


def walk(node: Node):
    yield node
    for kid in list(node.kids):
        yield from walk(kid)


@pytest.mark.parametrize(
    ("lemma", "forms"),
    [
        ("plan", ("plans", "planned", "planned", "planning")),
        ("try", ("tries", "tried", "tried", "trying")),
        ("use", ("uses", "used", "used", "using")),
        ("visit", ("visits", "visited", "visited", "visiting")),
        ("watch", ("watches", "watched", "watched", "watching")),
        ("go", ("goes", "went", "gone", "going")),
        ("agree", ("agrees", "agreed", "agreed", "agreeing")),
        ("begin", ("begins", "began", "begun", "beginning")),
        ("have", ("has", "had", "had", "having")),
    ],
)
def test_inflection(lemma, forms):
    assert verb_forms(lemma) == forms


def test_length_distribution_is_the_one_drawn_from(corpus):
    weights = np.diff([0, *LENGTHS._limits]) / LENGTHS._total
    observed = np.bincount(corpus.lengths, minlength=41)[1:] / N
    # Kolmogorov and Smirnov's statistic, p = .001
    assert np.abs(np.cumsum(weights) - np.cumsum(observed)).max() < 1.95 / np.sqrt(N)


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "10"])
def test_bad_sizes_are_refused(n):
    with pytest.raises(ProbekitError, match="n is the number of sentences"):
        grammar(n)


@pytest.mark.parametrize(
    "spec", ["grammar(n=10000000)", "topics(n=10000000)", "cues(n=10000000)", "cues(n=20, longest=10000000)"]
)
def test_what_would_fill_the_memory_is_refused_at_once(spec):
    with pytest.raises(ProbekitError, match=r"\(n=.*\) is [0-9,]+ and may be [0-9,]+ at most"):
        load_corpus(spec)
    with pytest.raises(ProbekitError, match="the size of generated ratings"):
        generated_ratings(words=10**9)


def test_bad_seed_is_refused():
    with pytest.raises(ProbekitError, match="seed"):
        grammar(10, seed="x")
