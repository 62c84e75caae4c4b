"""Damaged files of trees, entity columns, mentions, roles and labelled spans, each with a plain second reading."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from fuzzing import Reader, refused, write
from mutator import JSON, Mutator

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.bio import read_bio
from probekit.corpora.readers.brackets import form_of, parse_tree, plain_label, read_ptb
from probekit.corpora.readers.edge_probing import read_edge_probing
from probekit.corpora.readers.gum import read_gum
from probekit.corpora.readers.litbank import read_litbank
from probekit.corpora.readers.propbank import read_propbank
from probekit.errors import DataError


def text_of(content: bytes) -> str | None:
    """Text with plain line ends; None for what is not UTF-8, or has a carriage return that ends no line."""
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    return None if "\r" in text else text


def parted(line: str) -> list[str]:
    """What blanks and tabs part, one character after the other: no other white space parts anything."""
    cells = [""]
    for character in line:
        if character in " \t":
            cells.append("")
        else:
            cells[-1] += character
    return [cell for cell in cells if cell]


def spans_are_inside(corpus: Corpus) -> None:
    for table in corpus.spans.values():
        for second in ("", "2") if "start2" in table else ("",):
            sentence, start, end = (table[f"{c}{second}"].to_numpy() for c in ("sentence", "start", "end"))
            assert ((start >= 0) & (start < end) & (end <= corpus.lengths[sentence])).all()


def checked(
    name: str, read: Callable[[Path], Corpus], again: Callable[[str], Any], told: Callable[[Corpus], Any], folder: Path
) -> Callable[[bytes], bool]:
    """What a reader gives is what the plain reading `again` gives; where that gives None, the reader refuses."""
    path = folder / name
    path.touch()

    def check(content: bytes) -> bool:
        write(path, content)
        text = text_of(content)
        plain = None if text is None else again(text)
        try:
            corpus = read(path)
        except DataError as error:
            assert plain is None, f"a good file is refused: {error}"
            assert error.line is not None and 1 <= error.line <= content.count(b"\n") + 1, error
            return refused(error, path)
        assert plain is not None, "a bad file is read"
        assert told(corpus) == plain
        spans_are_inside(corpus)
        return True

    return check


# --- trees

TREES = (
    b"; d1\n( (S (NP-SBJ-1 (DT The) (NN dog)) (VP (VBD ate) (NP (-NONE- *-1))) (. .)) )\n(TOP (X=1 (-LRB- -LRB-)))\n",
    b"((S\n (NP (NN a))\n (VP (VB b))))\n;d2\n\n(FRAG|X (`` ``) (NP-1 (PRP$ my) (NN x\\/y)))",
    b"(UH Oh)\n(A (B (C (D e))))(F (G h))\r\n",
)
BRACKETS = (b"(", b")", b"((", b"))", b"()", b"( (", b"(-NONE- x)", b"(NP ", b"; c\n", b"\n;", b"(" * 2000, b"-", b"=|")


def plain_trees(text: str) -> list[tuple[str, list[str]]] | None:
    """Tree and words of every tree by recursion over nested lists; None for what is no file of trees."""
    found: list[tuple[str, list[str]]] = []
    stack: list[list[Any]] = []
    at = 0
    while match := re.compile(r"[()]|[^ \t\n()]+").search(text, at):
        at = match.end()
        token = match[0]
        if not stack and token[0] == ";" and (match.start() == 0 or text[match.start() - 1] == "\n"):
            at = text.find("\n", match.start()) if "\n" in text[match.start() :] else len(text)
        elif token == "(":
            stack.append([])
        elif token == ")":
            if not stack:
                return None
            node = stack.pop()
            if stack:
                stack[-1].append(node)
            elif (made := plain_tree(node)) is None or not made[1]:
                return None
            else:
                found.append(made)
        elif not stack:
            return None
        else:
            stack[-1].append(token)
    return found if found and not stack else None


def plain_tree(node: list[Any]) -> tuple[str, list[str]] | None:
    """Normalised text and words of one tree; None for one that is not well-formed."""
    words: list[str] = []

    def walk(node: list[Any], outer: bool) -> str | None:
        label, kids = (node[0], node[1:]) if node and isinstance(node[0], str) else ("TOP" if outer else "", node)
        if not label or not kids:
            raise ValueError
        if all(isinstance(kid, str) for kid in kids):
            if len(kids) > 1:
                raise ValueError
            if label == "-NONE-":
                return None
            words.append(kids[0])
            return f"({plain_label(label)} {kids[0]})"
        if any(isinstance(kid, str) for kid in kids):
            raise ValueError
        inside = [text for text in [walk(kid, False) for kid in kids] if text]
        return f"({plain_label(label)} {' '.join(inside)})" if inside else None

    try:
        text = walk(node, True)
    except (ValueError, RecursionError):
        return None
    return (text or "", [form_of(word) for word in words])


def told_trees(corpus: Corpus) -> list[tuple[str, list[str]]]:
    for tree in corpus.trees or ():
        assert str(parse_tree(tree)) == tree
    return [(tree, corpus.words(i)) for i, tree in enumerate(corpus.trees or ())]


# --- entity columns

BIO = (
    b"# newdoc id = d\n# sent_id = 1\nAda\tB-PER\nL\tI-PER\nsaw\tO\n\nRome\tB-LOC\n\n",
    b"a\tB-X\nb\tB-X\nc\tI-X\n\t\n#\tO\nd\tI-Y",
    b"-DOCSTART-\tO\n\nEU\tB-ORG\n.\tO\n",
)
TAGS = (b"O", b"B-X", b"I-X", b"I-Y", b"B-", b"E-X", b"S-X", b"o", b"# a = b\n", b"# sent_id = 1\n", b"\n\n")


def plain_bio(text: str) -> list[tuple[list[str], list[tuple[int, int, str]]]] | None:
    """Words and spans of every sentence, line by line."""
    if not text.strip():
        return None
    tabs = "\t" in text
    comment = r"#[ \t]*(?:newdoc\b|newpar\b|[\w.:-]+[ \t]*=)"
    lines = [line for line in text.removesuffix("\n").split("\n") if line.strip(" \t")]
    rows_of = {line: line.split("\t") if tabs else parted(line) for line in lines}
    width = next((len(rows_of[line]) for line in lines if not re.match(comment, line)), 0)
    sentences: list[list[list[str]]] = [[]]
    ids, given = [], ""
    for line in text.removesuffix("\n").split("\n"):
        if not line.strip(" \t"):
            if sentences[-1]:
                ids.append(given)
                sentences.append([])
                given = ""
            continue
        cells = rows_of[line]
        tagged = len(cells) > 1 and re.fullmatch(r"O|[BIESLU]-\S.*", cells[-1].strip()) is not None
        if not sentences[-1] and re.match(comment, line) and not (tagged and (tabs or len(cells) == width)):
            key, _, value = line[1:].partition("=")
            given = value.strip() if key.strip() == "sent_id" else given
        elif not tabs and line.startswith(" "):
            return None
        elif cells[0].strip() != "-DOCSTART-":
            sentences[-1].append(cells)
    ids.append(given)
    found = []
    names = set()
    for number, (rows, name) in enumerate([(rows, name) for rows, name in zip(sentences, ids, strict=True) if rows], 1):
        name = name or f"x.conll:{number}"
        if name in names or any(not cells[0].strip() for cells in rows):
            return None
        names.add(name)
        spans: list[list[Any]] = []
        before = "O"
        for at, cells in enumerate(rows):
            tag = cells[-1].strip()
            if not re.fullmatch(r"O|[BI]-\S.*", tag) or (tag[0] == "I" and before[1:] != tag[1:]):
                return None
            if tag[0] == "B":
                spans.append([at, at + 1, tag[2:]])
            elif tag[0] == "I":
                spans[-1][1] = at + 1
            before = tag
        found.append(([cells[0] for cells in rows], [tuple(span) for span in spans]))
    return found or None


def told_bio(corpus: Corpus) -> list[tuple[list[str], list[tuple[int, int, str]]]]:
    table = corpus.spans["entity"]
    return [
        (
            corpus.words(i),
            list(table.loc[table["sentence"] == i, ["start", "end", "label"]].itertuples(index=False, name=None)),
        )
        for i in range(corpus.n_sentences)
    ]


# --- labelled spans

SPANS = (
    b'{"text": "a b c", "targets": [{"span1": [0, 2], "label": "X"}, {"span1": [2, 3], "label": ["Y", "Z"]}]}\n'
    b'{"text": "d", "info": {"id": "n", "document": "d1", "split": "dev"}}\n',
    b'{"text": "a b", "targets": [{"span1": [0, 1], "span2": [1, 2], "label": "1"}], "info": {"sent_id": 3}}',
)
MARKS = (b"[0, 1]", b"[1, 0]", b"[0, 9]", b'"span2"', b'"span1"', b'"label"', b'"text"', b"0", b"2", b"true", b'"n"')


def plain_spans(text: str) -> list[tuple[Any, ...]] | None:
    """Rows of all sentences; None where a line is no example."""
    rows: list[tuple[Any, ...]] = []
    names, widths, number = set(), set(), 0
    try:
        for line in text.removesuffix("\n").split("\n"):
            if not line.strip(" \t"):
                continue
            value = json.loads(line)
            json.dumps(value, ensure_ascii=False).encode()
            words = parted(value["text"].replace("\r", " ").replace("\n", " "))
            info = value["info"] if isinstance(value.get("info"), dict) else {}
            given = [info[key] for key in ("id", "sent_id") if isinstance(info.get(key), (str, int))]
            name = str(given[0]) if given and str(given[0]) else f"x.jsonl:{number + 1}"
            targets = value.get("targets", [])
            if name in names or not words or not all(map(str.strip, words)) or not isinstance(targets, list):
                return None
            names.add(name)
            for target in targets:
                spans = [target["span1"], target["span2"]] if "span2" in target else [target["span1"]]
                widths.add(len(spans))
                for span in spans:
                    start, end = span
                    whole = type(span) is list and {type(start), type(end)} == {int}
                    if not whole or not 0 <= start < end <= len(words):
                        return None
                labels = target["label"] if isinstance(target["label"], list) else [target["label"]]
                if not all(isinstance(label, str) for label in labels):
                    return None
                flat = [part for span in spans for part in (number, *span)]
                rows += [(*flat, label) for label in labels or [""]]
            number += 1
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return sorted(rows) if number and len(widths) < 2 else None


def told_spans(corpus: Corpus) -> list[tuple[Any, ...]]:
    return list(corpus.spans["target"].itertuples(index=False, name=None))


# --- mentions and roles: the second reading is of the brackets and columns alone


def conllu(*cells: str) -> bytes:
    rows = [f"{i}\tw\t_\tX\t_\t_\t{i - 1}\tdep\t_\t{cell}" for i, cell in enumerate(cells, 1)]
    return ("# newdoc id = d\n# global.Entity = GRP-etype\n" + "\n".join(rows) + "\n\n").encode()


MENTIONS = (
    conllu("Entity=(1-person(2-place)", "SpaceAfter=No", "Entity=1)") + conllu("Entity=(1-person)", "_"),
    conllu("Entity=(3-time", "Entity=(4-x)(5[1/2]-y)", "Entity=3)(5[2/2]-y)"),
)
ROLES = (
    conllu("_\t_\tARG0", "_\tgo.01\tV", "_\t_\tARG1") + conllu("_\t_\t", "_\t_\t"),
    conllu("_\ta.01\tV\tARG1", "_\tb.01\t_\tV", "_\t_\tR-ARG1\t_"),
)
LITBANK = (
    b"#begin document (d); part 0\n0\tthe\t(1\n1\tman\t1)|(2)\n\n0\the\t(1)\n\n#end document\n",
    b"#begin document (d); part 0\n0\tx\t\n#end document\n#begin document (e); part 1\n0\ty\t(3)|(4)\n1\tz\t(3)\n",
)


def survives(name: str, read: Callable[[Path], Corpus], again: Callable[[Corpus, str], None], folder: Path) -> Any:
    """A reader of files whose sentences another test reads twice: the spans are read twice here."""
    path = folder / name
    path.touch()

    def check(content: bytes) -> bool:
        write(path, content)
        try:
            corpus = read(path)
        except DataError as error:
            assert error.line is not None and 1 <= error.line <= content.count(b"\n") + 1, error
            return refused(error, path)
        spans_are_inside(corpus)
        text = text_of(content)
        assert text is not None
        again(corpus, text)
        return True

    return check


def mentions_again(corpus: Corpus, text: str) -> None:
    """As many mentions as brackets open, parts of one mention counted once."""
    values = [entry for misc in corpus.layers["misc"] for entry in str(misc).split("|") if entry.startswith("Entity=")]
    opened = [group for value in values for group in re.findall(r"\(([^()]+)", value)]
    parts = [re.match(r"[^-]+\[([0-9]{1,6})/([0-9]{1,6})\](-|$)", group) for group in opened]
    last = [part for part in parts if part is None or part[1] == part[2]]
    assert len(corpus.spans["entity"]) == len(last)


def roles_again(corpus: Corpus, text: str) -> None:
    """As many roles as filled cells behind the eleventh column that are not V."""
    rows = [line.split("\t") for line in text.split("\n") if re.match(r"[1-9][0-9]*\t", line)]
    filled = [cell for row in rows for cell in row[11:] if cell not in ("", "_", "V")]
    assert sorted(filled) == sorted(corpus.spans["predicate-argument"]["label"])


def litbank_again(corpus: Corpus, text: str) -> None:
    """As many mentions as brackets open; without its first line a file is one of entities."""
    assert ("coreference" in corpus.spans) == text.lstrip().startswith("#begin document")
    cells = [line.split("\t")[-1] for line in text.split("\n") if "\t" in line and line.strip()]
    if "coreference" in corpus.spans:
        assert len(corpus.spans["coreference"]) == sum(cell.count("(") for cell in cells)


def inputs(seed: int, seeds: tuple[bytes, ...], tokens: tuple[bytes, ...], split: bytes, _: Path) -> Iterator[bytes]:
    return iter(Mutator(seed, seeds, tokens, split))


QUICK, LONG = 400, 4_000
SPAN_READERS = {
    "ptb": Reader(
        partial(inputs, 21, TREES, BRACKETS, b" "),
        partial(checked, "x.mrg", read_ptb, plain_trees, told_trees),
        QUICK,
        LONG,
    ),
    "bio": Reader(
        partial(inputs, 22, BIO, TAGS, b"\t"), partial(checked, "x.conll", read_bio, plain_bio, told_bio), QUICK, LONG
    ),
    "spans": Reader(
        partial(inputs, 23, SPANS, (*JSON, *MARKS), b","),
        partial(checked, "x.jsonl", read_edge_probing, plain_spans, told_spans),
        QUICK,
        LONG,
    ),
    "gum": Reader(
        partial(inputs, 24, MENTIONS, (b"Entity=", b"(1-x", b"1)", b"(1-x)", b"(9[1/2]-x)", b"|", b"(", b")"), b"\t"),
        partial(survives, "x.conllu", read_gum, mentions_again),
        QUICK,
        LONG,
    ),
    "up": Reader(
        partial(inputs, 25, ROLES, (b"V", b"ARG0", b"_", b"c.01", b"\tV", b"\t_"), b"\t"),
        partial(survives, "x.conllu", read_propbank, roles_again),
        QUICK,
        LONG,
    ),
    "litbank": Reader(
        partial(inputs, 26, LITBANK, (b"(1", b"1)", b"(1)", b"|", b"#begin document (d); part 0\n", b"#end"), b"\t"),
        partial(survives, "x.conll", partial(read_litbank, singletons=True), litbank_again),
        QUICK,
        LONG,
    ),
}
