"""Attention beside relevance: where the two rooms meet.

Attention weights are read as an explanation like any other, of the class that the classifier predicts, and stand beside
layer-wise relevance propagation, gradients and random orders (ours; Tutek and Snajder 2020 compare with none):

    tau_attention       Kendall's tau of a text's attention weights and the sizes |R| of its words' relevance
    comprehensiveness   what the predicted class's probability loses without the words named first
    sufficiency         what it loses when only those are left (DeYoung et al. 2020)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from probekit import relevance, rows
from probekit.attention.agreement import by_word, kendall
from probekit.attention.cells import SHOWN_TEXTS, SHOWN_WORDS, classifier_of
from probekit.attention.cells import depends as depends_on_classifier
from probekit.attention.reporting import sampled
from probekit.attention.views import AttentionView, view_of
from probekit.encoders.classifier import Classifier
from probekit.encoders.classifier_training import part, text_batches
from probekit.errors import UnknownName
from probekit.grid import Answer, Cell, works
from probekit.relevance import measures
from probekit.relevance.texts import TextExplanation, Texts, class_numbers, explain_texts

ATTENTION = "attention"
RANDOM_RUNS = 5
SAMPLE = 400
METHODS = (ATTENTION, "lrp", "gradient-x-input", "sa", measures.RANDOM)


def attention_of_words(view: AttentionView, texts: Texts) -> list[np.ndarray]:
    """Attention weight of every word of some texts (n_words,), pieces added up, mean over heads."""
    found: list[np.ndarray] = [np.empty(0)] * len(texts)
    for numbers, batch in text_batches(view, texts):
        weights = view.over_tokens(view.read(batch))
        for place, row in enumerate(numbers):
            found[row] = by_word(weights[place].numpy(), batch.word[place].numpy())
    return found


def explain_by_attention(
    classifier: Classifier, texts: Texts, targets: str | Sequence[Any] = "predicted"
) -> list[TextExplanation]:
    """Attention in the form of an explanation; it is the same for every class. Targets as in `explain_texts`."""
    view = view_of(classifier)
    words = attention_of_words(view, texts)
    logits = np.empty((len(texts), len(view.labels)))
    for numbers, batch in text_batches(view, texts):
        logits[numbers] = view.read(batch).logits.numpy()
    asked = class_numbers(targets, classifier.labels, len(texts))
    found = []
    for i, text in enumerate(texts):
        if isinstance(asked, str):
            classes = np.arange(len(view.labels)) if asked == "all" else logits[i].argmax(keepdims=True)
        else:
            classes = asked[i]
        n = len(classes)
        found.append(
            TextExplanation(
                tuple(text), tuple(view.labels[k] for k in classes), logits[i, classes], np.tile(words[i], (n, 1)),
                np.full(n, 1 - words[i].sum()), {}, np.full(n, np.nan), logits[i], view.labels[int(logits[i].argmax())], ATTENTION,
            )
        )  # fmt: skip
    return found


def check_methods(methods: Sequence[str]) -> None:
    """Raises UnknownName for what is neither attention, random, nor a registered explainer."""
    known = [ATTENTION, *relevance.methods.names()]
    for name in methods:
        if name not in known:
            raise UnknownName("explanation", name, known)


def beside_attention(
    classifier: Classifier, view: AttentionView, texts: Texts, methods: Sequence[str] = METHODS, seed: int = 0
) -> dict[str, list[dict[str, Any]]]:
    """Rows (metric, value, ci_low, ci_high, n_test, note) by method: attention and explanations, measured alike.

    view: the attention of the classifier that is meant. texts need a word that it knows. Agreement with attention has
    no row for attention itself and for random orders.
    """
    check_methods(methods)
    looked = attention_of_words(view, texts)
    found: dict[str, list[dict[str, Any]]] = {}
    for name in methods:
        if name == measures.RANDOM:
            draws = [measures.random_relevance(texts, run, seed) for run in range(RANDOM_RUNS)]
        else:
            draws = [looked if name == ATTENTION else _of_predicted(classifier, texts, name)]
        made: dict[str, np.ndarray] = {}
        if name not in (ATTENTION, measures.RANDOM):
            tau = np.array([kendall(a, np.abs(r)) for a, r in zip(looked, draws[0], strict=True)])
            made["tau_attention"] = tau[~np.isnan(tau)]
        for metric in ("comprehensiveness", "sufficiency"):
            measure = getattr(measures, metric)
            made[metric] = np.mean([measure(classifier, texts, one) for one in draws], axis=0)
        found[name] = []
        for metric, values in made.items():
            mean = measures.mean_over_documents(values, seed)
            found[name].append(
                {
                    "metric": metric, "value": mean.value, "ci_low": mean.low, "ci_high": mean.high, "n_test": mean.n,
                    "note": mean.note,
                }
            )  # fmt: skip
    return found


def _of_predicted(classifier: Classifier, texts: Texts, method: str) -> list[np.ndarray]:
    return [one.relevance[0] for one in explain_texts(classifier, texts, "predicted", method)]


def depends(point: Mapping[str, Any]) -> Any:
    """What an answer depends on beyond the axes: the classifier and the explainers."""
    return [depends_on_classifier(point), {n: relevance.methods.entry(n).revision for n in relevance.methods.names()}]


@works.register("attention-explanations", summary="Attention and relevance of one classifier, side by side", threads=1)
def attention_explanations(cell: Cell) -> Answer:
    """One classifier on a sample of its test texts; `probe` names the explanation."""
    answer = Answer()
    made, corpus, _ = classifier_of(cell.shared)
    texts, _ = part(corpus, "test")
    seed = int(cell.shared["seed"])
    known = np.flatnonzero([_has_known(made, words) for words in texts])
    chosen = known[sampled(len(known), SAMPLE, seed)]
    asked = {str(question.axes["probe"]): question for question in cell.questions}
    view = view_of(made)
    found = beside_attention(made, view, [texts[i] for i in chosen], list(asked), seed)
    shown = [int(i) for i in known if 4 <= len(texts[i]) <= SHOWN_WORDS][:SHOWN_TEXTS]
    lines: dict[str, list[Any]] = {field.name: [] for field in rows.TABLES["tokens"]}
    for name, question in asked.items():
        answer.rows += [{**row, "key": question.key, "split": "test"} for row in found[name]]
        if "tokens" not in question.tables or name == measures.RANDOM:
            continue
        these = [texts[i] for i in shown]
        by_text = attention_of_words(view, these) if name == ATTENTION else _of_predicted(made, these, name)
        for i, values in zip(shown, by_text, strict=True):
            for place, (word, value) in enumerate(zip(texts[i], values, strict=True)):
                line = (question.key, i, place, word, "relevance", float(value))
                for column, entry in zip(lines, line, strict=True):
                    lines[column].append(entry)
    if lines["key"]:
        answer.tables["tokens"] = pa.table(lines, schema=rows.TABLES["tokens"])
    return answer


attention_explanations.depends = depends  # type: ignore[attr-defined]


def _has_known(classifier: Classifier, words: Sequence[str]) -> bool:
    return bool(classifier.embed(classifier.batch([words])).detach().any(-1).any())
