"""Plugins come by real entry points, so most of this happens in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from router.errors import PluginError
from router.plugins import GROUPS, get_plugin, list_plugins, plugin_info
from tests.foreign import Foreign

_ASK = """
import json, sys
from router.errors import PluginError
from router.plugins import get_plugin, list_plugins
group, name = sys.argv[1:]
try:
    found = get_plugin(group, name)
    print(json.dumps([found.__name__, [[i.name, i.distribution, i.version] for i in list_plugins(group)]]))
except PluginError as error:
    print(json.dumps(str(error), ensure_ascii=False))
"""

_GOOD = """
class Always:
    name = "always"
    def evaluate(self, proposal, candidates): return []
"""


Answer = tuple[str, list[list[str]]] | str


def ask(foreign: Foreign, group: str, name: str, **environment: str) -> Answer:
    """Return class name and listing as a fresh process sees them, or what the error said."""
    done = subprocess.run(
        [sys.executable, "-c", _ASK, group, name],
        env=foreign.environment(**environment),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    answer: Answer = json.loads(done.stdout)
    return answer


def refused(foreign: Foreign, group: str, name: str) -> str:
    answer = ask(foreign, group, name)
    assert isinstance(answer, str), answer
    return answer


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    return Foreign(tmp_path / "site-packages")


def test_built_ins_take_the_same_door() -> None:
    names = {group: [info.name for info in list_plugins(group)] for group in GROUPS}
    assert set(names["rules"]) >= {"keyword", "regex", "field", "place", "neighbour", "requests"}
    assert set(names["tokenizers"]) >= {"jieba", "rjieba"}
    assert "ridge" in names["classifiers"]
    assert {info.distribution for group in GROUPS for info in list_plugins(group)} == {"fenban"}


def test_it_can_be_told_where_a_plugin_comes_from() -> None:
    info = plugin_info("rules", "keyword")
    assert (info.group, info.name, info.distribution) == ("rules", "keyword", "fenban")
    assert info.target == "router.rules.keyword:KeywordRule"
    with pytest.raises(PluginError, match="没有名为 'nonsense' 的"):
        plugin_info("rules", "nonsense")


@pytest.mark.parametrize("group", GROUPS)
def test_every_built_in_has_the_right_signature(group: str) -> None:
    assert list_plugins(group)
    for info in list_plugins(group):
        assert isinstance(get_plugin(group, info.name), type)


def test_an_unknown_name_lists_the_known_ones() -> None:
    known = "、".join(info.name for info in list_plugins("rules"))
    with pytest.raises(PluginError) as caught:
        get_plugin("rules", "nonsense")
    assert str(caught.value) == f"没有名为 'nonsense' 的 fenban.rules 插件。现有：{known}"


def test_a_foreign_plugin_is_found_by_its_entry_point(foreign: Foreign) -> None:
    foreign.install("bureau-rules", "rules", {"always": "bureau_rules:Always"}, bureau_rules=_GOOD)
    answer = ask(foreign, "rules", "always")
    assert not isinstance(answer, str), answer
    name, listed = answer
    assert name == "Always"
    assert listed[-1] == ["always", "bureau-rules", "1.5"]  # built-ins come first
    assert {distribution for _, distribution, _ in listed[:-1]} == {"fenban"}


def test_a_missing_argument_is_named(foreign: Foreign) -> None:
    source = "class Short:\n    name = ''\n    def evaluate(self, proposal): return []\n"
    foreign.install("short", "rules", {"short": "short_rule:Short"}, short_rule=source)
    said = refused(foreign, "rules", "short")
    assert "'short'（short_rule:Short）" in said
    assert "方法 evaluate 缺少参数 candidates" in said


def test_keyword_arguments_of_a_protocol_are_looked_for_too(foreign: Foreign) -> None:
    source = """
class Plain:
    def fit(self, texts, y): return self
    def predict_proba(self, texts): ...
    def state(self): return {}
    @classmethod
    def from_state(cls, state): return cls()
"""
    foreign.install("plain", "classifiers", {"plain": "plain_model:Plain"}, plain_model=source)
    assert "方法 fit 缺少参数 descriptions、unlabelled" in refused(foreign, "classifiers", "plain")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def evaluate(self, proposal, candidates, site): ...", "方法 evaluate 多要了参数 site"),
        ("def evaluate(self, proposal, candidates, *, site): ...", "方法 evaluate 多要了参数 site"),
        (
            "def evaluate(self, candidates, proposal): ...",
            "方法 evaluate 的参数应依次为 proposal、candidates",
        ),
        (
            "def evaluate(self, *, proposal, candidates): ...",
            "方法 evaluate 的参数应依次为 proposal、candidates",
        ),
        ("def evaluate(self, proposal, **more): ...", "方法 evaluate 的参数应依次为 proposal、candidates"),
        ("def evaluate(): ...", "方法 evaluate 缺少参数 proposal、candidates"),
    ],
)
def test_a_signature_that_could_not_be_called_is_told(foreign: Foreign, source: str, problem: str) -> None:
    foreign.install("odd", "rules", {"odd": "odd_rule:Odd"}, odd_rule=f"class Odd:\n    {source}\n")
    assert problem in refused(foreign, "rules", "odd")


@pytest.mark.parametrize(
    "source",
    [
        "def evaluate(self, proposal, candidates, site=None): ...",
        "def evaluate(this, proposal, candidates, **more): ...",
        "@staticmethod\n    def evaluate(proposal, candidates): ...",
        "@classmethod\n    def evaluate(cls, proposal, candidates): ...",
    ],
)
def test_a_signature_that_can_be_called_is_taken(foreign: Foreign, source: str) -> None:
    foreign.install("fine", "rules", {"fine": "fine_rule:Fine"}, fine_rule=f"class Fine:\n    {source}\n")
    assert ask(foreign, "rules", "fine")[0] == "Fine"


def test_what_is_called_on_the_class_must_be_a_classmethod(foreign: Foreign) -> None:
    source = """
class Plain:
    def fit(self, texts, y, *, descriptions=None, unlabelled=None): return self
    def predict_proba(self, texts): ...
    def state(self): return {}
    def from_state(self, state): return self
"""
    foreign.install("plain", "classifiers", {"plain": "plain_model:Plain"}, plain_model=source)
    assert "方法 from_state 应当是 classmethod" in refused(foreign, "classifiers", "plain")


def test_a_method_may_take_any_keywords(foreign: Foreign) -> None:
    source = "class Loose:\n    def evaluate(self, *args, **more): return []\n"
    foreign.install("loose", "rules", {"loose": "loose_rule:Loose"}, loose_rule=source)
    assert ask(foreign, "rules", "loose")[0] == "Loose"


def test_a_missing_method_is_named(foreign: Foreign) -> None:
    foreign.install("empty", "sinks", {"empty": "empty_sink:Empty"}, empty_sink="class Empty: pass\n")
    assert "缺少方法 notify" in refused(foreign, "sinks", "empty")


def test_a_function_is_no_plugin(foreign: Foreign) -> None:
    source = "def sink(): ...\nsink.notify = lambda event: None\n"
    foreign.install("function", "sinks", {"function": "function_sink:sink"}, function_sink=source)
    assert "应当是一个类" in refused(foreign, "sinks", "function")


@pytest.mark.parametrize("source", ["", "import nothing_of_this_name\n", "1 / 0\n", "class Gone:\n"])
def test_a_plugin_that_cannot_be_loaded_is_named(foreign: Foreign, source: str) -> None:
    foreign.install("gone", "rules", {"gone": "gone_rule:Gone"}, gone_rule=source)
    said = refused(foreign, "rules", "gone")
    assert "'gone'（gone_rule:Gone）无法载入" in said


def test_two_plugins_of_one_name_are_refused(foreign: Foreign) -> None:
    foreign.install("first", "rules", {"twice": "first_rule:Always"}, first_rule=_GOOD)
    foreign.install("second", "rules", {"twice": "second_rule:Always"}, second_rule=_GOOD)
    said = refused(foreign, "rules", "twice")
    both = "first_rule:Always 与 second_rule:Always"
    assert said == f"fenban.rules 中 'twice' 登记了两次：{both}。请卸载 first 或 second"


def test_a_built_in_cannot_be_replaced(foreign: Foreign) -> None:
    foreign.install("thief", "rules", {"keyword": "thief_rule:Always"}, thief_rule=_GOOD)
    said = refused(foreign, "rules", "keyword")
    assert "'keyword' 登记了两次" in said
    assert said.endswith("。请卸载 thief")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise ValueError('缺少词典 /usr/share/dict')", "建不起来：缺少词典 /usr/share/dict"),
        ("1 / 0", "建不起来：ZeroDivisionError division by zero"),
    ],
)
def test_a_plugin_that_cannot_be_built_is_named(foreign: Foreign, source: str, told: str) -> None:
    module = f"class Odd:\n    def __init__(self, user_words): {source}\n    def tokenize(self, text): ..."
    foreign.install("odd", "tokenizers", {"odd": "odd_words:Odd"}, odd_words=module)
    code = "from models.tokenizer import default_tokenizer as make; make([], 'odd')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=foreign.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert f"PluginError: 插件 'odd'（odd_words:Odd）{told}" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("allowed", "found"),
    [("", False), ("other", False), ("other, bureau-rules", True), ("Bureau_Rules", True)],
)
def test_a_list_of_allowed_distributions_keeps_others_out(
    foreign: Foreign, allowed: str, found: bool
) -> None:
    foreign.install("bureau-rules", "rules", {"always": "bureau_rules:Always"}, bureau_rules=_GOOD)
    answer = ask(foreign, "rules", "always", FENBAN_PLUGINS=allowed)
    assert (answer[0] == "Always") is found
    assert ask(foreign, "rules", "keyword", FENBAN_PLUGINS=allowed)[0] == "KeywordRule"


def test_a_plugin_that_is_kept_out_is_told_with_its_distribution(foreign: Foreign) -> None:
    foreign.install("bureau-rules", "rules", {"always": "bureau_rules:Always"}, bureau_rules=_GOOD)
    said = ask(foreign, "rules", "always", FENBAN_PLUGINS="other")
    assert isinstance(said, str)
    assert said.startswith(
        "没有名为 'always' 的 fenban.rules 插件（bureau-rules 没有列入 FENBAN_PLUGINS）。现有："
    )
