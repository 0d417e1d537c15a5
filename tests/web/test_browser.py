"""The page in a real browser, with JavaScript and without."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as ec
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait
from werkzeug.serving import make_server

from router.storage.database import Database
from router.storage.journal import Journal
from router.verdict import Verdict, VerdictKind

pytestmark = pytest.mark.browser

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--window-size=1366,768",
)
LEDGER = "编号,案由\n028,关于完善集镇生活污水管网的建议\n029,关于修复人民路路灯的建议\n"


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module", params=["with JavaScript", "without JavaScript"])
def browser(
    request: pytest.FixtureRequest, chromium: tuple[str, str], downloads: Path
) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location, driver = chromium
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    wishes = {"download.default_directory": str(downloads)}
    if request.param == "without JavaScript":
        wishes["profile.managed_default_content_settings.javascript"] = "2"
    options.add_experimental_option("prefs", wishes)
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield started
    started.quit()


def shown(browser: webdriver.Chrome, selector: str) -> str:
    """Wait for what a form brings and return its text."""
    place = (By.CSS_SELECTOR, selector)
    return WebDriverWait(browser, 30).until(ec.visibility_of_element_located(place)).text


def test_a_pasted_case(browser: webdriver.Chrome, address: str) -> None:
    browser.get(address)
    browser.find_element(By.ID, "title").send_keys("关于完善集镇生活污水管网的建议")
    browser.find_element(By.ID, "body").send_keys("集镇污水直排河沟，建议铺设管网。")
    browser.find_element(By.CSS_SELECTOR, "form[action='/case'] button").click()
    assert "排水管理所" in shown(browser, "article.card .lead")
    assert shown(browser, ".paper mark") in "关于完善集镇生活污水管网的建议"


def test_an_uploaded_ledger(browser: webdriver.Chrome, address: str, tmp_path: Path) -> None:
    ledger = tmp_path / "台账.csv"
    ledger.write_text(LEDGER, encoding="gb18030")
    browser.get(address)
    browser.find_element(By.ID, "file").send_keys(str(ledger))
    browser.find_element(By.CSS_SELECTOR, "button[value=page]").click()
    assert "029" in shown(browser, "table.ledger")
    browser.find_element(By.CSS_SELECTOR, "details summary").click()
    assert "污水" in shown(browser, "details[open] .paper")


def test_the_table_is_downloaded(browser: webdriver.Chrome, address: str, downloads: Path) -> None:
    browser.get(address)
    browser.find_element(By.ID, "title").send_keys("路灯不亮")
    browser.find_element(By.CSS_SELECTOR, "form[action='/case'] button").click()
    shown(browser, "article.card")
    browser.find_element(By.CSS_SELECTOR, "form.download button").click()
    target = downloads / "分办表.xlsx"
    WebDriverWait(browser, 20).until(lambda _: target.exists())
    target.unlink()


def test_a_suggestion_is_accepted_and_another_one_given_away(browser: webdriver.Chrome, address: str) -> None:
    browser.get(address)
    browser.find_element(By.ID, "title").send_keys("关于修复人民路路灯的建议")
    browser.find_element(By.CSS_SELECTOR, "form[action='/case'] button").click()
    shown(browser, "article.card")
    browser.find_element(By.CSS_SELECTOR, ".judge button").click()
    assert "已采纳" in shown(browser, ".judged, .history")
    browser.get(f"{address}decisions")
    browser.find_element(By.CSS_SELECTOR, "table.ledger tbody th a").click()
    Select(browser.find_element(By.ID, "section")).select_by_visible_text("城市建设股")
    browser.find_element(By.CSS_SELECTOR, "#change form:first-of-type button").click()
    standing = (By.CSS_SELECTOR, ".history .standing")  # the page before has one, too
    WebDriverWait(browser, 30).until(ec.text_to_be_present_in_element(standing, "改由城市建设股主办"))


def test_a_tab_of_before_is_told_what_another_tab_has_decided(
    browser: webdriver.Chrome, address: str, database: Database
) -> None:
    browser.get(address)
    browser.find_element(By.ID, "title").send_keys("关于修复文昌街路灯的建议")
    browser.find_element(By.CSS_SELECTOR, "form[action='/case'] button").click()
    shown(browser, "article.card")
    journal = Journal(database)
    (newest,) = journal.latest(limit=1)
    journal.verdict(newest.id, Verdict(VerdictKind.CHANGED, section="construction"), "user:zhang")
    browser.find_element(By.CSS_SELECTOR, ".judge button").click()
    assert "zhang 在 " in shown(browser, "[role=alert]")
    assert len(journal.verdicts(newest.id)) == 1
    browser.find_element(By.CSS_SELECTOR, ".judge button").click()
    WebDriverWait(browser, 30).until(lambda _: len(journal.verdicts(newest.id)) == 2)
    browser.get_log("browser")  # tells of each refusal


def test_the_list_is_printed_from_the_first_page_on_without_buttons(
    browser: webdriver.Chrome, address: str, client: FlaskClient
) -> None:
    cases = [{"title": f"关于修复第{n}号路灯的建议", "case_id": f"print-{n}"} for n in range(50)]
    assert client.post("/api/v1/suggest/batch", json={"cases": cases}).get_data()
    browser.get(f"{address}decisions")
    paper = PdfReader(io.BytesIO(base64.b64decode(browser.print_page())))
    pages = [page.extract_text() for page in paper.pages]
    assert len(pages) > 1
    assert "print-49" in pages[0]
    assert not any(word in page for page in pages for word in ("改办 / 退回", "查找", "接口说明", "更早的"))


def test_the_browser_has_nothing_to_complain_about(browser: webdriver.Chrome, address: str) -> None:
    browser.get(address)
    shown(browser, "form")
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
