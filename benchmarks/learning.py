"""How much a bureau's own past cases help: the learning curve on the sample cases.

``python benchmarks/learning.py`` trains fenban's classifier (with the site's
descriptions) and the better tutorial pipeline on 50, 100, 300 and all earlier
cases and tries both on the last two years; then year by year, each time
trained on all the years before.
"""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.classifier import RidgeTextClassifier
from models.tokenizer import default_tokenizer
from router.site import Site
from router.site_files import load_site, sample_site
from training.descriptions import section_descriptions
from training.history import read_cases, to_history

SIZES = (0, 50, 100, 300)
TESTED_YEARS = 2
TOP = 3
Scores = tuple[float, float]
"""Share of cases whose section comes first, and among the first three."""
Learner = Callable[[pd.DataFrame, pd.DataFrame], Scores]


def fenban(site: Site) -> Learner:
    """Return our classifier; it knows the site's descriptions."""
    tokenizer = default_tokenizer(site.user_words)
    descriptions = section_descriptions(site)

    def learn(past: pd.DataFrame, new: pd.DataFrame) -> Scores:
        model = RidgeTextClassifier(tokenizer=tokenizer)
        model.fit(past["text"].tolist(), past["section"].tolist(), descriptions=descriptions)
        return scores(model.classes_, model.predict_proba(new["text"].tolist()), new)

    return learn


def tutorial(past: pd.DataFrame, new: pd.DataFrame) -> Scores:
    """Learn as the better tutorials do: TF-IDF of characters and words, a balanced linear SVM."""
    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union
    from sklearn.svm import LinearSVC

    jieba.setLogLevel(60)
    features = make_union(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, sublinear_tf=True),
    )
    model = LinearSVC(class_weight="balanced")
    model.fit(features.fit_transform(past["text"]), past["section"])
    return scores(model.classes_, model.decision_function(features.transform(new["text"])), new)


def scores(
    classes: Sequence[str] | NDArray[np.str_], values: NDArray[np.float64], new: pd.DataFrame
) -> Scores:
    """Return the shares of `new` whose section comes first and among the first three."""
    ranked = np.asarray(classes)[np.argsort(-values, axis=1)[:, :TOP]]
    right = ranked == new["section"].to_numpy()[:, None]
    return float(right[:, 0].mean()), float(right.any(axis=1).mean())


def median(results: Sequence[Scores]) -> Scores:
    """Return the median of each score."""
    first, among = zip(*results, strict=True)
    return statistics.median(first), statistics.median(among)


def by_size(cases: pd.DataFrame, learners: Sequence[Learner], draws: int) -> list[list[str]]:
    """Return a row for each number of training cases, tested on the last years."""
    last = cases["year"].max() - TESTED_YEARS
    past, new = cases[cases["year"] <= last], cases[cases["year"] > last]
    rows = []
    for size in [*(n for n in SIZES if n < len(past)), len(past)]:
        repeat = draws if 0 < size < len(past) else 1
        drawn = [past.sample(size, random_state=seed) for seed in range(repeat)]
        name = f"全部 {size}" if size == len(past) else str(size)
        rows.append([name, str(len(new)), *cells([median_of(learn, drawn, new) for learn in learners])])
    return rows


def median_of(learn: Learner, drawn: Sequence[pd.DataFrame], new: pd.DataFrame) -> Scores | None:
    """Return the median over draws; None where a learner can't do without cases."""
    if learn is tutorial and drawn[0].empty:
        return None
    return median([learn(past, new) for past in drawn])


def by_year(cases: pd.DataFrame, learners: Sequence[Learner]) -> list[list[str]]:
    """Return a row for each year but the first, trained on all years before."""
    rows = []
    for year in sorted(cases["year"].unique())[1:]:
        past, new = cases[cases["year"] < year], cases[cases["year"] == year]
        results = [learn(past, new) for learn in learners]
        rows.append([f"{year:.0f}", str(len(past)), str(len(new)), *cells(results)])
    return rows


def cells(results: Sequence[Scores | None]) -> list[str]:
    """Return the scores of all learners as table cells."""
    return [f"{score:.3f}" if result else "—" for result in results for score in result or (0.0, 0.0)]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(cases: pd.DataFrame, site: Site, draws: int) -> str:
    """Return both tables as Markdown, with the date and the kind of machine."""
    learners = [fenban(site), tutorial]
    measured = ["fenban 首位", "fenban 前三", "教程 首位", "教程 前三"]
    size = table(["训练件数", "测试件数", *measured], by_size(cases, learners, draws))
    year = table(["测试年份", "训练件数", "测试件数", *measured], by_year(cases, learners))
    last = int(cases["year"].max())
    first = last - TESTED_YEARS + 1
    machine = (
        f"{platform.system()} {platform.machine()}，{os.cpu_count()} 核，Python {platform.python_version()}"
    )
    return f"""### 用多少件训练

从 {first - 1} 年及以前的件里随机抽取，在 {first}-{last} 年的件上试；抽 {draws} 次取中位数。
0 件时只有站点的职责说明。

{size}

### 逐年滚动

用某年以前的全部件训练，在当年的件上试。

{year}

测于 {datetime.now(UTC):%Y-%m-%d}，{machine}。
"""


@click.command(
    help="在样例案件上量学习曲线：训练件数与准确率的关系。FOLDER 是案件表目录，默认为自带的样例站点。"
)
@click.argument("folder", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--site",
    "site_directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="站点目录；默认为自带的样例站点。",
)
@click.option("--draws", default=3, show_default=True, help="每个件数随机抽几次，取中位数。")
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), help="另存为 Markdown 文件。")
def main(folder: Path | None, site_directory: Path | None, draws: int, markdown: Path | None) -> None:
    """Print the learning curve, and write it where asked."""
    site = load_site(site_directory or sample_site())
    proposals, _ = read_cases([folder or sample_site() / "cases"])
    text = report(to_history(proposals, site).cases, site, draws)
    click.echo(text)
    if markdown:
        markdown.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
