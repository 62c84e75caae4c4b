"""The linguistic-profiling study on synthetic rows that carry the paper's own numbers."""

from __future__ import annotations

import hashlib
import warnings

import numpy as np
import pandas as pd
import pytest
import report_rows
from report_rows import GROUP, TOKENS, WORD2VEC, frame, row, study_rows, write_parts

import probekit.study as studies
from probekit import report
from probekit.errors import ProbekitError, UnknownName
from probekit.report import NotTestable, redraw, summarise, text_problems
from probekit.report.claims import views
from probekit.report.style import drawing_of
from probekit.tasks import PROFILING_68

STUDY = studies.complete("linguistic-profiling")
PAPER = studies.published("linguistic-profiling")
report_rows.PAPER = PAPER  # rows are built from the published numbers
FIGURES = {product.name: product.make for product in STUDY.products}
TOK_2, TOK_4 = TOKENS["tok_2"], TOKENS["tok_4"]


@pytest.fixture(scope="module")
def twelve():
    return frame(study_rows(layers=12, folds=2))


@pytest.fixture(scope="module")
def six():
    """A model of six layers, the best of them layer 3 (the paper's -8 is squeezed to -4)."""
    return frame(study_rows(layers=6, folds=2))


def changed(df, by, **where):
    """Rows with `by` added to the value of those where every column is as given (None = empty)."""
    hit = pd.Series(True, index=df.index)
    for name, wanted in where.items():
        values = wanted if isinstance(wanted, (list, set, tuple)) else [wanted]
        hit &= df[name].isna() if wanted is None else df[name].isin(values)
    assert hit.any()
    return df.assign(value=df["value"] + by * hit.to_numpy(bool))


def claims(df, **options):
    return report.claims(STUDY, df, **options)


def against_paper(df, **options):
    return report.against_paper(STUDY, df, **options)


def view(df, **options):
    return views(STUDY, df, **options)[0]


def verdict(df, number):
    return claims(df).set_index("number").loc[number]


def test_the_published_numbers_are_whole():
    table = pd.read_csv(PAPER)
    assert len(table) == 132 and table["table"].value_counts().to_dict() == {
        "Table 2": 12,
        "Table 3": 16,
        "Table 4": 48,
        "Table 5": 56,
    }
    digest = hashlib.sha256(PAPER.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    assert digest == "2586b952255ab37d7bcd579e8dd036512c85ca9960f20cbf08283cc493b204ea"


def test_all_claims_hold_on_the_papers_own_numbers(twelve, six):
    for df in (twelve, six):
        found = claims(df)
        assert found["number"].tolist() == list(range(1, 16))
        # Six layers have no -8: that half of claim 6 is not tested, and the claim stays open.
        others = found[found["verdict"] != "holds"]
        assert others["number"].tolist() == ([] if df is twelve else [6]), others
        assert others["why"].str.contains(r"open: greatest at -8 \(not tested: 6 layers\)").all()
        assert set(found["n"]) == {23943} and set(found["data"]) == {"real"}


def test_of_twelve_layers_run_in_part_what_is_there_is_tested_and_the_rest_is_named(twelve):
    contextual = twelve["encoder"].eq("minilm")
    unasked = twelve["pooling"].isin(["cls", "sum", "max", "min"]) | (
        twelve["pooling"].eq("mean") & twelve["layer"].ge(10).fillna(False)
    )
    part = twelve[~(contextual & unasked)]
    found = claims(part).set_index("number")
    assert found["verdict"].to_dict() == {
        **dict.fromkeys((1, 2, 3, 7, 8), "not testable here"),
        **dict.fromkeys((5, 6, 9, 11, 12, 13, 14, 15), "open"),
        **dict.fromkeys((4, 10), "holds"),
    }
    assert "+.066 at -8 (greatest +.066 at -8" in found.loc[6, "ours"]
    assert "layers -3, -2, -1 were not run" in found.loc[6, "why"]
    assert "[CLS] in Syntax (not tested: no scores of minilm with [CLS]" in found.loc[11, "why"]
    # A layer that was run and is ahead of -8 decides without the others.
    ahead = part["encoder"].eq("minilm") & part["pooling"].eq("mean") & part["layer"].eq(2).fillna(False)
    assert verdict(part.assign(value=part["value"] + 0.2 * ahead), 6)["verdict"] == "fails"


def test_a_verdict_is_that_of_the_interval_over_folds():
    df = frame(study_rows(layers=12, folds=5))
    scattered = df["encoder"].eq("minilm") & df["fold"].eq(0)
    wide = df.assign(value=df["value"] + 0.3 * scattered)
    found = verdict(wide, 1)
    assert found["verdict"] == "open" and "open: word2vec above; 95 % intervals over folds" in found["why"]
    assert verdict(df, 1)["verdict"] == "holds"


def top_half():
    length = pd.Series({f.name: abs(f.rho) for f in PROFILING_68})
    return list(length.sort_values(ascending=False).index[:34])


def in_group(group):
    return [feature for feature in GROUP if GROUP[feature] == group]


BREAKING = {
    1: (-0.1, {"encoder": WORD2VEC, "pooling": ["mean", "sum", "max", "min"]}),
    2: (0.4, {"control": "length", "task": in_group("syntax"), "metric": "spearman"}),
    3: (-0.4, {"encoder": "minilm", "task": in_group("raw text")}),
    4: (-0.2, {"encoder": WORD2VEC, "pooling": "sum", "task": in_group("syntax")}),
    5: (0.3, {"encoder": "minilm", "pooling": "max", "layer": 1}),
    6: (-0.2, {"encoder": "minilm", "pooling": "mean", "layer": 1}),
    7: (0.1, {"encoder": "minilm", "pooling": "sum", "layer": 6}),
    8: (-0.3, {"encoder": "minilm", "pooling": "max", "layer": 6}),
    9: (-0.3, {"encoder": "minilm", "pooling": TOK_4, "task": in_group("syntax")}),
    10: (0.05, {"encoder": "minilm", "pooling": TOK_2}),
    11: (-0.2, {"encoder": "minilm", "pooling": "cls", "layer": 3}),
    12: (0.3, {"encoder": WORD2VEC, "pooling": TOK_4}),
    13: (-0.3, {"encoder": "minilm", "pooling": "mean", "task": top_half()}),
    14: (-0.4, {"encoder": "minilm", "pooling": "mean", "task": "sentence/avg_token_per_clause"}),
    15: (0.9, {"encoder": "minilm", "pooling": TOK_4, "task": "sentence/xpos_dist_NN"}),
}


@pytest.mark.parametrize("number", sorted(BREAKING))
def test_every_claim_can_fail(six, number):
    by, where = BREAKING[number]
    found = verdict(changed(six, by, **where), number)
    assert found["verdict"] == "fails" and found["ours"]


def test_the_paper_stands_beside_us_cell_by_cell(twelve):
    table = against_paper(twelve)
    assert len(table) == 132 and table["ours"].notna().all()
    # Our split of the 68 features into groups is not the authors', so rows over all features differ a little,
    # and the length baseline of Syntax by the .05 that the study's notes name.
    limit = np.where(table["task"] == "All features", 0.011, 0.006)
    limit[(table["our_encoder"] == "sentence length").to_numpy()] = 0.06
    assert (table["difference"].abs() <= limit).all(), table[table["difference"].abs() > limit]


def test_an_independent_mean_of_rows_gives_table_2(six):
    rows = six[(six["encoder"] == "minilm") & six["pooling"].isin(["mean", "sum", "max", "min"])]
    raw = rows[rows["task"].isin(in_group("raw text"))]
    table = against_paper(six)
    ours = table[(table["table"] == "Table 2") & (table["our_encoder"] == "minilm") & (table["task"] == "Raw text")]
    assert ours["ours"].item() == pytest.approx(raw["value"].mean(), abs=1e-9)


def test_layers_are_read_as_the_papers(six):
    table = against_paper(six)
    five = table[(table["table"] == "Table 5") & (table["our_encoder"] == "minilm")]
    assert dict(zip(five["layer"], five["our_layer"], strict=True)) == {-8: 3, -1: 6}
    assert set(five["note"]) == {"-8 read as our best Mean layer, -4 (layer 3 of 6)", "-1 read as our last layer, 6"}
    four = table[table["table"] == "Table 4"]
    without = four[~four["layer"].isin([-8, -1])]
    assert without["ours"].isna().all() and without["note"].str.contains("no counterpart among 6 layers").all()


def test_the_best_layer_is_found_not_assumed(six):
    found = changed(six, 0.3, encoder="minilm", pooling="mean", layer=5)
    table = against_paper(found)
    assert set(table[(table["layer"] == -8) & (table["table"] == "Table 5")]["our_layer"]) == {5}


def test_single_words_at_fewer_layers_are_read_at_the_best_of_those(six):
    """A sample may have words at a middle and the last layer only, without the best Mean layer (3)."""
    words = six["pooling"].isin(list(TOKENS.values())) & six["layer"].notna()
    df = six[~words | six["layer"].isin([4, 6])]
    table = against_paper(df)
    five = table[(table["table"] == "Table 5") & (table["layer"] == -8)]
    assert set(five["our_layer"]) == {4} and five["note"].str.contains("among those with single words").all()
    assert table[(table["table"] == "Table 4") & (table["layer"] == -8)]["our_layer"].unique().tolist() == [3]
    assert set(claims(df)["verdict"]) == {"holds", "open"} and verdict(df, 6)["verdict"] == "open"


def test_embeddings_and_controls_and_pooled_rows_stay_out(six):
    wanted = claims(six)
    extra = six[six["encoder"] == "minilm"]
    layer_0 = extra[extra["layer"] == 1].assign(layer=pd.array([0] * int((extra["layer"] == 1).sum()), dtype="Int32"))
    control = extra.assign(control="random-labels", value=0.0)
    pooled = extra.assign(metric="spearman_pooled", value=0.99)
    other = extra.assign(subset="label=NP", value=0.99)
    found = claims(pd.concat([six, layer_0.assign(value=0.99), control, pooled, other], ignore_index=True))
    assert found.equals(wanted)


def test_generated_data_is_no_reproduction(six):
    found = claims(six.assign(dataset="grammar(n=2000)", info='{"generated": ["dataset"]}'))
    assert set(found["verdict"]) == {"not testable here"} and set(found["data"]) == {"generated"}
    assert found["ours"].ne("").all() and found["why"].str.contains("would hold|would be open").all()


def test_a_run_of_fewer_features_is_not_compared(six):
    found = claims(six[six["task"] != "sentence/parse_depth"])
    assert set(found["verdict"]) == {"not testable here"}
    assert found["why"].str.contains("1 of the 68 features|length baseline for all").all()


@pytest.mark.parametrize(
    ("drop", "testable"),
    [
        (lambda df: df["layer"].isna() & (df["encoder"] != ""), {8, 9, 10, 11, 14, 15}),
        (lambda df: df["layer"].notna(), {4}),
        (lambda df: df["pooling"] == "cls", {1, 2, 3, 4, 5, 7, 8, 10, 13, 14, 15}),
        (lambda df: df["control"] == "length", set(range(1, 16)) - {2, 6, 13}),
    ],
    ids=["no static encoder", "no layers", "no [CLS]", "no baseline"],
)
def test_what_is_missing_is_said_and_the_rest_is_tested(six, drop, testable):
    found = claims(six[~drop(six).to_numpy(bool)]).set_index("number")
    assert set(found.index[found["verdict"] == "holds"]) == testable
    assert found.loc[~found.index.isin(testable), "why"].ne("").all()


def test_choices(six):
    own = six[six["control"] == ""]
    more = pd.concat(
        [
            six,
            own.assign(probe="ridge", value=own["value"] * 0.5),
            own.assign(dataset="gum"),
            own.assign(setting="folds=5;groups=document", value=0.1),
        ],
        ignore_index=True,
    )
    assert claims(more).equals(claims(six)), "defaults: linear-svr, the larger dataset, the plain setting"
    assert claims(six, static="static:glove").loc[0, "ours"] != claims(six).loc[0, "ours"]
    assert claims(six, static="word2vec").equals(claims(six))
    assert claims(more, probe="ridge").loc[0, "ours"].startswith(".28 vs .26 (")
    assert view(six.assign(probe=np.where(six["probe"] == "", "", "ridge"))).probe == "ridge"
    for option, value in (
        ("probe", "lasso"),
        ("encoder", "bert"),
        ("static", "fasttext"),
        ("dataset", "ewt"),
        ("layer", "3"),
    ):
        with pytest.raises(UnknownName):
            claims(six, **{option: value})
    two = pd.concat([six, six.assign(encoder=six["encoder"].astype(str).replace(WORD2VEC, "word2vec:other"))])
    with pytest.raises(ProbekitError, match=r"could be word2vec:other or word2vec:ud-english"):
        claims(two, static="word2vec")


def test_rows_of_another_study_are_refused():
    with pytest.raises(ProbekitError, match="no row belongs to the 68 features"):
        claims(frame([row(task="word/upos")]))


def test_undefined_scores_count_as_zero_unless_dropped(six):
    hole = (six["task"] == "sentence/parse_depth") & (six["encoder"] == WORD2VEC) & (six["fold"] == 0)
    df = six.assign(value=six["value"].where(~hole), note=np.where(hole, "constant prediction", ""))
    zero, drop = (against_paper(df, undefined=u)["ours"] for u in ("zero", "drop"))
    assert (zero <= drop + 1e-12)[12:28].all() and (zero < drop - 1e-4)[12:28].any()


SAMPLE = "ud-english|sample(n=2000)"


def solver_rows():
    """Both solvers on one sample; the stopped one scores .2 lower with Mean."""
    exact = study_rows(layers=3, folds=2, dataset=SAMPLE, n=2000)
    stopped = study_rows(
        layers=3, folds=2, dataset=SAMPLE, n=2000, probe="linear-svr-liblinear", shift=0.2, converged=False
    )
    return exact + [r for r in stopped if "control" not in r]


@pytest.fixture(scope="module")
def solvers():
    return frame(solver_rows())


def test_which_claims_change_with_the_solver(solvers):
    found = FIGURES["solver-claims"](view(solvers)).set_index("number")
    assert set(found["n"]) == {2000}
    assert set(found.index[found["changes"]]) == set(found.index[found["stopped verdict"] != found["optimum verdict"]])
    # Contextual Mean scores .2 lower: no longer above the static table, no longer the best pooling.
    assert found.loc[5, ["stopped verdict", "optimum verdict", "changes"]].tolist() == ["fails", "holds", True]
    assert not found.loc[4, "changes"] and not found.loc[12, "changes"]


def test_solver_scores_say_what_converged(solvers):
    found = FIGURES["solver-scores"](view(solvers)).set_index(["encoder", "pooling", "solver"])
    assert found.loc[("minilm", "mean", "optimum"), "converged"] == 1
    assert found.loc[("minilm", "mean", "stopped"), "converged"] == 0
    gap = found.loc[("minilm", "mean", "optimum"), "all"] - found.loc[("minilm", "mean", "stopped"), "all"]
    assert gap == pytest.approx(0.2)


def test_solvers_are_compared_where_both_answered(solvers):
    extra = solvers[solvers["probe"].eq("linear-svr-liblinear") & solvers["layer"].eq(1)]
    assert len(extra)
    more = pd.concat([solvers, extra.assign(layer=99, value=1.0, key=extra["key"].astype(str) + "/99")])
    for name in ("solver-scores", "solver-claims"):
        pd.testing.assert_frame_equal(FIGURES[name](view(more)), FIGURES[name](view(solvers)))


def test_one_sample_for_both_solvers_or_no_table(six):
    other = six[six["probe"].eq("linear-svr")].assign(probe="linear-svr-liblinear", dataset="gum")
    for name in ("solver-claims", "solver-scores"):
        assert FIGURES[name](view(six)) is None, "the part 'solver' was not asked"
        with pytest.raises(NotTestable, match="no dataset was answered by both"):
            FIGURES[name](view(pd.concat([six, other], ignore_index=True)))


def control_rows(layers):
    """Ridge on mean-pooled sentences under every grouping and control, each shifted by an amount of its own."""
    shifts = {
        ("folds=5;groups=text", ""): -0.01,
        ("folds=5;groups=document", ""): -0.03,
        ("folds=5;groups=sentence", "random-labels"): -0.5,
        ("folds=5;groups=sentence", "random-encoder"): -0.2,
    }
    plain = [r for r in study_rows(layers=layers, folds=2, probe="ridge") if r["pooling"] == "mean"]
    found = list(plain)
    for (setting, control), shift in shifts.items():
        for r in plain:
            if control and r["layer"] is None:
                continue
            encoder = f"random:{r['encoder']}" if control == "random-encoder" else r["encoder"]
            found.append(
                {
                    **r,
                    "setting": setting,
                    "control": control,
                    "encoder": encoder,
                    "value": r["value"] + shift,
                    "key": f"{r['key']}/{setting}/{control}",
                }
            )
    return found


def test_leak_and_controls_are_differences_of_means():
    df = frame(control_rows(layers=3))
    table = FIGURES["leak"](view(df))
    assert set(table["encoder"]) == {"minilm", WORD2VEC, "static:glove"} and len(table) == 3 + 2
    assert table["leak: identical sentences together"].to_numpy() == pytest.approx(0.01)
    assert table["leak: documents together"].to_numpy() == pytest.approx(0.03)
    table = FIGURES["controls"](view(df))
    assert table["encoder"].tolist() == ["minilm"] * 3
    assert (table["the task"] - table["random targets"]).to_numpy() == pytest.approx(0.5)
    assert (table["the task"] - table["random weights"]).to_numpy() == pytest.approx(0.2)
    plain = df[df["control"].eq("") & df["setting"].eq("folds=5;groups=sentence")]
    for name in ("leak", "controls"):
        with pytest.raises(NotTestable, match="run the part"):
            FIGURES[name](view(plain))


def test_what_a_step_changes_stands_against_the_encoder_before_it(six):
    assert FIGURES["figure-steps"](view(six)) is None
    once, twice = 'minilm|tune(on="cues(n=9)")', 'minilm|tune(on="cues(n=9)")|prune(sparsity=0.5)'
    plain = six[six["encoder"].eq("minilm")].astype({"encoder": str})
    more = [plain.assign(encoder=name, value=plain["value"] + by) for name, by in ((once, 0.05), (twice, 0.03))]
    df = pd.concat([six.astype({"encoder": str}), *more], ignore_index=True)
    figure = FIGURES["figure-steps"](view(df))
    drawn = drawing_of(figure).table
    assert drawn.groupby("panel")["value"].agg(["min", "max"]).to_numpy() == pytest.approx(
        np.array([[5.0, 5.0], [-2.0, -2.0]])
    )
    assert set(drawn["panel"]) == {"minilm|tune(on=cues)", "minilm|tune(on=cues)|prune(sparsity=0.5)"}
    lines = drawing_of(FIGURES["figure-encoders"](view(df))).table
    assert set(drawn["panel"]) < set(lines["line"])
    assert FIGURES["figure-steps"](view(df[df["encoder"].ne("minilm") & df["encoder"].ne(once)])) is None


@pytest.mark.slow
def test_everything_is_drawn_from_the_folder_and_can_be_read(tmp_path, solvers):
    """Three layers, two static tables, two solvers. Warnings would name texts that are cut off or overlap."""
    rows = study_rows(layers=3, folds=2) + solver_rows() + control_rows(layers=3)
    folder = write_parts(tmp_path / "linguistic-profiling", rows, parts=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = report.publish(STUDY, folder, tmp_path / "out", dataset="ud-english")
    names = {f.name for f in files}
    assert all(f.is_file() and f.stat().st_size for f in files) and len(names) == len(files)
    for stem in ("figure-1", "figure-2", "figure-2-static-glove", "figure-3", "figure-table-2"):
        assert {f"{stem}.{suffix}" for suffix in ("pdf", "png", "csv", "json")} <= names
        assert text_problems(redraw(tmp_path / "out" / f"{stem}.csv")) == []
    for stem in (
        "table-2",
        "table-3",
        "table-4",
        "table-5",
        "claims",
        "against-paper",
        "verdicts",
        "solver-claims",
        "solver-scores",
        "solver-claims-static-glove",
        "leak",
        "controls",
        "table-4-static-glove",
    ):
        assert {f"{stem}.{suffix}" for suffix in ("csv", "tex", "md")} <= names
    shown = pd.read_csv(tmp_path / "out" / "figure-2.csv")
    assert shown["row"].nunique() == 68 and shown.groupby("panel")["row"].nunique().tolist() == [34, 34]
    assert shown["row"].iloc[0] == "sent_length" and len(shown) == 68 * 3
    verdicts = pd.read_csv(tmp_path / "out" / "verdicts.csv")
    assert len(verdicts) == 15 and verdicts.shape[1] == 2 + 8


def test_what_cannot_be_drawn_is_left_out_with_a_reason(tmp_path):
    rows = [r for r in study_rows(layers=2, folds=2, statics=()) if "control" not in r]
    folder = write_parts(tmp_path / "exp", [r for r in rows if r["pooling"] in ("mean", "cls")])
    with pytest.warns(UserWarning) as caught:
        files = report.publish(STUDY, folder)
    left_out = {str(w.message).partition(" is left out")[0] for w in caught}
    assert {"figure-2", "figure-3", "table-2", "table-3", "table-4", "verdicts"} <= left_out
    names = {f.name for f in files}
    assert "figure-1.pdf" in names and "claims.csv" in names and (folder / "_figures" / "figure-1.png").is_file()
    shown = pd.read_csv(folder / "_figures" / "figure-1.csv")
    assert set(shown["line"]) == {"Mean", "[CLS]"}


def test_figure_1_shows_the_means_of_the_rows(six):
    table = drawing_of(FIGURES["figure-1"](view(six))).table
    rows = six[(six["encoder"] == "minilm") & (six["pooling"] == "sum") & (six["layer"] == 2)]
    wanted = summarise(rows[rows["task"].isin(in_group("syntax"))], "pooling")["value"].item()
    cell = table[(table["panel"] == "Syntax") & (table["line"] == "Sum") & (table["x"] == -5)]
    assert cell["value"].item() == pytest.approx(wanted)
    assert list(dict.fromkeys(table["panel"])) == ["Raw text", "Morphosyntax", "Syntax", "All features"]


def test_figure_3_has_ten_columns_in_two_blocks(six):
    table = drawing_of(FIGURES["figure-3"](view(six))).table
    assert len(table) == 68 * 10 and table["block"].nunique() == 2
    dot = table[table["row"] == "xpos_dist_."].set_index(["block", "column"])["value"]
    assert dot.groupby("block").idxmax().map(lambda pair: pair[1]).tolist() == ["tok_4", "tok_4"]


def test_a_view_refuses_what_its_rows_do_not_hold(six):
    v = view(six)
    with pytest.raises(NotTestable, match="no scores of minilm with Mean, layer 9"):
        v.means.rho("mean", 9)
    assert v.baseline() == pytest.approx(np.mean([abs(f.rho) for f in PROFILING_68]))
