"""Asks an Aurora server without pause and counts what goes wrong.

    load.py --url URL [--url URL] --seconds N --workers N [--writes SHARE] [--until FILE] [--rate N]

Each worker holds one connection, as a program does, and makes another when a server ends it between two requests. A
request fails when there is no answer or one with a status that is not expected; nothing is asked twice. At the end every client that was accepted (201) is
looked for. Prints one line of JSON.
"""

import argparse
import http.client
import json
import os
import random
import ssl
import threading
import time
import urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument("--url", action="append", required=True)
parser.add_argument("--seconds", type=float, required=True)
parser.add_argument("--workers", type=int, default=8)
parser.add_argument("--writes", type=float, default=0.3)
parser.add_argument("--most", type=int, default=50_000)
parser.add_argument("--rate", type=float, help="the most requests per second of all workers together, also when looking at the end")
parser.add_argument("--until", help="ends early once this file exists")
parser.add_argument("--header", action="append", default=[])
options = parser.parse_args()

headers = dict(line.split(": ", 1) for line in options.header)
if "AURORA_KEY" in os.environ:  # not on the command line, where others see it
    headers["Authorization"] = f"Bearer {os.environ['AURORA_KEY']}"
lock = threading.Lock()
times, failures, accepted = [], [], []
asked = 0
slot = time.monotonic()
end = time.monotonic() + options.seconds
began = time.time()


def connect(url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=40, context=context)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=40)


def in_turn():
    """Waits until the rate allows another request."""
    global slot
    if options.rate:
        with lock:
            slot = max(slot, time.monotonic()) + 1 / options.rate
            wait = slot - time.monotonic()
        time.sleep(max(0, wait))


def work(number):
    global asked
    url = options.url[number % len(options.url)]
    chance = random.Random(number)
    connection = connect(url)
    count = 0
    while time.monotonic() < end and not (options.until and os.path.exists(options.until)):
        with lock:
            if asked >= options.most:
                return
            asked += 1
        in_turn()
        count += 1
        writes = chance.random() < options.writes
        method, path, body, expected = "GET", "/api/v1/clients?limit=5", None, 200
        more = dict(headers)
        if writes:
            method, path, expected = "POST", "/api/v1/clients", 201
            body = json.dumps({"kind": "person", "legal_name": f"Load {os.getpid()} {number} {count}"})
            more["Content-Type"] = "application/json"
        started = time.monotonic()
        try:
            connection.request(method, path, body, more)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != expected:
                raise RuntimeError(f"status {answer.status}: {content[:200]!r}")
            with lock:
                times.append(time.monotonic() - started)
                if writes:
                    accepted.append(json.loads(content)["id"])
            if answer.will_close:
                connection.close()  # the next request opens another one
        except Exception as error:  # whatever it was, the request failed
            with lock:
                failures.append({"at": time.time(), "method": method, "error": f"{type(error).__name__}: {error}"})
            connection.close()
            time.sleep(0.05)


threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(options.workers)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

lost = []
connection = connect(options.url[0])
for identity in accepted:
    in_turn()
    connection.request("GET", f"/api/v1/clients/{identity}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        lost.append(identity)

times.sort()
at = lambda share: round(1e3 * times[min(len(times) - 1, int(share * len(times)))], 1) if times else None
print(json.dumps({
    "asked": asked, "succeeded": len(times), "accepted": len(accepted), "lost": len(lost), "failed": len(failures),
    "failed_reads": sum(failure["method"] == "GET" for failure in failures),
    "first_failure": min((f["at"] for f in failures), default=None),
    "last_failure": max((f["at"] for f in failures), default=None),
    "began": began, "ms": {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "most": at(1)},
    "failures": failures[:5],
}))
