"""Calling the command line in this process, and saying what a decent failure looks like."""

from __future__ import annotations

from click.testing import CliRunner, Result

from service import cli


def fenban(*args: object, stdin: bytes | None = None) -> Result:
    """Run one command line; stdout and stderr are told apart."""
    return CliRunner().invoke(cli, [str(arg) for arg in args], input=stdin, prog_name="fenban")


def succeeded(result: Result) -> Result:
    """Return `result` of a command that must have worked."""
    assert result.exit_code == 0, result.output
    return result


def one_sentence(result: Result, exit_code: int = 1) -> str:
    """Return what a failed command said last, after checking that it failed decently."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == exit_code, result.output
    assert "Traceback" not in result.output
    said = result.stderr.strip().splitlines()[-1]
    assert said.startswith("错误：")
    assert len(said) > len("错误：")
    return said
