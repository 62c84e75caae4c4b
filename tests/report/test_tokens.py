"""Coloured text: the figure, the page, the page in a browser, and the command that makes it."""

from __future__ import annotations

import html
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from relevance_texts import TEXTS, bert_folder, cnn_classifier

from probekit import relevance
from probekit.errors import ProbekitError
from probekit.report import redraw, save, text_problems, tokens, tokens_page
from probekit.report.token_colours import colour, ink, intensity, luminance

EVIL = ["<script>document.title='taken'</script>", "a&b", '"quoted"', "$x_1$", "naïve", "שלום", "<b>bold</b>", "🙂"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def table(words=tuple(EVIL), rows=("sport", "art"), columns=("lrp", "sa")):
    rng = np.random.default_rng(0)
    lines = [
        ("text 1", row, column, position, word, float(rng.normal()) if column == "lrp" else float(rng.random()))
        for row in rows
        for column in columns
        for position, word in enumerate(words)
    ]
    return pd.DataFrame(lines, columns=["text", "target", "method", "position", "word", "value"])


def test_colours_are_signed_and_relative_to_the_strongest():
    assert intensity(np.array([2.0, -4.0, 0.0])).tolist() == [0.5, -1, 0]
    assert intensity(np.zeros(2)).tolist() == [0, 0]
    assert colour(0) == (255, 255, 255)
    red, blue = colour(1), colour(-1)
    assert red[0] > red[2] and blue[2] > blue[0] and colour(0.5)[1] > red[1]
    assert ink(red) == "#ffffff" and ink((255, 255, 255)) == "#000000"


@pytest.mark.parametrize("size", [True, False])
def test_words_can_be_read_on_every_colour(size):
    for strength in np.linspace(0 if size else -1, 1, 201):
        back = colour(strength, size)
        light, dark = sorted([luminance(back), {"#ffffff": 1.0, "#000000": 0.0}[ink(back)]], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, back  # WCAG 2.1, level AA
    assert luminance((255, 0, 0)) == pytest.approx(0.2126) and luminance((188, 188, 188)) == pytest.approx(
        0.5, abs=0.01
    )


def test_the_figure_is_redrawn_from_its_table_and_no_text_is_cut(tmp_path):
    words = ("The quick brown fox jumps over the lazy dog and an " + "extra" * 30 + " word costs $5 .").split() * 3
    made = tokens(table(words), rows="target", columns="method", title="Why")
    assert text_problems(made) == []
    files = save(made, tmp_path / "why")
    assert {file.suffix for file in files} == {".csv", ".json", ".pdf", ".png"}
    first = (tmp_path / "why.png").read_bytes()
    save(redraw(tmp_path / "why.csv"), tmp_path / "again")
    assert (tmp_path / "again.png").read_bytes() == first
    alone = tokens(table().query("target == 'art' and method == 'sa'"))
    assert text_problems(alone) == []


def test_rows_and_columns_keep_their_first_order_or_take_the_given_one():
    drawn = [t.get_text() for t in tokens(table(), rows="target", columns="method").texts]
    assert drawn.index("sport") < drawn.index("art") and drawn.index("lrp") < drawn.index("sa")
    turned = tokens(table(), rows="target", columns="method", row_order=["art", "sport"], column_order=["sa", "lrp"])
    drawn = [t.get_text() for t in turned.texts]
    assert drawn.index("art") < drawn.index("sport") and drawn.index("sa") < drawn.index("lrp")


def test_bad_tables_are_refused():
    with pytest.raises(ProbekitError, match="unknown column 'values'; did you mean value"):
        tokens(table(), value="values")
    with pytest.raises(ProbekitError, match="several words in one panel"):
        tokens(table(), rows="target")
    with pytest.raises(ProbekitError, match="nothing to draw"):
        tokens(table().head(0))
    with pytest.raises(ProbekitError, match="not finite"):
        tokens(table().assign(value=np.nan), rows="target", columns="method")


def test_the_page_is_one_file_that_escapes_its_text(tmp_path):
    page = tokens_page(
        table(),
        tmp_path / "deep" / "page.html",
        texts="text",
        rows="target",
        columns="method",
        title="a <title>",
        notes={"text 1": "predicted: <i>art</i>"},
    )
    content = page.read_text(encoding="utf-8")
    assert "<script" not in content and "<b>bold" not in content and "<i>art" not in content
    assert not re.search(r"(src|href)=|url\(|@import", content), "nothing is fetched"
    for word in EVIL:
        assert content.count(f">{html.escape(word)}</span>") == 4
    assert "linear-gradient" in content and "against" in content and content.count("<h2>") == 1
    assert [p.name for p in page.parent.iterdir()] == ["page.html"]


def test_sizes_have_a_scale_of_their_own_and_lines_stand_where_they_belong(tmp_path):
    page = tokens_page(
        table(["a"], rows=["a-long-name-of-a-class"]),
        tmp_path / "page.html",
        texts="text",
        rows="target",
        columns="method",
        sizes=["sa"],
        under={("text 1", "a-long-name-of-a-class", "lrp"): "1.2 = words <all>"},
        remarks=["text 2 is left out"],
    ).read_text(encoding="utf-8")
    looks = re.findall(r'<span style="background:rgb\((\d+),(\d+),(\d+)\)', page)
    assert len(set(looks[0])) == 3 and looks[1] == ("64", "64", "64"), "the strongest of either scale"
    assert page.count('class="legend"') == 2 and "how much, without a sign" in page
    # The account is read from the left whatever the script of the text.
    assert (
        page.count('<p dir="ltr">1.2 = words &lt;all&gt;</p></td>') == 1
        and page.count("<p>text 2 is left out</p>") == 1
    )
    assert "anywhere" not in re.search(r"\nth\{[^}]*\}", page)[0], "names of classes are not cut inside a word"
    signed = tokens_page(table(["a"]), tmp_path / "signed.html", texts="text", rows="target", columns="method")
    assert "without a sign" not in signed.read_text(encoding="utf-8")


def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("NO BROWSER: the page was not rendered; install chromium (apt-get install chromium)")
    return found


def run_browser(*arguments):
    command = [
        browser(),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        *map(str, arguments),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_shows_the_words_in_their_colours_and_runs_no_script(tmp_path):
    from matplotlib.image import imread

    data = table()
    data["value"] = np.where(data["position"] % 2 == 0, 1.0, -1.0)
    page = tokens_page(data, tmp_path / "page.html", texts="text", rows="target", columns="method", title="mine")
    shown = run_browser("--dump-dom", f"file://{page}")
    assert shown.returncode == 0, shown.stderr[-500:]
    assert "<title>mine</title>" in shown.stdout and "<script>" not in shown.stdout
    shot = tmp_path / "page.png"
    run = run_browser("--window-size=1000,600", f"--screenshot={shot}", f"file://{page}")
    assert shot.is_file(), run.stderr[-500:]
    pixels = (imread(shot)[:, :, :3] * 255).round().astype(int)
    for strength in (1, -1):
        near = (np.abs(pixels - np.array(colour(strength))).sum(2) < 6).sum()
        assert near > 500, f"colour {colour(strength)} covers {near} pixels"


# --- the command


@pytest.fixture
def command(monkeypatch, capsys):
    from probekit import cli

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["probekit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out + said.err

    return run


def test_probekit_explain_writes_a_page_for_own_and_hugging_face_classifiers(command, tmp_path):
    from probekit.learners.classifier import save_classifier

    own = save_classifier(cnn_classifier(), tmp_path / "cnn")
    texts = tmp_path / "texts.txt"
    texts.write_text("the old house stood there\n\nthey ride bikes & <b>more</b>\n", encoding="utf-8")
    for model in (own, bert_folder()):
        page = tmp_path / "page.html"
        code, said = command(
            "explain",
            "--model",
            model,
            "--text",
            texts,
            "--method",
            "lrp",
            "--method",
            "sa",
            "--target",
            "art",
            "--target",
            "sport",
            "--out",
            page,
        )
        assert code == 0, said
        assert "text 2" in said and "= words" in said and f"Page: {page}" in said
        content = page.read_text(encoding="utf-8")
        assert content.count("<h2>") == 2 and ">house</span>" in content and "<b>more" not in content
        page.unlink()
    code, said = command("explain", "--model", own, "--text", texts, "--target", "spor", "--out", page)
    assert code and "did you mean sport" in said and not page.exists()
    code, said = command("explain", "--model", own, "--text", tmp_path / "no.txt", "--out", page)
    assert code and "no.txt" in said
    code, said = command("explain", "--model", own, "--text", texts, "--method", "sa", "--rules", "lrp", "--out", page)
    assert code and "--rules are those of lrp" in said


def test_the_table_of_explanations_has_a_line_for_every_word():
    made = cnn_classifier()
    found = {name: relevance.explain_texts(made, TEXTS, "all", name) for name in ("lrp", "sa")}
    lines = relevance.tokens_table(found)
    assert len(lines) == 2 * 3 * sum(map(len, TEXTS))
    one = lines[lines["text"].eq("text 2") & lines["method"].eq("lrp") & lines["target"].str.startswith("news")]
    assert one["word"].tolist() == TEXTS[1]
    np.testing.assert_allclose(one["value"], found["lrp"][1].relevance[1])
