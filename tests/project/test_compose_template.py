from __future__ import annotations

import pytest
from tests.project.projects import faults_of, model_of

from docker_agent.project.compose.nodes import Scalar

WEB = "services: {w: {image: x, scale: '${%s:?}', environment: {A: $%s}, ports: ['${%s}:80'], user: '${MINE}'}}"


@pytest.mark.parametrize(
    ("name", "other", "platform"),
    [
        ("SERVICE_FQDN_WEB_80", "SERVICE_PASSWORD_64_WEB", "coolify"),
        ("APP_DATA_DIR", "APP_WEB_IP", "umbrel"),
        ("PANEL_APP_PORT_HTTP", "CONTAINER_NAME", "1panel"),
        ("ROOT_FOLDER_HOST", "APP_PORT", "runtipi"),
    ],
)
def test_platforms_give_themselves_away_by_their_variables(name: str, other: str, platform: str) -> None:
    model = model_of({"c.yml": WEB % (name, other, other)})
    assert (model.template, faults_of(model)) == (platform, [])
    assert [variable.name for variable in model.unset] == ["MINE"]
    assert "required_variable" in {
        fault.split()[0] for fault in faults_of(model_of({"c.yml": WEB % (name, other, other)}, template=False))
    }


def test_a_file_of_nobody_is_a_plain_one_unless_it_is_said_to_be_a_template() -> None:
    files = {"c.yml": WEB % ("TAG", "TAG", "TAG")}
    assert model_of(files).template == ""
    assert "required_variable" in {fault.split()[0] for fault in faults_of(model_of(files))}
    asked = model_of(files, template=True)
    assert (asked.template, asked.unset, faults_of(asked)) == ("any", (), [])


def test_faults_that_have_nothing_to_do_with_variables_stay() -> None:
    model = model_of({"c.yml": "services:\n  w:\n    image: $SERVICE_FQDN_W\n    bogus: 1\n"})
    assert (model.template, faults_of(model)) == ("coolify", ["schema c.yml:4:5"])


JINJA = """services:
  {% if web %}
  web:
    image: "nginx:{{ tag }}"
    scale: {{ replicas }}
    ports:
      {{#each ports}}
      - {{ this }}:80
      {{/each}}
    environment: {A: "{{.Node.Hostname}}", B: '${TAG}-{{ b }}'}
    bogus: 1
  {% endif %}
"""


def test_braces_are_values_that_nobody_knows() -> None:
    model = model_of({"c.yml": JINJA}, template=True)
    web = model.services["web"]
    assert (web.image, web.ports, faults_of(model)) == ("nginx:{{ tag }}", (), ["schema c.yml:11:5"])
    assert str(model.place(("services", "web", "bogus"))) == "c.yml:11:12"
    scale = model.node(("services", "web", "scale"))
    assert isinstance(scale, Scalar)
    assert scale.unset == ("{{ replicas }}",)


def test_braces_in_quotes_are_text_where_nobody_says_otherwise() -> None:
    model = model_of({"c.yml": "services: {w: {image: x, environment: {A: '{{.Node.Hostname}}'}}}"})
    assert (model.services["w"].environment, faults_of(model)) == ({"A": "{{.Node.Hostname}}"}, [])
    assert faults_of(model_of({"c.yml": JINJA})) != []
