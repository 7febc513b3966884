"""Whether the time of a refused sign-in tells if somebody is known: a two-sample Kolmogorov-Smirnov test, p > 0.01.

    sign_in_times.py URL KNOWN_EMAIL TRIES

Both are one address each that is tried as often as the other: what is counted of an address is written anew at its first try and
changed at the others, so that a try of an address that nobody has tried before takes some 0.2 ms more, whether somebody has it or
not. Against a fresh address each time, one that was tried before would be told apart by that, and not by being known.

Tries of both kinds alternate, in an order drawn for each pair, over one connection each, so that a machine that is busy for a
while is busy for both.
"""

import http.client
import json
import math
import random
import sys
import time
import urllib.parse


def tries(url, known, count):
    url = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    took = {True: [], False: []}
    answers = set()
    for number in range(count):
        for is_known in random.sample([True, False], 2):
            email = known if is_known else "nobody@example.com"
            body = json.dumps({"email": email, "password": f"wrong password {number}"})
            began = time.perf_counter()
            connection.request("POST", "/auth/login", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = json.load(answer)
            took[is_known].append(time.perf_counter() - began)
            content.pop("instance", None)
            content.pop("request_id", None)
            answers.add((answer.status, json.dumps(content, sort_keys=True)))
    return took[True], took[False], answers


def kolmogorov_smirnov(one, two):
    """The greatest distance of the two distributions, and how likely one as great is where they are the same."""
    one, two = sorted(one), sorted(two)
    distance = at = other = 0
    while at < len(one) and other < len(two):
        if one[at] <= two[other]:
            at += 1
        else:
            other += 1
        distance = max(distance, abs(at / len(one) - other / len(two)))
    effective = math.sqrt(len(one) * len(two) / (len(one) + len(two)))
    scaled = (effective + 0.12 + 0.11 / effective) * distance
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return distance, min(1.0, max(0.0, sum(terms)))


def main():
    url, known, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with_account, without, answers = tries(url, known, count)
    distance, likely = kolmogorov_smirnov(with_account, without)
    middle = [1e3 * sorted(some)[len(some) // 2] for some in (with_account, without)]
    print(f"{count} tries each: median {middle[0]:.2f} ms known, {middle[1]:.2f} ms unknown; D = {distance:.4f}, p = {likely:.3f}")
    if len(answers) != 1:
        sys.exit(f"answers differ: {sorted(answers)}")
    sys.exit(likely <= 0.01)


main()
