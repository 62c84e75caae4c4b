"""`probekit explain`: why a saved classifier says what it says of texts, as a page of coloured words."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from probekit.cli.common import LongTexts
from probekit.errors import DataError, ProbekitError

if TYPE_CHECKING:
    from probekit.learners.classifier import Classifier
    from probekit.learners.readable import Readable
    from probekit.learners.windows import Windows
    from probekit.relevance.texts import TextExplanation

SHOWN = 5  # texts that the terminal is told about
MOST_CLASSES = 10  # whose scores stand on the page


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
    words: Annotated[
        str | None, typer.Option(help="How text is cut: treebank or blanks; else as the classifier was trained.")
    ] = None,
    long: LongTexts = "refuse",
    whole: Annotated[bool, typer.Option("--whole", help="The file is one text.")] = False,
) -> None:
    """Explain a classifier's answers word by word.

    Texts that cannot be explained are named by their number and the others explained; so are methods.
    """
    from probekit.cli.common import check_file
    from probekit.corpora.readers.tokenising import tokeniser
    from probekit.learners.loading import load_classifier
    from probekit.learners.readable import readable
    from probekit.relevance.catalogue import read_rules, reductions
    from probekit.relevance.texts import class_numbers
    from probekit.store import raise_disk_error
    from probekit.works.explanations import check_methods

    methods = list(dict.fromkeys(method or ["lrp"]))
    check_methods(methods)
    if rules is not None:
        if "lrp" not in methods:
            raise ProbekitError("--rules are those of lrp; add --method lrp")
        read_rules(rules)
    if units is not None:
        reductions.entry(units)
    check_file(out)
    given = read_texts(text, whole)
    classifier = load_classifier(model)
    targets = target[0] if target and len(target) == 1 else target or "predicted"
    class_numbers(targets if isinstance(targets, str) else [targets], classifier.labels, 1)
    cut = tokeniser(words or classifier.preparation.words)
    chosen = readable(classifier, [cut(one) for one in given], long)
    _leave_unknown(classifier, chosen)
    found, refused = _answers(classifier, chosen.in_windows(), targets, methods, units, rules)
    remarks = [f"{name} is left out: {why}" for name, why in refused.items()] + chosen.remarks("explained")
    try:
        _write_page(out, classifier, list(chosen.texts), found, units, remarks)
    except OSError as error:
        raise_disk_error(error, out.absolute().parent)
    _tell(list(chosen.texts), found, units, remarks)
    typer.echo(f"Page: {out}")


def _leave_unknown(classifier: Classifier, chosen: Readable) -> None:
    """Leave out texts with a window of unknown words alone. Raises ProbekitError where no text is left."""
    from probekit.relevance.texts import has_known_word

    windows, numbers = chosen.in_windows(), list(chosen.texts)
    unknown = [k for k, words in enumerate(windows.parts) if not has_known_word(classifier, words)]
    for number in dict.fromkeys(numbers[windows.text[k]] for k in unknown):
        where = "of a window of it" if number in chosen.windows else "of its words"
        chosen.leave(number, f"'{classifier.name}' knows none {where}")
    chosen.check()


def _answers(
    classifier: Classifier,
    windows: Windows,
    targets: str | list[str],
    methods: list[str],
    units: str | None,
    rules: Any,
) -> tuple[dict[str, list[TextExplanation]], dict[str, str]]:
    """Explanations by method, and why other methods are refused. Raises ProbekitError where all of them are."""
    from probekit.relevance.texts import explain_texts
    from probekit.relevance.windows import explain_in_windows
    from probekit.works.explanations import ATTENTION, explain_by_attention

    found: dict[str, list[TextExplanation]] = {}
    refused: dict[str, str] = {}
    for name in methods:
        own = {"rules": rules} if name == "lrp" else {}
        explain: Any = partial(explain_texts, classifier, method=name, units=units, **own)
        if name == ATTENTION:
            explain = partial(explain_by_attention, classifier)
        try:
            found[name] = explain_in_windows(classifier, windows, targets, explain)
        except ProbekitError as error:
            refused[name] = str(error)
    if not found:
        raise ProbekitError("; ".join(refused.values()))
    return found, refused


def _write_page(
    out: Path,
    classifier: Classifier,
    numbers: list[int],
    found: dict[str, list[TextExplanation]],
    units: str | None,
    remarks: list[str],
) -> None:
    from probekit.relevance.account import parts_of_score, said
    from probekit.relevance.texts import target_name, text_name, tokens_table
    from probekit.report import tokens_page

    table = tokens_table(found, numbers)
    least = table.groupby("method")["value"].min()
    sizes = [name for name in found if least[name] >= 0 and not parts_of_score(name, units)]
    under = {
        (text_name(number), target_name(label, one.scores[k]), name): said(one, k, units)
        for name, explanations in found.items()
        for number, one in zip(numbers, explanations, strict=True)
        for k, label in enumerate(one.classes)
    }
    first = next(iter(found.values()))
    notes = {text_name(n): _scores(classifier, one) for n, one in zip(numbers, first, strict=True)}
    title = f"{classifier.name}: {', '.join(found)}"
    tokens_page(
        table,
        out,
        texts="text",
        rows="target",
        columns="method",
        title=title,
        notes=notes,
        sizes=sizes,
        under=under,
        remarks=remarks,
    )


def _scores(classifier: Classifier, one: TextExplanation) -> str:
    """The predicted class and the score of each, highest first."""
    ordered = sorted(zip(classifier.labels, one.logits, strict=True), key=lambda pair: -pair[1])
    listed = ", ".join(f"{label} {score:.2f}" for label, score in ordered[:MOST_CLASSES])
    more = f", and {len(ordered) - MOST_CLASSES} more" if len(ordered) > MOST_CLASSES else ""
    return f"predicted: {one.predicted}; scores: {listed}{more}"


def _tell(numbers: list[int], found: dict[str, list[TextExplanation]], units: str | None, remarks: list[str]) -> None:
    """The first texts on the terminal, and what was left out."""
    from probekit.relevance.account import said
    from probekit.relevance.texts import text_name

    for line in remarks:
        typer.echo(f"note: {line}", err=True)
    for place, number in enumerate(numbers[:SHOWN]):
        for name, explanations in found.items():
            one = explanations[place]
            typer.echo(f"{text_name(number)}: {one.predicted}; {name} of {one.classes[0]}: {said(one, 0, units)}")
    if len(numbers) > SHOWN:
        typer.echo(f"... and {len(numbers) - SHOWN} more")


def read_texts(path: Path, whole: bool) -> list[str]:
    """The texts of a file. Raises DataError for one that is missing, empty, not UTF-8 or has a lone return."""
    from probekit.corpora.readers.lines import read_lines

    found = [line.strip(" \t") for line in read_lines(path) if line.strip()]
    if not found:
        raise DataError("holds no text", path)
    return [" ".join(found)] if whole else found
