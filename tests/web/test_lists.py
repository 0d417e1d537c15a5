from flask.testing import FlaskClient

from router.plugins import list_plugins
from router.site import Site


def test_sections_and_outside_units(client: FlaskClient, site: Site) -> None:
    listed = client.get("/api/v1/sections").get_json()["sections"]
    drainage = next(s for s in listed if s["id"] == "drainage")
    assert (drainage["name"], drainage["outside"]) == ("排水管理所", False)
    assert {s["id"] for s in listed if s["outside"]} == set(site.neighbours)


def test_topics_name_their_section(client: FlaskClient) -> None:
    listed = client.get("/api/v1/topics").get_json()["topics"]
    assert {"township-sewage": "drainage"}.items() <= {t["id"]: t["section"] for t in listed}.items()


def test_models(client: FlaskClient) -> None:
    assert client.get("/api/v1/models").get_json() == {"models": [{"version": "test.1", "live": True}]}


def test_plugins_tell_where_they_come_from(client: FlaskClient) -> None:
    listed = client.get("/api/v1/plugins").get_json()["plugins"]
    assert {p["name"] for p in listed if p["group"] == "rules"} == {p.name for p in list_plugins("rules")}
    assert all(p["distribution"] and p["version"] for p in listed)


def test_healthz_answers_with_and_without_a_model(client: FlaskClient, bare_client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == bare_client.get("/healthz").get_json() == {"status": "ok"}


def test_readyz_names_the_model(client: FlaskClient) -> None:
    assert client.get("/readyz").get_json() == {"status": "ready", "model": "test.1", "problems": []}


def test_readyz_says_why_not(bare_client: FlaskClient) -> None:
    response = bare_client.get("/readyz")
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert "fenban train" in response.get_json(force=True)["detail"]
