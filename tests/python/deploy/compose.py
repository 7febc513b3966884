"""Checks deploy/compose.yaml without an engine of containers: references, files, versions, limits, health.

    compose.py deploy/compose.yaml FOLDER_OF_SECRETS

Prints what is wrong, a line each; nothing when all is well.
"""

import pathlib
import re
import sys

import yaml

path = pathlib.Path(sys.argv[1])
made = pathlib.Path(sys.argv[2])
here = path.parent
stack = yaml.safe_load(path.read_text())
wrong = []
services, networks, volumes = stack["services"], stack["networks"], stack["volumes"]


def refuse(holds, text):
    if not holds:
        wrong.append(text)


for name, service in services.items():
    image = service.get("image", "")
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    refuse(re.match(r"v?\d+\.\d+", tag), f"{name}: the version of {image!r} is not pinned")
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    refuse({"cpus", "memory", "pids"} <= set(limits), f"{name}: no limits")
    refuse(service.get("read_only"), f"{name}: its image can be written")
    refuse(service.get("cap_drop") == ["ALL"], f"{name}: keeps capabilities")
    refuse("no-new-privileges:true" in service.get("security_opt", []), f"{name}: may gain rights")
    refuse(not service.get("privileged"), f"{name}: privileged")
    for secret in service.get("secrets", []):
        refuse(secret in stack["secrets"], f"{name}: no secret {secret}")
    used = service.get("networks", [])
    for network in used:
        refuse(network in networks, f"{name}: no network {network}")
    refuse(used, f"{name}: in no network of its own")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            refuse((here / source).exists(), f"{name}: {source} is missing")
            refuse(volume.endswith(":ro"), f"{name}: may write {source}")
        elif not source.startswith("/"):
            refuse(source in volumes, f"{name}: no volume {source}")
        refuse("docker.sock" not in volume, f"{name}: has the engine's socket")
    depends = service.get("depends_on", [])
    for other in depends:
        refuse(other in services, f"{name}: depends on {other}, which is not there")
        if isinstance(depends, dict) and depends[other].get("condition") == "service_healthy":
            refuse("healthcheck" in services.get(other, {}), f"{name}: waits for the health of {other}, which has none")
    if "healthcheck" in service:
        check = service["healthcheck"]
        times = [check.get(key) for key in ("interval", "timeout", "retries", "start_period")]
        refuse(times == ["30s", "10s", 3, "40s"], f"{name}: health is checked every {times}")
    if "build" in service:
        build = service["build"]
        folder = here / build["context"]
        refuse((folder / build["dockerfile"]).is_file(), f"{name}: nothing to build it from")
    for port in service.get("ports", []):
        refuse(name == "nginx" or port.startswith("127.0.0.1:"), f"{name}: {port} is open to the world")
    for key, value in service.get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|_KEY|DATABASE_URL|REDIS_URL", key) and not re.search(r"FILE$|DISABLE", key):
            wrong.append(f"{name}: {key} is no file")
        if str(value).startswith("/run/secrets/"):
            refuse(value.rsplit("/", 1)[1] in service.get("secrets", []), f"{name}: {value} is not mounted")

for name in ("nginx", "haproxy", "aurora-1", "aurora-2", "postgres", "redis", "prometheus", "grafana"):
    refuse(name in services, f"no service {name}")
    refuse("healthcheck" in services.get(name, {}), f"{name}: no health check")
network = networks["aurora-network"]
refuse(network["name"] == "aurora-network", "the network has another name")
refuse(network["ipam"]["config"][0]["subnet"] == "172.20.0.0/16", "the network has other addresses")

secrets = {secret["file"].removeprefix("secrets/") for secret in stack["secrets"].values()}
for secret in secrets:
    file = made / secret
    refuse(file.is_file() and file.stat().st_size > 0, f"make-secrets makes no {secret}")
for secret in stack["secrets"]:
    users = [name for name, service in services.items() if secret in service.get("secrets", [])]
    refuse(users, f"nobody uses the secret {secret}")
stop = int(services["aurora-1"]["stop_grace_period"].removesuffix("s"))
environment = services["aurora-1"]["environment"]
drain = sum(int(environment[f"AURORA__LIMITS__DRAIN_{part}"].removesuffix("s")) for part in ("DELAY", "TIMEOUT"))
refuse(stop > drain, f"a server needs {drain} s to end and gets {stop} s")

# What one server takes in, any other hands out, deletes, backs up and brings back.
servers = [service for name, service in services.items() if re.fullmatch(r"aurora-\d+", name)]
for key in ("AURORA__FILES__FOLDER", "AURORA__BACKUP__FOLDER"):
    folder = environment.get(key, "nowhere")
    mounts = {tuple(v for v in server["volumes"] if folder.startswith(v.split(":")[1])) for server in servers}
    refuse(len(mounts) == 1 and len(mounts.pop()) == 1, f"{key}: the servers do not share {folder}")
refuse("AURORA__BACKUP__EVERY" in environment, "nobody makes backups")
major = re.match(r"postgres:(\d+)\.", services["postgres"]["image"])[1]
image = (here / "Containerfile").read_text()
refuse(f"postgresql-client-{major} " in image and f"/usr/lib/postgresql/{major}/bin" in image, f"the image has no pg_dump {major}")

text = path.read_text()
refuse("latest" not in text, "something is at its latest version")
targets = re.findall(r'"([a-z0-9-]+):\d+"', (here / "prometheus/prometheus.yml").read_text())
for target in set(targets) - {"localhost"}:
    refuse(target in services, f"Prometheus asks {target}, which is not there")
for line in re.findall(r"presetenv AURORA_\d \"([a-z0-9-]+):", (here / "haproxy/haproxy.cfg").read_text()):
    refuse(line in services, f"HAProxy asks {line}, which is not there")
for line in re.findall(r"^FROM (\S+)", (here / "Containerfile").read_text() + "\n" + (here / "nginx/Containerfile").read_text(), re.M):
    refuse(re.search(r":\d+\.\d+", line), f"{line} is not pinned")

print("\n".join(wrong), end="\n" if wrong else "")
sys.exit(bool(wrong))
