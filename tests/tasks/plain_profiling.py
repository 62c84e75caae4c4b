"""The linguistic profile written a second time: one sentence, plain Python, straight from the definitions.

Slow on purpose and without anything of `probekit`: what the vectorised features are compared with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word line of a CoNLL-U sentence; an empty field is ""."""

    id: int
    form: str
    lemma: str
    upos: str
    xpos: str
    feats: str
    head: int
    dep: str

    def feat(self, name: str) -> str:
        return dict(part.split("=", 1) for part in self.feats.split("|") if part).get(name, "")


class Tree:
    """A sentence with its kids and the helper predicates."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        self.by_id = {t.id: t for t in words}
        self.root = next(t for t in words if t.head == 0)

    def kids(self, t: Word) -> list[Word]:
        return [k for k in self.words if k.head == t.id]

    def cop(self, t: Word) -> bool:
        return t.upos in ("ADJ", "NOUN", "PRON", "ADV") and any(k.dep == "cop" for k in self.kids(t))

    def prep(self, t: Word) -> bool:
        return t.dep == "nmod" and any(k.dep == "case" for k in self.kids(t))

    def sub(self, t: Word) -> bool:
        if t.upos == "VERB" and t.dep not in ("cop", "conj", "root", "parataxis", "amod"):
            return True
        return self.cop(t) and t.dep not in ("cop", "conj", "root")

    def chains(self, holds: Callable[[Word], bool]) -> list[int]:
        def lengths(t: Word) -> list[int]:
            further = [k for k in self.kids(t) if holds(k)]
            return [1 + length for k in further for length in lengths(k)] or [1]

        tops = [t for t in self.words if holds(t) and not (t.head and holds(self.by_id[t.head]))]
        return [length for t in tops for length in lengths(t)]

    def depth(self, t: Word) -> int:
        return max((1 + self.depth(k) for k in self.kids(t)), default=0)


def div(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def profile(
    words: list[Word],
    clauses: str = "with-copula",
    arity: str = "without-copula",
    denominator: str = "words",
    percent: bool = False,
) -> dict[str, float]:
    """Every feature of one sentence by its label; of a family, the values that occur (others are 0)."""
    tree, n = Tree(words), len(words)
    inner = [t for t in words if t.upos != "PUNCT"]
    verbs = [t for t in words if t.upos == "VERB"]
    features: dict[str, float] = {}
    shares: dict[str, float] = {}

    features["sent_length"] = float(n)
    features["char_per_tok"] = div(sum(len(t.form) for t in inner), len(inner))
    types_over = n if denominator == "words" else len(inner)
    features["ttr_form"] = div(len({t.form for t in inner}), types_over)
    features["ttr_lemma"] = div(len({t.lemma for t in inner}), types_over)

    def spread(name: str, values: list[str]) -> None:
        for value, count in Counter(values).items():
            shares[f"{name}_{value}"] = div(count, len(values))

    spread("upos_dist", [t.upos for t in words])
    spread("xpos_dist", [t.xpos for t in words])
    spread("dep_dist", [t.dep for t in words])
    content = [t for t in words if t.upos in ("ADJ", "ADV", "NOUN", "PROPN", "VERB")]
    features["lexical_density"] = div(len(content), len(inner))
    for name, upos in (("verbs", "VERB"), ("aux", "AUX")):
        own = [t for t in words if t.upos == upos]
        for short, feat in (("mood", "Mood"), ("tense", "Tense"), ("form", "VerbForm")):
            spread(f"{name}_{short}_dist", [t.feat(feat) for t in own if t.feat(feat)])
        finite = [t for t in own if t.feat("VerbForm") == "Fin"]
        spread(f"{name}_num_pers_dist", [f"{t.feat('Number')}+{t.feat('Person')}" for t in finite])

    features["parse_depth"] = float(tree.depth(tree.root))
    links = [abs(t.head - t.id) for t in inner if t.head != 0]
    features["avg_links_len"] = div(sum(links), len(links))
    features["max_links_len"] = float(max(links, default=0))
    for label, family, holds in (
        ("avg_prepositional_chain_len", "prep_dist", tree.prep),
        ("avg_subordinate_chain_len", "subordinate_dist", tree.sub),
    ):
        lengths = tree.chains(holds)
        features[label] = div(sum(lengths), len(lengths))
        spread(family, [str(length) for length in lengths])

    subjects = [t for t in words if "subj" in t.dep]
    shares["subj_pre"] = div(sum(t.id < t.head for t in subjects), len(subjects))
    shares["subj_post"] = div(sum(not t.id < t.head for t in subjects), len(subjects))
    objects = [t for t in words if "obj" in t.dep]
    shares["obj_post"] = div(sum(t.id > t.head for t in objects), len(objects))
    shares["obj_pre"] = div(sum(not t.id > t.head for t in objects), len(objects))

    subs = [t for t in words if tree.sub(t)]
    shares["subordinate_post"] = div(sum(t.id > tree.root.id for t in subs), len(subs))
    shares["subordinate_pre"] = div(sum(not t.id > tree.root.id for t in subs), len(subs))
    if clauses == "verb-only":
        heads = len(verbs)
        principal = 1.0 if tree.root.upos == "VERB" else 0.0
        shares["principal_proposition_dist"] = div(len(verbs) - len(subs), len(verbs))
        shares["subordinate_proposition_dist"] = div(len(subs), len(verbs))
    else:
        heads = len(verbs) + sum(tree.cop(t) for t in words)
        principal = 1.0 if tree.root.upos in ("VERB", "AUX") or tree.cop(tree.root) else 0.0
        shares["principal_proposition_dist"] = div(principal, principal + len(subs))
        shares["subordinate_proposition_dist"] = div(len(subs), principal + len(subs))
    features["avg_token_per_clause"] = div(n, heads)
    features["verbal_head_dist"] = float(heads)
    shares["verbal_root_perc"] = principal

    if arity == "later":
        edges = [sum(k.dep != "aux" for k in tree.kids(t)) for t in verbs]
        features["avg_verb_edges"] = div(sum(e for e in edges if e <= 6), len(verbs))
    else:
        edges = [sum(k.upos != "PUNCT" and k.dep != "cop" for k in tree.kids(t)) for t in verbs]
        features["avg_verb_edges"] = div(sum(edges), len(verbs))
    spread("verbal_arity", [str(e) for e in edges])

    return features | {label: 100.0 * share if percent else share for label, share in shares.items()}
