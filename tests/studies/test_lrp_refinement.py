"""The refinement study from its script to its figures and claims, on a small table; the rules of its claims on rows."""

from __future__ import annotations

import importlib
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from report_rows import frame, row

from probekit import report
from probekit.embeddings.property_pairs import property_pairs
from probekit.embeddings.tables import WordTable, load_table
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid, run_all
from probekit.report.claims import views
from probekit.scores import average_precision
from probekit.scores import get as metric
from probekit.study import find
from probekit.works.refinement import SPACES, scaled, shared_out

STUDY = find("lrp-refinement")
WIDTH, SIZE = 20, 26


def own(folder, least=20, vectors="vectors"):
    """A user's table and word list in the place of the study's, one draw."""
    ratings = f"categories:{folder}/list.csv(least={least})"
    return {"encoder": [f"static:{folder}/{vectors}"], "dataset": [ratings], "seed": [0]}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Words of three categories, each carried by four dimensions, and fillers; one word has no vector."""
    folder = tmp_path_factory.mktemp("words")
    rng = np.random.default_rng(0)
    words = [f"{kind}{i}" for kind in ("bird", "tool", "sport") for i in range(SIZE)] + [f"other{i}" for i in range(30)]
    vectors = rng.normal(size=(len(words), WIDTH))
    for j in range(3):
        vectors[j * SIZE : (j + 1) * SIZE, 4 * j : 4 * j + 4] += 1.2
    WordTable(words, vectors.astype(np.float32)).save(folder / "vectors")
    lines = [f"{word.rstrip('0123456789')},{word}" for word in [*words, "bird99"]]
    (folder / "list.csv").write_text("category,word\n" + "\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def results(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "lrp-refinement"
    grids = STUDY.grids(own(data), parts=["halves", "fit"])
    for rows in run_all(grids, out):
        assert len(rows)
    return out


@pytest.mark.slow
def test_every_property_has_a_row_for_each_space_and_part_and_refinement_helps(results, data):
    df = report.read_results(results)
    assert set(df["probe"].astype(str)) == set(SPACES) and len(df) == 4 * (4 * 2 + 4)
    assert df["value"].notna().all() and set(df["encoder"].astype(str)) == {load_table(f"static:{data}/vectors").name}
    means = df[df["setting"].eq("grid=coarse;words=halves")].groupby(["split", "probe"], observed=True)["value"].mean()
    for split in ("train", "test"):
        assert means[split, "lrp-projection"] > means[split, "original"] + 0.03 > means[split, SPACES[3]]
    info = [json.loads(text) for text in df["info"].astype(str)]
    assert all(one["words_absent"] == 1 and one["gap"] < 1e-9 and one["balanced"] for one in info)
    # Words of no kind have nothing in common: what the network does not learn its rows say.
    for one, subset, note in zip(info, df["subset"].astype(str), df["note"].astype(str), strict=True):
        assert (one["explained"] > 0.2) == (subset != "property=other")
        assert ("no better than the mean" in note) == (one["explained"] <= 0)
    assert str(data) not in df.to_csv()


@pytest.mark.slow
def test_a_row_is_the_average_precision_of_its_pairs_in_the_space_of_a_saved_refinement(results, data):
    """What the study scores with weights is what the table step gives."""
    from probekit.relevance.property_network import NetworkSettings
    from probekit.relevance.refinement import fit_refinement

    spec = f"static:{data}/vectors"
    shared = {"dataset": f"categories:{data}/list.csv(least=20)", "encoder": spec, "words": "halves", "seed": 0}
    draw = shared_out(shared)
    known = draw.ratings.select([draw.ratings.words[i] for i in draw.fitted])
    found = fit_refinement(
        draw.vectors[draw.fitted], known, grid="coarse", seed=0, settings=NetworkSettings(balance=True)
    )
    weights = found.save(data / "weights")
    (pairs,) = [p for p in property_pairs(draw.ratings, draw.held_out, seed=0, part="test")[0] if p.name == "tool"]
    table = load_table(f"{spec}|refine(weights={weights}, property=tool)")
    x = np.asarray(table.vectors[table.rows([draw.ratings.words[i] for i in pairs.words])], dtype=float)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    wanted = average_precision(pairs.gold, np.round((x[pairs.left] * x[pairs.right]).sum(axis=1), 6))
    df = report.read_results(results)
    ours = df[
        df["setting"].eq("grid=coarse;words=halves")
        & df["split"].eq("test")
        & df["probe"].eq("lrp-projection")
        & df["subset"].eq("property=tool")
    ]
    assert ours["value"].item() == pytest.approx(wanted, abs=2e-3)


def test_held_out_words_never_decide_anything(data):
    ratings = f"categories:{data}/list.csv(least=20)"
    shared = {"dataset": ratings, "encoder": f"static:{data}/vectors", "words": "halves"}
    draw = shared_out({**shared, "seed": 0})
    assert not set(draw.fitted) & set(draw.held_out) and len(draw.fitted) + len(draw.held_out) == 108
    assert len(shared_out({**shared, "words": "all", "seed": 0}).held_out) == 0
    with pytest.raises(UnknownName, match="did you mean halves"):
        Grid("x", "refinement", {"words": ["halfs"]})
    with pytest.raises(ProbekitError, match="none of the 735 words"):
        shared_out({**shared, "dataset": "generated-ratings", "seed": 0})


def test_a_table_that_knows_too_few_words_of_every_property_gives_rows_that_say_so(data, tmp_path):
    table = load_table(f"static:{data}/vectors")
    kept = [i for i, word in enumerate(table.words) if not word.endswith(("7", "8", "9", "0", "1", "2"))]
    WordTable([table.words[i] for i in kept], table.vectors[kept]).save(data / "few")
    (grid,) = STUDY.grids(own(data, vectors="few"), parts=["halves"])
    rows = grid.run(tmp_path / "out")
    assert len(rows) == 32 and rows["value"].isna().all() and set(rows["n_test"]) == {0}
    assert set(rows["note"]) == {"no property has ten words a side among the words to fit on"}
    with pytest.warns(UserWarning, match="table-4 is left out"):
        report.publish(STUDY, tmp_path / "out", tmp_path / "figures")


def test_asking_again_computes_nothing_and_other_ratings_are_another_question(results, data):
    (same,) = STUDY.grids(own(data), parts=["halves"])
    assert same.plan(results).open == 0
    (other,) = STUDY.grids(own(data, least=27), parts=["halves"])
    assert other.plan(results).open == 4
    with pytest.raises(UnknownName, match="part of lrp-refinement"):
        STUDY.grids(parts=["half"])


@pytest.mark.slow
def test_figures_and_tables_are_drawn_and_can_be_read(results, tmp_path):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        files = report.publish("lrp-refinement", results, tmp_path)
    names = {file.name for file in files}
    for name in ("table-3", "table-4", "claims", "against-paper", "thresholds"):
        assert {f"{name}.csv", f"{name}.tex", f"{name}.md"} <= names
    assert {"figure-1.png", "figure-2.png", "figure-1.pdf", "figure-2.pdf"} <= names
    problems = [str(w.message) for w in said if "left out" not in str(w.message) or "no room" in str(w.message)]
    assert not [text for text in problems if text.startswith("figure")], problems
    assert len(pd.read_csv(tmp_path / "against-paper.csv")) == 108
    table = pd.read_csv(tmp_path / "table-4.csv")
    assert table["gain"].item() == pytest.approx((table["refined"] - table["original"]).item())
    points = pd.read_csv(tmp_path / "figure-2.csv")
    counts = points.groupby("panel")["label"].agg(["size", "count"])
    assert counts.values.tolist() == [[30, 10]] * 6


def rows_of(
    original=0.6,
    refined=0.7,
    unseen=0.63,
    dataset="battig(least=20)",
    encoder="static:glove",
    grid="full",
    gap=1e-15,
    explained=0.5,
    gains=None,
):
    """Twenty properties that gain a little more each, or properties by the gain of each, in two draws."""
    made = {"generated": ["dataset", "encoder"]} if dataset == "generated-ratings" else {}
    found = []
    for split, after in (("train", refined), ("test", unseen)):
        values = {f"p{i}": after + 0.001 * i for i in range(20)}
        if gains is not None:
            values = {name: original + gain for name, gain in gains.items()}
        for seed, (name, value) in ((seed, one) for seed in (0, 1) for one in values.items()):
            for probe, score in (("original", original), ("lrp-projection", value)):
                found.append(
                    row(
                        experiment="lrp-refinement",
                        task="",
                        dataset=dataset,
                        encoder=encoder,
                        layer=None,
                        pooling="",
                        probe=probe,
                        setting=f"grid={grid};words=halves",
                        seed=seed,
                        fold=None,
                        split=split,
                        subset=f"property={name}",
                        metric="average_precision",
                        value=score,
                        info=json.dumps({"gap": gap, "explained": explained, **made}),
                        key=f"{dataset}{encoder}{grid}{probe}{seed}",
                    )
                )
    return found


def verdicts(rows, **options):
    table = report.claims("lrp-refinement", frame(rows), **options)
    return dict(zip(table["number"], table["verdict"], strict=True))


def test_claims_hold_or_fail_by_their_intervals():
    found = verdicts(rows_of())
    assert [found[i] for i in (1, 2, 7, 8)] == ["holds"] * 4
    assert [found[i] for i in (3, 4, 5, 6)] == ["not testable here"] * 4
    assert verdicts(rows_of(refined=0.55))[1] == "fails" and verdicts(rows_of(refined=0.59))[1] == "open"
    assert verdicts(rows_of() + rows_of(refined=0.5, encoder="static:other"))[1] == "fails"
    assert verdicts(rows_of(unseen=0.9))[2] == "fails" and verdicts(rows_of(unseen=0.5))[2] == "fails"
    assert verdicts(rows_of(unseen=0.59))[2] == "open"
    assert verdicts(rows_of(gap=1e-6))[7] == "fails" and verdicts(rows_of(original=0.3))[8] == "fails"


def test_what_a_network_did_not_learn_carries_no_claim():
    found = verdicts(rows_of(explained=-0.1))
    assert [found[i] for i in (1, 2, 5, 6)] == ["not testable here"] * 4 and found[8] == "holds"
    both = rows_of() + rows_of(refined=0.5, unseen=0.5, encoder="static:other", explained=0.0)
    assert verdicts(both)[1] == verdicts(both)[2] == "holds"


def test_widths_are_compared_by_the_draws_they_share_and_half_a_claim_stays_open():
    def wide(**after):
        return [
            line
            for size, value in after.items()
            for line in rows_of(refined=value, encoder=f"word2vec:novels(size={size[1:]})", grid="coarse")
        ]

    table = report.claims("lrp-refinement", frame(wide(w100=0.62, w200=0.66, w300=0.65)))
    line = table[table["number"].eq(5)].iloc[0]
    assert line["verdict"] == "open" and "GloVe, half of the paper's mean, is not tested" in line["why"]
    assert "200 over 100 +4.0" in line["ours"] and "300 over 100 +3.0" in line["ours"]
    assert verdicts(wide(w100=0.62, w200=0.66, w300=0.61))[5] == "fails"
    assert verdicts(wide(w100=0.62, w200=0.66))[5] == "not testable here"


def test_losers_of_other_domains_and_as_many_of_them_are_told_from_those_of_the_body():
    domains = module().DOMAIN_OF
    body = [name for name, domain in domains.items() if domain == "Vision"]

    def of(*losers):
        gains = {name: -0.05 if name in losers else 0.05 for name in domains}
        return verdicts(rows_of(dataset="bless-attributes", gains=gains))[6]

    assert of(*body) == "holds" and of(*body, "good") == "fails" and of() == "open" and of("big") == "open"


def module():
    return importlib.import_module("probekit.paper_figures._lrp_refinement_domains")


def test_generated_data_count_as_no_reproduction_and_do_not_mix_with_real_ones():
    made = rows_of(dataset="generated-ratings", encoder="generated-vectors")
    assert set(verdicts(made).values()) == {"not testable here"}
    table = report.claims("lrp-refinement", frame(made))
    assert set(table["data"]) == {"generated"} and "never counts" in table["why"][0]
    both = report.claims("lrp-refinement", frame(made + rows_of(refined=0.5)))
    assert set(both["data"]) == {"real"} and both["verdict"][0] == "fails"
    assert [view.mark for view in views(find("lrp-refinement"), frame(made + rows_of()))] == ["", "-generated"]


def test_ours_stands_only_beside_what_it_can_be_compared_with():
    novels = "word2vec:novels(size=200, window=3)"
    rows = [one for encoder in ("static:glove", novels) for one in rows_of(encoder=encoder, grid="coarse")]
    rows += rows_of(
        original=0.5, dataset="bless-attributes", gains=dict.fromkeys(module().DOMAIN_OF, 0.1), grid="coarse"
    )
    table = report.against_paper("lrp-refinement", frame(rows))
    ours = table[table["ours"].notna()]
    assert set(ours["encoder"]) == {"GloVe"} and set(ours["setting"]) == {"window=10;dim=100"} and len(ours) == 6
    line = ours[ours["table"].eq("Table 3") & ours["method"].eq("original")].iloc[0]
    assert (line["ours"], line["categories"], line["paper"]) == pytest.approx((50, 60, 68.7))
    assert (table.loc[table["ours"].isna(), "note"] != "").all()
    categories = report.against_paper("lrp-refinement", frame(rows[: len(rows_of()) * 2]))
    assert len(categories[categories["ours"].notna()]) == 12


def test_scaling_gives_back_distances_in_the_plane():
    rng = np.random.default_rng(1)
    angles = rng.uniform(0, 0.6, 12)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(1, 5, (12, 1))
    found = scaled(vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = 1 - unit @ unit.T
    apart = np.linalg.norm(found[:, None] - found[None], axis=2)
    spearman = metric("spearman")
    assert spearman(apart.ravel(), wanted.ravel()) > 0.95
    assert scaled(np.zeros((4, 3))).shape == (4, 2) and np.array_equal(scaled(vectors), scaled(vectors))
