"""Corpora by spec: canonical form, display name and digest without parsing; steps; the named treebanks."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from test_conllu import GOOD, agrees, sentence, slow_twin, write

from probekit import corpora, resources
from probekit.corpora import Corpus, describe, load_corpus, loading, registry
from probekit.corpora.named import treebanks as named
from probekit.corpora.readers.conllu import read_conllu
from probekit.errors import DataError, ProbekitError, UnknownName

# Sentences and words of the real files, counted by the twin of test_conllu.
COUNTS = {
    "ud-english-ewt": (16622, 254818),
    "ud-english-gum": (5231, 97697),
    "ud-english-partut": (2090, 49634),
    "ud-italian-isdt": (1046, 22324),
    "ud-pud-en": (1000, 21180),
    "ud-pud-it": (1000, 23732),
    "ud-pud-es": (1000, 23283),
    "ud-pud-de": (1000, 21332),
    "ud-pud-fr": (1000, 24726),
    "ud-buryat-bdt": (927, 10185),
    "ud-kurmanji-mg": (754, 10259),
    "ud-upper-sorbian-ufal": (644, 11167),
    "ud-breton-keb": (884, 10006),
    "ud-bambara-crb": (1026, 13823),
    "ud-tagalog-trg": (128, 734),
    "ud-amharic-att": (1074, 10010),
    "ud-marathi-ufal": (466, 3847),
    "ud-kazakh-ktb": (1078, 10536),
    "ud-naija-nsc": (972, 14350),
    "ud-afrikaans-afribooms": (1934, 49258),
    "ud-latvian-lvtb": (2110, 34729),
    "ud-lithuanian-alksnis": (1301, 22406),
    "ud-dutch-alpino": (1314, 22587),
    "ud-dutch-lassysmall": (3303, 57124),
    "ud-finnish-tdt": (2919, 39378),
    "ud-german-gsd": (1776, 28979),
    "ud-spanish-gsd": (1827, 49156),
    "ud-pud-fi": (1000, 15813),
}
SMALL = {  # sentences, words, spans of entities
    "masakhapos-bm": (1548, 40137, 0),
    "masakhapos-pcm": (1502, 38570, 0),
    "masakhapos-wo": (1563, 44002, 0),
    "masakhapos-yo": (1784, 43598, 0),
    "masakhaner-am": (2500, 37017, 3133),
    "masakhaner-pcm": (3030, 76063, 6208),
    "masakhaner-wo": (2677, 52871, 2018),
    "masakhaner-yo": (3121, 83285, 4356),
    "lafand-bm": (6013, 164875, 0),
    "new-testament-lv": (7949, 163377, 0),
    "lafand-wo": (6366, 173188, 0),
    "new-testament-wo": (7920, 207469, 0),
    "lafand-yo": (9746, 284592, 0),
}


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- files -----------------------------------------------------------------------------------------------


def test_file_spec(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, "en_x-ud-test.conllu")
    source = describe("conllu:en_x-ud-test.conllu")
    assert source.spec == f"conllu:{path}" and source.files == (path,)
    assert source.name == f"conllu:en_x-ud-test.conllu-{resources.content_digest(path)[:8]}"
    corpus = load_corpus("conllu:en_x-ud-test.conllu")
    assert (corpus.spec, corpus.digest) == (source.spec, source.digest)
    assert corpus.digest == read_conllu(path).digest
    assert load_corpus(source.spec) is corpus  # the second time costs nothing
    assert describe(source.spec) == source


def test_names_hold_no_path(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep", GOOD, "a.conllu")
    write(tmp_path, GOOD, "b.conllu")
    source = describe("conllu:deep/a.conllu,b.conllu(split=dev)|sample(n=3)")
    assert re.fullmatch(r"conllu:a\.conllu-[0-9a-f]{8},b\.conllu-[0-9a-f]{8}\(split=dev\)\|sample\(n=3\)", source.name)
    assert load_corpus(source.spec).n_sentences == 3


def test_options(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    plain, given = describe("conllu:x.conllu"), describe("conllu:x.conllu(language=en)")
    assert plain.digest != given.digest and given.name.endswith("(language=en)")
    assert load_corpus("conllu:x.conllu(language=en)").sentences["language"].tolist() == ["en", "en"]
    assert describe("conllu:x.conllu(language=none)") == plain  # a default is left out
    with pytest.raises(UnknownName, match="langauge"):
        describe("conllu:x.conllu(langauge=en)")
    with pytest.raises(UnknownName, match="paths"):
        describe("conllu:x.conllu(paths=y)")


def test_digest_is_of_content(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    first = describe("conllu:x.conllu").digest
    (tmp_path / "elsewhere").mkdir()
    write(tmp_path / "elsewhere", gzip.compress(GOOD.encode()), "x.conllu.gz")
    assert describe("conllu:elsewhere/x.conllu.gz").digest == first
    assert load_corpus("conllu:elsewhere/x.conllu.gz").digest == first
    before = load_corpus("conllu:x.conllu")
    write(tmp_path, GOOD.replace("bark\tbark", "bark\tbArk"))
    os.utime(path, ns=(1, 1))
    assert describe("conllu:x.conllu").digest != first
    assert load_corpus("conllu:x.conllu") is not before


def test_describing_parses_nothing_that_it_need_not(tmp_path: Path) -> None:
    write(tmp_path, "no CoNLL-U at all")
    assert describe("conllu:x.conllu|lower|split(test)").digest
    with pytest.raises(DataError, match=r"x\.conllu:1: 1 column"):
        load_corpus("conllu:x.conllu|lower")
    # Whether a sample can be drawn is said before any work; that takes one reading, which is remembered.
    with pytest.raises(DataError, match=r"x\.conllu:1: 1 column"):
        describe("conllu:x.conllu|sample(n=2)")


def test_files_with_commas_and_brackets(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "a,b.conllu")
    write(tmp_path, GOOD, "c (1).conllu")
    assert load_corpus("conllu:a,b.conllu").n_sentences == 2
    source = describe('conllu:"c (1).conllu"')
    assert load_corpus(source.spec).spec == source.spec


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("conllu", "needs files: conllu:FILE"),
        ("conllu:", "needs files"),
        ("conllu:nothing.conllu", "no file 'nothing.conllu'"),
        ("conllu:x.conllu,", "empty file name"),
        ("conllu:x.conllu,x.conllu", "twice"),
        ("x.conllu", "read as conllu:x.conllu"),
        ("ud-englsh", "did you mean ud-english"),
        ("ud-english:x", "takes no file"),
        ("ud-english(seed=1)", "seed"),
        ("conllu:x.conllu|smaple(n=1)", "did you mean sample"),
        ("conllu:x.conllu|sample", "needs the argument 'n'"),
        ("conllu:x.conllu|sample:3", "in brackets"),
        ("conllu:x.conllu|sample(n=1, sede=1)", "did you mean seed"),
    ],
)
def test_refused_before_any_work(tmp_path: Path, spec: str, message: str) -> None:
    write(tmp_path, GOOD)
    for ask in (describe, load_corpus):
        with pytest.raises(ProbekitError, match=re.escape(message)):
            ask(spec)


# --- steps -----------------------------------------------------------------------------------------------


def test_what_a_fold_leaves_is_what_the_prober_trains_on() -> None:
    from probekit.tasks import get
    from probekit.works.units import make_folds, same_units

    spec = "grammar(n=23)"
    corpus = load_corpus(spec)
    (part,) = same_units([get("sentence/sent_length")], corpus, "sentence")
    for fold in make_folds(part, corpus, 5, "sentence", seed=0):
        left = load_corpus(f"{spec}|without-fold(k={fold.number})")
        assert list(left.sentences["id"]) == list(corpus.sentences["id"].iloc[fold.train])
    for wrong in ("k=5", "k=0, of=24"):
        with pytest.raises(ProbekitError, match="k must be a fold, from 0 to of - 1"):
            load_corpus(f"{spec}|without-fold({wrong})")


def test_sample(tmp_path: Path) -> None:
    write(tmp_path, sentence(*(f"s{i}" for i in range(200))))
    whole = load_corpus("conllu:x.conllu")
    order = {name: i for i, name in enumerate(whole.sentences["id"])}

    def rows(spec: str) -> list[int]:
        return [order[name] for name in load_corpus(spec).sentences["id"]]

    small, large = rows("conllu:x.conllu|sample(n=20)"), rows("conllu:x.conllu|sample(n=50, seed=0)")
    assert len(small) == 20 and small == sorted(small) and set(small) < set(large)
    assert rows("conllu:x.conllu|sample(20)") == small
    assert rows("conllu:x.conllu|sample(n=20, seed=1)") != small
    assert rows("conllu:x.conllu|sample(n=200)") == list(range(200))
    digests = [describe(f"conllu:x.conllu|sample(n=20, seed={seed})").digest for seed in (0, 1)]
    assert len({*digests, describe("conllu:x.conllu").digest, describe("conllu:x.conllu|sample(n=21)").digest}) == 4
    assert describe("conllu:x.conllu|sample(20)") == describe("conllu:x.conllu|sample(n=20, seed=0)")
    assert load_corpus("conllu:x.conllu|sample(n=20)").digest == digests[0]
    for n in ("0", "201", "-1", "2.5", "true", "all"):
        for ask in (describe, load_corpus):
            with pytest.raises(ProbekitError, match=r"a whole number from 1 to (200|10,000,000)"):
                ask(f"conllu:x.conllu|sample(n={n})")


def test_split(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "a-train.conllu")
    write(tmp_path, sentence("s1", "s2", "s3"), "a-dev.conllu")
    both = "conllu:a-train.conllu,a-dev.conllu"
    assert load_corpus(f"{both}|split(dev)").sentences["id"].tolist() == ["s1", "s2", "s3"]
    assert load_corpus(f"{both}|split(train)|sample(n=1)").n_sentences == 1
    with pytest.raises(UnknownName, match="dev"):
        load_corpus(f"{both}|split(test)")


def test_same_sample_in_every_process(tmp_path: Path) -> None:
    write(tmp_path, sentence(*(f"s{i}" for i in range(50))))
    spec = "conllu:x.conllu|sample(n=10, seed=3)"
    code = f"from probekit.corpora import load_corpus as l; c = l({spec!r}); print(c.digest, *c.sentences['id'])"
    here = load_corpus(spec)
    for hash_seed in ("1", "2"):
        root = str(Path(corpora.__file__).parents[2])
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": root}
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True).stdout
        assert out.split() == [here.digest, *here.sentences["id"]]


# --- registered corpora ----------------------------------------------------------------------------------


def test_a_corpus_of_the_users_own() -> None:
    def mine(n: int = 2, word: str = "a") -> Corpus:
        return Corpus.from_words([[word] * (i + 1) for i in range(n)])

    registry.add("mine-for-test", mine, revision=3)
    try:
        source = describe("mine-for-test(word=b, n=2)")
        assert source.spec == source.name == "mine-for-test(word=b)" and source.files == ()
        corpus = load_corpus("mine-for-test(word=b)|sample(n=1)")
        assert corpus.n_sentences == 1 and corpus.spec == "mine-for-test(word=b)|sample(n=1)"
        assert describe("mine-for-test(n=3)").digest != describe("mine-for-test").digest
        before = describe("mine-for-test").digest
        registry.entry("mine-for-test").revision = 4
        assert describe("mine-for-test").digest != before
    finally:
        del registry._entries["mine-for-test"]


def test_layers_and_sentence_attributes_can_be_required() -> None:
    texts, trees = load_corpus("cues(n=30)"), load_corpus("grammar(n=9)")
    texts.require("form", "label", "split", "document")
    trees.require("form", "upos", "trees", "entity", "topic")
    load_corpus("grammar(n=4)|translated(copy)").require("translation", "side")
    for corpus, name, others in (
        (texts, "upos", "grammar"),
        (texts, "nothing", "none"),
        (trees, "label", "cues, topics"),
    ):
        with pytest.raises(
            ProbekitError, match=rf"has no layer '{name}'; it has .*form.*that have '{name}': .*{others}"
        ):
            corpus.require("form", name)


def test_the_registry_of_steps_is_what_the_room_offers() -> None:
    from probekit.corpora.catalogue import steps

    load_corpus("cues(n=30)|lower")  # loads modules of the folder of the same name
    assert corpora.steps is steps and "sample" in corpora.steps


def test_grammar_by_name() -> None:
    corpus = load_corpus("grammar(n=30, seed=5)")
    assert corpus.n_sentences == 30 and corpus.digest == describe("grammar(n=30, seed=5)").digest
    assert describe("grammar(n=30, seed=6)").digest != corpus.digest


def test_only_a_few_corpora_are_kept(tmp_path: Path) -> None:
    for i in range(8):
        write(tmp_path, GOOD, f"{i}.conllu")
        load_corpus(f"conllu:{i}.conllu")
    assert len(loading._loaded) <= loading._KEPT == 4


# --- treebanks -------------------------------------------------------------------------------------------


def test_every_treebank_says_what_it_is() -> None:
    names = [resource.name for resource in named.TREEBANKS]
    assert len(names) == len(set(names)) == 28
    for name in [*names, *named.POOLED]:
        meta = registry.entry(name).meta
        assert meta["licence"].count("CC BY") >= 1 and len(meta["citation"]) > 20 and meta["source"]
    for resource in named.TREEBANKS:
        for file in resource.files:
            assert re.fullmatch(r"[a-z]{2,3}_[a-z]+-ud-(train|dev|test)\.conllu", file.name)
            assert file.url is not None and re.fullmatch(
                r"https://github\.com/UniversalDependencies/UD_[A-Za-z_]+-[A-Za-z]+/raw/([0-9a-f]{12}|r2\.4)/"
                + file.name,
                file.url,
            )
    every = [file.sha256 for resource in named.TREEBANKS for file in resource.files]
    assert len(every) == len(set(every))


def test_a_treebank_is_described_without_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROBEKIT_DATA", "")
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    source = describe("ud-english|sample(n=2000)")
    assert source.name == source.spec == "ud-english|sample(n=2000)" and source.files == ()
    assert len(source.absent) == 9 and not source.generated
    with pytest.raises(ProbekitError, match="a whole number from 1 to"):
        describe("ud-english|sample(n=0)")


def test_missing_without_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # a closed port: no way out of this machine
    monkeypatch.setenv("PROBEKIT_DATA", str(tmp_path / "mine"))
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ProbekitError, match="could not be downloaded") as caught:
        load_corpus("ud-marathi-ufal")
    for part in ("mr_ufal-ud-train.conllu", "UD_Marathi-UFAL", str(tmp_path / "mine"), str(tmp_path / "cache")):
        assert part in str(caught.value)


@pytest.mark.data
@pytest.mark.parametrize("name", [resource.name for resource in named.TREEBANKS])
def test_treebanks_by_name(name: str) -> None:
    corpus = load_corpus(name)
    assert (corpus.n_sentences, corpus.n_words) == COUNTS[name]
    assert corpus.digest == describe(name).digest == read_conllu(resources.path(name)).digest
    [record] = [record for record in resources.known() if record.name == name]
    assert record.missing == () and record.licence and record.downloadable
    if corpus.n_sentences < 3000:
        first = 0
        for path in resources.path(name):
            twin = slow_twin(path)
            agrees(corpus, twin, first)
            first += len(twin)
        assert first == corpus.n_sentences


@pytest.mark.data
@pytest.mark.parametrize("name", SMALL)
def test_corpora_of_small_languages(name: str) -> None:
    corpus = load_corpus(name)
    entities = len(corpus.spans["entity"]) if "entity" in corpus.spans else 0
    assert (corpus.n_sentences, corpus.n_words, entities) == SMALL[name]
    assert set(corpus.sentences["language"]) == {name.rpartition("-")[2]}
    layers = registry.entry(name).meta["layers"]
    corpus.require(*layers)
    assert set(corpus.sentences["split"]) == ({"train", "dev", "test"} if layers else {""})


@pytest.mark.data
def test_the_pooled_english_treebanks() -> None:
    corpus = load_corpus("ud-english")
    assert (corpus.n_sentences, corpus.n_words) == (23943, sum(COUNTS[name][1] for name in named.POOLED["ud-english"]))
    table = corpus.sentences
    assert table["file"].drop_duplicates().tolist() == [
        f"en_{bank}-ud-{split}.conllu" for bank in ("ewt", "gum", "partut") for split in ("train", "dev", "test")
    ]
    assert table.groupby("split").size().to_dict() == {"dev": 2941, "test": 3120, "train": 17882}
    assert set(table["language"]) == {"en"} and table["id"].is_unique
    # Published for the study: mean 16.8, standard deviation 12.7, quartiles 7, 14, 23, longest 209.
    assert np.round([corpus.lengths.mean(), corpus.lengths.std()], 1).tolist() == [16.8, 12.7]
    assert np.percentile(corpus.lengths, [25, 50, 75, 100]).tolist() == [7, 14, 23, 209]
    assert len(corpus.links["ranges"]) == 3772 and len(corpus.links["empty"]) == 43
    assert load_corpus("ud-english|sample(n=2000)").n_sentences == 2000


def test_what_is_known_of_a_corpus_is_remembered_and_read_without_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "entities.conll"
    file.write_text("Ada\tB-PER\nleft\tO\n\nno\tO\n")
    source = loading.describe(f"bio:{file}")
    monkeypatch.setattr(loading, "_loaded", OrderedDict())
    known = loading.size(source), loading.n_words(source)
    assert known == (2, 3) and {"form", "entity", "split"} <= loading.has(source) and "upos" not in loading.has(source)
    file.unlink()
    assert (loading.size(source), loading.n_words(source)) == known and "entity" in loading.has(source)
