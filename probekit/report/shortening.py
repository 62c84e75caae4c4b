"""Long specs by what tells them apart: what all of a kind share is said once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from probekit.errors import ProbekitError
from probekit.specs import Spec, parse

WIDE = 60  # characters from which a name is long
_REST = "..."


def shortened(names: Sequence[str], wide: int = WIDE) -> tuple[dict[str, str], dict[str, str]]:
    """Names by their short form, and by each kind of spec what its long ones share (`...` stands for what differs).

    A name that is not long, or would no longer be told from another, stays as it is.
    """
    short: dict[str, str] = {name: name for name in names}
    shared: dict[str, str] = {}
    of_kind: dict[str, dict[str, Spec]] = defaultdict(dict)
    for name in short:
        if len(name) > wide:
            try:
                spec = parse(name)
            except ProbekitError:
                continue
            of_kind[spec.name][name] = spec
    for kind, specs in of_kind.items():
        same = _same(list(specs.values()))
        more = _nested(
            [spec.kwargs.get(key) for spec in specs.values() for key in spec.kwargs if key not in same], wide
        )
        for name, text in {kind: str(_shared(kind, list(specs.values()), same)), **more[1]}.items():
            shared[name] = f"{shared[name]} or {text}" if shared.get(name, text) != text else text
        short |= {name: str(_left(spec, same, more[0])) for name, spec in specs.items()}
    return _told_apart(short), shared


def _told_apart(short: Mapping[str, str]) -> dict[str, str]:
    """Short forms that are of one name alone: of two, the one that was left as it is keeps it."""
    count = Counter(short.values())
    marked = {
        name: text if count[text] == 1 or text == name else f"{text}({_REST})" if "(" not in text else name
        for name, text in short.items()
    }
    again = Counter(marked.values())
    return {name: text if again[text] == 1 else name for name, text in marked.items()}


def _same(specs: Sequence[Spec]) -> dict[str, Any]:
    """Options, and under "" the target and under "|" the steps, that all of some specs share."""
    found = {key: value for key, value in specs[0].kwargs.items() if all(one.kwargs.get(key) == value for one in specs)}
    whole: dict[str, Any] = {"": [one.target for one in specs], "|": [one.steps for one in specs]}
    return found | {key: values[0] for key, values in whole.items() if all(value == values[0] for value in values)}


def _nested(values: Sequence[Any], wide: int) -> tuple[dict[str, str], dict[str, str]]:
    """The same of specs that are options of others, whatever their length is among long ones."""
    texts = [one for value in values for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    return shortened(list(dict.fromkeys(texts)), wide // 3)


def _shared(kind: str, specs: Sequence[Spec], same: Mapping[str, Any]) -> Spec:
    target = same.get("", _REST)
    kwargs = {key: value for key, value in same.items() if key not in ("", "|")}
    return Spec(kind, target, specs[0].args if len(specs) == 1 else (), kwargs, same.get("|", ()))


def _left(spec: Spec, same: Mapping[str, Any], short: Mapping[str, str]) -> Spec:
    """What is left of a spec without what is shared, its options shortened too."""

    def told(value: Any) -> Any:
        if isinstance(value, list):
            return [told(one) for one in value]
        return short.get(value, value) if isinstance(value, str) else value

    kwargs = {key: told(value) for key, value in spec.kwargs.items() if key not in same}
    target = None if "" in same else spec.target
    return Spec(spec.name, target, spec.args, kwargs, () if "|" in same else spec.steps)
