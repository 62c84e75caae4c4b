"""Golden cases of tasks: their targets on a generated corpus, families by one of their values."""

from __future__ import annotations

from typing import Any

from golden import CORPUS, At, Golden, fingerprint, own, written
from test_golden_corpora import ANNOTATED, JUDGED, QUESTIONS

from probekit import corpora, tasks
from probekit.sources import parameters
from probekit.specs import Spec, parse

golden = Golden(__file__)
VALUES = {"X": "NOUN", "N+P": "Sing+3", "k": "1", "Name": "Number", "layer": "entity"}
VALUES_OF = {
    "xpos_dist": "NN", "dep_dist": "nsubj", "verbs_mood_dist": "Ind", "verbs_tense_dist": "Past",
    "verbs_form_dist": "Fin", "aux_mood_dist": "Ind", "aux_tense_dist": "Pres", "aux_form_dist": "Fin",
    "verbal_arity": "2",
}  # fmt: skip
# Some words of the first have no tag and no relation; a sentence of the second has no constituent.
_GAPS = "1\tso\t_\tADV\tRB\t_\t2\tadvmod\t_\t_\n2\tgo\t_\t_\t_\t_\t0\t_\t_\t_\n\n"
GAPS = f"conllu:{written('gaps.conllu', _GAPS)}"
_TREES = "(UH Oh)\n(NP (NN Lunch))\n(S (NP (NNP Ada)) (VP (VBD ate) (NP (NN lunch))))"
TREES = f"ptb:{written('trees-dev.ptb', _TREES)}"

LABELLED = {"span/label": ANNOTATED["spans"], "sentence/label": "topics(n=30)"}
_NUMBERED = "(2 (3 Cool) (2 ?))\n(3 (2 quite) (4 (2 so) (4 good)))"
NUMBERED = f"ptb:{written('numbered-dev.ptb', _NUMBERED)}"
LABELLED |= dict.fromkeys(("sentence/tree-impurity", "sentence/node-switching"), NUMBERED)
LABELLED |= dict.fromkeys(("pair/entailment", "pair/more-general", "pair/relatedness"), JUDGED)
LABELLED |= {"pair/number": JUDGED, "choice/answer": QUESTIONS}
_SAID = "sentence1\tsentence2\tlabel\nHe ran\tHe moved\tyes\nShe sat\tShe ran\tno\nIt is\tIt was\t\n"
LABELLED["pair/label"] = f"pairs:{written('said.tsv', _SAID)}"
_SEVERAL = "label\tlabels\ttext\na\ta|c\tHe ran\nb\t\tShe sat\nb\tc\tIt is\n"
LABELLED["sentence/labels"] = f"text:{written('several.tsv', _SEVERAL)}"
LABELLED["sentence/specificity"] = "retold(n=30)"
LABELLED["word/ccg"] = "ccg-grammar(n=20, n_test=5)"


def task_numbers(spec: str, of: str = "") -> list[float]:
    corpus, task = corpora.load_corpus(of or LABELLED.get(parse(spec).head, CORPUS)), tasks.get(spec)
    units = task.units(corpus)
    return fingerprint(task.targets(corpus)) + fingerprint(units["sentence"])[:2] + fingerprint(units["start"])[:2]


def named(name: str) -> str:
    """A registered name, with one of a family's values in place of the brackets."""
    prefix, bracket, what = name.partition("<")
    value = VALUES_OF.get(prefix.rpartition("/")[2].removesuffix("_"), VALUES.get(what.rstrip(">"), ""))
    return prefix + value if bracket else name


OPTIONS: dict[str, Any] = {
    "percent": True, "denominator": "non-punct", "clauses": "verb-only", "arity": "later", "words": "all",
    "part": "universal",
    "drop_missing": At(True, numbers=lambda spec: task_numbers(spec, TREES)), "negative": "A", "negatives": 3,
    "attribute": "line", "seed": 1, "low": 6, "high": 7, "classes": 3, "weight": "height/max_height",
}  # fmt: skip
for _name in own(tasks.registry):
    _known = [option for option, p in parameters(tasks.registry.get(_name)).items() if p.default is not p.empty]
    _options = {option: OPTIONS[option] for option in _known if option in OPTIONS}
    if "words" in _options and "feat" not in _name:
        _options["words"] = At("all", numbers=lambda spec: task_numbers(spec, GAPS))
    golden.case(f"task:{_name}", task_numbers, str(Spec(named(_name))), tolerance=1e-9, options=_options)

test_numbers_stay, test_options_move_numbers = golden.tests()
