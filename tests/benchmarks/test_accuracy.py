from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmarks.accuracy import main
from router.proposal import Proposal
from router.site_files import sample_site

from .conftest import Run

PIPELINES = {"MultinomialNB", "LogisticRegression", "LinearSVC", "word 1-2 SVC", "char 1-2 + word SVC"}
FIGURES = {
    "n",
    "accuracy",
    "standard_error",
    "top3_accuracy",
    "macro_f1",
    "ece",
    "accuracy_at_80",
    "accuracy_at_60",
    "set_coverage",
    "set_size",
    "fit_seconds",
    "docs_per_second",
    "size_mb",
    "calibration",
}


def accuracy(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def figures(file: Path, *words: object) -> list[dict[str, object]]:
    result = accuracy(*words, "--json", file)
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(file.read_text(encoding="utf-8"))["results"]
    return found


def test_help_tells_every_option() -> None:
    shown = accuracy("--help").output
    options = "--site --folds --by-date --few --curve --unlabelled --labels --markdown --plots --json"
    assert all(option in shown for option in options.split())


def test_every_method_has_every_figure(small_run: Run) -> None:
    [result] = small_run.figures["results"]
    assert result["n"] == 60
    assert PIPELINES | {"fenban", "fenban + descriptions"} <= result["methods"].keys()
    assert all(found.keys() == FIGURES for found in result["methods"].values())


def test_each_case_is_judged_once(small_run: Run) -> None:
    [result] = small_run.figures["results"]
    assert {found["n"] for found in result["methods"].values()} == {60}


def test_only_fenban_tells_a_set_of_labels(small_run: Run) -> None:
    methods = small_run.figures["results"][0]["methods"]
    assert methods["fenban"]["set_size"] >= 1
    assert methods["LinearSVC"]["set_size"] is None


def test_no_text_no_label_and_no_file_name_is_shown(small_run: Run) -> None:
    shown = f"{small_run.output}{small_run.markdown}{json.dumps(small_run.figures, ensure_ascii=False)}"
    assert not any(p.text.strip()[:10] in shown for p in small_run.proposals)
    assert not any(p.section in shown for p in small_run.proposals)
    assert "secret-name" not in shown


def test_the_markdown_shows_the_plot_that_lies_beside_it(small_run: Run) -> None:
    name = "accuracy-calibration-3-folds.svg"
    assert f"](images/{name})" in small_run.markdown
    drawn = (small_run.folder / "images" / name).read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert ">fenban + descriptions<" in drawn


def test_stated_probabilities_are_binned_over_all_judged_cases(small_run: Run) -> None:
    bins = small_run.figures["results"][0]["methods"]["fenban"]["calibration"]
    assert sum(one["n"] for one in bins) == 60


def test_the_markdown_says_when_where_and_by_which_command(small_run: Run) -> None:
    assert "| fenban | ." in small_run.markdown
    assert "`python benchmarks/" in small_run.markdown
    assert f"on {small_run.figures['date']}, {small_run.figures['machine']}" in small_run.markdown


def test_few_cases_are_drawn_three_times_and_the_rest_judged(sixty_file: Path, tmp_path: Path) -> None:
    [result] = figures(tmp_path / "few.json", sixty_file, "--few", "20", "--method", "MultinomialNB")
    assert result["protocol"] == "20 cases"
    assert result["methods"]["MultinomialNB"]["n"] == 40  # type: ignore[index]


def test_draws_can_be_more_and_from_one_half_of_the_cases(sixty_file: Path, tmp_path: Path) -> None:
    options = ("--few", "10", "--draws", "4", "--second-half", "7", "--method", "MultinomialNB")
    [result] = figures(tmp_path / "half.json", sixty_file, *options)
    assert (result["n"], result["methods"]["MultinomialNB"]["n"]) == (30, 20)  # type: ignore[index]


def test_later_cases_are_judged_by_what_earlier_ones_taught(sixty_file: Path, tmp_path: Path) -> None:
    [result] = figures(tmp_path / "date.json", sixty_file, "--by-date", "0.8", "--method", "MultinomialNB")
    assert result["methods"]["MultinomialNB"]["n"] == 12  # type: ignore[index]


def test_at_zero_cases_only_descriptions_speak(sixty_file: Path, tmp_path: Path) -> None:
    site = ("--site", sample_site())
    [result] = figures(tmp_path / "curve.json", sixty_file, *site, "--curve", "0,20", "--method", "LinearSVC")
    assert result["points"]["0"] == {}  # type: ignore[index]
    assert set(result["points"]["20"]) == {"LinearSVC"}  # type: ignore[index]


def test_the_learning_curve_is_drawn_where_it_was_asked_for(sixty_file: Path, tmp_path: Path) -> None:
    words = (sixty_file, "--curve", "20,all", "--method", "LinearSVC", "--plots", tmp_path / "plots")
    assert accuracy(*words).exit_code == 0
    [drawn] = (tmp_path / "plots").iterdir()
    assert drawn.name == "accuracy-curve.svg"
    assert ">LinearSVC<" in drawn.read_text(encoding="utf-8")


def test_a_table_without_dates_can_not_be_cut_by_date(sixty: list[Proposal], tmp_path: Path) -> None:
    file = tmp_path / "undated.csv"
    lines = [f"{p.case_id},{p.title},{p.section}" for p in sixty if "," not in p.title]
    file.write_text("\n".join(["case_id,title,section", *lines]), encoding="utf-8")
    result = accuracy(file, "--by-date", "0.8")
    assert result.exit_code == 1
    assert "have no date" in result.output


@pytest.mark.parametrize("words", [["--few", "many"], ["--by-date", "2"], ["--folds", "1"], ["nowhere.csv"]])
def test_wrong_usage_exits_with_two(words: list[str]) -> None:
    assert accuracy(*words).exit_code == 2
