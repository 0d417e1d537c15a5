from __future__ import annotations

import copy
import os
import pickle
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tokenizer import JiebaTokenizer, RjiebaTokenizer, default_tokenizer, words
from router.errors import PluginError
from router.readers import read_path
from router.site import Site
from router.site_files import sample_site
from router.text import MASK, normalise

rjieba = pytest.importorskip("rjieba", reason="the extra 'fast' is not installed")
COMMON = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下"
    "过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都"
    "两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重"
    "新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想"
    "已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知"
    "较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造"
)
chinese = st.text(COMMON + "，。！？、；：（）《》“”…— \n%+#&.-_□·", max_size=60)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(scope="module")
def both(site: Site) -> tuple[JiebaTokenizer, RjiebaTokenizer]:
    """Return both implementations with the sample site's user dictionary."""
    return JiebaTokenizer(site.user_words), RjiebaTokenizer(site.user_words)


@given(text=chinese)
def test_both_implementations_give_the_same_tokens_of_chinese(
    both: tuple[JiebaTokenizer, RjiebaTokenizer], text: str
) -> None:
    folded = normalise(text)
    assert both[0].tokenize(folded) == both[1].tokenize(folded)


@given(text=anything)
def test_both_implementations_give_the_same_words_of_anything(
    both: tuple[JiebaTokenizer, RjiebaTokenizer], text: str
) -> None:
    folded = normalise(text)
    assert words(both[0], folded) == words(both[1], folded)


@given(
    parts=st.lists(
        st.sampled_from(
            ["加装电梯", "公租房", "雨污分流", "老旧小区", "路灯", "的", "县城", "一二三", "，", "12"]
        )
    )
)
def test_user_words_are_cut_alike_wherever_they_stand(
    both: tuple[JiebaTokenizer, RjiebaTokenizer], parts: Sequence[str]
) -> None:
    folded = normalise("".join(parts))
    assert both[0].tokenize(folded) == both[1].tokenize(folded)


def test_both_implementations_cut_the_sample_cases_alike(
    both: tuple[JiebaTokenizer, RjiebaTokenizer],
) -> None:
    newest = sorted((sample_site() / "cases").glob("*.csv"))[-1]
    texts = [normalise(case.text) for case in read_path(newest).proposals]
    assert len(texts) > 10
    assert [t for t in texts if both[0].tokenize(t) != both[1].tokenize(t)] == []


@pytest.mark.parametrize("tokenizer", [JiebaTokenizer, RjiebaTokenizer])
def test_user_words_stay_whole(tokenizer: type[JiebaTokenizer | RjiebaTokenizer]) -> None:
    assert tokenizer(["青禾局长信箱"]).tokenize("请看青禾局长信箱吧") == ["请", "看", "青禾局长信箱", "吧"]


@pytest.mark.parametrize("tokenizer", [JiebaTokenizer, RjiebaTokenizer])
def test_user_words_of_one_do_not_reach_another(tokenizer: type[JiebaTokenizer | RjiebaTokenizer]) -> None:
    tokenizer(["青禾局长信箱"])
    assert "青禾局长信箱" not in tokenizer().tokenize("青禾局长信箱")


@given(text=anything)
def test_tokens_put_together_are_the_text(both: tuple[JiebaTokenizer, RjiebaTokenizer], text: str) -> None:
    folded = normalise(text)
    assert "".join(both[1].tokenize(folded)) == folded


def test_words_leave_out_what_holds_no_letter() -> None:
    tokens = words(JiebaTokenizer(), f"路灯,{MASK}号楼 不亮!\n")
    assert tokens == ["路灯", "号楼", "不亮"]


def test_the_faster_one_is_taken_unless_another_is_named() -> None:
    assert isinstance(default_tokenizer(), RjiebaTokenizer)
    assert isinstance(default_tokenizer([], "jieba"), RjiebaTokenizer)


def test_without_the_faster_one_the_reference_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.tokenizer.find_spec", lambda name: None)
    assert isinstance(default_tokenizer(["公租房"]), JiebaTokenizer)


def test_an_unknown_tokeniser_is_refused_in_words() -> None:
    with pytest.raises(PluginError, match="没有名为 'hanlp' 的"):
        default_tokenizer([], "hanlp")


def test_jiebas_cache_is_nobody_elses(tmp_path: Path) -> None:
    code = "from models.tokenizer import JiebaTokenizer; JiebaTokenizer()"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment, check=True)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert stat.S_IMODE((tmp_path / "cache" / "fenban").stat().st_mode) == 0o700
    assert [path.suffix for path in (tmp_path / "cache" / "fenban").iterdir()] == [".cache"]


@pytest.fixture
def another_jieba(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return the dictionary of a copy of jieba, and an environment that takes the copy."""
    import jieba

    shutil.copytree(Path(jieba.__file__).parent, tmp_path / "copy" / "jieba")
    places = {"PYTHONPATH": f"{tmp_path}/copy", "XDG_CACHE_HOME": f"{tmp_path}/cache"}
    return tmp_path / "copy" / "jieba" / "dict.txt", {**os.environ, **places}


def cut(text: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    code = f"from models.tokenizer import JiebaTokenizer; print(*JiebaTokenizer().tokenize({text!r}))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_repaired_dictionary_is_read_though_a_damaged_one_was_cached(
    another_jieba: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    dictionary, environment = another_jieba
    sound, stat = dictionary.read_bytes(), dictionary.stat()
    dictionary.write_bytes(sound + "请看电 99999 n\n".encode())
    damaged = cut("请看电梯", environment).stdout
    dictionary.write_bytes(sound)
    os.utime(dictionary, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (damaged, cut("请看电梯", environment).stdout) == ("请看电 梯\n", "请 看 电梯\n")
    assert len(list((tmp_path / "cache" / "fenban").iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\n", b"one two three four five\n"])
def test_a_dictionary_that_cannot_be_read_is_told_with_what_to_reinstall(
    another_jieba: tuple[Path, dict[str, str]], content: bytes
) -> None:
    dictionary, environment = another_jieba
    dictionary.write_bytes(content)
    told = cut("电梯", environment).stderr.splitlines()[-1]
    assert "PluginError" in told
    assert str(dictionary) in told
    assert "--force-reinstall --no-deps jieba==" in told


@pytest.mark.parametrize("name", ["", "jieba", "rjieba"])
def test_a_model_made_with_one_runs_where_the_other_is_not_installed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.tokenizer.find_spec", lambda _: None)
    assert isinstance(default_tokenizer(name=name), JiebaTokenizer)


def test_a_user_without_a_home_gets_a_folder_of_his_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert JiebaTokenizer().tokenize("路灯") == ["路灯"]


@pytest.mark.parametrize("kind", [JiebaTokenizer, RjiebaTokenizer])
def test_a_tokeniser_can_be_copied_and_pickled(kind: type[JiebaTokenizer | RjiebaTokenizer]) -> None:
    tokenizer = kind(["灯坏"])
    for again in (copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer))):
        assert again.tokenize("路灯坏") == tokenizer.tokenize("路灯坏") == ["路", "灯坏"]


def test_half_a_surrogate_pair_stands_alone(both: tuple[JiebaTokenizer, RjiebaTokenizer]) -> None:
    for tokenizer in both:
        assert tokenizer.tokenize("路灯\ud83d坏了\udc00") == ["路灯", "\ud83d", "坏", "了", "\udc00"]
