"""`probekit attention`: every measure of a classifier's attention on labelled texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from probekit.cli.common import check, texts_spec
from probekit.errors import ProbekitError
from probekit.values import MOST, MOST_SEED

if TYPE_CHECKING:
    from pandas import DataFrame

    from probekit.attention.reporting import Sizes
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
    draws: Annotated[int, typer.Option(min=1, max=MOST, help="Permutations of each text.")] = 5,
    sample: Annotated[int, typer.Option(min=1, max=MOST, help="Texts for measures that read word by word.")] = 200,
    clusters: Annotated[
        int | None, typer.Option(min=2, max=MOST, help="Of k-means; default 1 in 100 occurrences.")
    ] = None,
    explain: Annotated[list[str] | None, typer.Option(help="Explanation to put beside it: lrp, sa, random ...")] = None,
    words: Annotated[int, typer.Option(min=0, max=MOST, help="Show so many texts word by word as well.")] = 0,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of permutations, samples and clusters.")] = 0,
    long: Annotated[
        str, typer.Option(metavar="refuse|cut", help="A text longer than the model reads: left out, or cut.")
    ] = "refuse",
    format: Annotated[str, typer.Option(metavar="|".join(FORMATS), help="How to print.")] = "table",
) -> None:
    """Does attention matter to this classifier? Every measure, for a saved classifier or a Hugging Face folder.

    Texts that cannot be read are named by their number and the others measured; so are measures and explanations.
    """
    import pandas as pd

    from probekit.attention.reporting import MEASURES, Sizes, check_asked, sampled
    from probekit.learners.loading import load_classifier
    from probekit.works.explanations import check_methods

    check("format", format, FORMATS)
    if long == "windows":
        raise ProbekitError("attention weighs the words of one reading, which a text in windows has not: --long cut")
    check_methods(explain or [])
    classifier = load_classifier(model)
    texts, labels, remarks = _labelled(classifier, texts_spec(text) + (f"|split({split})" if split else ""), long)
    sizes = Sizes(draws=draws, sample=sample, clusters=clusters)
    views = {str(view.layer): view for view in _views(classifier, layer)}
    measures = list(dict.fromkeys(measure or MEASURES))
    check_asked(next(iter(views.values())), texts, labels, measures, positive)
    asked = _Asked(texts, labels, measures, positive, sizes, seed, head or [])
    tables, refused = _measured(views, asked)
    for view in views.values() if words else ():
        _say_words(view, texts[:words], labels[:words])
    if explain:
        these = [texts[i] for i in sampled(len(texts), sizes.sample, seed)]
        beside, more = _beside(classifier, views, these, explain, seed)
        tables, refused = tables + beside, refused | more
    if not tables:
        raise ProbekitError("; ".join(refused.values()))
    for line in [*(f"{name} is left out: {why}" for name, why in refused.items()), *remarks]:
        typer.echo(f"note: {line}", err=True)
    table = pd.concat(tables, ignore_index=True)
    if format == "csv":
        typer.echo(table.to_csv(index=False), nl=False)
    else:
        typer.echo(f"{classifier.name}: {len(texts)} texts, classes {', '.join(classifier.labels)}")
        typer.echo(table.to_string(index=False, float_format=lambda value: f"{value:.4f}", na_rep="-"))


class _Asked(NamedTuple):
    texts: list[list[str]]
    labels: list[str]
    measures: list[str]
    positive: str | None
    sizes: Sizes
    seed: int
    heads: list[str]


def _labelled(classifier: Classifier, spec: str, long: str) -> tuple[list[list[str]], list[str], list[str]]:
    """Texts of a corpus that the classifier can read, their labels, and a line on each that it cannot."""
    from probekit.corpora import load_corpus
    from probekit.learners.readable import labelled

    chosen, labels = labelled(classifier, load_corpus(spec), long)
    return list(chosen.texts.values()), [labels[number] for number in chosen.texts], chosen.remarks("measured")


def _measured(views: dict[str, AttentionView], asked: _Asked) -> tuple[list[DataFrame], dict[str, str]]:
    """Rows of every measure by layer and head, and why some measures are refused."""
    from probekit.attention import agreement
    from probekit.attention.reporting import sampled

    tables, refused = [], {}
    left_out = None
    if "agreement" in asked.measures:
        these = [asked.texts[i] for i in sampled(len(asked.texts), asked.sizes.sample, asked.seed)]
        left_out = agreement.leave_one_out(next(iter(views.values())), these)  # the same for every layer
    for view in views.values():
        for number in _heads(view, asked.heads):
            # Of one head alone, only what is put in its place differs.
            for name in asked.measures if number is None else ["fragility"]:
                try:
                    tables.append(_rows(view, asked, name, number, left_out))
                except ProbekitError as error:
                    refused[f"{name} of layer {view.layer}"] = str(error)
    return tables, refused


def _rows(view: AttentionView, asked: _Asked, measure: str, head: int | None, left_out: Any) -> DataFrame:
    import pandas as pd

    from probekit.attention.reporting import report

    found = report(
        view,
        asked.texts,
        asked.labels,
        measures=[measure],
        positive=asked.positive,
        head=head,
        sizes=asked.sizes,
        seed=asked.seed,
        left_out=left_out,
    )
    place = {"layer": view.layer, "head": "all" if head is None else head}
    return pd.DataFrame([{**place, **row, "info": _short(row["info"])} for row in found.rows])


def _beside(
    classifier: Classifier, views: dict[str, AttentionView], texts: list[list[str]], methods: list[str], seed: int
) -> tuple[list[DataFrame], dict[str, str]]:
    """Rows of attention and of explanations beside it, and why some explanations are refused."""
    import pandas as pd

    from probekit.relevance.texts import has_known_word
    from probekit.works.explanations import ATTENTION, beside_attention

    known = [words for words in texts if has_known_word(classifier, words)]
    if not known:
        return [], dict.fromkeys(methods, f"'{classifier.name}' knows no word of the texts")
    tables, refused = [], {}
    for name in dict.fromkeys([ATTENTION, *methods]):
        try:
            found = beside_attention(classifier, views, known, [name], seed)
        except ProbekitError as error:
            refused[name] = str(error)
            continue
        for one in found:
            mean = one["mean"]
            line = {"layer": one["view"] or "-", "head": "all", "metric": f"{one['metric']} ({one['method']})"}
            row = {**line, "value": mean.value, "n_test": mean.n, "note": mean.note, "info": ""}
            tables.append(pd.DataFrame([row]))
    return tables, refused


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
