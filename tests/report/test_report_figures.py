"""Figures: what they show is what their table says, every text can be read, and a file can be made again."""

from __future__ import annotations

import json
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from report_rows import frame, row

from probekit.errors import ProbekitError, UnknownName
from probekit.report import bars, curves, heatmap, layer_curves, layer_heatmap, redraw, save, style, text_problems

LONG_NAMES = [
    "avg_prepositional_chain_len",
    "subordinate_proposition_dist",
    "verbs_num_pers_dist_Sing+3",
    "xpos_dist_.",
]


def grid(n_rows=6, columns=("1", "2", "3"), seed=0, panels=("left", "right")):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        [(p, f"{p} {LONG_NAMES[i % 4]} {i}", c, rng.normal()) for p in panels for i in range(n_rows) for c in columns],
        columns=["panel", "feature", "layer", "value"],
    )


def colours_of(figure, axes=0):
    """Face colours of the cells of a heatmap, in the order of its table."""
    figure.canvas.draw()
    return figure.axes[axes].collections[0].get_facecolors()


def every_figure():
    many = grid(34, [str(-i) for i in range(12, 0, -1)])
    line = pd.DataFrame(
        [
            (p, n, x, 0.5 + 0.01 * x + 0.1 * i, 0.4, 0.7)
            for p in ("Raw text", "Syntax", "All")
            for i, n in enumerate(("Mean", "Max", "Min", "Sum", "[CLS]"))
            for x in range(-12, 0)
        ],
        columns=["group", "pooling", "layer", "value", "low", "high"],
    )
    flat = pd.DataFrame({"group": ["Raw text", "Syntax"], "pooling": "word2vec:trained-on-the-corpus", "value": 0.45})
    bar = pd.DataFrame(
        [
            (p, x, c, 0.3 + 0.1 * i)
            for p in ("minilm, the paper's BERT", "word2vec", "length")
            for i, x in enumerate(("Raw text", "Morphosyntax", "Syntax", "All features"))
            for c in ("ours", "paper")
        ],
        columns=["encoder", "group", "whose", "rho"],
    )
    lines = pd.concat([line, flat])
    return {
        "signed": heatmap(
            many,
            "feature",
            "layer",
            panels="panel",
            signed=True,
            annotate=".1f",
            label="difference",
            title="A title so long that it has to run over two lines " * 2,
        ),
        "plain": heatmap(grid(), "feature", "layer", panels="panel", label="rho", width=style.COLUMN * 2),
        "narrow": heatmap(grid(panels=("one",)), "feature", "layer", label="rho", width=4.5),
        "curves": curves(lines, "layer", lines="pooling", panels="group", low="low", high="high", title="Curves"),
        "one panel": curves(line[line["group"] == "All"], "layer", lines="pooling", width=style.COLUMN),
        "bars": bars(bar, "group", "rho", colours="whose", panels="encoder", annotate=".2f", title="Bars"),
        "narrow bars": bars(bar[bar["encoder"] == "length"], "group", "rho", colours="whose", width=style.COLUMN),
    }


@pytest.fixture(scope="module")
def figures():
    return every_figure()


@pytest.mark.parametrize("name", ["signed", "plain", "narrow", "curves", "one panel", "bars", "narrow bars"])
def test_every_text_is_inside_the_figure_and_none_overlap(figures, name):
    assert text_problems(figures[name]) == []


def test_texts_that_overlap_or_leave_the_canvas_are_found():
    figure = style.new_figure(3, 2)
    figure.text(0.5, 0.5, "one label")
    figure.text(0.52, 0.5, "another label")
    figure.text(0.95, 0.1, "much too far to the right")
    problems = text_problems(figure)
    assert any("'one label' and 'another label' overlap" in p for p in problems)
    assert any("'much too far to the right' is cut off" in p for p in problems) and len(problems) == 2


def test_a_signed_scale_is_centred_at_zero():
    df = pd.DataFrame({"r": ["a", "a", "a"], "c": ["x", "y", "z"], "value": [-0.1, 0.0, 0.4]})
    figure = heatmap(df, "r", "c", signed=True)
    blue, white, red = colours_of(figure)
    wanted = matplotlib.colormaps[style.DIVERGING]([0.375, 0.5, 1.0])
    assert np.allclose([blue, white, red], wanted, atol=0.01)
    assert figure.axes[-1].get_ylim() == pytest.approx((-0.4, 0.4))
    assert red[0] > red[2] and blue[2] > blue[0]


def test_cells_stand_where_the_table_says():
    df = grid(3, panels=("one",)).sample(frac=1, random_state=1)
    order = [f"one {LONG_NAMES[i]} {i}" for i in (2, 0, 1)]
    figure = heatmap(df, "feature", "layer", row_order=order, limits=(-2, 2), scale=1)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == order
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["1", "2", "3"]
    cells = [df[(df["feature"] == r) & (df["layer"] == c)]["value"].item() for r in order for c in "123"]
    wanted = matplotlib.colormaps[style.SEQUENTIAL]((np.array(cells) + 2) / 4)
    assert np.allclose(colours_of(figure), wanted, atol=0.01)


def test_a_missing_cell_is_grey_and_its_line_is_in_the_table():
    df = grid(2, panels=("one",)).drop(index=1)
    figure = heatmap(df, "feature", "layer", annotate=".1f")
    assert figure.probekit_drawing.table["value"].isna().tolist() == [False, True, False, False, False, False]
    assert matplotlib.colors.to_hex(figure.axes[0].get_facecolor()) == style.MISSING
    printed = [t.get_text() for t in figure.axes[0].texts]
    assert len(printed) == 5


def test_numbers_that_round_to_zero_have_no_sign():
    df = pd.DataFrame({"r": ["a", "a"], "c": ["x", "y"], "value": [-0.001, -0.5]})
    assert [t.get_text() for t in heatmap(df, "r", "c", annotate=".1f", signed=True).axes[0].texts] == ["0.0", "-0.5"]


def test_layers_sort_by_number_not_by_text():
    df = grid(2, [str(i) for i in (10, 2, 1)], panels=("one",))
    assert [t.get_text() for t in heatmap(df, "feature", "layer").axes[0].get_xticklabels()] == ["1", "2", "10"]


def test_saving_writes_the_table_and_the_same_bytes_each_time(tmp_path, figures):
    fresh = every_figure()
    for name in ("plain", "curves", "bars"):
        files = save(figures[name], tmp_path / "a" / name, formats=("pdf", "png", "svg"))
        again = save(fresh[name], tmp_path / "b" / name, formats=("pdf", "png", "svg"))
        assert [f.suffix for f in files] == [".csv", ".json", ".pdf", ".png", ".svg"]
        for one, two in zip(files, again, strict=True):
            assert one.read_bytes() == two.read_bytes(), one.name
        assert b"CreationDate" not in files[2].read_bytes() and b"<dc:date>" not in files[4].read_bytes()


def test_a_figure_is_drawn_again_from_its_files_alone(tmp_path, figures):
    csv, _, _, png = save(figures["curves"], tmp_path / "first")
    redrawn = save(redraw(csv), tmp_path / "second")
    assert redrawn[3].read_bytes() == png.read_bytes() and redrawn[0].read_bytes() == csv.read_bytes()


def test_a_changed_table_changes_the_picture(tmp_path, figures):
    csv, _, _, png = save(figures["plain"], tmp_path / "first")
    table = pd.read_csv(csv)
    table.loc[0, "value"] += 3
    table.to_csv(csv, index=False)
    assert save(redraw(csv), tmp_path / "second")[3].read_bytes() != png.read_bytes()


def test_names_that_look_like_numbers_or_nothing_survive_the_table(tmp_path):
    df = pd.DataFrame({"r": ["NA", "1.0", "null"], "c": "1", "value": [0.1, 0.2, 0.3]})
    csv = save(heatmap(df, "r", "c", row_order=["NA", "1.0", "null"]), tmp_path / "x")[0]
    assert [t.get_text() for t in redraw(csv).axes[0].get_yticklabels()] == ["NA", "1.0", "null"]


def test_a_figure_from_elsewhere_needs_its_table(tmp_path):
    figure = Figure()
    figure.text(0.5, 0.5, "x")
    with pytest.raises(ProbekitError, match="carries no table"):
        save(figure, tmp_path / "x")
    files = save(figure, tmp_path / "x.png", pd.DataFrame({"a": [1]}), formats=("png",))
    assert [f.name for f in files] == ["x.csv", "x.png"]
    with pytest.raises(UnknownName, match="figure format"):
        save(figure, tmp_path / "x", formats=("gif",))


def test_saving_warns_of_text_that_cannot_be_read(tmp_path):
    figure = style.new_figure(2, 2)
    figure.text(0.9, 0.5, "far outside the canvas")
    with pytest.warns(UserWarning, match="cut off"):
        save(figure, tmp_path / "x", pd.DataFrame({"a": [1]}), formats=("png",))


def rows(metric="spearman"):
    return [
        row(
            task=f"sentence/t{t}",
            task_group="raw text" if t else "syntax",
            encoder=e,
            layer=layer,
            fold=f,
            metric=metric,
            pooling=p,
            value=0.1 * t + 0.01 * f + (layer or 0) / 100,
        )
        for t in range(3)
        for p in ("mean", "max")
        for f in range(3)
        for e, layer in (("minilm", 1), ("minilm", 2), ("minilm", 10), ("static:glove", None))
    ]


def test_rows_are_averaged_over_folds_and_nothing_is_lost():
    figure = layer_heatmap(frame([r for r in rows() if r["pooling"] == "mean"]))
    table = figure.probekit_drawing.table
    assert list(dict.fromkeys(table["column"])) == ["1", "2", "10", "no layer"]
    cell = table[(table["panel"] == "minilm") & (table["row"] == "sentence/t2") & (table["column"] == "10")]
    assert cell["value"].item() == pytest.approx(0.2 + 0.01 + 0.1)
    assert set(table["panel"]) == {"minilm", "static:glove"} and text_problems(figure) == []


def test_numbers_below_a_curve_are_its_own_unless_two_would_run_together():
    wide, near = ([10, 20, 40, 66, 100], [10, 20, 40, 60, 66, 70, 100])
    for places, own in ((wide, True), (near, False)):
        figure = curves(pd.DataFrame({"k": places, "value": 1.0}), "k")
        figure.canvas.draw()
        shown = [round(x) for x in figure.axes[0].get_xticks() if min(places) <= x <= max(places)]
        assert (shown == places) == own and len(shown) >= 4


def test_layer_curves_have_intervals_and_references():
    figure = layer_curves(frame([r for r in rows() if r["encoder"] == "minilm"]))
    table = figure.probekit_drawing.table
    assert set(table["panel"]) == {"raw text", "syntax"} and set(table["line"]) == {"mean", "max"}
    assert (table["low"] < table["value"]).all() and (table["high"] > table["value"]).all()
    assert text_problems(figure) == []
    flat = pd.DataFrame({"x": [1.0, 2.0, np.nan], "value": [0.1, 0.2, 0.3], "line": ["a", "a", "reference"]})
    drawn = curves(flat, "x", lines="line").axes[0].get_lines()
    assert [list(line.get_ydata()) for line in drawn] == [[0.1, 0.2], [0.3, 0.3]]


def test_several_metrics_or_values_on_one_mark_are_refused():
    two = frame(rows() + rows("pearson"))
    with pytest.raises(ProbekitError, match="several metrics"):
        layer_heatmap(two)
    chosen = layer_heatmap(two, metric="pearson", panels="pooling")
    assert set(chosen.probekit_drawing.table["panel"]) == {"mean", "max"}
    with pytest.raises(ProbekitError, match="they differ in metric: select one"):
        heatmap(two, "task", "layer")
    df = pd.DataFrame({"r": ["a", "a"], "c": ["x", "x"], "value": [1.0, 2.0]})
    with pytest.raises(ProbekitError, match="several values fall on one mark"):
        heatmap(df, "r", "c")


def test_other_refusals():
    df = grid(2)
    with pytest.raises(UnknownName, match="did you mean feature"):
        heatmap(df, "featur", "layer")
    with pytest.raises(ProbekitError, match="nothing to draw"):
        heatmap(df.iloc[:0], "feature", "layer")
    with pytest.raises(ProbekitError, match="no row has a value"):
        heatmap(df.assign(value=np.nan), "feature", "layer", panels="panel")
    with pytest.raises(ProbekitError, match="leaves out"):
        heatmap(df, "feature", "layer", panels="panel", column_order=["1"])
    with pytest.raises(ProbekitError, match="colour limits"):
        heatmap(df, "feature", "layer", panels="panel", signed=True, limits=(-1, 2))
    many = pd.DataFrame([(x, str(n), 0.1) for x in (1, 2) for n in range(9)], columns=["x", "line", "value"])
    with pytest.raises(ProbekitError, match="cannot be told apart"):
        curves(many, "x", lines="line")


def test_values_beyond_the_limits_are_shown_by_arrows(tmp_path):
    figure = heatmap(grid(2), "feature", "layer", panels="panel", signed=True, limits=(-0.1, 0.1))
    bar = next(ax for ax in figure.axes if ax.get_label() == "<colorbar>")
    assert bar._colorbar.extend == "both"
    assert json.loads((save(figure, tmp_path / "x")[1]).read_text())["options"]["limits"] == [-0.1, 0.1]


def test_drawing_leaves_the_global_style_alone():
    before = dict(matplotlib.rcParams)
    heatmap(grid(2), "feature", "layer", panels="panel")
    assert dict(matplotlib.rcParams) == before


def test_a_heatmap_in_rows_of_panels_with_the_greatest_values_beside_it(tmp_path):
    rows = [(p, r, c, 0.1 * i + 0.01 * j) for p in "pqr" for i, r in enumerate("ab") for j, c in enumerate("xyz")]
    table = pd.DataFrame(rows, columns=["panel", "row", "column", "value"])
    plain = heatmap(table, "row", "column", panels="panel")
    figure = heatmap(table, "row", "column", panels="panel", across=2, margins=True, annotate=".2f")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of text that is cut off or overlaps
        save(figure, tmp_path / "figure")
    panels = [ax for ax in figure.axes if ax.get_title()]
    assert len(panels) == 3 == len([ax for ax in plain.axes if ax.get_title()])
    places = [ax.get_subplotspec() for ax in panels]
    assert [(p.rowspan.start, p.colspan.start) for p in places] == [(0, 0), (0, 1), (1, 0)]
    for ax in panels:
        right, top = ax.child_axes
        # Bars begin at one place below the scale; their lengths differ as the greatest values do.
        ends = [bar.get_x() + bar.get_width() for bar in right.patches]
        assert np.allclose(ends, [0.02, 0.12])
        assert np.allclose([bar.get_y() + bar.get_height() for bar in top.patches], [0.1, 0.11, 0.12])
    assert not any(ax.child_axes for ax in plain.axes)
    (bar,) = [ax for ax in figure.axes if ax.get_label() == "<colorbar>"]
    assert "bars: greatest of each row and column, from -0.0096 on" in bar.get_ylabel().replace("\n", " ")
    alone = heatmap(table[table["column"].eq("x")], "row", "column", panels="panel", margins=True)
    assert not any(ax.child_axes for ax in alone.axes), "of one column there is no greatest"


def test_a_picture_in_a_palette_is_the_picture_to_the_eye(tmp_path):
    """256 colours for more: no pixel is off by what an eye sees, and bytes are the same again."""
    from PIL import Image

    rng = np.random.default_rng(0)
    table = pd.DataFrame({"r": np.repeat(np.arange(30), 30), "c": np.tile(np.arange(30), 30), "v": rng.random(900)})
    figure = heatmap(table, "r", "c", "v", title="a title")
    files = [save(figure, tmp_path / name, formats=("png",))[-1] for name in ("x", "again")]
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as picture:
        assert picture.mode == "P" and len(picture.getcolors(256)) <= 256
        kept = np.asarray(picture.convert("RGB")).astype(int)
    drawn = redraw(tmp_path / "x.csv")
    text_problems(drawn)
    drawn.set_layout_engine(None)
    with style.looks():
        drawn.savefig(tmp_path / "true.png", format="png")
    with Image.open(tmp_path / "true.png") as picture:
        whole = np.asarray(picture.convert("RGB")).astype(int)
    assert whole.shape == kept.shape and len(np.unique(whole.reshape(-1, 3), axis=0)) > 400
    assert np.abs(whole - kept).max() <= 20


def test_bars_stand_over_their_names_alone_and_beside_chance():
    table = pd.DataFrame({"x": ["a", "a", "b"], "who": ["one", "two", "two"], "v": [1.0, 2.0, 3.0]})
    figure = bars(table, "x", "v", colours="who", chance=0.5)
    (axes,) = figure.axes
    middles = sorted(round(bar.get_x() + bar.get_width() / 2, 6) for bar in axes.patches)
    assert middles == [-0.2, 0.2, 1.0]  # the bar without another stands in the middle
    assert [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"] == [0.5]
    assert len(bars(table, "x", "v", colours="who").figure.axes[0].lines) < len(axes.lines)


def test_every_panel_of_bars_spans_all_places():
    table = pd.DataFrame({"x": list("abcab"), "v": 1.0, "panel": ["whole"] * 3 + ["two"] * 2})
    whole, two = (axes.get_xlim() for axes in bars(table, "x", "v", panels="panel").axes)
    assert whole == pytest.approx(two)


def test_places_and_colours_stand_in_the_given_order_though_the_first_panel_lacks_some(tmp_path):
    table = pd.DataFrame({"x": list("acabc"), "who": list("mnlmn"), "v": 1.0, "panel": ["part"] * 2 + ["whole"] * 3})
    for order, expected in ((list("cba"), "cba"), (None, "acb")):
        figure = bars(table, "x", "v", colours="who", panels="panel", x_order=order, colour_order=list("lmn"))
        for one in (figure, redraw(save(figure, tmp_path / f"bars-{expected}")[0])):
            for axes in one.axes:
                assert "".join(label.get_text() for label in axes.get_xticklabels()) == expected
            assert [text.get_text() for text in one.legends[0].get_texts()] == list("lmn")


def test_panels_leave_no_row_nearly_empty():
    table = pd.DataFrame({"x": ["a"] * 4, "panel": list("1234"), "v": [1.0, 2.0, 3.0, 4.0]})
    figure = bars(table, "x", "v", panels="panel")
    rows = {round(ax.get_position().y0, 2) for ax in figure.axes}
    assert len(figure.axes) == 4 and 4 % len(rows) == 0
    curved = pd.concat([table.assign(at=1), table.assign(at=2)])
    three = curves(curved[curved["panel"].ne("4")], "at", "v", panels="panel")
    assert len({ax.get_subplotspec().rowspan.start for ax in three.axes}) == 1
