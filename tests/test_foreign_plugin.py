"""The example plugin as its own wheel: built, installed beside fenban and used from the command line."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.artifact import read_manifest
from tests.foreign import ROOT, Foreign
from tests.sample import case_file

EXAMPLE = ROOT / "tests" / "plugins" / "fenban-example"
PROMISED = {"router.decision", "router.errors", "router.interfaces", "router.proposal", "router.text"}
POINTS = {
    ("rules", "postal-district"),
    ("tokenizers", "characters"),
    ("classifiers", "bayes"),
    ("readers", "jian"),
    ("sinks", "event-lines"),
}

SECTIONS = """id,name,duty
municipal,市政所,道路、路灯的养护。
drainage,排水所,排水管网和污水。
property,物业股,物业和电梯。
villages,村镇股,乡镇建设。
"""

SETTINGS = """
classifier = "bayes"
tokenizer = "characters"

[sinks.event-lines]
"""

RULES = """
[[rule]]
type = "postal-district"
name = "乡镇代表的件请村镇股会办"
target = "村镇股"
reason = "领衔代表来自乡镇。"
prefixes = ["6117"]
examples = { fires = [{ title = "修路", "邮编" = "611732" }], quiet = ["修路"] }
"""

INBOX = """#jian
编号：041
标题：建议增设路灯
邮编：611732

桥头没有路灯，照明不足，请安装。电话13800000000。
#jian
编号：042

没有标题
"""


class Place:
    """A bureau's folder, and the environments of processes that do or don't see the plugin."""

    def __init__(self, folder: Path, packages: Path) -> None:
        self.folder, self.packages = folder, packages
        self.site, self.store = folder / "site", folder / "store"
        self.events = folder / "events.jsonl"

    def environment(self, *packages: Path, **more: str) -> dict[str, str]:
        path = os.pathsep.join(map(str, packages or (self.packages,)))
        own = {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "FENBAN_EXAMPLE_EVENTS": str(self.events)}
        return {**os.environ, **own, **more}

    def run(
        self, *command: object, packages: tuple[Path, ...] = (), **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=self.environment(*packages, **more),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def fenban(
        self, *arguments: object, packages: tuple[Path, ...] = (), **more: str
    ) -> subprocess.CompletedProcess[str]:
        script = Path(sysconfig.get_path("scripts"), "fenban")
        return self.run(script, *arguments, packages=packages, **more)

    def python(self, code: str) -> str:
        done = self.run(sys.executable, "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as its author does, without a network."""
    target = tmp_path_factory.mktemp("dist")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(target),
        str(EXAMPLE),
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return a place where the plugin is installed and a model was trained with it."""
    place = Place(tmp_path_factory.mktemp("bureau"), tmp_path_factory.mktemp("site-packages"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--target", str(place.packages), str(wheel)], check=True)
    place.site.mkdir()
    for name, text in (("sections.csv", SECTIONS), ("site.toml", SETTINGS), ("rules.toml", RULES)):
        (place.site / name).write_text(text, encoding="utf-8")
    (place.folder / "inbox.jian").write_text(INBOX, encoding="utf-8")
    cases = case_file(place.folder / "cases.csv")
    trained = place.fenban("train", cases, "--site", place.site, "--store", place.store)
    assert trained.returncode == 0, trained.stderr
    return place


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a failed command said last, after checking that it failed decently."""
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    said = done.stderr.splitlines()[-1]
    assert said.startswith("错误：")
    return said


def mistakes(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 1, done.stderr
    return [mistake["message"] for mistake in json.loads(done.stdout)["mistakes"]]


def check(place: Place, *packages: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return place.fenban("rules", "check", "--site", place.site, "--json", "-", packages=packages, **more)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        top = {name.partition("/")[0] for name in archive.namelist()}
    assert top == {"fenban_example", "fenban_example-1.2.0.dist-info"}


def test_a_model_trained_with_it_says_so(place: Place) -> None:
    (folder,) = (place.store / "versions").iterdir()
    manifest = read_manifest(folder)
    assert (manifest.classifier, manifest.tokenizer) == ("bayes", "characters")
    assert manifest.libraries["fenban-example"] == "1.2.0"
    assert manifest.metrics["held_out_n"] == 12


def test_its_file_kind_its_model_and_its_rule_work_together(place: Place) -> None:
    out = place.folder / "out.jsonl"
    done = place.fenban("suggest", "inbox.jian", "--site", place.site, "--store", place.store, "-o", out)
    assert done.returncode == 0, done.stderr
    (row,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert (row["case_id"], row["lead"], row["co_sections"]) == ("041", "municipal", "villages")
    assert [vote["rule"] for vote in row["votes"]] == ["乡镇代表的件请村镇股会办"]
    assert "未读入 inbox.jian 第2件：没有标题" in done.stderr
    assert "已遮盖电话 1 处" in done.stderr  # what every case passes, whoever read it


def test_the_check_of_the_rules_says_whose_a_rule_is(place: Place) -> None:
    done = check(place)
    assert done.returncode == 0, done.stderr
    (rule,) = json.loads(done.stdout)["rules"]
    assert (rule["type"], rule["distribution"], rule["version"]) == (
        "postal-district",
        "fenban-example",
        "1.2.0",
    )
    assert rule["examples"] == 2
    shown = place.fenban("rules", "check", "--site", place.site, COLUMNS="200").stdout
    assert "fenban-example 1.2.0" in shown


def test_the_service_lists_all_five_with_distribution_and_version(place: Place) -> None:
    code = (
        "import json; from service import ServiceSettings, create_app; "
        "print(create_app(ServiceSettings()).test_client().get('/api/v1/plugins').text)"
    )
    listed = [one for one in json.loads(place.python(code))["plugins"] if one["distribution"] != "fenban"]
    assert {(one["group"], one["name"]) for one in listed} == POINTS
    assert {(one["distribution"], one["version"]) for one in listed} == {("fenban-example", "1.2.0")}


_NOTIFIES = """
from pathlib import Path
from router.events import decision_event
from router.sinks import Sinks
from router.site_files import load_site
sinks = Sinks.of(load_site(Path("site")).settings.sinks)
sinks.notify_all(decision_event({"case_id": "041", "decision_id": "0193", "title": "建议增设路灯"}), print)
sinks.close()
"""


def test_its_sink_is_told_without_the_text(place: Place) -> None:
    assert "event-lines delivered" in place.python(_NOTIFIES)
    told = json.loads(place.events.read_text(encoding="utf-8"))
    assert told == {"event": "decision", "case_id": "041", "decision_id": "0193"}


def test_without_the_plugin_its_model_says_what_is_missing(place: Place) -> None:
    nothing = place.folder / "nothing"
    said = sentence(place.fenban("suggest", "inbox.jian", "--store", place.store, packages=(nothing,)))
    assert "模型要用训练时的插件：没有名为 'characters' 的 fenban.tokenizers 插件" in said
    assert said.endswith("现有：jieba、rjieba；训练时装有 fenban-example 1.2.0，请装上再试")


def test_a_list_of_allowed_plugins_keeps_it_out(place: Place) -> None:
    (said,) = mistakes(check(place, FENBAN_PLUGINS="another-one"))
    assert "没有名为 'postal-district' 的 fenban.rules 插件（fenban-example 没有列入 FENBAN_PLUGINS）" in said
    assert "现有：" in said
    assert "keyword" in said
    assert check(place, FENBAN_PLUGINS="another-one, Fenban_Example").returncode == 0


def test_a_plugin_of_the_wrong_shape_is_named_with_the_argument(place: Place, tmp_path: Path) -> None:
    broken = Foreign(tmp_path / "site-packages")
    source = "class Broken:\n    name = ''\n    def evaluate(self, case, candidates): return []\n"
    broken.install("broken", "rules", {"postal-district": "broken:Broken"}, broken=source)
    (said,) = mistakes(check(place, broken.folder))
    assert said == "插件 'postal-district'（broken:Broken）不符合约定：方法 evaluate 缺少参数 proposal"


def test_two_plugins_of_one_name_are_refused_and_both_are_named(place: Place, tmp_path: Path) -> None:
    other = Foreign(tmp_path / "site-packages")
    other.install("other", "rules", {"postal-district": "other:Other"}, other="")
    (said,) = mistakes(check(place, place.packages, other.folder))
    assert "'postal-district' 登记了两次" in said
    assert "fenban_example.rule:PostalDistrictRule" in said
    assert "请卸载 fenban-example 或 other" in said


def test_a_wrong_value_in_its_table_is_told_in_its_own_words(place: Place, tmp_path: Path) -> None:
    rules = place.site / "rules.toml"
    try:
        rules.write_text(RULES.replace('["6117"]', "[6117]"), encoding="utf-8")
        assert mistakes(check(place)) == ['prefixes 应为一列邮编开头的数字，如 ["6117"]，现为 [6117]']
    finally:
        rules.write_text(RULES, encoding="utf-8")


def imported() -> Iterator[str]:
    """Yield the modules that the example's package imports."""
    for path in (EXAMPLE / "fenban_example").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module)


def test_it_needs_no_module_of_ours_but_those_that_are_promised() -> None:
    ours = {
        name for name in imported() if name.partition(".")[0] in ("router", "models", "training", "service")
    }
    assert ours == PROMISED
    docs = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    assert [name for name in PROMISED if f"`{name}`" not in docs] == []


def test_it_is_written_as_our_own_code_is() -> None:
    # as part of tests/ it would be let off docstrings; unused arguments are what a protocol brings along
    strict = ["--config", "lint.per-file-ignores={}", "--extend-ignore", "ARG002"]
    command = [sys.executable, "-m", "ruff", "check", *strict, str(EXAMPLE / "fenban_example")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
