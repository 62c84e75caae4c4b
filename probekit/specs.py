"""Specs: the one way to name a component with its arguments, and their one parser.

    spec  = step ("|" step)*
    step  = head [ "(" [ argument ("," argument)* ] ")" ]
    head  = name [ ":" target ]            text up to "(" or "|"; one that holds these, or a quotation mark, is
                                           quoted: the target alone (static:"a (1).txt") or the whole head
    argument = value | key "=" value
    value = number | true | false | none | word | "quoted" | "[" values "]"

`static:glove.txt`, `hf:bert-base-uncased(piece=first)`, `ud-english|sample(n=2000)`, `ridge(alpha=1)`,
`"sentence/xpos_dist_("(percent=true)`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from probekit.errors import ProbekitError

Value = Any  # str | int | float | bool | None | list of these

_KEY = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=")
_BARE = re.compile(r"[^,()\[\]|\"=]+")
_NUMBER = re.compile(r"[+-]?(\d+(_\d+)*(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
_PLAIN_WORD = re.compile(r"[^,()\[\]|\"=\s]+( +[^,()\[\]|\"=\s]+)*\Z")
MOST_NESTED = 50  # lists inside lists, and steps after one another
_NO_TEXT = re.compile("[\ud800-\udfff\0]")
_WORDS: dict[str, Value] = {"true": True, "false": False, "none": None}


@dataclass(frozen=True)
class Spec:
    """A parsed spec: `name:target(args, kwargs)|steps`. `str()` gives its text back."""

    name: str
    target: str | None = None
    args: tuple[Value, ...] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    steps: tuple[Spec, ...] = ()

    @property
    def head(self) -> str:
        """`name:target`, or the name alone."""
        return self.name if self.target is None else f"{self.name}:{self.target}"

    @property
    def bare(self) -> Spec:
        """The spec without its steps."""
        return replace(self, steps=())

    @property
    def before(self) -> Spec:
        """The spec without its last step: what that step is taken on."""
        return replace(self, steps=self.steps[:-1])

    def given(self, values: Mapping[str, Value]) -> Spec:
        """The spec with further named arguments."""
        return replace(self, kwargs=dict(sorted({**self.kwargs, **values}.items())))

    def __str__(self) -> str:
        head = self.head
        if not _is_plain(head):
            if self.target is not None and _is_plain(self.name):
                head = f"{self.name}:{json.dumps(self.target, ensure_ascii=False)}"
            else:
                head = json.dumps(head, ensure_ascii=False)
        arguments = [format_value(v) for v in self.args]
        arguments += [f"{key}={format_value(value)}" for key, value in self.kwargs.items()]
        own = head + (f"({', '.join(arguments)})" if arguments else "")
        return "|".join([own, *map(str, self.steps)])

    def __hash__(self) -> int:
        return hash(str(self))


def _is_plain(text: str) -> bool:
    """Whether text can stand in a head without quotation marks."""
    return bool(text) and text == text.strip() and not any(mark in text for mark in '(|"')


def format_value(value: Value) -> str:
    """Text of a value as the parser reads it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(format_value(v) for v in value) + "]"
    text = str(value)
    plain = _PLAIN_WORD.match(text) and text not in _WORDS and not _NUMBER.match(text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def parse(text: str | Spec) -> Spec:
    """Read a spec; one that is read already is given back. Raises ProbekitError that shows where the text breaks."""
    if isinstance(text, Spec):
        return text
    if not isinstance(text, str):
        raise ProbekitError(f"a spec is text such as 'ridge(alpha=1)', got {type(text).__name__}")
    reader = _Reader(text)
    reader.refuse_what_is_no_text(text)
    steps = [reader.step()]
    while reader.peek() == "|":
        reader.position += 1
        steps.append(reader.step())
        if len(steps) > MOST_NESTED:
            reader.fail(f"more than {MOST_NESTED} steps")
    if reader.position != len(text):
        reader.fail("unexpected text")
    first = steps[0]
    return Spec(first.name, first.target, first.args, first.kwargs, tuple(steps[1:]))


def written(name: str, target: str | None = None, **options: Value) -> str:
    """Text of a spec without steps, its options in the order of their names."""
    return str(Spec(name, target, (), dict(sorted(options.items()))))


def without_steps(text: str) -> str:
    """A spec before the steps that follow it; text that is no spec stays as it is."""
    try:
        return str(replace(parse(text), steps=()))
    except ProbekitError:
        return text


def short(text: str) -> str:
    """What a spec is called in a figure: its name, or its target's, without arguments and steps.

    `static:glove` is glove, `hf:bert-1a2b(piece=first)|prune(x=1)` bert-1a2b; text that is no spec stays as it is.
    """
    try:
        spec = parse(text)
    except ProbekitError:
        return text
    return spec.target if spec.name in ("hf", "static", "saved") and spec.target else spec.head


class _Reader:
    """Recursive descent over one spec; `position` is the next character to read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def skip_space(self) -> None:
        while self.peek().isspace():
            self.position += 1

    def fail(self, what: str) -> None:
        raise ProbekitError(
            f"cannot read the spec '{self.text}': {what} at character {self.position + 1}; "
            "expected name, name:target or name(argument, key=value), steps joined by |"
        )

    def refuse_what_is_no_text(self, text: str) -> None:
        """Halves of characters, and the one that ends texts in C, can stand in no file, name or row."""
        if found := _NO_TEXT.search(text):
            self.fail(f"the character {found[0]!r}, which is no text,")

    def step(self) -> Spec:
        name, target = self.head()
        args: list[Value] = []
        kwargs: dict[str, Value] = {}
        if self.peek() == "(":
            self.position += 1
            self.skip_space()
            while self.peek() != ")":
                if key := _KEY.match(self.text, self.position):
                    self.position = key.end()
                    if key[1] in kwargs:
                        self.fail(f"argument '{key[1]}' given twice")
                    kwargs[key[1]] = self.value()
                elif kwargs:
                    self.fail("a value without a name after named arguments")
                else:
                    args.append(self.value())
                self.skip_space()
                if self.peek() == ",":
                    self.position += 1
                    self.skip_space()
                elif self.peek() != ")":
                    self.fail("expected , or )")
            self.position += 1
            self.skip_space()
        return Spec(name, target, tuple(args), dict(sorted(kwargs.items())))

    def head(self) -> tuple[str, str | None]:
        start = self.position
        while self.position < len(self.text) and self.peek() not in '(|"':
            self.position += 1
        text = self.text[start : self.position]
        if self.peek() == '"':
            name = text[:-1].strip() if text.endswith(":") else ""
            if text.strip() and (not name or ":" in name):
                self.fail("a quotation mark inside a name")
            quoted = self.quoted()
            self.skip_space()
            return (name, quoted) if name else self.split(quoted)
        return self.split(text.strip())

    def split(self, head: str) -> tuple[str, str | None]:
        """Name and target of a head; a colon that nothing stands before belongs to the name."""
        if not head:
            self.fail("a name is missing")
        name, colon, rest = head.partition(":")
        return (name, rest) if colon and name else (head, None)

    def quoted(self) -> str:
        try:
            value, end = json.JSONDecoder().raw_decode(self.text, self.position)
        except ValueError:
            self.fail("a quotation mark that is not closed")
        self.position = end
        self.refuse_what_is_no_text(value)
        return value

    def value(self) -> Value:
        self.skip_space()
        if self.peek() == '"':
            return self.quoted()
        if self.peek() == "[":
            return self.list()
        bare = _BARE.match(self.text, self.position)
        if not bare or not bare[0].strip():
            self.fail("a value is missing")
        assert bare is not None
        self.position = bare.end()
        try:
            return read_value(bare[0].strip())
        except ValueError:  # Python reads no whole number of more than some thousand digits
            self.fail("a number with too many digits")

    def list(self) -> list[Value]:
        self.position += 1
        self.depth += 1
        if self.depth > MOST_NESTED:
            self.fail(f"lists nested deeper than {MOST_NESTED}")
        values: list[Value] = []
        self.skip_space()
        while self.peek() != "]":
            values.append(self.value())
            self.skip_space()
            if self.peek() == ",":
                self.position += 1
                self.skip_space()
            elif self.peek() != "]":
                self.fail("expected , or ]")
        self.position += 1
        self.depth -= 1
        return values


def read_value(text: str) -> Value:
    """A bare word as a value: number, true, false, none, or the word itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.match(text):
        if not any(mark in text for mark in ".eE"):
            return int(text)  # exact, however long
        number = float(text)
        return number if math.isfinite(number) else text
    return text
