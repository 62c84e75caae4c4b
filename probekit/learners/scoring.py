"""What a classifier reaches on labelled texts: accuracy and macro F1 with intervals, beside the majority class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from probekit.corpora.corpus import Corpus
from probekit.learners.classifier import Classifier
from probekit.learners.classifier_training import predict_logits
from probekit.learners.readable import labelled, labels_of, only_split
from probekit.scores.scoring import score

METRICS = ("accuracy", "macro_f1")
SPLITS = ("dev", "test")


def score_corpus(
    classifier: Classifier, corpus: Corpus, splits: Sequence[str] = SPLITS, long: str = "refuse"
) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of split, metric, value, ci_low, ci_high, n, majority and note; and a line on each text that was left out.

    splits: those that are there; of a corpus that has none of them, all texts. The majority is the most frequent class
    of the split train where there is one, else of the texts themselves: what answering it always would reach. Raises
    ProbekitError for a corpus without labels and where a split has no text that can be read.
    """
    there = set(corpus.sentences["split"].astype(str))
    usual = most_frequent(only_split(corpus, "train")) if "train" in there else None
    rows, remarks = [], []
    for split in [name for name in splits if name in there] or [""]:
        part = only_split(corpus, split) if split else corpus
        chosen, labels = labelled(classifier, part, long)
        gold = [labels[number] for number in chosen.texts]
        windows = chosen.in_windows()
        answers = windows.mean(predict_logits(classifier, windows.parts)).argmax(axis=1)
        constant = [usual or most_frequent(part)] * len(gold)
        for metric in METRICS:
            found = score(metric, gold, [classifier.labels[k] for k in answers])
            trivial = score(metric, gold, constant, interval="none").value
            row = {"split": split, "metric": metric, "value": found.value, "ci_low": found.low, "ci_high": found.high}
            rows.append({**row, "n": len(gold), "majority": trivial, "note": found.note})
        where = f"{split}: " if split else ""
        remarks += [f"{where}{line}" for line in chosen.remarks("scored")]
    return rows, remarks


def most_frequent(corpus: Corpus) -> str:
    """The most frequent label of a corpus, the first of the alphabet among equals."""
    counts = Counter(labels_of(corpus))
    return min(counts, key=lambda label: (-counts[label], label))
