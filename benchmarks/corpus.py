"""The figures of a body of sample cases: how it is spread, and how much it repeats itself.

``python benchmarks/corpus.py`` prints them for the sample site,
``python benchmarks/corpus.py FOLDER`` for another folder of case tables. The
computing functions are what ``tests/corpus`` holds the sample cases to.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from router.proposal import Proposal
from router.site import Site, is_outside
from router.site_files import load_site, sample_site
from training.history import read_cases

__all__ = [
    "Case",
    "ends",
    "figures",
    "length_band",
    "load_cases",
    "mask",
    "merge_groups",
    "nearest_neighbours",
    "old_names",
    "read_places",
    "shared_runs",
    "title_pattern",
    "trends",
]

RUN = 20
"""Two bodies may not share so many characters once places and numbers are masked."""
ENDS = 8
"""Characters of a body that count as its opening, and as its ending."""
_PLACES = Path(__file__).with_name("places.txt")
_ONE_SENTENCE = 75
_NUMBER = re.compile(r"[0-9０-９一二三四五六七八九十百千万零〇两]+")
_NOT_TEXT = re.compile(r"[^\w□○]+")
_QUESTION = ("？", "?", "吗", "呢")


@dataclass(frozen=True)
class Case:
    """One sample case and the label it has today.

    Parameters
    ----------
    proposal : Proposal
    section : str or None
        Section or ``out:`` unit of today; None where nothing fits.
    """

    proposal: Proposal
    section: str | None

    @property
    def outside(self) -> bool:
        """Whether the case belongs to a neighbour."""
        return is_outside(self.section or "")

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What must be unique: session, kind, level and number."""
        p = self.proposal
        return p.session, p.kind, p.level, p.case_id

    @property
    def year(self) -> int:
        """Year in which the bureau received it; 0 where unknown."""
        return self.proposal.received_on.year if self.proposal.received_on else 0

    @property
    def merge_group(self) -> str:
        """The 并案 group; empty for a case that stands alone."""
        return self.proposal.extra.get("merge_group", "")

    @property
    def first_assigned_to(self) -> str:
        """Where the case was wrongly assigned at first; empty for most."""
        return self.proposal.extra.get("first_assigned_to", "")


def read_places(path: Path = _PLACES) -> tuple[str, ...]:
    """Read the place names to mask, longest first; several a line, ``#`` starts a comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    names = {name for line in lines if not line.startswith("#") for name in line.split()}
    return tuple(sorted(names, key=lambda name: (-len(name), name)))


def load_cases(folder: Path, site: Site) -> list[Case]:
    """Read a folder of case tables and give every case its label of today."""
    proposals, problems = read_cases([folder])
    if problems:
        raise click.ClickException(f"读不全：{problems[0]}")
    return [Case(p, site.current_section(p)) for p in proposals]


def letters(text: str) -> int:
    """Count the characters that aren't white space."""
    return len("".join(text.split()))


def length_band(body: str) -> str:
    """Name the length of a body, as the writing plan does.

    Examples
    --------
    >>> length_band(""), length_band("路灯全灭了，请修。"), length_band("灯。" * 50)
    ('只有标题', '一句话', '76-150字')
    """
    n = letters(body)
    if n == 0:
        return "只有标题"
    if n <= _ONE_SENTENCE and "\n" not in body.strip():
        return "一句话"
    return "76-150字" if n <= 150 else "151-300字" if n <= 300 else "300字以上"


def title_pattern(title: str) -> str:
    """Name the pattern of a title.

    Examples
    --------
    >>> title_pattern("关于修路的建议"), title_pattern("路灯何时能亮？"), title_pattern("请修修路灯")
    ('关于…的建议/提案', '问句', '恳请、呼吁、请…')
    """
    if title.startswith("关于") and title.endswith(("建议", "提案")):
        return "关于…的建议/提案"
    if title.startswith("关于"):
        return "关于…（其他结尾）"
    if title.endswith(_QUESTION):
        return "问句"
    if title.startswith(("请", "恳请", "呼吁", "应当", "建议", "希望", "盼")):
        return "恳请、呼吁、请…"
    return "其他"


def mask(text: str, places: Iterable[str]) -> str:
    """Return the letters of `text` with places and numbers replaced.

    Examples
    --------
    >>> mask("人民路 32 盏灯，不亮。", ["人民路"])
    '□○盏灯不亮'
    """
    for place in places:
        text = text.replace(place, "□")
    return _NOT_TEXT.sub("", _NUMBER.sub("○", text))


def shared_runs(
    bodies: Sequence[str], places: Iterable[str], length: int = RUN
) -> list[tuple[str, int, int]]:
    """Return runs of `length` masked characters that two bodies share.

    No formula is excepted: the sample cases need none.

    Returns
    -------
    list of (run, first body, second body)
        One for each pair of bodies.
    """
    seen: dict[str, int] = {}
    found: dict[tuple[int, int], str] = {}
    for at, body in enumerate(bodies):
        masked = mask(body, places)
        for start in range(len(masked) - length + 1):
            run = masked[start : start + length]
            if seen.setdefault(run, at) != at:
                found.setdefault((seen[run], at), run)
    return [(run, first, second) for (first, second), run in found.items()]


def ends(bodies: Iterable[str], *, last: bool = False, length: int = ENDS) -> Counter[str]:
    """Count the openings (or endings) of bodies longer than one of them."""
    whole = ("".join(body.split()) for body in bodies)
    return Counter(text[-length:] if last else text[:length] for text in whole if len(text) > length)


def nearest_neighbours(cases: Sequence[Case]) -> NDArray[np.float64]:
    """Return how like each body its nearest other one is, merge groups left out.

    Returns
    -------
    ndarray, shape (n_bodies,)
        Cosine of character 3-gram TF-IDF, for bodies of more than one sentence.
    """
    long = [case for case in cases if letters(case.proposal.body) > _ONE_SENTENCE]
    if not long:
        return np.zeros(0)
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(3, 3), sublinear_tf=True)
    rows = vectorizer.fit_transform([case.proposal.body for case in long])
    cosine: NDArray[np.float64] = (rows @ rows.T).toarray()
    group = np.array([case.merge_group or f"#{at}" for at, case in enumerate(long)])
    cosine[group[:, None] == group] = 0.0
    nearest: NDArray[np.float64] = cosine.max(axis=1)
    return nearest


def merge_groups(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """Return the 并案 groups by name."""
    groups: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.merge_group:
            groups[case.merge_group].append(case)
    return dict(groups)


def old_names(cases: Iterable[Case], site: Site) -> dict[str, Counter[str]]:
    """Return for each label that no longer stands for itself what today makes of it."""
    became: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        written = case.proposal.section
        if site.label_of(written) != case.section or case.section is None:
            became[written][case.section or "（无）"] += 1
    return dict(became)


def trends(cases: Iterable[Case]) -> dict[str, Counter[int]]:
    """Return for each topic in how many cases of each year it comes up."""
    by_topic: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for case in cases:
        if case.proposal.topic:
            by_topic[case.proposal.topic][case.year] += 1
    return dict(by_topic)


def _shares(counts: Mapping[str, int], name: Callable[[str], str] = str) -> list[str]:
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [f"{name(key)} {n}（{n / total:.1%}）" for key, n in ordered]


def _spread(cases: Sequence[Case], site: Site) -> dict[str, list[str]]:
    proposals = [case.proposal for case in cases]
    with_co = sum(bool(p.co_sections) for p in proposals)
    outside = Counter(case.section or "（无）" for case in cases if case.outside)
    return {
        "件数": [str(len(cases)), *_shares(Counter(f"{c.year}年" for c in cases))],
        "股室（按今天的归属）": _shares(Counter(c.section or "" for c in cases if not c.outside), site.name),
        "外单位": [f"共 {sum(outside.values()) / len(cases):.1%}", *_shares(outside, site.name)],
        "主题": _shares(Counter(p.topic for p in proposals if p.topic), site.name),
        "有会办股室": [f"{with_co}（{with_co / len(cases):.1%}）"],
        "类型": _shares(Counter(p.kind for p in proposals)),
        "级别": _shares(Counter(p.level for p in proposals)),
        "本局角色": _shares(Counter(p.role or "（退回）" for p in proposals)),
        "办理结果": _shares(Counter(p.result or "（退回）" for p in proposals)),
        "正文长短": _shares(Counter(length_band(p.body) for p in proposals)),
    }


def _repetition(cases: Sequence[Case], places: Iterable[str]) -> dict[str, list[str]]:
    bodies = [case.proposal.body for case in cases]
    titles = [case.proposal.title for case in cases]
    runs = shared_runs(bodies, places)
    near = nearest_neighbours(cases)
    opening, ending = ends(bodies), ends(bodies, last=True)
    return {
        "标题句式": _shares(Counter(map(title_pattern, titles))),
        "标题字数": [
            f"中位 {statistics.median(map(len, titles)):.0f}，{min(map(len, titles))}-{max(map(len, titles))}"
        ],
        f"两件共有 {RUN} 字": [f"{len(runs)} 对", *(run for run, _, _ in runs[:10])],
        f"开头 {ENDS} 字": _commonest(opening),
        f"结尾 {ENDS} 字": _commonest(ending),
        "最近邻余弦（字三元组，并案除外）": (
            [f"中位 {np.median(near):.3f}", f"最大 {near.max():.3f}"] if len(near) else []
        ),
    }


def _commonest(counts: Counter[str]) -> list[str]:
    shared = [f"{text} {n}" for text, n in counts.most_common(3) if n > 1]
    return [f"{len(counts)} 种", f"最多的占 {max(counts.values()) / counts.total():.2%}", *shared]


def _past(cases: Sequence[Case], site: Site) -> dict[str, list[str]]:
    groups = merge_groups(cases)
    wrong = Counter(case.first_assigned_to for case in cases if case.first_assigned_to)
    sizes = Counter(f"{len(group)} 件一组" for group in groups.values())
    became = old_names(cases, site)
    years = sorted({case.year for case in cases})
    return {
        "并案": [f"{len(groups)} 组，{sum(map(len, groups.values()))} 件", *_shares(sizes)],
        "先错派后退回": [f"{wrong.total()} 件", *(f"{site.name(k)} {n}" for k, n in wrong.most_common())],
        "旧名称今归": [f"{old} → {'、'.join(_shares(to, site.name))}" for old, to in became.items()],
        "无处可归": [str(sum(case.section is None for case in cases))],
        "主题逐年": [
            f"{site.name(topic)} {' '.join(str(counts[year]) for year in years)}"
            for topic, counts in sorted(trends(cases).items(), key=lambda item: -item[1].total())
        ],
    }


def figures(cases: Sequence[Case], site: Site, places: Iterable[str]) -> dict[str, list[str]]:
    """Return every figure as heading and lines, in the order they are printed."""
    return {**_spread(cases, site), **_repetition(cases, places), **_past(cases, site)}


@click.command(help="打印一批样例案件的构成与雷同程度。FOLDER 是案件表所在目录，默认为自带的样例站点。")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--site",
    "site_directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="站点目录，决定旧股室归谁；默认为自带的样例站点。",
)
def main(folder: Path | None, site_directory: Path | None) -> None:
    """Print the figures of a folder of case tables."""
    site = load_site(site_directory or sample_site())
    cases = load_cases(folder or sample_site() / "cases", site)
    for heading, lines in figures(cases, site, read_places()).items():
        click.echo(f"{heading}：{lines[0] if lines else '无'}")
        for line in lines[1:]:
            click.echo(f"    {line}")


if __name__ == "__main__":
    main()
