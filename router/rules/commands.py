"""The commands about rules that need no model, and how an explanation is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from router.console import check_target, json_option, say, site_option, write_json
from router.errors import UsageError
from router.pipeline import Router
from router.proposal import Proposal
from router.rules.checking import Check, check_rules
from router.rules.describing import rule_json
from router.rules.explaining import STATES, Explanation, explain, explanation_json
from router.site import Site
from router.site_files import load_site

__all__ = ["check", "show_explanation"]


@click.command()
@site_option
@json_option
def check(site: Path | None, json_file: str | None) -> None:
    """检查规则文件：写法、股室、样例，一次列出全部错误。

    Check the rule files of a site, run the examples and list the rules with
    the plugin each comes from. Exit code 1 where anything is wrong.
    """
    if site is None:
        raise UsageError("没有指明站点目录", hint="请加 --site 站点目录")
    check_target(json_file)
    bureau = load_site(site)
    found = check_rules(bureau)
    if json_file:
        write_json(_check_json(found), json_file)
    else:
        Console().print(_rules_table(found, bureau))
    for mistake in found.mistakes:
        say(f"错误：{mistake}")
    said = f"{len(bureau.rules.tables)} 条规则，{found.examples} 个样例，{len(found.mistakes)} 处错误"
    say(said if found.mistakes else f"{said}，可以用")
    if found.mistakes:
        raise SystemExit(1)


def show_explanation(router: Router, proposal: Proposal, json_file: str | None) -> None:
    """Tell what every rule said of a case, as tables or as JSON."""
    explanation = explain(router, proposal)
    if json_file:
        write_json(explanation_json(explanation, router.site), json_file)
        return
    console = Console()
    console.print(f"案由：{explanation.decision.title}", highlight=False, markup=False)
    console.print(_traces_table(explanation, router.site))
    for number, (_, text) in enumerate(explanation.steps, 1):
        console.print(f"{number:>2}. {text}", highlight=False, markup=False)


def _check_json(found: Check) -> dict[str, Any]:
    mistakes = [{"where": m.where, "rule": m.rule, "message": m.message} for m in found.mistakes]
    return {
        "ok": not mistakes,
        "rules": [rule_json(one) for one in found.book.rules],
        "examples": found.examples,
        "mistakes": mistakes,
    }


def _rules_table(found: Check, site: Site) -> Table:
    table = Table(title="能用的规则", expand=True)
    for heading, ratio in (("名称", 4), ("种类", 2), ("作用", 3), ("来源", 3), ("样例", 1), ("位置", 3)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for one in found.book.rules:
        told = rule_json(one)
        effect = " ".join(filter(None, (told["effect"], site.name(told["target"]))))
        source = f"{told['distribution']} {told['version']}"
        table.add_row(one.name, one.kind, effect, source, str(told["examples"]), told["where"])
    return table


def _traces_table(explanation: Explanation, site: Site) -> Table:
    table = Table(title="逐条规则", expand=True)
    for heading, ratio in (("规则", 3), ("结果", 1), ("依据", 4), ("主张", 3), ("毫秒", 1)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for trace in explanation.rules:
        votes = "；".join(f"{v.kind.value} {site.name(v.target)}".strip() for v in trace.votes)
        spent = f"{trace.seconds * 1000:.2f}"
        table.add_row(trace.rule, STATES[trace.state], trace.why, votes, spent)
    return table
