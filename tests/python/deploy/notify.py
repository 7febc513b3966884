"""Plays the supervisor of `aurora serve` (sd_notify(3)) and checks what it is told.

    notify.py PORT COMMAND [ARGUMENT…]
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

port, command = sys.argv[1], sys.argv[2:]
name = f"aurora-notify-{os.getpid()}"
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind("\0" + name)
ear.settimeout(60)
process = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": "@" + name, "WATCHDOG_USEC": "400000"})


def hear(word):
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        told = ear.recv(4096).decode().split("\n")
        if word in told:
            return time.monotonic()
    raise SystemExit(f"{word} was not told")


try:
    hear("READY=1")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        assert answer.status == 200
    beats = [hear("WATCHDOG=1") for _ in range(5)]
    pause = (beats[-1] - beats[0]) / 4
    assert 0.1 < pause < 0.4, f"a sign of life every {pause} s"
    process.send_signal(signal.SIGTERM)
    hear("STOPPING=1")
    assert process.wait(60) == 0, f"it ended with {process.returncode}"
finally:
    process.kill()
