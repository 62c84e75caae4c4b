"""Fault injection: kills a process at one exact place of a run that is otherwise real.

`environment(folder, fault, ...)` gives the variables under which a child, and every Python process that it starts,
loads this module at its beginning. A fault names its place:

    at="rename"   the nth `os.replace` to a path that `match` finds: "before" it, "after" it, or with its source cut to
                  its "half", as a write leaves it that is broken off
    at="call"     the nth call of a function whose `file:qualified name` `match` finds
    at="line"     the nth line that is executed in files that `match` finds

the last two from the import of the module `after` on, since tracing a whole run takes as long again. `who` dies (or is
stopped, with another signal): "self", or the "parent" of a worker process; `of` says in which processes places count:
"main", "worker" or "any". Before that, the marker file is written with the functions that the process was in. Each
fault strikes once.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

VARIABLE = "PROBEKIT_TEST_FAULTS"


@dataclass
class Fault:
    """One place, and who dies there."""

    marker: str
    at: str
    match: str
    nth: int = 1
    how: str = "before"
    who: str = "self"
    of: str = "main"
    after: str = ""
    with_signal: int = signal.SIGKILL

    def struck(self) -> list[str]:
        """Functions that the process was in, innermost last. Raises FileNotFoundError when it did not get there."""
        return json.loads(Path(self.marker).read_text())

    def reach(self, where: str, how: str = "before", source: str = "") -> None:
        """Count a place of a run, and kill when it is the one."""
        if how == ("before" if self.how == "half" else self.how) and re.search(self.match, where):
            worker = multiprocessing.parent_process() is not None
            if self.of in ("any", "worker" if worker else "main"):
                self.nth -= 1
                if self.nth == 0:
                    self._strike(source)

    def _strike(self, source: str) -> None:
        try:
            with open(self.marker, "x") as marker:
                json.dump(stack(sys._getframe()), marker)
        except FileExistsError:  # a process that took the place of the one that died
            return
        if self.how == "half":
            os.truncate(source, os.path.getsize(source) // 2)
        if self.who == "self":
            os.kill(os.getpid(), self.with_signal)
            return
        os.kill(os.getppid(), self.with_signal)
        time.sleep(60)  # its workers go with a parent; this one stays in its place until then


def stack(frame: FrameType | None) -> list[str]:
    """`file:qualified name` of the functions around a frame, outermost first."""
    found = []
    while frame is not None:
        found.append(place(frame.f_code))
        frame = frame.f_back
    return found[::-1]


def place(code: CodeType) -> str:
    return f"{code.co_filename}:{code.co_qualname}"


def environment(folder: Path, *faults: Fault) -> dict[str, str]:
    """Variables for a child process in which faults strike."""
    site = folder / "site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "sitecustomize.py").write_text("import faults_inject\nfaults_inject.install()\n")
    paths = [str(site), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        VARIABLE: json.dumps([asdict(fault) for fault in faults]),
    }


def install() -> None:
    """Arm the faults that the environment names in this process."""
    arm(*(Fault(**one) for one in json.loads(os.environ.get(VARIABLE, "[]"))))


def arm(*faults: Fault) -> None:
    """Make faults strike in this process."""
    if renames := [fault for fault in faults if fault.at == "rename"]:
        watch_renames(renames)
    for fault in faults:
        if fault.at in ("call", "line"):
            trace_after_import(fault)


def watch_renames(faults: list[Fault]) -> None:
    rename = os.replace

    def replace(source: Any, target: Any, **options: Any) -> None:
        for fault in faults:
            fault.reach(os.path.abspath(target), "before", os.fspath(source))
        rename(source, target, **options)
        for fault in faults:
            fault.reach(os.path.abspath(target), "after")

    os.replace = replace


def trace_after_import(fault: Fault) -> None:
    """Trace from the import of a module on: in the thread that imports it, and in those it starts."""
    if not fault.after or fault.after in sys.modules:
        trace(fault)
        return

    def on_event(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "import" and arguments[0] == fault.after:
            trace(fault)

    sys.addaudithook(on_event)


def trace(fault: Fault) -> None:
    chosen: dict[CodeType, bool] = {}

    def in_line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            fault.reach(frame.f_code.co_filename)
        return in_line

    def in_call(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in chosen:
            chosen[code] = bool(re.search(fault.match, place(code) if fault.at == "call" else code.co_filename))
        if chosen[code] and fault.at == "call":
            fault.reach(place(code))
        return in_line if chosen[code] and fault.at == "line" else None

    sys.settrace(in_call)
    threading.settrace(in_call)
