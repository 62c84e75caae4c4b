"""Scatter and points: marks stand where the table says, names can be read, a file can be made again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from probekit.errors import ProbekitError, UnknownName
from probekit.report import points, redraw, save, scatter, style, text_problems


def scores(n=40, seed=0):
    rng = np.random.default_rng(seed)
    before = rng.uniform(0.5, 0.9, n)
    return pd.DataFrame(
        {
            "before": before,
            "after": before + rng.normal(0.03, 0.03, n),
            "domain": [f"domain {i % 9}" for i in range(n)],
            "name": [f"property {i}" for i in range(n)],
            "half": ["first" if i % 2 else "second" for i in range(n)],
        }
    )


def clouds(n=60, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            (panel, *(rng.normal(size=2) * size), f"word{i}" if i < 8 else "", "most" if i < 8 else "least", i < 20)
            for panel, size in (("original", 1.0), ("subspace", 3.0))
            for i in range(n)
        ],
        columns=["space", "x", "y", "word", "kind", "shown"],
    )


def drawn(figure, axes=0):
    """Places of all marks of a panel, whatever their colour, as a sorted list."""
    found = [tuple(at) for c in figure.axes[axes].collections for at in np.asarray(c.get_offsets())]
    return sorted((round(float(x), 9), round(float(y), 9)) for x, y in found)


FIGURES = {
    "scatter": lambda: scatter(
        scores(),
        "before",
        "after",
        colours="domain",
        labels="name",
        diagonal=True,
        scale=100,
        title="A title so long that it runs over two lines of the figure " * 2,
        x_label="before",
        y_label="after",
    ),
    "panels": lambda: scatter(scores(), "before", "after", panels="half", width=5.0),
    "column": lambda: scatter(scores(), "before", "after", labels="name", width=style.COLUMN, diagonal=True),
    "points": lambda: points(clouds(), colours="kind", labels="word", panels="space", highlight="shown", across=2),
    "one cloud": lambda: points(clouds(), "x", "y", x_label="first", y_label="second", width=style.COLUMN),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_text_is_inside_the_figure_and_none_overlap(name):
    assert text_problems(FIGURES[name]()) == []


@pytest.mark.parametrize("name", ["scatter", "points"])
def test_a_figure_is_drawn_again_from_its_files_alone(tmp_path, name):
    files = save(FIGURES[name](), tmp_path / "a" / name)
    again = save(redraw(files[0]), tmp_path / "b" / name)
    for one, two in zip(files, again, strict=True):
        assert one.read_bytes() == two.read_bytes(), one.name


def test_marks_stand_where_the_table_says():
    df = scores()
    wanted = sorted(zip((100 * df["before"]).round(9), (100 * df["after"]).round(9), strict=True))
    figure = scatter(df.sample(frac=1, random_state=3), "before", "after", colours="domain", scale=100)
    assert drawn(figure) == wanted
    halves = scatter(df, "before", "after", panels="half", panel_order=["first", "second"])
    assert [len(drawn(halves, i)) for i in (0, 1)] == [20, 20]
    assert halves.axes[0].get_title() == "first"


def test_a_line_without_a_number_stays_in_the_table_and_is_not_drawn():
    df = scores()
    df.loc[3, "after"] = np.nan
    figure = scatter(df, "before", "after", labels="name")
    assert len(drawn(figure)) == 39 and len(figure.probekit_drawing.table) == 40
    assert "property 3" not in [t.get_text() for t in figure.axes[0].texts]


def test_the_diagonal_has_one_scale_and_cuts_the_axes_at_the_same_numbers():
    ax = scatter(scores(), "before", "after", diagonal=True).axes[0]
    assert ax.get_xlim() == ax.get_ylim() and ax.get_box_aspect() == 1
    line = ax.get_lines()[0]
    assert list(line.get_xdata()) == list(line.get_ydata())
    given = scatter(scores(), "before", "after", diagonal=True, limits=(0, 1)).axes[0]
    assert given.get_xlim() == (0, 1)
    assert not scatter(scores(), "before", "after").axes[0].get_lines()


def test_a_step_to_the_right_is_as_long_as_a_step_up_and_panels_share_it_on_request():
    def spans(figure):
        return [(round(float(np.ptp(ax.get_xlim())), 6), round(float(np.ptp(ax.get_ylim())), 6)) for ax in figure.axes]

    own = spans(points(clouds(), panels="space"))
    assert all(x == y for x, y in own) and own[0] != own[1]
    shared = spans(points(clouds(), panels="space", same_scale=True))
    assert shared[0] == shared[1] == max(own)


def test_what_is_not_highlighted_is_pale_and_has_no_place_in_the_legend():
    figure = points(clouds(), colours="kind", panels="space", highlight="shown")
    pale, *bright = figure.axes[0].collections
    assert to_hex(pale.get_facecolors()[0]) == "#bdbdbd" and len(pale.get_offsets()) == 40
    assert [len(c.get_offsets()) for c in bright] == [8, 12]
    df = clouds().assign(kind=lambda d: d["kind"].where(d["shown"], "never shown"))
    legend = points(df, colours="kind", highlight="shown").legends[0]
    assert [t.get_text() for t in legend.get_texts()] == ["most", "least"]


def test_colours_and_shapes_tell_forty_nine_kinds_apart_and_more_are_refused():
    df = pd.DataFrame({"x": np.arange(49.0), "y": 0.5, "kind": [f"k{i}" for i in range(49)]})
    figure = points(df, colours="kind")
    looks = {(to_hex(c.get_facecolors()[0]), c.get_paths()[0].vertices.tobytes()) for c in figure.axes[0].collections}
    assert len(looks) == 49
    more = pd.DataFrame({"x": np.arange(50.0), "y": 0.5, "kind": [f"k{i}" for i in range(50)]})
    with pytest.raises(ProbekitError, match="cannot be told apart"):
        scatter(more, "x", "y", colours="kind")


def test_names_without_room_are_counted_in_the_figure():
    df = pd.DataFrame({"x": 0.5, "y": 0.5, "name": [f"a rather long name {i}" for i in range(80)]})
    figure = scatter(df, "x", "y", labels="name", width=style.COLUMN)
    shown = [t for t in figure.axes[0].texts if t.get_text()]
    assert 0 < len(shown) < 80
    assert f"{80 - len(shown)} of 80 names have no room" in figure.get_supxlabel()
    assert text_problems(figure) == []


def test_bad_input_is_named():
    df = scores()
    with pytest.raises(UnknownName, match="did you mean before"):
        scatter(df, "befor", "after")
    with pytest.raises(UnknownName, match="column 'shwn'"):
        points(clouds(), highlight="shwn")
    with pytest.raises(ProbekitError, match="no rows"):
        points(clouds().iloc[:0])
    with pytest.raises(ProbekitError, match="nothing to draw"):
        scatter(df.assign(after=np.nan), "before", "after")
    with pytest.raises(ProbekitError, match="'name' holds no numbers"):
        scatter(df, "before", "name")
    with pytest.raises(ProbekitError, match="'after' holds infinite"):
        scatter(df.assign(after=np.inf), "before", "after")
    with pytest.raises(ProbekitError, match="diagonal=True"):
        scatter(df, "before", "after", limits=(0, 1))
    with pytest.raises(ProbekitError, match="panels side by side"):
        points(clouds(), across=0)
    with pytest.raises(ProbekitError, match="order given for the panels leaves out"):
        points(clouds(), panels="space", panel_order=["original"])


def test_parts_put_together_with_one_index_are_drawn_once():
    part = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})
    both = pd.concat([part.assign(of="a"), part.assign(of="b")])
    table = scatter(both, "x", "y", colours="of").probekit_drawing.table
    assert table[["colour", "x"]].to_numpy().tolist() == [["a", 1.0], ["a", 2.0], ["b", 1.0], ["b", 2.0]]


def test_intervals_of_y_are_drawn_from_end_to_end_and_kept_in_the_table():
    table = pd.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0], "from": [2.0, 3.5], "to": [5.0, 4.5]})
    figure = scatter(table, "x", "y", low="from", high="to", scale=10)
    (lines,) = [one for one in figure.axes[0].collections if hasattr(one, "get_segments")]
    assert [segment.tolist() for segment in lines.get_segments()] == [[[10, 20], [10, 50]], [[20, 35], [20, 45]]]
    assert style.drawing_of(figure).table[["low", "high"]].to_numpy().tolist() == [[20, 50], [35, 45]]
    with pytest.raises(ProbekitError, match="two ends"):
        scatter(table, "x", "y", low="from")


def test_marks_are_joined_to_the_places_they_name():
    table = pd.DataFrame({"x": [0.0, 1.0, 0.5], "y": [0.0, 0.0, 1.0], "px": [0.5, 0.5, None], "py": [1.0, 1.0, None]})
    figure = scatter(table, "x", "y", joined=("px", "py"))
    lines = sorted(tuple(map(tuple, line.get_xydata())) for line in figure.axes[0].lines)
    assert lines == [((0.0, 0.0), (0.5, 1.0)), ((1.0, 0.0), (0.5, 1.0))]
    with pytest.raises(UnknownName, match="elsewhere"):
        scatter(table, "x", "y", joined=("px", "elsewhere"))
