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

from probekit.attention.agreement import by_word, kendall
from probekit.attention.reading import AttentionView
from probekit.attention.reporting import sampled
from probekit.attention.views import view_of
from probekit.errors import UnknownName
from probekit.grid.work import Answer, Cell, works
from probekit.learners.classifier import Classifier
from probekit.learners.classifier_training import part, predict_logits, text_batches
from probekit.relevance import measures
from probekit.relevance.catalogue import describe as describe_explainer
from probekit.relevance.catalogue import methods as explainers
from probekit.relevance.catalogue import read_explainer
from probekit.relevance.texts import TextExplanation, Texts, class_numbers, explain_texts, has_known_word
from probekit.rows import TABLES
from probekit.sources import Source
from probekit.specs import Spec, parse
from probekit.works.attention import AXES, SHOWN_TEXTS, SHOWN_WORDS, classifier_of, needed, shown_task

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
    words, logits = attention_of_words(view, texts), predict_logits(classifier, texts)
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
                tuple(text),
                tuple(view.labels[k] for k in classes),
                logits[i, classes],
                np.tile(words[i], (n, 1)),
                np.full(n, 1 - words[i].sum()),
                {},
                np.full(n, np.nan),
                logits[i],
                view.labels[int(logits[i].argmax())],
                ATTENTION,
            )
        )
    return found


def check_methods(methods: Sequence[str]) -> None:
    """Raises UnknownName for what is neither attention, random, nor a registered explainer, ProbekitError for one with
    options that it does not take."""
    known = [ATTENTION, *explainers.names()]
    for name in methods:
        if name == ATTENTION:
            continue
        if parse(name).head not in known:
            raise UnknownName("explanation", name, known)
        read_explainer(name)


def relevance_of_words(
    classifier: Classifier, texts: Texts, methods: Sequence[str], seed: int = 0
) -> dict[str, list[list[np.ndarray]]]:
    """Values of the words of some texts for the predicted class by explainer: one draw, several of random orders."""
    check_methods(methods)
    found = {}
    for name in methods:
        if name == measures.RANDOM:
            found[name] = [measures.random_relevance(texts, run, seed) for run in range(RANDOM_RUNS)]
        else:
            found[name] = [[one.relevance[0] for one in explain_texts(classifier, texts, "predicted", name)]]
    return found


def agreement_rows(looked: Sequence[np.ndarray], values: Sequence[np.ndarray], seed: int = 0) -> list[dict[str, Any]]:
    """Kendall's tau of attention weights and the sizes of relevance, mean over texts that both tell words apart in."""
    tau = np.array([kendall(a, np.abs(r)) for a, r in zip(looked, values, strict=True)])
    return [_row("tau_attention", tau[~np.isnan(tau)], seed)]


def erasure_rows(
    classifier: Classifier, texts: Texts, draws: Sequence[Sequence[np.ndarray]], seed: int = 0
) -> list[dict[str, Any]]:
    """Comprehensiveness and sufficiency of values of words; of several draws the mean."""
    found = []
    for metric in ("comprehensiveness", "sufficiency"):
        measure = getattr(measures, metric)
        found.append(_row(metric, np.mean([measure(classifier, texts, one) for one in draws], axis=0), seed))
    return found


def _row(metric: str, values: np.ndarray, seed: int) -> dict[str, Any]:
    return {"metric": metric, "mean": measures.mean_over_documents(values, seed)}


def beside_attention(
    classifier: Classifier,
    views: Mapping[str, AttentionView],
    texts: Texts,
    methods: Sequence[str] = METHODS,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Rows: view, method, metric and the `mean` over texts; attention and explanations measured alike.

    views: attentions of the classifier by name. texts need a word that it knows. What explanations lose by erasure is
    the same beside every attention: their rows have the view "". Agreement is that of an explanation with a view.
    """
    named = [name for name in methods if name != ATTENTION]
    values = relevance_of_words(classifier, texts, named, seed)
    found: list[dict[str, Any]] = []
    for name, draws in values.items():
        found += [{"view": "", "method": name, **row} for row in erasure_rows(classifier, texts, draws, seed)]
    for view_name, view in views.items():
        looked = attention_of_words(view, texts)
        if ATTENTION in methods:
            rows_of = erasure_rows(classifier, texts, [looked], seed)
            found += [{"view": view_name, "method": ATTENTION, **row} for row in rows_of]
        for name, draws in values.items():
            if name != measures.RANDOM:
                rows_of = agreement_rows(looked, draws[0], seed)
                found += [{"view": view_name, "method": name, **row} for row in rows_of]
    return found


def describe(spec: str | Spec) -> Source:
    """The source of an explanation: attention, random orders, or an explainer. Raises UnknownName or ProbekitError."""
    text = str(parse(spec))
    if text == ATTENTION:
        return Source(text, text, text)
    check_methods([text])
    return describe_explainer(spec)


def seconds(cell: Cell) -> float:
    """What a cell will take of one core."""
    return 5.0 + 0.03 * SAMPLE * len(cell.questions)


@works.register(
    "attention-explanations",
    summary="Attention and relevance of one classifier, side by side",
    axes={**AXES, "probe": "explanation"},
    needs=needed,
    columns=shown_task,
    cost=seconds,
)
def attention_explanations(cell: Cell) -> Answer:
    """One classifier on a sample of its test texts; `probe` names the explanation."""
    answer = Answer()
    made, corpus, _ = classifier_of(cell.shared)
    texts, _ = part(corpus, "test")
    seed = int(cell.shared["seed"])
    known = np.flatnonzero([has_known_word(made, words) for words in texts])
    chosen = known[sampled(len(known), SAMPLE, seed)]
    asked = {str(question.axes["probe"]): question for question in cell.questions}
    view = view_of(made)
    found = beside_attention(made, {"own": view}, [texts[i] for i in chosen], list(asked), seed)
    shown = [int(i) for i in known if 4 <= len(texts[i]) <= SHOWN_WORDS][:SHOWN_TEXTS]
    for name, question in asked.items():
        for row in found:
            if row["method"] == name:
                answer.row(question, row["metric"], row["mean"], n_test=row["mean"].n)
        if "tokens" not in question.tables or name == measures.RANDOM:
            continue
        these = [texts[i] for i in shown]
        if name == ATTENTION:
            by_text = attention_of_words(view, these)
        else:
            by_text = relevance_of_words(made, these, [name])[name][0]
        lines = [
            (question.key, i, place, word, "relevance", float(value))
            for i, values in zip(shown, by_text, strict=True)
            for place, (word, value) in enumerate(zip(texts[i], values, strict=True))
        ]
        answer.lines("tokens", TABLES["tokens"], lines)
    return answer
