"""The command line: thin, and quick to start. One file a command."""

from probekit.cli.app import app, main

__all__ = ["app", "main"]
