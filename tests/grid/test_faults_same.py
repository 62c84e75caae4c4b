"""What must change nothing, and what must: hash seeds, folders and clocks; characters, weights and options; order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_models as tiny
from faults_grid import same

from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.encoders.activations import encode
from probekit.store import Store
from probekit.works.probing import ProbingGrid, probing

TESTS = Path(__file__).parent


@pytest.mark.slow
def test_the_hash_seed_of_the_process_changes_no_table(tmp_path):
    for seed in ("0", "1", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PROBEKIT_CACHE": str(tmp_path / f"cache-{seed}")}
        command = [sys.executable, str(TESTS / "faults_grid.py"), str(tiny.folder("bert")), f"out-{seed}"]
        subprocess.run(command, env=environment, cwd=tmp_path, check=True)
        same(tmp_path / f"out-{seed}", tmp_path / "out-0")


# --- keys: each question has one, made of all that its answer depends on and of nothing else

TEXT = """# sent_id = a-1
# text = The dogs bark loudly.
1\tThe\tthe\tDET\tDT\tDefinite=Def\t2\tdet\t_\t_
2\tdogs\tdog\tNOUN\tNNS\tNumber=Plur\t3\tnsubj\t_\t_
3\tbark\tbark\tVERB\tVBP\tTense=Pres\t0\troot\t_\t_
4\tloudly\tloudly\tADV\tRB\t_\t3\tadvmod\t_\tSpaceAfter=No
5\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

"""
VECTORS = "the 0.25 1\ndogs 0.5 -1\nbark 1.5 0.125\n"


def data(place: Path) -> Path:
    """Files of every kind that keys are made of."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "en_x-ud-train.conllu").write_text(TEXT, encoding="utf-8")
    (place / "vectors.txt").write_text(VECTORS, encoding="utf-8")
    shutil.copytree(tiny.folder("bert"), place / "bert")
    return place


def specs(place: Path) -> dict[str, str]:
    corpus = place / "en_x-ud-train.conllu"
    return {
        "corpus": f"conllu:{corpus}",
        "hf": f"hf:{place}/bert",
        "random": f"random:hf:{place}/bert",
        "static": f"static:{place}/vectors.txt",
        "word2vec": f'word2vec:"conllu:{corpus}"(size=4)',
    }


ENCODERS = ("hf", "random", "static", "word2vec")


def keys(place: Path, encoders: tuple[str, ...] = ENCODERS, **changed) -> dict[str, set[str]]:
    """Keys of all questions of a grid, by encoder."""
    given = {
        "name": "keys",
        "corpora": [specs(place)["corpus"]],
        "layers": [-1],
        "poolings": ["mean"],
        "folds": 3,
        "tasks": ["sentence/sent_length", "word/upos"],
        "probes": ["ridge", "logistic"],
    }
    return {
        name: keys_of(probing(**{**given, "encoders": [specs(place).get(name, name)], **changed})) for name in encoders
    }


def keys_of(grid: ProbingGrid) -> set[str]:
    return {question.key for cell in grid.cells() for question in cell.questions}


def moved(before: dict[str, set[str]], after: dict[str, set[str]]) -> set[str]:
    """Encoders all of whose keys are others; some of the keys of one never change alone."""
    for name in before:
        assert len(before[name]) == len(after[name]) == 8
        assert before[name] == after[name] or before[name].isdisjoint(after[name]), name
    return {name for name in before if before[name] != after[name]}


def test_any_changed_character_of_a_corpus_changes_every_key(tmp_path):
    place = data(tmp_path / "data")
    file = place / "en_x-ud-train.conllu"
    base, seen = keys(place), []
    draw = np.random.default_rng(0)
    for at in draw.choice(len(TEXT), 25, replace=False):
        other = "x" if TEXT[at] != "x" else "y"
        file.write_text(TEXT[:at] + other + TEXT[at + 1 :], encoding="utf-8")
        found = keys(place)
        assert moved(base, found) == set(ENCODERS), at
        seen.append(found["hf"])
    assert len(set.union(*seen)) == sum(map(len, seen)), "no two corpora share a key"
    file.write_text(TEXT, encoding="utf-8")
    assert moved(base, keys(place)) == set()


def test_one_weight_changes_the_keys_of_its_model_alone(tmp_path):
    from safetensors.numpy import load_file, save_file

    place = data(tmp_path / "data")
    file = place / "bert" / "model.safetensors"
    base, whole = keys(place), file.read_bytes()
    weights = load_file(file)
    for name in sorted(weights)[:: max(1, len(weights) // 6)]:
        changed = {k: v.copy() for k, v in weights.items()}
        one = changed[name].reshape(-1)[-1:]
        one[:] = np.nextafter(one, np.float32(9), dtype=np.float32)
        save_file(changed, file, metadata={"format": "pt"})
        assert moved(base, keys(place)) == {"hf"}, name
    file.write_bytes(whole)
    assert moved(base, keys(place)) == set()


@pytest.mark.parametrize(
    ("file", "old", "new", "whose"),
    [
        ("vectors.txt", "0.125", "0.126", {"static"}),
        ("vectors.txt", "dogs", "dogz", {"static"}),
        ("bert/config.json", '"layer_norm_eps": 1e-12', '"layer_norm_eps": 2e-12', {"hf", "random"}),
        ("bert/tokenizer.json", '"lowercase": true', '"lowercase": false', {"hf", "random"}),
    ],
)
def test_one_character_beside_the_weights_changes_the_keys_of_its_encoder_alone(tmp_path, file, old, new, whose):
    place = data(tmp_path / "data")
    base = keys(place)
    path = place / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert moved(base, keys(place)) == whose


def test_every_axis_of_the_grid_changes_every_key(tmp_path):
    place = data(tmp_path / "data")
    few = {"tasks": ["sentence/sent_length"], "probes": ["ridge"]}
    base = keys(place, ("hf",), **few)["hf"]
    seen = [base]
    for changed in (
        {"layers": [1]},
        {"poolings": ["max"]},
        {"poolings": ["word:1"]},
        {"seeds": [1]},
        {"folds": 4},
        {"folds": 0},
        {"groups": "text"},
        {"groups": "document"},
        {"tasks": ["sentence/parse_depth"]},
        {"probes": ["linear-svr"]},
    ):
        seen.append(keys(place, ("hf",), **{**few, **changed})["hf"])
    controls = keys_of(
        probing("keys", **{**grid_of(place), **few, "controls": ["random-labels", "random-encoder", "length"]})
    )
    assert base < controls
    assert len(set.union(*seen)) == sum(map(len, seen))


def grid_of(place: Path) -> dict[str, object]:
    return {
        "corpora": [specs(place)["corpus"]],
        "encoders": [specs(place)["hf"]],
        "layers": [-1],
        "poolings": ["mean"],
        "folds": 3,
    }


PRINT_KEYS = """
import json, sys
sys.path.insert(0, sys.argv[1])
import test_faults_same as tests
print(json.dumps({name: sorted(found) for name, found in tests.keys(tests.Path(sys.argv[2])).items()}))
"""


def test_nothing_else_changes_a_key(tmp_path):
    """Not the time or the mode of a file, not where the folder lies, from where it is run, with which hash seed, number
    of threads and cache, nor what else lies beside the weights, nor a corpus that is compressed."""
    import gzip

    place = data(tmp_path / "data")
    base = keys(place)
    for path in place.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700)
    assert moved(base, keys(place)) == set()
    (place / "bert" / "README.md").write_text("nothing that a vector depends on")
    assert moved(base, keys(place, name="another", keep=["predictions"])) == set()
    elsewhere = tmp_path / "else where" / "deep"
    elsewhere.parent.mkdir()
    place.rename(elsewhere)
    link = tmp_path / "link"
    link.symlink_to(elsewhere)
    assert moved(base, keys(elsewhere)) == moved(base, keys(link)) == set()
    corpus = elsewhere / "en_x-ud-train.conllu"
    packed = corpus.with_name(f"{corpus.name}.gz")
    packed.write_bytes(gzip.compress(corpus.read_bytes()))
    assert moved(base, keys(elsewhere, corpora=[f"conllu:{packed}"])) == set()
    for number, (seed, threads, here) in enumerate((("0", "1", tmp_path), ("12345", "2", elsewhere / "bert"))):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "PROBEKIT_CACHE": str(tmp_path / f"cache-{number}"),
            "LC_ALL": "C",
            "TZ": "Asia/Tokyo",
        }
        run = subprocess.run(
            [sys.executable, "-c", PRINT_KEYS, str(TESTS), str(elsewhere)],
            capture_output=True,
            text=True,
            env=environment,
            cwd=here,
        )
        assert not run.returncode, run.stderr
        assert moved(base, {name: set(found) for name, found in json.loads(run.stdout).items()}) == set()


# --- vectors belong to their sentences


def test_vectors_follow_their_sentences_through_every_path_of_the_cache(tmp_path):
    """Sentences in any order, some left out, some twice; vectors that are all new, all kept, or of both kinds."""
    whole = Corpus.from_words([*tiny.SENTENCES, tiny.LONG, *(load_corpus("grammar(n=30)").words(i) for i in range(30))])
    (tmp_path / "vectors.txt").write_text("the 0.25 1\nhouse 0.5 -1\ngarden 1.5 0.125\n. 3 3\n", encoding="utf-8")
    loaded = {
        "bert": (tiny.encoder("bert"), ["mean", "sum", "max", "min", "cls", "word:1", "word:-1", "words"]),
        "gpt2": (tiny.encoder("gpt2", piece="first"), ["mean", "sum", "words"]),
        "static": (f"static:{tmp_path / 'vectors.txt'}", ["mean", "sum", "word:1/3", "words"]),
        "word2vec": ('word2vec:"grammar(n=60)"(size=5, epochs=1)', ["mean", "words"]),
    }
    base = {name: encode(whole, encoder, "all", names) for name, (encoder, names) in loaded.items()}
    draw = np.random.default_rng(3)
    store = Store(tmp_path / "cache")
    for number in range(6):
        rows = draw.permutation(whole.n_sentences)[: whole.n_sentences - 4 * number]
        rows = np.concatenate([rows, draw.choice(rows, number)])
        corpus = Corpus.from_words([whole.words(i) for i in rows])
        words = np.concatenate([np.arange(whole.offsets[i], whole.offsets[i + 1]) for i in rows])
        for name, (encoder, names) in loaded.items():
            kept = [pooling for pooling in names if draw.random() < 0.5 * (number > 0)]
            last = max((layer for layer, _ in base[name] if layer is not None), default=None)
            layers = "all" if last is None else [last]
            if kept:
                encode(corpus, encoder, layers, kept, store=store)
            mixed = encode(corpus, encoder, "all", names, store=store)
            again = encode(corpus, encoder, "all", names[::-1], store=Store(store.root))
            for (layer, pooling), found in mixed.items():
                expected = base[name][layer, pooling][words if pooling == "words" else rows]
                close = 1e-5 * np.maximum(1, np.abs(expected).max(axis=1, keepdims=True))
                if pooling == "sum":
                    close = close * corpus.lengths[:, None]
                assert found.shape == expected.shape
                assert (np.abs(found - expected) <= close).all(), (number, name, layer, pooling)
                assert again[layer, pooling].tobytes() == found.tobytes()
