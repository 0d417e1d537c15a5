"""The sample cases are written one by one: nothing in them is a template."""

import pytest

from benchmarks.corpus import Case, ends, mask, merge_groups, nearest_neighbours, read_places, shared_runs
from router.proposal import Proposal


def case(body: str, group: str = "") -> Case:
    return Case(Proposal(title="一件", body=body, extra={"merge_group": group}), "municipal")


class TestPromises:
    def test_no_two_bodies_share_a_run_of_twenty_characters(self, bodies: list[str]) -> None:
        assert shared_runs(bodies, read_places()) == []

    @pytest.mark.parametrize("last", [False, True], ids=["opening", "ending"])
    def test_no_opening_or_ending_is_common(self, bodies: list[str], last: bool) -> None:
        counts = ends(bodies, last=last)
        assert max(counts.values()) <= 0.01 * counts.total()

    def test_no_body_is_near_another_outside_its_merge_group(self, ten_years: list[Case]) -> None:
        assert nearest_neighbours(ten_years).max() < 0.5

    def test_even_merged_cases_are_in_other_words(self, ten_years: list[Case]) -> None:
        grouped = [c for group in merge_groups(ten_years).values() for c in group]
        alone = [case(c.proposal.body) for c in grouped]
        assert nearest_neighbours(alone).max() < 0.5


class TestMeasures:
    def test_masking_hides_places_numbers_and_punctuation(self) -> None:
        assert mask("北门街 12 号，漏水。", ["北门街"]) == "□○号漏水"

    def test_a_filled_in_template_is_found(self) -> None:
        template = "{}共有路灯{}盏，其中大半不亮，群众夜间出行十分不便，盼早日修好。"
        texts = [template.format("人民路", 40), template.format("解放路", 127)]
        assert [pair for _, *pair in shared_runs(texts, read_places())] == [[0, 1]]

    def test_a_copied_body_is_near_its_original_unless_they_are_merged(self) -> None:
        body = (
            "东关老街的路面去年入冬以后就坏了，坑里能养鱼，赶集的三轮车走到这里都得下来推，请赶在汛期以前铺好。"
            * 2
        )
        other = (
            "二次供水泵房常年锁着门，水箱没有人清洗，放出来的水先浑后黄，楼上住户只好天天买桶装的水回来做饭喝茶，"
            * 2
        )
        assert nearest_neighbours([case(body), case(body), case(other)])[0] == pytest.approx(1.0)
        assert nearest_neighbours([case(body, "并1"), case(body, "并1"), case(other)])[0] < 0.5

    def test_openings_are_counted_without_white_space(self) -> None:
        assert ends(["一二三 四五六七八九", "一二三四五六七八十"]) == {"一二三四五六七八": 2}
