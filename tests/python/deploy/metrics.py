"""Checks that each metric that a dashboard or a rule names is there in real answers, and that Prometheus can read each query.

    metrics.py deploy PROMETHEUS_URL SCRAPE…

A SCRAPE is an address or a file with Prometheus text. METRICS_KEY in the environment is shown to each address. Prints what is wrong, a line each, then a line that counts.
"""

import json
import os
import pathlib
import re
import sys
import urllib.parse
import urllib.request

import yaml

folder, prometheus = pathlib.Path(sys.argv[1]), sys.argv[2]
names, wrong = set(), []
shown = {"Authorization": f"Bearer {os.environ['METRICS_KEY']}"} if "METRICS_KEY" in os.environ else {}
for source in sys.argv[3:]:
    if "://" in source:
        text = urllib.request.urlopen(urllib.request.Request(source, headers=shown), timeout=20).read().decode()
    else:
        text = pathlib.Path(source).read_text()
    names.update(re.findall(r"^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{| )", text, re.M))
# What Prometheus makes itself.
names |= {"up", "ALERTS"}
WORDS = set("by without on ignoring group_left group_right and or unless bool offset sum avg max min count topk bottomk".split())


def metrics(expression):
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    found = re.finditer(r"(?<![\w.$])([A-Za-z_:][A-Za-z0-9_:]*)\s*(\()?", bare)
    return {match[1] for match in found if not match[2] and match[1] not in WORDS}


queries = []
for group in yaml.safe_load((folder / "prometheus/rules.yml").read_text())["groups"]:
    for rule in group["rules"]:
        queries.append((f"rule {rule.get('alert', rule.get('record'))}", rule["expr"]))
        names |= {rule["record"]} if "record" in rule else set()
boards = sorted((folder / "grafana/dashboards").glob("*.json"))
uids = set()
for board in boards:
    content = json.loads(board.read_text())
    uids.add(content["uid"])
    ids = [panel["id"] for panel in content["panels"]]
    if len(set(ids)) != len(ids):
        wrong.append(f"{board.name}: two panels have the same id")
    places = [content["templating"]["list"], content["annotations"]["list"]]
    for variable in places[0]:
        queries.append((f"{content['uid']}: {variable['name']}", re.sub(r"label_values\((.*), \w+\)", r"\1", variable["definition"])))
    for note in places[1]:
        queries.append((f"{content['uid']}: {note['name']}", note["expr"]))
    for panel in content["panels"]:
        for target in panel.get("targets", []):
            if target["datasource"]["type"] == "prometheus":
                queries.append((f"{content['uid']}: {panel['title']}", target["expr"]))
if uids != {"core-overview", "ai-metrics", "security-metrics"}:
    wrong.append(f"the dashboards are {sorted(uids)}")

used = set()
for place, expression in queries:
    needed = metrics(expression)
    if not needed:
        wrong.append(f"{place}: names no metric")
    used |= needed
    for name in sorted(needed - names):
        wrong.append(f"{place}: nobody tells {name}")
    for variable, value in (("$__rate_interval", "1m"), ("$__range", "1h"), ("$instance", ".*"), ("$provider", ".*")):
        expression = expression.replace(variable, value)
    question = urllib.parse.urlencode({"query": expression}).encode()
    try:
        with urllib.request.urlopen(f"{prometheus}/api/v1/query", question, timeout=20) as answer:
            json.load(answer)
    except urllib.error.HTTPError as error:
        wrong.append(f"{place}: {error.read().decode()[:300]}")
print("\n".join(wrong), end="\n" if wrong else "")
print(f"{len(queries)} queries, {len(used)} metrics, {len(boards)} dashboards")
sys.exit(bool(wrong))
