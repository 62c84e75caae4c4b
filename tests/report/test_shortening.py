"""Long specs by what tells them apart: nothing is confused, and what is left out is said."""

from __future__ import annotations

from probekit.report.shortening import WIDE, shortened

CORPUS = '"wikineural-en|sample(n=1000)|resplit(dev=0.15, test=0)"'
SUBWORDS = '\\"wikineural-en|sample(n=10)\\"(size=100)'


def tagger(more: str = "", inputs: str = "glove", corpus: str = CORPUS) -> str:
    return f'tagger:{corpus}(budget=512, epochs=12{more}, inputs=["{inputs}"])'


def test_what_all_share_is_left_out_and_said_once() -> None:
    names = [tagger(), tagger(", experts=64"), tagger(", experts=64", f"subwords:{SUBWORDS}"), "shapes:a", "minilm"]
    short, shared = shortened(names)
    assert [short[name] for name in names] == [
        "tagger(inputs=[glove])",
        "tagger(experts=64, inputs=[glove])",
        "tagger(experts=64, inputs=[subwords])",
        "shapes:a",
        "minilm",
    ]
    assert shared["tagger"] == f"tagger:{CORPUS}(budget=512, epochs=12)"
    assert shared["subwords"] == 'subwords:"wikineural-en|sample(n=10)"(size=100)' and set(shared) == {
        "tagger",
        "subwords",
    }


def test_targets_and_steps_that_differ_stay() -> None:
    other = CORPUS.replace("-en", "-de")
    names = [tagger(), tagger(corpus=other), tagger() + "|tune(on=a)", tagger(corpus=other) + "|tune(on=b)"]
    short, shared = shortened(names)
    assert short[names[1]] == f"tagger:{other}" and short[names[2]] == f"tagger:{CORPUS}|tune(on=a)"
    assert shared == {"tagger": "tagger:...(budget=512, epochs=12, inputs=[glove])"}


def test_options_that_would_become_one_are_told_apart() -> None:
    long = ", ".join(f'\\"PER=name {k}\\"' for k in range(5))
    names = [tagger(", head=concept"), tagger(f', head="concept(examples=[{long}])"'), tagger(", head=crf")]
    short, shared = shortened(names)
    assert [short[name] for name in names] == [
        "tagger(head=concept)",
        'tagger(head="concept(...)")',
        "tagger(head=crf)",
    ]
    assert shared["concept"].startswith('concept(examples=["PER=name 0"')


def test_no_two_names_become_one_and_short_or_broken_ones_stay() -> None:
    broken = "tagger(" * 20
    names = [tagger(), "tagger", broken, "x" * (2 * WIDE)]
    short, _ = shortened(names)
    assert len(set(short.values())) == len(names) and short[broken] == broken
    assert short[tagger()] == "tagger(...)"  # "tagger" alone is the name of another
    same = [tagger(), tagger() + "|tune(on=a)", "tagger|tune(on=a)"]
    assert len(set(shortened(same)[0].values())) == 3
    assert shortened([]) == ({}, {})
