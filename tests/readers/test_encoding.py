from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.readers.encoding import decode, decode_head, looks_binary

TEXT = "案由：关于修复人民路路面的建议\n正文：路面破损，雨天积水。"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_each_usual_encoding_is_told_by_content(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)).text == TEXT


def test_one_broken_byte_does_not_turn_a_text_into_gibberish() -> None:
    data = (TEXT * 20).encode()
    decoded = decode(data[:100] + b"\xff" + data[100:])
    assert decoded.encoding == "utf-8"
    assert decoded.broken == 1
    assert "雨天积水" in decoded.text


def test_a_head_may_end_inside_a_character() -> None:
    assert decode_head("路灯".encode("gb18030")[:3] + b"") in ("路", "·")
    assert decode_head("路灯不亮".encode()[:10]) == "路灯不"


def test_pictures_are_binary_and_texts_are_not() -> None:
    assert looks_binary(b"\x89PNG\r\n\x1a\n" + bytes(20))
    assert not looks_binary(TEXT.encode("utf-16"))


@given(st.binary(max_size=300))
def test_any_bytes_decode(data: bytes) -> None:
    assert isinstance(decode(data).text, str)
    assert isinstance(decode_head(data), str)
