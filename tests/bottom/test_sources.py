"""Sources: what a spec names is known before anything is loaded; one thing has one key, and no path is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_models

from probekit import corpora, embeddings, encoders, registry
from probekit.embeddings.table import WordTable
from probekit.encoders.encoder import EncoderKind
from probekit.errors import ProbekitError, UnknownName
from probekit.sources import Source, describe, parameters, resolve, same_value, together

TREEBANK = "# sent_id = a\n1\tDogs\tdog\tNOUN\t_\t_\t2\tnsubj\t_\t_\n2\tbark\tbark\tVERB\t_\t_\t0\troot\t_\t_\n\n"

# --- arguments


class Ridge:
    def __init__(self, alpha: float = 1.0, *, scale: str = "raw", sparse: bool = False, seed: int = 0, many: int = 1):
        pass


def test_canonical_form():
    def text(spec: str) -> str:
        return str(resolve(spec, Ridge, "probe", leave_out=("seed",)).written)

    assert text("ridge") == text("ridge(1)") == text("ridge(alpha=1.0, scale=raw)") == "ridge"
    assert text("ridge(2)") == text("ridge(alpha=2.0)") == "ridge(alpha=2)"
    assert (
        text("ridge(sparse=true, scale=x, alpha=3)|step(b=1, a=2)")
        == "ridge(alpha=3, scale=x, sparse=true)|step(a=2, b=1)"
    )
    assert text("ridge(sparse=false, many=1)") == "ridge"
    # A number is not a truth value, in either direction, and what is counted is whole.
    for wrong, wanted in (
        ("many=true", "a whole number"),
        ("many=1.0", "a whole number"),
        ("sparse=0", "true or false"),
    ):
        with pytest.raises(ProbekitError, match=f"this probe is {wanted}"):
            text(f"ridge({wrong})")
    assert same_value(1, 1.0) and not same_value(True, 1) and not same_value(0, False)


def test_arguments_are_bound_by_name():
    found = resolve("r(2, scale=x)", Ridge, "probe", leave_out=("seed",))
    assert found.given == {"alpha": 2, "scale": "x"} and str(found.written) == "r(alpha=2, scale=x)"
    assert found.options == {"alpha": 2.0, "scale": "x", "sparse": False, "many": 1}
    assert type(found.options["alpha"]) is float, "one value, one key"
    assert list(parameters(Ridge)) == ["alpha", "scale", "sparse", "seed", "many"]
    with pytest.raises(UnknownName, match="unknown argument of probe 'r': 'alfa'; did you mean alpha"):
        resolve("r(alfa=2)", Ridge, "probe")
    with pytest.raises(UnknownName, match="unknown argument of probe 'r': 'seed'"):
        resolve("r(seed=2)", Ridge, "probe", leave_out=("seed",))
    with pytest.raises(ProbekitError, match="'r' got the argument 'alpha' twice"):
        resolve("r(2, alpha=3)", Ridge, "probe")
    with pytest.raises(ProbekitError, match="probe 'r' takes at most 5 arguments, 6 given"):
        resolve("r(1, 2, 3, 4, 5, 6)", Ridge, "probe")
    with pytest.raises(ProbekitError, match="the step 'sample' needs the argument 'n'"):
        resolve("sample", lambda corpus, n, seed=0: corpus, "step", leave_out=("corpus",))


# --- one thing, one key


@pytest.fixture
def two_folders(tmp_path: Path) -> list[Path]:
    """The same files of every kind in two folders."""
    table = WordTable(["dogs", "bark", "dark"], np.arange(6, dtype=np.float32).reshape(3, 2) + 1)
    for place in (tmp_path / "one", tmp_path / "other" / "deep"):
        place.mkdir(parents=True)
        (place / "x.conllu").write_text(TREEBANK, encoding="utf-8")
        (place / "norms.csv").write_text("word,dark\nnight,5\nday,1\n", encoding="utf-8")
        table.write_text(place / "vectors.txt")
    return [tmp_path / "one", tmp_path / "other" / "deep"]


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("corpus", "conllu:{}/x.conllu"),
        ("corpus", "conllu:{}/x.conllu(language=en)|lower"),
        ("ratings", "ratings:{}/norms.csv"),
        ("table", "static:{}/vectors.txt"),
        ("table", "static:{0}/vectors.txt|refine(weights={0}/vectors.txt, property=dark)"),
        ("table", "word2vec:conllu:{}/x.conllu(size=3)"),
        ("vectors", "static:{}/vectors.txt"),
        ("encoder", "static:{}/vectors.txt(oov=skip)"),
        ("encoder", "word2vec:conllu:{}/x.conllu(size=3)"),
        ("encoder", "labeller:conllu:{}/x.conllu(task=word/upos, width=4)"),
    ],
)
def test_a_file_is_one_source_wherever_it_lies(two_folders, kind, spec):
    one, other = (describe(kind, spec.format(folder)) for folder in two_folders)
    assert (one.digest, one.name) == (other.digest, other.name) and one.spec != other.spec
    assert str(two_folders[0].parent) not in one.name and "/" not in one.name.replace("word/upos", "")
    assert describe(kind, one.spec) == one and not one.generated
    assert all(str(two_folders[0]) in need for need in one.needs), "what a worker is sent loads from any folder"


@pytest.mark.parametrize(
    ("kind", "short", "long"),
    [
        ("learner", "text-cnn", "text-cnn(filters=800)"),
        ("learner", "bilstm(layers=2)", "bilstm(attention=additive, layers=2)"),
        ("regularizer", "tying|residual", "tying(delta=1)|residual"),
        ("corpus", "cues", "cues(n=2100, seed=0)"),
        ("corpus", "cues|sample(20)", "cues(longest=16)|sample(n=20, seed=0)"),
        ("ratings", "generated-ratings", "generated-ratings(seed=0)"),
        ("table", 'word2vec:"cues(n=20)"', 'word2vec:"cues(seed=0, n=20)"(size=300, epochs=5)'),
        ("table", "generated-vectors", "generated-vectors(0)"),
        ("vectors", "random", "random(width=100, spread=0.3)"),
        ("encoder", 'word2vec:"cues(n=20)"', 'word2vec:"cues(n=20)"(lower=true)'),
        (
            "encoder",
            'labeller:"grammar(n=9)"(task=word/upos)',
            'labeller:"grammar(n=9, seed=0)"(task=word/upos, layers=4)',
        ),
        ("task", "word/upos", "word/upos(words=carrying)"),
        ("probe", "logistic", "logistic(x_scale=raw, tol=3e-6)"),
    ],
)
def test_a_default_written_out_is_the_same_source(kind, short, long):
    one, other = describe(kind, short), describe(kind, long)
    assert (one.spec, one.name, one.digest, one.needs) == (other.spec, other.name, other.digest, other.needs)
    assert describe(kind, other.spec).digest == one.digest


# --- what a program made


@pytest.fixture
def own():
    """Components registered in a test are gone after it."""
    rooms = (corpora.registry, corpora.steps, embeddings.catalogue.steps, encoders.registry, encoders.steps)
    before = [dict(room._entries) for room in rooms]
    yield
    for room, entries in zip(rooms, before, strict=True):
        room._entries.clear()
        room._entries.update(entries)


def test_a_users_corpus_is_generated_only_if_a_program_makes_it(own, tmp_path):
    @corpora.registry.register("mine-made")
    def made(n: int = 3):
        """Made up."""
        return corpora.Corpus.from_words([["a"]] * n)

    @corpora.registry.register("mine-real", generated=False)
    def real():
        """Typed in by hand."""
        return corpora.Corpus.from_words([["a"]])

    @corpora.registry.register("mine-read", reader=True)
    def read(paths, lower: bool = False):
        """A format of one's own."""
        lines = [line for path in paths for line in Path(path).read_text().splitlines()]
        return corpora.Corpus.from_words([line.split() for line in lines])

    (tmp_path / "x.txt").write_text("one two\nthree\n")
    specs = ["mine-made", "mine-made|sample(n=2)", "mine-real"]
    specs += [f"mine-read:{tmp_path}/x.txt", f"mine-read:{tmp_path}/x.txt|lower"]
    assert [describe("corpus", spec).generated for spec in specs] == [True, True, False, False, False]
    assert corpora.load_corpus(f"mine-read:{tmp_path}/x.txt").texts == ["one two", "three"]


def test_built_in_data_says_whether_a_program_made_it():
    for kind, spec in (
        ("corpus", "cues"),
        ("corpus", "grammar(n=9)"),
        ("corpus", "topics"),
        ("table", "generated-vectors"),
        ("ratings", "generated-ratings"),
    ):
        assert describe(kind, spec).generated, spec
    for spec in ("ud-english", "ud-english-ewt"):
        assert not describe("corpus", spec).generated and describe("corpus", spec).absent, spec


def test_what_is_joined_of_real_and_generated_data_counts_as_generated(two_folders):
    real, made = Source("a", "a", "1"), Source("b", "b", "2", ("m",), ("n",), generated=True, absent=("f",))
    assert together(real, made, made) == {"modules": ("m",), "needs": ("n",), "generated": True, "absent": ("f",)}
    assert not together(real, real)["generated"]
    place = two_folders[0]
    assert not describe(
        "table", f"static:{place}/vectors.txt|refine(weights={place}/vectors.txt, property=dark)"
    ).generated
    weights = "word2vec:cues(size=2)"
    assert describe("table", f'static:{place}/vectors.txt|refine(weights="{weights}", property=dark)').generated
    # Real sentences beside a translation that a program invents.
    (place / "x.mrg").write_text("(TOP (S (NN Dogs) (VB bark)))\n")
    assert not describe("corpus", f"ptb:{place}/x.mrg").generated
    assert describe("corpus", f"ptb:{place}/x.mrg|translated(mirrored)").generated
    for kind, spec in (
        ("table", 'word2vec:"cues(n=20)"(size=3)'),
        ("encoder", 'word2vec:"cues(n=20)"(size=3)'),
        ("encoder", 'labeller:"grammar(n=9)"(task=word/upos)'),
        ("encoder", 'translation:"grammar(n=9)|translated(copy)"(width=8)'),
    ):
        assert describe(kind, spec).generated, spec


# --- modules of a user

MODULE = """
from probekit import corpora, embeddings, encoders
from probekit.corpora import Corpus

@corpora.registry.register("theirs")
def theirs(n: int = 20):
    "Made in a module of one's own."
    return Corpus.from_words([["a", "b"]] * n)

@corpora.steps.register("shout")
def shout(corpus):
    "Every word in capitals."
    return Corpus.from_words([[word.upper() for word in corpus.words(i)] for i in range(corpus.n_sentences)])

@encoders.register("letters")
class Letters(encoders.WordEncoder):
    "Length of a word."
    width = 1
    def vectors(self, words):
        import numpy as np
        return np.array([[[len(word)] for word in words]], dtype=np.float32)
"""


def test_a_users_module_reaches_the_source_and_a_worker(own, tmp_path, monkeypatch):
    file = tmp_path / "module_of_a_user.py"
    file.write_text(MODULE)
    monkeypatch.delitem(sys.modules, "module_of_a_user", raising=False)
    with pytest.raises(UnknownName):
        describe("corpus", "theirs")
    registry.use([str(file)])
    name = ("module_of_a_user",)
    for kind, spec in (
        ("corpus", "theirs(n=3)"),
        ("corpus", "theirs|lower|sample(n=2)"),
        ("corpus", "cues|shout"),
        ("encoder", "letters"),
        ("table", "word2vec:theirs(size=2)"),
        ("encoder", "word2vec:theirs(size=2)"),
        ("encoder", "labeller:theirs(task=word/upos)"),
    ):
        assert describe(kind, spec).modules == name, spec
    assert describe("corpus", "cues|lower").modules == describe("encoder", "word2vec:cues").modules == ()
    monkeypatch.delitem(sys.modules, "module_of_a_user")
    # A worker knows the module's name, and finds its file by the environment.
    code = (
        "from probekit.registry import load_module; load_module('module_of_a_user')\n"
        "from probekit.corpora import load_corpus; print(load_corpus('theirs(n=2)|shout').texts)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=os.path.sep)
    assert run.stdout == "['A B', 'A B']\n", run.stderr


# --- refused while planning


def test_a_step_nobody_knows_is_refused_and_those_known_are_named(own, tmp_path):
    model = f"hf:{tiny_models.folder('bert')}"

    def prune(spec):
        before = encoders.describe(spec.before)
        return encoders.EncoderSource(str(spec), str(spec), before.digest + str(spec.steps[-1]), layers=before.layers)

    encoders.steps.add("toy-prune", EncoderKind(prune, lambda spec, device: None))
    assert describe("encoder", f"{model}|toy-prune(x=1)").layers == (0, 1, 2, 3)
    for spec, says in (
        (f"{model}|anything(x=1)", "unknown encoder step 'anything'; known: .*toy-prune"),
        (f"{model}|toy-prun", "unknown encoder step 'toy-prun'; did you mean toy-prune"),
        (f"random:{model}|anything(x=1)", "unknown encoder step 'anything'"),
        (f"{model}|anything|toy-prune", "unknown encoder step 'anything'"),
        ('labeller:"grammar(n=9)"(task=word/upos)|anything', "unknown encoder step 'anything'"),
    ):
        with pytest.raises(UnknownName, match=says):
            describe("encoder", spec)
    for kind, spec, says in (
        ("table", "static:nowhere.txt|anything", "unknown table step 'anything'; [0-9]+ are known, among them align"),
        ("encoder", "glove|anything", "unknown table step 'anything'; [0-9]+ are known, among them align"),
        ("corpus", "conllu:nowhere.conllu|smaple(n=1)", "unknown corpus step 'smaple'; did you mean sample"),
        ("ratings", "generated-ratings|sample(n=1)", "ratings take no steps"),
        ("task", "word/upos|lower", "a task takes no steps"),
        ("probe", "ridge|anything", "unknown probe 'ridge|anything'; did you mean ridge"),
        ("learner", "text-cnn|prune(x=1)", "a classifier is a name with options"),
    ):
        with pytest.raises(ProbekitError, match=says.replace("|", r"\|")):
            describe(kind, spec)


@pytest.mark.parametrize(
    ("kind", "spec", "says"),
    [
        ("corpus", "cues(n=30)|sample(n=31)", r"sample\(n=31\) of cues\(n=30\): n must be a whole number from 1 to 30"),
        ("corpus", "cues(n=30)|sample(n=20)|sample(n=21)", "from 1 to 20"),
        ("corpus", "conllu:nowhere.conllu", "no file 'nowhere.conllu'. Tried:"),
        ("corpus", "conllu:nowhere.conllu|lower", "no file 'nowhere.conllu'. Tried:"),
        ("ratings", "ratings:nowhere.csv", "no file 'nowhere.csv'"),
        ("table", "static:nowhere.txt", "nowhere.txt"),
        ("table", "word2vec:conllu:nowhere.conllu(size=3)", "no file 'nowhere.conllu'"),
        ("table", "static:nowhere.txt|refine(weights=nowhere.txt, property=x)", "nowhere.txt"),
        ("table", 'word2vec:"cues(n=30)|sample(n=31)"', "from 1 to 30"),
        ("vectors", "static:nowhere.txt", "nowhere.txt"),
        ("encoder", "static:nowhere.txt", "nowhere.txt"),
        ("encoder", "saved:nowhere", "no saved model 'nowhere'"),
        ("encoder", "labeller:conllu:nowhere.conllu(task=word/upos)", "no file 'nowhere.conllu'"),
    ],
)
def test_what_cannot_be_had_is_refused_by_describing_it(kind, spec, says):
    with pytest.raises(ProbekitError, match=says):
        describe(kind, spec)


def test_every_kind_of_source_says_where_it_is_described():
    from probekit.sources import kinds

    with pytest.raises(UnknownName, match="unknown kind of source 'corpora'; did you mean corpus"):
        describe("corpora", "cues")
    for kind in ("corpus", "ratings", "table", "encoder", "task", "probe", "learner", "regularizer", "vectors"):
        assert callable(kinds.get(kind)), kind
