"""The command `probekit`: its commands, the modules of a user, and how a mistake or an interruption ends."""

from __future__ import annotations

import errno
import functools
import io
import signal
import sys
from typing import Annotated, Any, NoReturn

import typer
from typer.main import get_command

from probekit import registry
from probekit.cli.attention import attention
from probekit.cli.cache import cache
from probekit.cli.claims import claims
from probekit.cli.data import data
from probekit.cli.explain import explain
from probekit.cli.figures import figures
from probekit.cli.listing import list_
from probekit.cli.pack import pack
from probekit.cli.parse import parse
from probekit.cli.run import run
from probekit.cli.score import score
from probekit.cli.show import show
from probekit.cli.table import table
from probekit.cli.tag import tag
from probekit.cli.train_supertagger import train
from probekit.errors import ProbekitError

INTERRUPTED = 130
TERMINATED = 128 + signal.SIGTERM
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    name="probekit",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What does a representation know, and which inputs does a model rely on?",
)
app.command("list")(list_)
for _command in (run, show, figures, claims, pack, explain, attention, score, tag, parse):
    app.command()(_command)
app.add_typer(train, name="train")
app.add_typer(table, name="table")
app.add_typer(data, name="data")
app.add_typer(cache, name="cache")


@app.callback()
def before(
    use: Annotated[
        list[str] | None, typer.Option(help="Module or file.py of your own components; may be repeated.")
    ] = None,
) -> None:
    """What does a representation know, and which inputs does a model rely on?"""
    registry.use(use or [])


@functools.cache
def command() -> Any:
    """The commands with their options as they are parsed: to put them together takes a tenth of a second."""
    return get_command(app)


def main() -> None:
    """Entry point: a user's mistake is a message, an interruption says how to go on."""
    import warnings

    warnings.formatwarning = lambda message, *_: f"note: {message}\n"  # type: ignore[assignment]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # names of files that are not UTF-8, as they were given
    signal.signal(signal.SIGTERM, _terminated)
    try:
        code = command()(standalone_mode=False)
        sys.stdout.flush()
    except ProbekitError as error:
        _leave(error)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            sys.exit(0)
        if error.errno in NO_ROOM:
            _leave(f"no room left on the disk{_named(error)}; make room, then run again: what is finished is kept")
        if error.filename is None:
            raise
        _leave(f"{error.strerror}{_named(error)}")
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except Exception as error:
        # Which library the parser's errors come from depends on the version of typer; all have this.
        if not hasattr(error, "format_message"):
            raise
        if not error.format_message() or type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # type: ignore[attr-defined]
            sys.exit(2)
        asked = getattr(getattr(error, "ctx", None), "command_path", "probekit")
        _leave(f"{error.format_message().rstrip('.')}; see {asked} --help")
    # An interruption is raised or returned, as the version of typer has it.
    if code == INTERRUPTED:
        what = "interrupted"
        if signal.getsignal(signal.SIGTERM) is not _terminated:
            code, what = TERMINATED, "terminated"
        print(f"{what}; what was answered is kept, the same command goes on from here", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)


def _terminated(number: int, frame: object) -> None:
    """End as an interruption does; a second signal ends at once."""
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


def _named(error: OSError) -> str:
    return "" if error.filename is None else f": '{error.filename}'"


def _leave(message: object) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
