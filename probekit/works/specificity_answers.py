"""How a cell of scores without training is answered: correlations, thresholds, shares of pairs; rows and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from probekit import corpora, encoders, rows, scores, tasks
from probekit.corpora.corpus import Corpus
from probekit.encoders.activations import read, unread
from probekit.encoders.batch import tokenise
from probekit.encoders.paraphrases import ParaphraseEncoder
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, Question
from probekit.probes import sentence_scores
from probekit.scores.beside import spearman_within
from probekit.store import default_store

TASKS = ("sentence/specificity", "sentence/label", "pair/more-general", "pair/relatedness")
SPECIFIC, CLASSES = "specific", ("general", "specific")
WORDS, EXTREMES = "words", "extremes"
WORDS_OF = pa.schema(
    [
        ("key", pa.string()),
        ("word", pa.string()),
        ("rank", pa.int64()),
        ("norm", pa.float64()),
        ("entropy", pa.float64()),
    ]
)
EXTREMES_OF = pa.schema(
    [("key", pa.string()), ("unit", pa.int64()), ("text", pa.string()), ("length", pa.int64()), ("score", pa.float64())]
)
MOST_EXTREME = 10


def answer_specificity(cell: Cell) -> Answer:
    """Rows of every layer, pooling, score and task that is asked of an encoder on a corpus."""
    corpus, answer = corpora.load_corpus(cell.shared["corpus"]), Answer()
    encoder = encoders.load_encoder(cell.shared["encoder"]) if cell.shared["encoder"] else None
    lengths, seen = lengths_read(encoder, corpus), seen_in_training(encoder, corpus)
    for question in cell.questions:
        spec = cell.shared["scores"][question.axes["probe"]]
        found: Mapping[str, Any] = {}
        if encoder is None:
            values = sentence_scores.function_of(spec)(corpus)
        else:
            where = (question.axes["layer"], question.axes["pooling"])
            vectors, found = read(
                encoder.source, corpora.describe(cell.shared["corpus"]).digest, *where, default_store()
            )
            values = _of_pairs(spec, corpus, vectors) if question.axes["task"] == TASKS[3] else _of(spec, vectors)
        about = {name: found[name] for name in ("unknown_words", "nothing_known", "unread_words") if name in found}
        _Asked(
            question, corpus, np.asarray(values, dtype=np.float64), lengths, seen, about, unread(found), answer
        ).write()
        if WORDS in question.tables and isinstance(encoder, ParaphraseEncoder):
            answer.lines(WORDS, WORDS_OF, word_lines(question, encoder))
    return answer


def _of(spec: str, vectors: np.ndarray) -> np.ndarray:
    return sentence_scores.function_of(spec)(vectors)


def _of_pairs(spec: str, corpus: Corpus, vectors: np.ndarray) -> np.ndarray:
    units = tasks.get(TASKS[3]).units(corpus)
    left, right = (vectors[units[side].to_numpy()] for side in ("sentence", "sentence2"))
    return sentence_scores.function_of(spec)(left, right)


def lengths_read(encoder: Any, corpus: Corpus) -> np.ndarray:
    """How long each sentence is to who reads it: pieces, words that are not left out, or words."""
    if isinstance(encoder, ParaphraseEncoder):
        return np.array([len(own) for own in encoder.vocabulary.texts(corpus)], dtype=np.int64)
    if (tokenizer := getattr(encoder, "tokenizer", None)) is not None:
        return tokenise(tokenizer, corpus).lengths
    return corpus.lengths


def seen_in_training(encoder: Any, corpus: Corpus) -> np.ndarray:
    """Which sentences an encoder was trained on, where its folder says so."""
    if isinstance(encoder, ParaphraseEncoder):
        return encoder.trained_on(corpus)
    return np.zeros(corpus.n_sentences, dtype=bool)


class _Asked:
    """One question with the scores that answer it: of every sentence, or of pairs as they are units."""

    def __init__(
        self,
        question: Question,
        corpus: Corpus,
        values: np.ndarray,
        lengths: np.ndarray,
        seen: np.ndarray,
        about: Mapping[str, Any],
        note: str,
        answer: Answer,
    ) -> None:
        self.question, self.corpus, self.values, self.lengths, self.seen = question, corpus, values, lengths, seen
        self.about, self.note, self.answer = dict(about), note, answer

    def write(self) -> None:
        task = str(self.question.axes["task"])
        write = {
            TASKS[0]: self._correlations,
            TASKS[1]: self._threshold,
            TASKS[2]: self._more_general,
            TASKS[3]: self._relatedness,
        }
        write[task]()

    def row(self, metric: str, found: Any, n: int, n_train: int = 0, subset: str = "", **info: Any) -> None:
        self.answer.row(
            self.question,
            metric,
            found,
            info={**self.about, **info},
            note=self.note,
            n_test=n,
            n_train=n_train,
            subset=subset,
        )

    def keep(self, units: pd.DataFrame, gold: np.ndarray, values: np.ndarray, split: str = "test") -> None:
        """Scores of sentences; the group is the length."""
        if "predictions" not in self.question.tables:
            return
        sentence = units["sentence"].to_numpy()
        columns = {
            "key": self.question.key,
            "split": split,
            "unit": units["unit"].to_numpy(),
            "group": self.lengths[sentence],
            "gold": [str(one) for one in gold],
            "predicted": "",
            "score": values,
        }
        schema = rows.TABLES["predictions"]
        self.answer.lines(
            "predictions", schema, pa.Table.from_pandas(pd.DataFrame(columns), schema, preserve_index=False)
        )

    def _correlations(self) -> None:
        """Rank correlation with what people say: as it is, within equal lengths, and beside length."""
        task = tasks.get(TASKS[0])
        units, gold = task.units(self.corpus), task.targets(self.corpus).astype(float)
        sentence = units["sentence"].to_numpy()
        values, lengths = self.values[sentence], self.lengths[sentence]
        known = np.isfinite(values)
        n, left = int(known.sum()), int((~known).sum())
        more: dict[str, Any] = {"without_score": left} if left else {}
        if n < 2:
            self.row("spearman", float("nan"), n, **more)
            return
        of = (gold[known], values[known])
        self.row("spearman", scores.score("spearman", *of), n, **more)
        self.row("spearman_within_length", spearman_within(*of, lengths[known]), n, **more)
        self.row("spearman_beside_length", scores.partial_spearman(*of, lengths[known]), n, **more)
        self.row("spearman_with_length", scores.score("spearman", lengths[known].astype(float), of[1]), n, **more)
        self.keep(units[known], *of)
        if EXTREMES in self.question.tables:
            self.answer.lines(EXTREMES, EXTREMES_OF, self._extremes(sentence[known], of[1]))

    def _extremes(self, sentence: np.ndarray, values: np.ndarray) -> list[tuple[Any, ...]]:
        """Sentences of the middle half of lengths that say most and least."""
        low, high = np.quantile(self.lengths[sentence], [0.25, 0.75])
        inside = (self.lengths[sentence] >= low) & (self.lengths[sentence] <= high)
        order = np.flatnonzero(inside)[np.argsort(values[inside], kind="stable")]
        chosen = dict.fromkeys([*order[:MOST_EXTREME].tolist(), *order[-MOST_EXTREME:].tolist()])
        return [
            (self.question.key, int(s), self.corpus.texts[s], int(self.lengths[s]), float(values[at]))
            for at, s in ((at, int(sentence[at])) for at in chosen)
        ]

    def _threshold(self) -> None:
        """Accuracy of a threshold: chosen on train and tried on test; chosen on length k and tried on length k - 1."""
        task = tasks.get(TASKS[1])
        units, labels = task.units(self.corpus), task.targets(self.corpus)
        if set(labels) != set(CLASSES):
            raise ProbekitError(
                f"a threshold tells {' from '.join(CLASSES)}, and the labels of {self.corpus!r} are "
                f"{', '.join(sorted(set(labels))[:5])}; rename them"
            )
        sentence = units["sentence"].to_numpy()
        values, lengths = np.nan_to_num(self.values[sentence], nan=-np.inf), self.lengths[sentence]
        gold = labels == SPECIFIC
        split = self.corpus.sentences["split"].astype(str).to_numpy()[sentence]
        train, test = split == "train", split == "test"
        cut = best_threshold(values[train], gold[train])
        right = (values[test] > cut) == gold[test]
        self.row("accuracy", scores.proportion(right), int(test.sum()), int(train.sum()), threshold=float(cut))
        pooled = train | test
        tried = by_neighbouring_length(values[pooled], gold[pooled], lengths[pooled])
        majority = max(gold[pooled].mean(), 1 - gold[pooled].mean())
        self.row("accuracy_by_length", scores.proportion(tried), len(tried), len(tried), majority=float(majority))
        self.keep(units[test], labels[test], values[test])

    def _more_general(self) -> None:
        """Share of pairs of equal length whose second sentence says less, by label; with ties, and without."""
        task = tasks.get(TASKS[2])
        units, labels = task.units(self.corpus), task.targets(self.corpus)
        first, second = (units[side].to_numpy() for side in ("sentence", "sentence2"))
        seen = self.seen[first] | self.seen[second]
        known = np.isfinite(self.values[first]) & np.isfinite(self.values[second])
        kept = known & ~seen & (self.lengths[first] == self.lengths[second])
        if not kept.any():
            raise ProbekitError(
                f"no pair of {self.corpus!r} has two sentences of equal length; other pairs have none either"
            )
        less = self.values[second] < self.values[first]
        same = self.values[second] == self.values[first]
        for label in sorted(set(labels)):
            own = kept & (labels == label)
            about = {"ties": int(same[own].sum()), "seen_in_training": int((seen & (labels == label)).sum())}
            for metric, says in (("more_general", less), ("more_general_or_equal", less | same)):
                self.row(metric, scores.proportion(says[own]), int(own.sum()), subset=f"label={label}", **about)

    def _relatedness(self) -> None:
        """Pearson correlation of cosines with what people say, of the split test where there is one."""
        task = tasks.get(TASKS[3])
        units, gold = task.units(self.corpus), task.targets(self.corpus).astype(float)
        split = self.corpus.sentences["split"].astype(str).to_numpy()[units["sentence"].to_numpy()]
        inside = (split == "test") if (split == "test").any() else np.ones(len(split), dtype=bool)
        seen = self.seen[units["sentence"].to_numpy()] | self.seen[units["sentence2"].to_numpy()]
        known = inside & ~seen & np.isfinite(self.values)
        more: dict[str, Any] = {"seen_in_training": int((inside & seen).sum())}
        more["without_score"] = int((inside & ~np.isfinite(self.values)).sum())
        for metric in ("pearson", "spearman"):
            self.row(metric, scores.score(metric, gold[known], self.values[known]), int(known.sum()), **more)


def best_threshold(values: np.ndarray, gold: np.ndarray) -> float:
    """The number above which to say True with the highest accuracy; the lowest of several."""
    order = np.argsort(values, kind="stable")
    ordered, truth = values[order], gold[order]
    # Right answers where the first i are said to be False.
    right = np.concatenate([[0], np.cumsum(~truth)]) + np.concatenate([np.cumsum(truth[::-1])[::-1], [0]])
    between = np.concatenate([[True], ordered[1:] > ordered[:-1], [True]])
    best = int(np.argmax(np.where(between, right, -1)))
    return -np.inf if best == 0 else float(ordered[best - 1])


def by_neighbouring_length(values: np.ndarray, gold: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Right or not, of every unit of a length k - 1 by the threshold that is best for those of length k."""
    found = [np.zeros(0, dtype=bool)]
    for k in np.unique(lengths):
        tried = lengths == k - 1
        if tried.any():
            found.append((values[tried] > best_threshold(values[lengths == k], gold[lengths == k])) == gold[tried])
    return np.concatenate(found)


def word_lines(question: Question, encoder: ParaphraseEncoder) -> list[tuple[Any, ...]]:
    """Of word operators: the norm of the shift, and what the word adds to the entropy. Of vectors: the norm."""
    from probekit.encoders.paraphrase_words import word_table

    if hasattr(encoder.model, "shift"):
        shift, scale = (word_table(encoder, part).vectors for part in ("shift", "log-scale"))
        norms, adds = np.linalg.norm(shift, axis=1), scale.sum(1, dtype=np.float64)
    else:
        norms = np.linalg.norm(word_table(encoder, "vectors").vectors, axis=1)
        adds = np.full(len(norms), np.nan)
    words = encoder.vocabulary.words
    return [
        (question.key, word, rank, float(a), float(b))
        for rank, (word, a, b) in enumerate(zip(words, norms, adds, strict=True), 1)
    ]
