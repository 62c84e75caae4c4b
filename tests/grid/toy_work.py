"""A work that counts its calls, and fails, dies, sleeps or lies when told to.

What it does is told by files in the folder TOY_FOLDER, so that worker processes hear of it too.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pyarrow as pa

from probekit.grid import Answer, works
from probekit.rows import parse_setting


def told(name):
    path = Path(os.environ["TOY_FOLDER"]) / name
    return path.read_text().split() if path.exists() else []


def tell(name, text):
    handle = os.open(Path(os.environ["TOY_FOLDER"]) / name, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(handle, f"{text}\n".encode())
    os.close(handle)


@works.register("toy", revision=int(os.environ.get("TOY_REVISION", "1")))
def toy(cell):
    """Answers with numbers that depend on the question alone."""
    answer = Answer()
    lines = {name: [] for name in ("key", "split", "unit", "group", "gold", "predicted", "score")}
    tell("workers", os.getpid())
    for question in cell.questions:
        x, task = parse_setting(question.axes["setting"])["x"], question.axes["task"]
        tell("calls", f"{task}/{x}")
        time.sleep(float((told("sleep") or [0])[0]))
        if x in told("change"):
            file, more = told("what")
            with open(file, "a", encoding="utf-8") as opened:
                opened.write(more.replace("_", " ") + "\n")
        if x in told("fail"):
            raise RuntimeError(f"no luck with {x}")
        if x in told("interrupt"):
            raise KeyboardInterrupt
        if x in told("signal"):
            os.kill(os.getpid(), signal.SIGINT)
        if x in told("die") or (x in told("die_once") and x not in told("dead")):
            tell("dead", x)
            os._exit(1)
        value = int(x) + len(task) / 7 + (question.axes.get("seed") or 0)
        row = {"key": question.key, "metric": "m", "split": "test", "value": value, "info": {"x": x}}
        lie = told("lie")
        if "column" in lie:
            row["score"] = 1.0
        if "gap" in lie:
            row["value"] = float("nan")
        if "key" in lie:
            answer.rows.append({**row, "key": "another"})
        if "twice" in lie:
            answer.rows.append(dict(row))
        if "silent" not in lie:
            answer.rows += [row, {**row, "metric": "n"}]
        for name, cells in zip(lines, (question.key, "test", 0, 0, "1", x, value), strict=True):
            lines[name].append(cells)
    if "stranger" in told("lie"):
        lines["key"] = ["another"] * len(lines["key"])
    if "table" in told("lie"):
        del lines["gold"]
    if "empty" not in told("lie"):
        answer.tables["predictions"] = pa.table(lines)
    return answer
