"""`probekit explain`: why a saved classifier says what it says of texts, as a page of coloured words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from probekit.errors import DataError, ProbekitError

if TYPE_CHECKING:
    from probekit.relevance.texts import TextExplanation

SHOWN = 5  # texts that the terminal is told about


def explain(
    model: Annotated[str, typer.Option(help="Folder of a saved classifier, own or Hugging Face.")],
    text: Annotated[Path, typer.Option(help="File of texts, one a line, UTF-8.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("explanation.html"),
    method: Annotated[
        list[str] | None, typer.Option(help="Explainer, or attention; may be repeated. Default lrp.")
    ] = None,
    target: Annotated[list[str] | None, typer.Option(help="Class, predicted or all; may be repeated.")] = None,
    rules: Annotated[str | None, typer.Option(help="Rules of lrp: a preset or a rule.")] = None,
    units: Annotated[str | None, typer.Option(help="Units to a word: sum, norm, max; else the method's own.")] = None,
    words: Annotated[str, typer.Option(help="How text is cut: treebank or blanks.")] = "treebank",
    whole: Annotated[bool, typer.Option("--whole", help="The file is one text.")] = False,
) -> None:
    """Explain a classifier's answers word by word."""
    from probekit import relevance
    from probekit.corpora.readers.tokenising import tokeniser
    from probekit.learners.loading import load_classifier
    from probekit.report import tokens_page
    from probekit.works.explanations import ATTENTION, check_methods, explain_by_attention

    methods = method or ["lrp"]
    check_methods(methods)
    if rules is not None and "lrp" not in methods:
        raise ProbekitError("--rules are those of lrp; add --method lrp")
    cut = tokeniser(words)
    texts = [cut(one) for one in read_texts(text, whole)]
    classifier = load_classifier(model)
    targets: Any = target or ["predicted"]
    targets = targets[0] if len(targets) == 1 else [targets] * len(texts)
    found = {
        name: explain_by_attention(classifier, texts, targets)
        if name == ATTENTION
        else relevance.explain_texts(
            classifier, texts, targets, name, units=units, rules=rules if name == "lrp" else None
        )
        for name in methods
    }
    table = relevance.tokens_table(found)
    scored = [name for name in methods if name != ATTENTION] or methods  # attention adds up to 1, not to a score
    named = list(zip(text_names(texts), found[scored[0]], strict=True))
    notes = {name: f"predicted: {one.predicted}" for name, one in named}
    title = f"{classifier.name}: {', '.join(methods)}"
    tokens_page(table, out, texts="text", rows="target", columns="method", title=title, notes=notes)
    for name, one in named[:SHOWN]:
        typer.echo(f"{name}: {one.predicted}; {account(one)}")
    if len(texts) > SHOWN:
        typer.echo(f"... and {len(texts) - SHOWN} more")
    typer.echo(f"Page: {out}")


def account(one: TextExplanation) -> str:
    """One line: the score of the first class as the sum of its parts."""
    from probekit.works.explanations import ATTENTION

    if one.method == ATTENTION:
        return f"attention on words {float(one.relevance[0].sum()):.3f}, on special tokens {float(one.special[0]):.3f}"
    parts = [f"words {float(one.relevance[0].sum()):.3f}"]
    if one.special[0]:
        parts.append(f"special tokens {float(one.special[0]):.3f}")
    if one.method == "lrp":
        parts += [f"kept {sum(float(v[0]) for v in one.kept.values()):.3f}"] if one.kept else []
        parts.append(f"gap {float(one.gap[0]):.1e}")
    return f"score of {one.classes[0]} {float(one.scores[0]):.3f}: {', '.join(parts)}"


def text_names(texts: list[list[str]]) -> list[str]:
    """Names of texts on the page: their numbers from 1."""
    return [f"text {k + 1}" for k in range(len(texts))]


def read_texts(path: Path, whole: bool) -> list[str]:
    """The texts of a file. Raises DataError for one that is missing, empty, not UTF-8 or has a lone return."""
    from probekit.corpora.readers.lines import read_lines

    found = [line.strip(" \t") for line in read_lines(path) if line.strip()]
    if not found:
        raise DataError("holds no text", path)
    return [" ".join(found)] if whole else found
