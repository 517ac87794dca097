"""What watches Framemill asks for metrics that there are."""

import json
import re
from pathlib import Path

import pytest
import yaml

from framemill.telemetry.exposition import rendered
from framemill.telemetry.families import FAMILIES
from tests.docs.pages import DOCS, ROOT

DEPLOY = ROOT / "deploy"
_NAME = re.compile(r"\bframemill_\w+")


def _queries(file: Path) -> list[str]:
    if file.suffix == ".json":
        panels = json.loads(file.read_text())["panels"]
        return [target["expr"] for panel in panels for target in panel["targets"]]
    groups = yaml.safe_load(file.read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("name", ["grafana/framemill.json", "prometheus/alerts.yml"])
def test_every_metric_that_is_asked_for_exists_with_its_labels(name: str) -> None:
    labels = {"le", "state", "operation", "priority", "place", "step", "status", "route", "method"}
    known = {family.name for family in FAMILIES}
    known |= {f"{f.name}{end}" for f in FAMILIES for end in ("_bucket", "_sum", "_count") if f.buckets}
    queries = _queries(DEPLOY / name)
    asked = {found for query in queries for found in _NAME.findall(query)}
    by = {
        label.strip()
        for query in queries
        for part in re.findall(r"by \(([^)]*)\)", query)
        for label in part.split(",")
    }

    assert asked - known == set()
    assert by - labels == set()
    assert all(query.count("(") == query.count(")") for query in queries)


def test_each_family_is_in_the_exposition_and_on_the_page() -> None:
    page, shown = (DOCS / "telemetry.md").read_text(), rendered({}).decode()

    for family in FAMILIES:
        assert f"# HELP {family.name} " in shown
        assert f"| `{family.name}` |" in page


def test_the_alerts_that_were_promised_are_there() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]
    ends = {rule["alert"]: rule["expr"].rstrip().rpartition(" ")[2] for rule in rules}

    assert ends["FramemillQueueLong"] == "100"
    assert ends["FramemillJobsFail"] == "0.05"
    assert ends["FramemillJobsSlow"] == "600"
    assert ends["FramemillDiskFills"] == "0.8"
    assert all({"severity"} == set(rule["labels"]) for rule in rules)


def test_prometheus_finds_the_rules() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())

    assert all((DEPLOY / "prometheus" / file).is_file() for file in config["rule_files"])
