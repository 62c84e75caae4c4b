"""A table of word vectors learned from the spelling of its words (Stratos 2017): how much of it comes back?

Parts:

    similarity      WordSim-353, MEN and rare words over epochs, five distances, the rectified output
    outputs         the same after 10 epochs with the highway and the linear output
    analogy         MSR's and Google's questions by 3CosMul: teacher, untrained students and those after 10 epochs
    reconstruction  likeness of random pairs and shared neighbours, on words that were trained on and a tenth held out
    neighbours      the nearest words of three words, highway output (Table 4)
    tagging         word classes by taggers that look words up, spell them, or spell them after 10 epochs (Table 3)

What is ours. The teacher is GloVe of 100 dimensions, its 8,000 most frequent words (the paper: 252,000 of structured
skip n-gram); characters and states have 50 dimensions (the paper names none). The student is scored on the words of the
teacher, so that both have the same pairs and questions; it could spell any string. All words are lower case, and
questions are lowered. One student for each distance and output is trained and looked at after 0, 10, 20, 30 and 50
epochs. A tenth of the words is held out from all of them.

Taggers are trained on some 1,200 sentences of EWT and 900 of NLTK's sample of the Wall Street Journal, Penn tags, and
asked about all test sentences: one BiLSTM of 64 units a direction, 8 passes at one rate (the paper searches 25
settings), the epoch chosen by development accuracy. Their students are of all 8,000 words and have the rectified
output; words are spelled as written, so that capitals, which the teacher has not, are new to all students. A seed is
one of student and tagger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.benchmarking import benchmarking
from probekit.works.tagging import tagging

WORDS, WIDTH, HELD_OUT = 8000, 50, 0.1
STUDY = Study(
    "subword-reconstruction",
    "Stratos 2017, Workshop on Subword and Character Level Models in NLP",
    title="Reconstruction of Word Embeddings from Sub-Word Parameters",
    data={
        "glove": ("table", f"glove|most-frequent(n={WORDS})"),
        "ewt": "ud-english-ewt|sample(n=1600)",
        "wsj": "wsj-sample|split-documents|sample(n=1300)",
        "ewt-test": "ud-english-ewt|split(test)",
        "wsj-test": "wsj-sample|split-documents|split(test)",
    },
    instead={"glove": "generated-vectors", "ewt": "grammar(n=200)", "ewt-test": "grammar(n=60, seed=1)"},
)
DISTANCES = ("l1", "l2", "sq-l2", "linf", "neg-cos")
EPOCHS = (0, 10, 20, 30, 50)
SETS = ("similarity/ws-353", "similarity/men-3k", "similarity/rw-2034")
ANALOGY = ("analogy/msr", "analogy/google")
RELU, HIGHWAY, LINEAR = "relu", "highway", "linear"
SHOWN = ("beautiful", "amazing", "springfield")
SEEDS = (0, 1, 2)  # of the untrained student, of taggers
TAGS = {"ewt": "word/xpos", "wsj": "word/pos"}
TAGGER = {
    "budget": 1024, "epochs": 8, "head": "softmax", "hidden": 64, "layers": 1, "learn": True, "patience": 3,
    "rate": 0.005,
}  # fmt: skip
PRINTED = ("l1", "sq-l2", "linf", "neg-cos")  # the distances of the paper's tables


def student(teacher: str, distance: str, at: int, output: str = RELU, seed: int = 0) -> str:
    """A student after some epochs; those after 10 or none are of trainings that end there where more are not asked."""
    epochs = EPOCHS[-1] if output == RELU else 10
    given = {
        "at": at, "distance": distance, "epochs": epochs, "held_out": HELD_OUT, "output": output, "seed": seed,
        "width": WIDTH,
    }  # fmt: skip
    return str(Spec("characters", teacher).given(given))


def untrained(teacher: str, output: str, seed: int) -> str:
    """The student that was never trained: the same for all distances."""
    given = {"epochs": 0, "held_out": HELD_OUT, "output": output, "seed": seed, "width": WIDTH}
    return str(Spec("characters", teacher).given(given))


def ask(tables: Sequence[str], tasks: Sequence[str], keep: str, measures: Sequence[str] = ("",)) -> Grid:
    return benchmarking(STUDY.name, tables, tasks, measures, keep=[keep])


def over_epochs(teacher: str) -> list[str]:
    return [student(teacher, distance, at) for distance in DISTANCES for at in EPOCHS if at]


def after_ten(teacher: str, output: str) -> list[str]:
    return [student(teacher, distance, 10, output) for distance in DISTANCES]


def controls(teacher: str, output: str) -> list[str]:
    return [untrained(teacher, output, seed) for seed in SEEDS]


@STUDY.part("similarity", own=["encoder", "task"])
def similarity(data: Data) -> Iterator[Grid]:
    teacher = data["glove"]
    yield ask([teacher, *controls(teacher, RELU), *over_epochs(teacher)], SETS, "predictions")


@STUDY.part("outputs", own=["encoder", "task"])
def outputs(data: Data) -> Iterator[Grid]:
    teacher = data["glove"]
    for output in (HIGHWAY, LINEAR):
        yield ask([*controls(teacher, output), *after_ten(teacher, output)], SETS, "predictions")


@STUDY.part("analogy", own=["encoder", "task", "probe"])
def analogy(data: Data) -> Iterator[Grid]:
    teacher = data["glove"]
    tables = [teacher, *controls(teacher, HIGHWAY), *after_ten(teacher, HIGHWAY)]
    yield ask(tables, ANALOGY, "groups", ["3cosmul"])


@STUDY.part("reconstruction", own=["encoder", "task"])
def reconstruction(data: Data) -> Iterator[Grid]:
    teacher = data["glove"]
    tasks = [str(Spec(f"reconstruction/{name}").given({"teacher": teacher})) for name in ("cosines", "neighbours")]
    tables = [*controls(teacher, RELU), *over_epochs(teacher)]
    for output in (HIGHWAY, LINEAR):
        tables += [*controls(teacher, output)[:1], *after_ten(teacher, output)]
    yield benchmarking(STUDY.name, tables, tasks)


@STUDY.part("neighbours", own=["encoder"])
def neighbours(data: Data) -> Iterator[Grid]:
    teacher = data["glove"]
    tables = [teacher, untrained(teacher, HIGHWAY, 0), student(teacher, "l1", 10, HIGHWAY)]
    yield Grid(STUDY.name, "neighbours", {"encoder": tables, "word": list(SHOWN)}, keep=["neighbours"])


def spelled(teacher: str, seed: int, distance: str | None = None) -> str:
    """A student of all words for a tagger: after 10 epochs of a distance, without one untrained."""
    given = {"distance": distance, "epochs": 10} if distance else {"epochs": 0}
    return str(Spec("characters", teacher).given({**given, "seed": seed, "width": WIDTH}))


def inputs(teacher: str, seed: int) -> list[list[str]]:
    """What the taggers of Table 3 read: FULL, FULL+EMB, CHAR, CHAR(D) by distance."""
    plain = spelled(teacher, seed)
    rows = str(Spec("drawn").given({"seed": seed, "width": 100}))
    return [[rows, plain], [teacher, plain], [plain], *([spelled(teacher, seed, one)] for one in PRINTED)]


@STUDY.part("tagging", own=["encoder", "seed"])
def taggers(data: Data) -> Iterator[Grid]:
    for name in data.names(*TAGS):
        for seed in SEEDS:
            given = [{**TAGGER, "inputs": one, "task": TAGS[name]} for one in inputs(data["glove"], seed)]
            every = [str(Spec("tagger", data[name]).given(one)) for one in given]
            yield tagging(STUDY.name, every, [data[f"{name}-test"]], [seed], ["tallies"])
