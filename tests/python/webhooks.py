"""Signs and verifies webhooks with the official library of Standard Webhooks.

    python webhooks.py

It reads one JSON object from standard input, a request by name with its arguments, and prints the answer as one line
of JSON. The Rust tests that call this (aurora-core/src/webhook/interop_tests.rs, aurora-crm/src/webhooks/tests) assert
on it. `now` is the time that the library takes it for, in Unix seconds.
"""

import json
import sys
from datetime import datetime, timezone

import standardwebhooks.webhooks as library


def sign(secret, id, seconds, body):
    """The signature of the library."""
    at = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return {"signature": library.Webhook(secret).sign(msg_id=id, timestamp=at, data=body)}


def verify(secret, headers, body, now):
    """Whether the library accepts a message, or what it says against it."""

    class Then(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(now, tz=tz)

    library.datetime = Then
    try:
        return {"accepted": library.Webhook(secret).verify(body, headers)}
    except library.WebhookVerificationError as refused:
        return {"refused": str(refused)}


if __name__ == "__main__":
    request = json.load(sys.stdin)
    answer = {"sign": sign, "verify": verify}[request.pop("request")]
    print(json.dumps(answer(**request)))
