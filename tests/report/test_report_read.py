"""Reading what runs wrote: the same rows as plain pandas, better types, and refusals that say what to do."""

from __future__ import annotations

import json
import math

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_rows import row, study_rows, write_parts

from probekit.errors import ProbekitError, UnknownName
from probekit.report import View, read_manifest, read_results, read_table
from probekit.report import read as read_module
from probekit.rows import TABLES, table


@pytest.fixture
def folder(tmp_path):
    rows = [
        row(task=f"sentence/t{t}", encoder=e, layer=layer, fold=fold, value=t / 10 + (fold or 0) / 100)
        for t in range(3)
        for e, layer in (("minilm", 1), ("static:glove", None))
        for fold in (0, 1, None)
    ]
    rows[4]["value"], rows[4]["note"] = math.nan, "constant prediction"
    return write_parts(tmp_path / "exp", rows, parts=4)


def test_the_same_rows_as_plain_pandas(folder):
    ours, plain = read_results(folder), pd.read_parquet(folder)
    assert list(ours.columns) == list(plain.columns) and len(ours) == len(plain) == 18
    for name in plain.columns:
        same = ours[name].astype(object).where(ours[name].notna(), None)
        assert same.tolist() == plain[name].astype(object).where(plain[name].notna(), None).tolist(), name


def test_empty_layers_stay_empty_and_whole_numbers_whole(folder):
    df = read_results(folder)
    assert str(df["layer"].dtype) == "Int32" and df["layer"].isna().sum() == 9
    assert str(df["seed"].dtype) == "Int64" and str(df["encoder"].dtype) == "category"
    assert (df["control"] == "").all() and not df["control"].isna().any()


def test_categories_take_a_fraction_of_the_memory(tmp_path):
    folder = write_parts(tmp_path / "exp", study_rows(layers=2, folds=2))
    ours = read_results(folder).drop(columns=["info", "key"]).memory_usage(deep=True).sum()
    plain = pd.read_parquet(folder).drop(columns=["info", "key"]).memory_usage(deep=True).sum()
    assert ours < plain / 2


def test_rows_are_the_same_however_many_are_joined_at_a_time(folder, monkeypatch):
    at_once = read_results(folder)
    monkeypatch.setattr(read_module, "ROWS_AT_ONCE", 5)
    in_pieces = read_results(folder)
    assert str(in_pieces["encoder"].dtype) == str(at_once["encoder"].dtype) == "category"
    pd.testing.assert_frame_equal(in_pieces, at_once, check_categorical=False)


def test_names_that_begin_with_an_underscore_or_a_dot_are_no_parts(folder):
    before = len(read_results(folder))
    pq.write_table(table([row(task="other")]), folder / "_draft.parquet")
    (folder / ".part-009.parquet.tmp").write_bytes(b"half")
    (folder / "_tables" / "predictions").mkdir(parents=True)
    assert len(read_results(folder)) == before == len(pd.read_parquet(folder))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p / "absent", r"no results folder .*absent; beside it: exp"),
        (lambda p: p / "exp" / "_manifest.json", "is a file"),
        (lambda p: (p / "empty").mkdir() or p / "empty", "is not a results folder"),
    ],
)
def test_a_folder_that_cannot_be_read_is_refused(folder, make, message):
    with pytest.raises(ProbekitError, match=message):
        read_results(make(folder.parent))


def test_a_folder_without_parts_yet_says_so(tmp_path):
    (tmp_path / "_manifest.json").write_text("{}")
    with pytest.raises(ProbekitError, match="holds no parts yet"):
        read_results(tmp_path)


def test_a_part_with_other_columns_is_refused(folder):
    pq.write_table(pa.table({"a": [1]}), folder / "part-009.parquet")
    with pytest.raises(ProbekitError, match=r"part-009.parquet is not a part .*without the columns"):
        read_results(folder)


def test_a_part_with_another_type_is_refused(folder):
    found = pq.read_table(folder / "part-000.parquet")
    at = found.column_names.index("layer")
    pq.write_table(found.set_column(at, "layer", found["layer"].cast("float64")), folder / "part-000.parquet")
    with pytest.raises(ProbekitError, match="layer is double, not int32"):
        read_results(folder)


def test_a_broken_part_is_refused_by_name(folder):
    (folder / "part-009.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(ProbekitError, match=r"part-009.parquet cannot be read"):
        read_results(folder)


def test_a_part_replaced_while_reading_is_read_again(folder, monkeypatch):
    plain, replaced = read_module._read_part, []

    def slow_reader(part, *rest):
        if not replaced:
            replaced.append(part)
            part.rename(part.with_name("part-100.parquet"))
        return plain(part, *rest)

    before = len(read_results(folder))
    monkeypatch.setattr(read_module, "_read_part", slow_reader)
    assert len(read_results(folder)) == before and replaced


def test_the_same_score_twice_counts_once(folder):
    again = read_results(folder).iloc[:5]
    rows = [row(**{k: (None if pd.isna(v) else v) for k, v in r.items()}) for r in again.to_dict("records")]
    for r in rows:
        r["info"] = json.dumps({"seconds": 99})  # seconds may differ between two runs of one question
    pq.write_table(table(rows), folder / "part-100.parquet")
    assert len(pd.read_parquet(folder)) == 23 and len(read_results(folder)) == 18


def test_two_numbers_for_one_score_are_refused_with_their_parts(folder):
    first = read_results(folder).iloc[0]
    changed = row(**{k: (None if pd.isna(v) else v) for k, v in first.items()} | {"value": 0.999})
    pq.write_table(table([changed]), folder / "part-100.parquet")
    with pytest.raises(ProbekitError, match=r"differ in value \(parts: part-000.parquet, part-100.parquet\)"):
        read_results(folder)


def test_settings_and_info_become_columns(tmp_path):
    rows = [
        row(task="a", setting="folds=5;groups=document", info={"converged": True, "gap": 1e-5}),
        row(task="b", setting="folds=10", info={"converged": False, "chosen": {"alpha": 1}}),
        row(task="c"),
    ]
    df = read_results(write_parts(tmp_path / "exp", rows), expand=("setting", "info"))
    assert df["setting.folds"].tolist()[:2] == [5, 10] and df["setting.folds"].isna().tolist() == [False, False, True]
    assert df["setting.groups"].tolist()[0] == "document" and df["setting.groups"].isna().sum() == 2
    assert df["info.converged"].tolist()[:2] == [True, False]
    assert df["info.gap"][0] == 1e-5 and df["info.chosen"][1] == {"alpha": 1}
    with pytest.raises(UnknownName, match="setting"):
        read_results(tmp_path / "exp", expand=("settings",))


def test_lines_below_are_those_of_the_split_that_is_asked(folder):
    kept = folder / "_tables" / "groups"
    kept.mkdir(parents=True)
    lines = pd.DataFrame({"key": "k", "split": ["dev", "test"], "group": [0, 1], "n": 2, "right": [1, 2]})
    pq.write_table(pa.Table.from_pandas(lines, TABLES["groups"], preserve_index=False), kept / "part.parquet")
    rows = pd.DataFrame({"key": "k", "split": ["dev", "test"], "encoder": "minilm", "value": [0.5, 1.0]})
    view = View(rows, folder=folder)
    assert view.below("groups", split="test")["group"].tolist() == [1]
    assert view.below("groups", encoder="minilm")["group"].tolist() == [0, 1]


def test_tables_below_the_score(folder):
    kept = folder / "_tables" / "predictions"
    kept.mkdir(parents=True)
    for i in range(2):
        content = {
            "key": ["k"],
            "split": ["cv"],
            "unit": [i],
            "group": [i],
            "gold": ["1"],
            "predicted": ["2"],
            "score": [None],
        }
        pq.write_table(pa.table(content, schema=TABLES["predictions"]), kept / f"part-{i}.parquet")
    found = read_table(folder, "predictions")
    assert found["unit"].tolist() == [0, 1] and found["gold"].tolist() == ["1", "1"]
    with pytest.raises(ProbekitError, match=r"kept no table 'curve' \(kept: predictions\)"):
        read_table(folder, "curve")
    with pytest.raises(UnknownName, match="did you mean predictions"):
        read_table(folder, "prediction")


def test_the_manifest(folder):
    assert read_manifest(folder)["experiment"] == "exp" and read_manifest(folder.parent) == {}
    (folder / "_manifest.json").write_text("{")
    with pytest.raises(ProbekitError, match="is not JSON"):
        read_manifest(folder)
