"""Golden cases of corpora, their steps and ratings."""

from __future__ import annotations

import numpy as np
from golden import CORPUS, Golden, fingerprint, skipped_without_its_program, sums, written

from probekit import corpora
from probekit.corpora.ratings import load_ratings

golden = Golden(__file__)

_CONLLU = (
    "# newdoc id = d1\n# global.Entity = GRP-etype-infstat\n"
    "1\tAda\tAda\tPROPN\tNNP\t_\t2\tnsubj\t_\tEntity=(1-person-new){0}\n"
    "2\tsaw\tsee\tVERB\tVBD\t_\t0\troot\t_\t_{1}\n"
    "3\tan\ta\tDET\tDT\t_\t4\tdet\t_\tEntity=(2-object-new{2}\n"
    "4\towl\towl\tNOUN\tNN\t_\t2\tobj\t_\tEntity=2)(1-person-giv){3}\n\n"
)
# Readers of annotation, and a file of each, named for the dev part.
FILES = {
    "gum": _CONLLU.format("", "", "", ""),
    "up": _CONLLU.format("\t_\tARG0", "\tsee.01\tV", "\t_\t_", "\t_\tARG1"),
    "litbank-files": (
        "#begin document (d1); part 0\n0\tAda\t(1)\n1\tsaw\t\n2\tan\t(2\n3\towl\t2)|(1)\n\n#end document\n"
    ),
    "spans": (
        '{"text": "Ada saw an owl", "targets": [{"span1": [0, 1], "span2": [2, 4], "label": "A"}],'
        ' "info": {"id": "d-1"}}\n'
        '{"text": "She left", "targets": [{"span1": [0, 1], "span2": [1, 2], "label": ["B", "A"]}]}\n'
    ),
    "ptb": (
        "; d1.mrg\n( (S (NP-SBJ-1 (DT The) (NN dog)) (VP (VBD ate) (NP (-NONE- *-1)) (-LRB- -LRB-) (NP (NNS bones))\n"
        "  (-RRB- -RRB-))) )\n; d2.mrg\n(FRAG|X (`` ``) (UH Yes=1))\n"
    ),
    "timeml": (
        "<TimeML><DCT><TIMEX3 tid='t0' type='DATE'>2020</TIMEX3></DCT><TEXT>\n"
        "On <TIMEX3 tid='t1' type='DATE' value='x'>1. May</TIMEX3> she left. He stayed\n"
        "<TIMEX3 tid='t2' type='SET'>daily</TIMEX3>.</TEXT></TimeML>\n"
    ),
    "supertags": "# newdoc id = d1\nAda\tx\tNP\nsleeps\ty\t(S[dcl]\\NP)\n\nno\tx\tNP/N\n",
    "word-classes": "# newdoc id = d1\nAda\tx\tPROPN\nsleeps\ty\tVERB\n\nno\tx\tINTJ\n",
    "ccg-terms": ("ccg(1,\n ba(s:dcl,\n  t(np, 'Ada', 'ada', 'NNP', 'I-NP'),\n  t(s:dcl\\np, is, be, 'VBZ'))).\n"),
    "ccgbank": (
        "ID=a.1 PARSER=GOLD NUMPARSE=1\n(<T S[dcl] 1 2> (<L NP NNP NNP Ada NP>) (<L S[dcl]\\NP VBZ VBZ is x>) )\n"
    ),
    "bio": "Ada\tB-X\tB-PER\nByron\tO\tI-PER\nsaw\tB-V\tO\nRome\tO\tB-LOC\n\n# newdoc id = d2\nHull\tO\tB-LOC\n",
}
ANNOTATED = {reader: f"{reader}:{written(f'0-dev.{reader}', text)}" for reader, text in FILES.items()}
# Ranges, empty nodes and comments are in it.
_PART = (
    "# newdoc id = d1\n# sent_id = {0}-1\n# text = Dogs don't bark.\n"
    "1\tDogs\tdog\tNOUN\tNNS\tNumber=Plur\t4\tnsubj\t_\t_\n"
    "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t_\t_\n3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_\n"
    "4\tbark\tbark\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\tSpaceAfter=No\n5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_\n\n"
    "# sent_id = {0}-2\n1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_\n1.1\tgone\tgo\tVERB\tVBN\t_\t_\t_\t_\t_\n\n"
)
CONLLU = "conllu:" + ",".join(str(written(f"en_toy-ud-{p}.conllu", _PART.format(p))) for p in ("train", "dev"))
_ESCAPED = "1\tdid\t_\tX\t_\t_\t0\troot\t_\t_\n2\tn't\t_\tX\t_\t_\t1\tdep\t_\t_\n3\t-LRB-\t_\tX\t_\t_\t1\tdep\t_\t_\n\n"
ESCAPED = written("escaped.conllu", _ESCAPED)
_PAIRS = "I don't.\tIch nicht.\nThe dog, it barks!\tDer Hund, er bellt!\n"
PAIRS = f"parallel:{written('pairs.tsv', _PAIRS)}"

_JUDGED = "first\tsentence1\tsentence2\trelatedness\tentailment\n" + "".join(
    f"A crow.\tThe {i}th dog sleeps.\tIt's {'not ' * (i % 2)}awake.\t{i % 5}.5\t{('neutral', 'entailment')[i % 2]}\n"
    for i in range(20)
)
_RATED = "text\tspecificity\tother\tother_rating\n" + "".join(
    f"The {i}th isn't long.\t{i % 5}.5\tIt's {i}.\t{i}\n" for i in range(20)
)
RATED = f"rated:{written('rated.tsv', _RATED)}"
_QUOTE, _PLOT = (
    written(f"{name}.tok", text) for name, text in (("quote", "it's fine .\n"), ("plot", "a man , alone\n"))
)
SUBJECTIVITY = f"subjectivity:{_QUOTE},{_PLOT}"
JUDGED = f"pairs:{written('judged.tsv', _JUDGED)}"

_TURNED = (
    "text\tflip\tlabel\tfirst\tturned\tverdict\n"
    "I'm Not\tI am\tno\tNo\tYes\tb\nIt's so\tIt never is\tyes\tSo\tNever\ta\n"
)
FLIPS = f"flips:{written('flips-test.tsv', _TURNED)}"
FLIP_OPTIONS = {
    "text": "first",
    "flip": "turned",
    "label": "verdict",
    "words": "blanks",
    "lower": True,
    "language": "en",
}


def texts() -> str:
    """Labelled texts with three classes, an empty one among them, and a column of other texts."""
    lines = ["label\ttext\tother\tverdict", "c\t\tx\tno"]
    for i in range(20):
        text = f"The {i}th one's No. {i}, isn't it?{' Yes' * (i % 4)}"
        lines.append(f"{'abc'[i % 3]}\t{text}\tTitle {i}\t{'no' if i % 2 else 'yes'}")
    file = written("texts.tsv", "\n".join(lines) + "\n")
    return f"text:{file}"


def corpus_numbers(spec: str) -> list[float]:
    corpus = corpora.load_corpus(spec)
    if "specificity" in corpus.sentences:
        return [*annotation_numbers(corpus), *fingerprint(corpus.sentences["specificity"])]
    of_reader = corpus.spec.startswith(tuple(f"{reader}:" for reader in ANNOTATED))
    if of_reader or not {"upos", "label"} & {*corpus.layers, *corpus.sentences}:
        return annotation_numbers(corpus)
    columns = [np.asarray(corpus.form.astype(object))]
    if "upos" in corpus.layers:
        columns += [np.asarray(corpus.layers["upos"].astype(object))]
    parts = [fingerprint(column)[1:] for column in columns]
    if "head" in corpus.layers:
        parts += [fingerprint(corpus.layers["head"])]
    if "label" in corpus.sentences:
        parts += [fingerprint(corpus.sentences["label"].astype(object).to_numpy())]
    parts += [fingerprint(corpus.sentences[column].astype(object).to_numpy())[1:] for column in ("split", "language")]
    return [float(corpus.n_sentences), *(x for part in parts for x in part)]


def annotation_numbers(corpus: corpora.Corpus) -> list[float]:
    """Of a corpus whose annotation is spans or trees."""
    attributes = ("id", "document", "split", "language")
    parts = [fingerprint(np.asarray(one.astype(object)))[1:] for one in (corpus.form, *corpus.layers.values())]
    parts += [fingerprint(corpus.sentences[column].astype(object).to_numpy())[1:] for column in attributes]
    parts += [fingerprint(np.array(corpus.trees, dtype=object))] if corpus.trees else []
    parts += [fingerprint(np.array([name], dtype=object)) for name in corpus.spans]
    parts += [fingerprint(table.astype(object).to_numpy()) for table in corpus.spans.values() if len(table)]
    return [float(corpus.n_sentences), *(x for part in parts for x in part)]


_RUNNING = "It is. He (Ada)\nleft. No\nit was not."
PLAIN = f"plain:{written('running.txt', _RUNNING)}"
_QUESTIONS = "context,question,answer0,answer1,answer2,label,other\n" + "".join(
    f"Story {i // 2}.,Who isn't {i}?,It is {i}.,None{i % 3},Both,{2 * (i % 2)},x{i}\n" for i in range(20)
)
QUESTIONS = f"questions:{written('questions-train.csv', _QUESTIONS)}"
ASKED = {
    "text": ["question"],
    "options": ["answer2", "answer1", "answer0"],
    "document": "other",
    "words": "blanks",
    "language": "en",
}
DOCUMENTS = {"train": 4, "seed": 1}


def annotation_numbers_of(spec: str) -> list[float]:
    return annotation_numbers(corpora.load_corpus(spec))


TEXT, SHARES = texts(), {"dev": 0.3, "test": 0.4, "seed": 1}
READ = {"language": "en", "split": "test"}
TEXT_OPTIONS = {"text": "other", "label": "verdict", "classes": ["a", "b"], "words": "blanks", "split": "dev"}
BIO = {**READ, "word": 2, "tag": 2, "tags": 2, "skip": "saw"}
SCHEME = dict.fromkeys(("scheme", "repair"), "corpora/test_columns.py")
for _name, _spec, _options, _elsewhere in (
    ("conllu", CONLLU, {"split": "test", "language": "it"}, {}),
    ("grammar", CORPUS, {"n": 121, "seed": 1}, {}),
    ("cues", "cues(n=30)", {"n": 31, "shortest": 9, "longest": 17, "seed": 1}, {}),
    ("gazetteers", "gazetteers(n=30)", {"n": 31, "domain": "target", "seed": 1}, {}),
    ("meanings", "meanings(n=30)", {"n": 31, "words": 900, "seed": 1}, {}),
    ("polarity-phrases", "polarity-phrases(n=30)", {"n": 31, "seed": 1}, {}),
    ("topics", "topics(n=30)", {"n": 31, "classes": 4, "seed": 1}, {}),
    ("rules", "rules(n=30)", {"n": 31, "seed": 1}, {}),
    ("plausible", "plausible(n=30)", {"n": 31, "seed": 1}, {}),
    ("mini-hans", "mini-hans(n=40)", {"n": 41, "challenge": True, "seed": 1}, {}),
    ("compared", "compared(n=24)", {"n": 25, "seed": 1}, {}),
    ("retold", "retold(n=30)", {"n": 31, "seed": 1}, {}),
    ("narrowed", "narrowed(n=30)", {"n": 31, "seed": 1}, {}),
    ("parallel", PAIRS, {"source": "en", "target": "de", "split": "test", "words": "blanks"}, {}),
    ("rated", RATED, {"text": "other", "rating": "other_rating", "words": "blanks", "language": "en"}, {}),
    ("pairs", JUDGED, {"first": "first", "second": "first", "words": "blanks", "language": "en"}, {}),
    ("flips", FLIPS, FLIP_OPTIONS, {}),
    ("questions", QUESTIONS, ASKED, {"first": "learners/test_questions.py", "label": "learners/test_questions.py"}),
    ("subjectivity", SUBJECTIVITY, {"words": "treebank"}, {}),
    ("text", f"{TEXT}(empty=drop)", {**TEXT_OPTIONS, "language": "en"}, {"empty": "corpora/test_texts.py"}),
    ("plain", PLAIN, {"words": "blanks", "sentences": False, "wrapped": True, "language": "en"}, {}),
    ("ptb", ANNOTATED["ptb"], {**READ, "escapes": "keep"}, {}),
    ("bio", ANNOTATED["bio"], BIO, SCHEME),
    ("supertags", ANNOTATED["supertags"] + "(category=3)", {**READ, "word": 2, "category": 1}, {}),
    ("word-classes", ANNOTATED["word-classes"] + "(tag=3)", {**READ, "word": 2, "tag": 1}, {}),
    ("ccgbank", ANNOTATED["ccgbank"], {"language": "de", "split": "test"}, {}),
    ("ccg-terms", ANNOTATED["ccg-terms"], {"language": "de", "split": "test"}, {}),
    ("ccg-grammar", "ccg-grammar(n=20, n_test=5)", {"n": 21, "n_test": 6, "seed": 1}, {}),
    ("timeml", ANNOTATED["timeml"], READ, {}),
    ("gum", ANNOTATED["gum"], {**READ, "singletons": True}, {}),
    ("up", ANNOTATED["up"], READ, {}),
    ("litbank-files", ANNOTATED["litbank-files"], {**READ, "singletons": True}, {}),
    ("spans", ANNOTATED["spans"], {**READ, "layer": "predicate-argument"}, {}),
):
    golden.case(f"corpus:{_name}", corpus_numbers, _spec, tolerance=1e-9, options=_options, elsewhere=_elsewhere)
golden.case("corpus:multi30k", corpus_numbers, tolerance=1e-9, data=True, options={"source": "de", "target": "fr"})
golden.case("corpus:pud", corpus_numbers, tolerance=1e-9, data=True, options={"source": "it", "target": "fr"})

for _spec, _options in (
    (f"{CORPUS}|sample(n=50)", {"n": 51, "seed": 1}),
    (f"{CORPUS}|without-fold(k=1)", {"k": 2, "of": 4, "seed": 1}),
    (f"{JUDGED}|equal-lengths", {}),
    ("plausible(n=30)|fewer-pairs(train=6, dev=5, test=4)", {"train": 7, "dev": 6, "test": 5, "seed": 1}),
    (f"{CORPUS}|holding(text=the)", {"text": "a"}),
    (f"{JUDGED}|at-least(attribute=relatedness, value=2)", {"attribute": "line", "value": 3}),
    (f"{CONLLU}|split(name=dev)", {"name": "train"}),
    (f"{TEXT}(empty=drop)|lower", {}),
    (f"{TEXT}(empty=drop)|digits", {"mark": "number"}),
    (f"{TEXT}(empty=drop)|letters", {}),
    (f"{TEXT}(empty=drop)|truncate(n=3)", {"n": 4}),
    ("meanings(n=40)|cipher", {}),
    (f"{TEXT}(empty=drop)|lengths", {"least": 12, "most": 12}),
    (f"{TEXT}(empty=drop)|classes(keep=[a, b])", {"keep": ["a", "c"]}),
    (f"{TEXT}(empty=drop)|resplit", SHARES),
    (f"{TEXT}(empty=drop, split=train)|holdout", {"share": 0.4, "seed": 1}),
    (f"{TEXT}(empty=drop)|sentences", {}),
    (f"{TEXT}(empty=drop)|without(what=punctuation)", {"what": "stopwords", "and": "stopwords"}),
    (f"{CORPUS}|joined(with=cues)", {"with": "cues(n=20)"}),
    (f"conllu:{ESCAPED}|plain-words", {}),
    (f"{CORPUS}|split-documents", SHARES),
    (f"{CORPUS}|documents-once", {}),
    (f"{QUESTIONS}|holdout-documents", {"share": 0.5, "seed": 1}),
    (f"{CORPUS}|split-documents|fewer-documents(train=3)", {"train": 2, "dev": 1, "test": 1, "seed": 1}),
    ("grammar(n=40)|translated(language=inflecting)", {"language": "copy", "seed": 1}),
):
    _name = _spec.rpartition("|")[2].partition("(")[0]
    golden.case(f"corpus step:{_name}", corpus_numbers, _spec, tolerance=1e-9, options=_options)
golden.case("corpus step:cut", annotation_numbers_of, "gazetteers(n=30)|cut", tolerance=1e-9)
golden.case(
    "corpus step:labelled",
    corpus_numbers,
    "gazetteers(n=30)|labelled(attribute=split)",
    tolerance=1e-9,
    options={"attribute": "id"},
)
golden.case(
    "corpus step:relabelled",
    annotation_numbers_of,
    f'{CORPUS}|relabelled(names=["PER=A", "ARG0=B"])',
    tolerance=1e-9,
    options={"names": ["PER=C"], "layer": "predicate-argument"},
)


def rules_numbers(spec: str) -> list[float]:
    with skipped_without_its_program():
        return annotation_numbers_of(spec)


golden.case(
    "corpus step:heideltime",
    rules_numbers,
    f"{ANNOTATED['timeml']}|heideltime(language=en)",
    tolerance=1e-9,
    options={"language": "fr"},
)


def rating_numbers(spec: str) -> list[float]:
    return sums(load_ratings(spec).values)


_rng = np.random.default_rng(2)
_rated = [f"word{i}," + ",".join(f"{x:.3f}" for x in _rng.uniform(0, 6, 3)) for i in range(30)]
RATINGS = written("norms.csv", "\n".join(["word,dark,time,taste", *_rated, "gap,1,,2"]) + "\n")
_listed = [f"{i},{'abc'[i % 3] if i % 7 else 'd'},word{i}" for i in range(30)]
CATEGORIES = written("list.csv", "\n".join([",category,word", *_listed, "30,a,"]) + "\n")
MISSING = {"missing": "corpora/test_ratings.py"}
golden.case("ratings:ratings", rating_numbers, f"ratings:{RATINGS}(missing=drop)", elsewhere=MISSING)
golden.case(
    "ratings:categories",
    rating_numbers,
    f"categories:{CATEGORIES}(missing=drop)",
    options={"least": 8},
    elsewhere=MISSING,
)
_said = [f"word{i},{'abc'[i % 3] if i % 7 else 'd'},{'attri' if i % 2 else 'mero'}" for i in range(30)]
RELATIONS = written("relations.csv", "\n".join(["word1,word2,relation", *_said]) + "\n")
golden.case(
    "ratings:relations",
    rating_numbers,
    f"relations:{RELATIONS}(relation=attri)",
    options={"relation": "mero", "least": 4},
)
golden.case("ratings:generated-ratings", rating_numbers, options={"seed": 1})

test_numbers_stay, test_options_move_numbers = golden.tests()
