"""``python benchmarks/corpus.py`` prints the figures of any folder of case tables."""

from pathlib import Path

from click.testing import CliRunner

from benchmarks.corpus import main
from tests.sample import case_file


def test_help_is_in_chinese() -> None:
    assert "案件表" in CliRunner().invoke(main, ["--help"]).output


def test_figures_of_a_folder_are_printed(tmp_path: Path) -> None:
    case_file(tmp_path / "2020.csv")
    result = CliRunner().invoke(main, [str(tmp_path)])
    assert result.exit_code == 0
    assert result.output.startswith("件数：12\n")
    for heading in (
        "标题句式",
        "两件共有 20 字",
        "开头 8 字",
        "最近邻余弦",
        "并案",
        "旧名称今归",
        "主题逐年",
    ):
        assert f"\n{heading}" in result.output
