"""`probekit attention`: every measure of a classifier's attention on labelled texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from probekit.errors import ProbekitError, UnknownName

if TYPE_CHECKING:
    from probekit.attention.views import AttentionView
    from probekit.learners.classifier import Classifier

FORMATS = ("table", "csv")


def attention(
    model: Annotated[str, typer.Option(help="Folder of a classifier: of probekit train, or of Hugging Face.")],
    text: Annotated[str, typer.Option(help="Labelled texts: a file, a folder, or a corpus spec such as 'sst'.")],
    split: Annotated[str | None, typer.Option(help="Measure the texts of this split alone.")] = None,
    layer: Annotated[list[str] | None, typer.Option(help="Block of a Hugging Face model, or all.")] = None,
    head: Annotated[list[str] | None, typer.Option(help="Change this head alone (from 0), or each of all.")] = None,
    measure: Annotated[list[str] | None, typer.Option(help="Measure; may be repeated. Default all.")] = None,
    positive: Annotated[str | None, typer.Option(help="Class whose F1 is meant; default the last.")] = None,
    draws: Annotated[int, typer.Option(help="Permutations of each text.")] = 5,
    sample: Annotated[int, typer.Option(help="Texts for the measures that read a text word by word.")] = 200,
    clusters: Annotated[int | None, typer.Option(help="Of k-means; default a hundredth of the occurrences.")] = None,
    explain: Annotated[list[str] | None, typer.Option(help="Explanation to put beside it: lrp, sa, random ...")] = None,
    words: Annotated[int, typer.Option(help="Show so many texts word by word as well.")] = 0,
    seed: Annotated[int, typer.Option(help="Of permutations, samples and clusters.")] = 0,
    format: Annotated[str, typer.Option(metavar="|".join(FORMATS), help="How to print.")] = "table",
) -> None:
    """Does attention matter to this classifier? Every measure, for a saved classifier or a Hugging Face folder."""
    import pandas as pd

    from probekit.attention import agreement
    from probekit.attention.reporting import MEASURES, Sizes, check_asked, report, sampled
    from probekit.corpora import load_corpus
    from probekit.learners.loading import load_classifier
    from probekit.works.explanations import ATTENTION, beside_attention, check_methods

    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS)
    check_methods(explain or [])
    classifier = load_classifier(model)
    corpus = load_corpus(_spec(text) + (f"|split({split})" if split else ""))
    if "label" not in corpus.sentences:
        raise ProbekitError(f"{corpus!r} has no labels; --text takes labelled texts, such as a .tsv of label and text")
    texts = [corpus.words(i) for i in range(corpus.n_sentences)]
    labels = [str(label) for label in corpus.sentences["label"]]
    sizes = Sizes(draws=draws, sample=sample, clusters=clusters)
    these = [texts[i] for i in sampled(len(texts), sizes.sample, seed)]
    views = {str(view.layer): view for view in _views(classifier, layer)}
    first = next(iter(views.values()))
    check_asked(first, texts, labels, measure or MEASURES, positive)
    tables, left_out = [], None
    if measure is None or "agreement" in measure:
        left_out = agreement.leave_one_out(first, these)  # the same for every layer
    for view in views.values():
        for number in _heads(view, head):
            # Of one head alone, only what is put in its place differs.
            chosen = list(measure or MEASURES) if number is None else ["fragility"]
            found = report(
                view,
                texts,
                labels,
                measures=chosen,
                positive=positive,
                head=number,
                sizes=sizes,
                seed=seed,
                left_out=left_out,
            )
            place = {"layer": view.layer, "head": "all" if number is None else number}
            tables.append(pd.DataFrame([{**place, **row, "info": _short(row["info"])} for row in found.rows]))
        if words:
            _say_words(view, texts[:words], labels[:words])
    if explain:
        found_beside = beside_attention(classifier, views, these, list(dict.fromkeys([ATTENTION, *explain])), seed)
        for one in found_beside:
            mean = one["mean"]
            line = {"layer": one["view"] or "-", "head": "all", "metric": f"{one['metric']} ({one['method']})"}
            tables.append(
                pd.DataFrame([{**line, "value": mean.value, "n_test": mean.n, "note": mean.note, "info": ""}])
            )
    table = pd.concat(tables, ignore_index=True)
    if format == "csv":
        typer.echo(table.to_csv(index=False), nl=False)
    else:
        typer.echo(f"{classifier.name}: {len(texts)} texts, classes {', '.join(classifier.labels)}")
        typer.echo(table.to_string(index=False, float_format=lambda value: f"{value:.4f}", na_rep="-"))


def _spec(text: str) -> str:
    """A corpus spec; a path to a file or folder is read as labelled texts."""
    return f'text:"{text}"' if Path(text).expanduser().exists() else text


def _views(classifier: Classifier, layers: list[str] | None) -> Iterator[AttentionView]:
    from probekit.attention.views import view_of

    first = view_of(classifier, _number("layer", layers[0]) if layers and layers != ["all"] else None)
    if layers == ["all"]:
        for layer in range(1, first.layer):
            yield view_of(classifier, layer)
        yield first
        return
    yield first
    for text in (layers or [])[1:]:
        yield view_of(classifier, _number("layer", text))


def _heads(view: AttentionView, heads: list[str] | None) -> list[int | None]:
    """All heads together, then each one that was asked for."""
    if not heads:
        return [None]
    return [None, *(range(view.heads) if heads == ["all"] else [_number("head", text) for text in heads])]


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ProbekitError(f"--{name} takes numbers or all, got '{text}'") from None


def _short(info: dict[str, Any]) -> str:
    return ", ".join(
        f"{key}={value:.3f}" if isinstance(value, float) else f"{key}={value}"
        for key, value in info.items()
        if not isinstance(value, (list, dict))
    )


def _say_words(view: AttentionView, texts: list[list[str]], labels: list[str]) -> None:
    """Texts word by word: attention, and the answer if all of it were on the word."""
    import numpy as np

    from probekit.attention.token_probability import token_probabilities

    each = token_probabilities(view, texts)
    for i, words in enumerate(texts):
        k = int(each.answers[i].argmax())
        typer.echo(f"answer {view.labels[k]} ({each.answers[i, k]:.2f}), label {labels[i]}")
        for j, word in enumerate(words):
            here = each.words[i] == j
            share, alone = each.weights[i][here].sum(), float(np.mean(each.tokens[i][here, k]))
            typer.echo(f"  {word:<20} attention {share:.3f}  alone {alone:.2f}")
