"""Recomputes an audit chain from an export (JSON Lines on stdin) with the standard library alone.

Written from docs/crm/audit.md, not from the code: prints the number of entries and the last hash, or fails and names the
first entry that is wrong.
"""

import calendar
import hashlib
import json
import sys
import time
import uuid


def micros(text):
    seconds, fraction = text.removesuffix("Z").split(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1_000_000 + int(fraction)


def part(value):
    if value is None:
        return (2**64 - 1).to_bytes(8, "big")
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(8, "big") + data


def digest(entry):
    parts = [
        b"aurora audit v1",
        bytes.fromhex(entry["previous_hash"]),
        bytes.fromhex(entry["workspace"].removeprefix("wsp_")),
        entry["seq"].to_bytes(8, "big"),
        micros(entry["at"]).to_bytes(8, "big", signed=True),
        entry["action"],
        entry["outcome"],
        entry["principal"],
        entry["subject_kind"],
        uuid.UUID(entry["subject"]).bytes,
        entry["origin"],
        entry["request_id"],
        entry["detail"],
    ]
    return hashlib.sha256(b"".join(map(part, parts))).hexdigest()


def main():
    count, previous = 0, "00" * 32
    for line in sys.stdin:
        entry = json.loads(line)
        count += 1
        if entry["seq"] != count or entry["previous_hash"] != previous or entry["hash"] != digest(entry):
            sys.exit(f"entry {count} is wrong")
        previous = entry["hash"]
    print(count, previous)


main()
