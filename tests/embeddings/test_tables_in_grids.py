"""Tables with steps wherever a table is named: encoders of a probing grid, tables of a benchmarking grid, a control."""

from __future__ import annotations

import numpy as np
import pytest

import probekit as pk
from probekit import recipes
from probekit.corpora.catalogue import word_items
from probekit.corpora.word_items import WordItems, items_of
from probekit.embeddings import tables
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, transform

WORDS = [f"word{i}" for i in range(40)]


@word_items.register("grid-synonyms", summary="synonyms of a test", kind="lexicon")
def synonyms() -> WordItems:
    return items_of("lexicon", [(WORDS[i], WORDS[i + 1]) for i in range(0, 20, 2)])


@pytest.fixture
def spec(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tables, "_recent", {})
    draw = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    WordTable(WORDS, draw).save(tmp_path / "t")
    rows = np.random.default_rng(1).permutation(40)[:30].reshape(15, 2)
    rated = "".join(f"{WORDS[a]}\t{WORDS[b]}\t{n}\n" for n, (a, b) in enumerate(rows))
    (tmp_path / "pairs.tsv").write_text(rated)
    return f"static:{tmp_path}/t"


def test_steps_and_the_control_in_a_grid_of_benchmarks(spec, tmp_path):
    chains = ["ppa(2)|unit", "retrofit(lexicon=grid-synonyms)|pca(4)"]
    specs = [spec, *(f"{spec}|{chain}" for chain in chains)]
    grid = pk.benchmarking("x", specs, [f"similarity:{tmp_path}/pairs.tsv"], controls=["random-table"])
    found = grid.run(out=tmp_path / "out")
    assert len(found) == 6 and found["value"].notna().all() and found["key"].nunique() == 6
    table = tables.load_table(spec)
    for chain, one in zip(["", *chains], specs, strict=True):
        row = found[(found["encoder"] == describe_table(one).name) & (found["control"] == "")]
        made = tables.load_table(one) if "retrofit" in chain or not chain else transform(table, chain)
        wanted = pk.benchmarks.get(f"similarity:{tmp_path}/pairs.tsv").score(made)["value"][0]
        assert row["value"].item() == pytest.approx(wanted, abs=1e-6)
    assert recipes.of(describe_table(specs[2]).needs[0]).made
    assert not found["encoder"].astype(str).str.contains(str(tmp_path)).any()
    controls = found[found["control"] == "random-table"]
    assert set(controls["encoder"]) == set(found["encoder"]) and (controls["value"].abs() < 0.9).all()


def test_steps_in_a_probing_grid(spec, tmp_path):
    (tmp_path / "texts.tsv").write_text(
        "text\tlabel\n" + "".join(f"word{i} word{(i * 7) % 40}\t{'ab'[i % 2]}\n" for i in range(40))
    )
    grid = pk.probing(
        "x",
        [f"text:{tmp_path}/texts.tsv"],
        [f"{spec}|ppa(2)", f"{spec}(oov=zero)|slice(part=top)"],
        layers="all",
        tasks=["sentence/label"],
        probes=["logistic"],
        folds=4,
    )
    found = grid.run(out=tmp_path / "out")
    assert found["encoder"].nunique() == 2 and len(found) >= 8
    assert all(name.rpartition("|")[2] in ("ppa(D=2)", "slice(part=top)") for name in found["encoder"].astype(str))


def test_words_are_trained_and_then_changed_by_spec(tmp_path, monkeypatch):
    pytest.importorskip("gensim")
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    trained = 'word2vec:"grammar(n=40)"(size=10, epochs=1)'
    source = describe_table(f"{trained}|ppa(2)|unit")
    assert source.needs == describe_table(trained).needs and len(source.needs) == 1
    made = tables.load_table(source.spec)
    assert made.width == 10 and made.context is None and made.counts is not None
    encoder = pk.load_encoder(source.spec)
    assert encoder.width == 10 and encoder.name == made.name


def test_words_whose_vector_is_zero_are_counted_in_the_rows(spec, tmp_path):
    vectors = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    vectors[[3, 7]] = 0
    vectors[9, 0] = 0  # not all of it
    table = WordTable(WORDS, vectors)
    assert table.zero_rows == 2
    table.save(tmp_path / "z")
    asked = [spec, f"static:{tmp_path}/z"]
    found = pk.benchmarking("x", asked, [f"similarity:{tmp_path}/pairs.tsv"]).run(out=tmp_path / "out")
    said = {name: "zero_rows" in str(own["info"].iloc[0]) for name, own in found.groupby("encoder", observed=True)}
    assert sorted(said.values()) == [False, True]
