from __future__ import annotations

import json
import logging
import threading
import warnings
from collections.abc import Iterator

import pytest

from router.logs import JsonFormatter, TextFormatter, set_up, told

SECRET = "张三丰13800001234"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("fenban")
    before = root.handlers[:], root.level, ours.level, threading.excepthook
    yield
    root.handlers[:], threading.excepthook = before[0], before[3]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    logging.captureWarnings(capture=False)


class Written:
    """What stands on stderr."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self._text = capsys, ""

    def text(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Written:
    return Written(capsys)


def test_each_event_is_one_line_with_its_fields(written: Written) -> None:
    set_up("json", "info")
    logging.getLogger("fenban.web").info("request", extra=told(status=200, route="/api/v1/decisions/<id>"))
    (line,) = written.lines()
    assert line["event"] == "request"
    assert (line["level"], line["logger"], line["status"]) == ("info", "fenban.web", 200)
    assert str(line["time"])[10] == "T"


def test_a_person_gets_words(written: Written) -> None:
    set_up("text", "info")
    logging.getLogger("fenban.web").info("request", extra=told(status=200, problem=None))
    assert written.text().endswith(" info fenban.web: request status=200\n")


@pytest.mark.parametrize(("level", "n"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_is_that_of_our_lines(written: Written, level: str, n: int) -> None:
    set_up("json", level)
    log = logging.getLogger("fenban.anything")
    for one in (log.debug, log.info, log.warning, log.error):
        one("x")
    assert len(written.lines()) == n


def test_an_error_is_told_without_what_it_says(written: Written) -> None:
    set_up("json", "info")
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("fenban").exception("failed")
    (line,) = written.lines()
    assert line["error"] == "ValueError"
    assert "test_logs.py:" in str(line["at"])
    assert SECRET not in written.text()


def test_what_the_web_server_quotes_of_a_request_is_cut_off(written: Written) -> None:
    set_up("json", "debug")
    log = logging.getLogger("gunicorn.error")
    log.warning("Invalid request from ip={ip}: {error}".format(ip="127.0.0.1", error=SECRET))
    log.warning("Error handling request %s %s", "GET", f"/x?q={SECRET}")
    log.warning(f"Invalid Method '{SECRET}'")
    log.warning("%s", SECRET)
    assert [line["event"] for line in written.lines()] == [
        "Invalid request from ip=127.0.0.1",
        "Error handling request",
        "Invalid Method",
        "-",
    ]


def test_of_a_traceback_in_a_message_only_the_first_line_is_told(written: Written) -> None:
    set_up("json", "info")
    text = f"Exception during worker exit:\nTraceback\nValueError: {SECRET}"
    log = logging.getLogger("gunicorn.error")
    log.handle(log.makeRecord(log.name, logging.WARNING, "/x/arbiter.py", 1, "%s", (text,), None))
    assert [line["event"] for line in written.lines()] == ["Exception during worker exit:"]


def test_what_another_library_warns_of_is_a_line_without_quotes(written: Written) -> None:
    set_up("json", "info")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(SECRET, UserWarning, stacklevel=1)
    assert SECRET not in written.text()
    assert written.lines()[0]["logger"] == "py.warnings"


def test_a_thread_that_fails_is_a_line_without_its_message(written: Written) -> None:
    set_up("json", "info")

    def work() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert SECRET not in written.text()
    assert written.lines()[0]["error"] == "ValueError"


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_a_line_stays_one_line(formatter: logging.Formatter) -> None:
    record = logging.LogRecord("fenban", logging.INFO, "", 0, "ok", None, None)
    record.fields = {"actor": 'user:"\n'}
    text = formatter.format(record)
    assert "\n" not in text
