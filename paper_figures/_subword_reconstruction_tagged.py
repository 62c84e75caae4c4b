"""Table 3 of Stratos 2017: taggers that look words up or spell them; and his table of neighbours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.subword_reconstruction import STUDY

from probekit.report import Finding, NotTestable, bars, clears, ends, shown, together
from probekit.scores import Comparison

from ._subword_reconstruction_view import CHAR, CORPORA, FULL, PRINTED, TAGGERS, WITH_TEACHER, SpellingView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SPELLED = [f"CHAR({name})" for name in PRINTED.values()]


def tagged(v: SpellingView, tagger: str, corpus: str) -> Comparison:
    """Accuracy over words, the mean over seeds, with its interval over sentences."""
    return v.taggers.score(reads=tagger, corpus=corpus)


def gap(v: SpellingView, one: str, other: str, corpus: str) -> Comparison:
    a, b = ({"reads": name, "corpus": corpus} for name in (one, other))
    return v.taggers.gap(a, b)


def corpora(v: SpellingView) -> list[str]:
    there = set(v.taggers.rows["corpus"])
    return [name for name in CORPORA.values() if name in there]


def entries(v: SpellingView, tagger: str, corpus: str) -> float:
    """Words and characters with a row of their own, the mean over seeds."""
    rows = v.taggers.needs(reads=tagger, corpus=corpus, metric="accuracy")
    return float(np.mean([json.loads(info)["entries"] for info in rows["info"]]))


def _spread(v: SpellingView, tagger: str, corpus: str) -> float:
    """Largest less least accuracy of the seeds, × 100."""
    values = v.taggers.needs(reads=tagger, corpus=corpus, metric="accuracy")["value"]
    return 100 * float(values.max() - values.min())


@STUDY.table("table-3", caption="Tagging: accuracy × 100 with 95 % intervals, and entries that are looked up", digits=1)
def table_3(v: SpellingView) -> pd.DataFrame:
    """The mean over three seeds of student and tagger; `least` and `largest` of them; development accuracy."""
    found = []
    for corpus in corpora(v):
        for name in TAGGERS:
            rows = v.taggers.needs(reads=name, corpus=corpus, metric="accuracy")
            line = {"corpus": corpus, "tagger": name, **ends(tagged(v, name, corpus))}
            line |= {"least": 100 * rows["value"].min(), "largest": 100 * rows["value"].max(), "seeds": len(rows)}
            line["development"] = 100 * np.mean([json.loads(info)["dev_score"] for info in rows["info"]])
            found.append({**line, "entries": round(entries(v, name, corpus)), "sentences": int(rows["n_test"].iloc[0])})
    return pd.DataFrame(found)


@STUDY.figure("figure-table-3")
def lookups(v: SpellingView) -> Figure:
    """What each tagger has over the one of an untrained speller; FULL and FULL+EMB look words up."""
    there, rest = corpora(v), [name for name in TAGGERS if name != CHAR]
    found = [
        {"corpus": corpus, "tagger": name, **ends(gap(v, name, CHAR, corpus))} for corpus in there for name in rest
    ]
    return bars(
        pd.DataFrame(found),
        "tagger",
        panels="corpus",
        low="low",
        high="high",
        x_order=rest,
        panel_order=there,
        label="points of accuracy over CHAR",
        title="Table 3. Tagging: what taggers have over CHAR, whose speller was never trained\n"
        "(higher is better; mean of three seeds; 95 % intervals over sentences)",
    )


def beside_tagged(v: SpellingView, line: dict[str, Any]) -> dict[str, Any]:
    """The Wall Street Journal's sample for the whole."""
    name = {"FULL": FULL, "FULL+EMB": WITH_TEACHER, "CHAR": CHAR}.get(line["method"])
    name = name or f"CHAR({PRINTED[line['method'][5:-1]]})"
    corpus = CORPORA["wsj-sample"]
    note = "1,100 sentences of NLTK's sample; GloVe's 8,000 words as teacher"
    if line["metric"] == "n_lookup_parameters":
        rows = v.taggers.needs(reads=name, corpus=corpus, metric="accuracy")
        return {"ours": entries(v, name, corpus), "n": int(rows["n_train"].iloc[0]), "note": f"{note}; of training"}
    found = tagged(v, name, corpus)
    return {"ours": 100 * found.difference, "n": found.n, "note": f"{note}; mean of three seeds"}


@STUDY.claim(
    7,
    "POS: CHAR < CHAR(D) for each D, D1 best; FULL > every CHAR(D); FULL+EMB > FULL",
    "96.93 < 97.06 to 97.17 < 97.20 < 97.32",
)
def order_of_taggers(v: SpellingView) -> Finding:
    parts, said = [], []
    for corpus in corpora(v):
        gains = {name: gap(v, name, CHAR, corpus) for name in SPELLED}
        first = {name: gap(v, SPELLED[0], name, corpus) for name in SPELLED[1:]}
        rest = {name: gap(v, FULL, name, corpus) for name in SPELLED}
        more = gap(v, WITH_TEACHER, FULL, corpus)
        every = [*gains.values(), *first.values(), *rest.values(), more]
        parts += [clears(one) for one in every]
        least = min(rest.values(), key=lambda one: one.low)
        over = ", ".join(f"{name} {shown(one, counted=False)}" for name, one in gains.items())
        best = ", ".join(shown(one, counted=False) for one in first.values())
        told = f"{corpus}: over CHAR {over}; D1 over the others {best}; FULL over CHAR(D) at least "
        said.append(f"{told}{shown(least, counted=False)}; FULL+EMB over FULL {shown(more)}")
    if not said:
        raise NotTestable("the part of taggers (--axis part=tagging) was not run")
    spread = max(_spread(v, name, corpus) for corpus in corpora(v) for name in TAGGERS)
    why = f"sentences resampled, mean of three seeds of student and tagger, which are up to {spread:.1f} points apart; "
    why += "8 passes, which are a budget"
    return Finding(" | ".join(said), together(*parts), why)


@STUDY.table("table-4", caption="Ten nearest words by cosine, students with the highway output, nearest first")
def table_4(v: SpellingView) -> pd.DataFrame:
    """Of the teacher, a student that was never trained, and one after 10 epochs of D1."""
    lines = v.below("neighbours", task="neighbours").sort_values("rank")
    lines = lines.assign(form=lines["key"].map(v.lines.drop_duplicates("key").set_index("key")["form"]))
    return pd.DataFrame(
        {"word": word, "table": form, "neighbours": ", ".join(own["neighbour"])}
        for (word, form), own in lines.groupby(["word", "form"], sort=False)
    ).sort_values("word", kind="stable")
