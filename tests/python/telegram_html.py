"""Parses HTML for Telegram as XML, which every well-formed message with Telegram's own tags and entities is.

    python telegram_html.py

It reads a JSON list of texts from standard input and prints, as a JSON list, how many UTF-16 units each has without its
markup. The first that is not well-formed ends it with an error. The Rust test that calls this
(aurora-alerts/src/channels/telegram/tests.rs) asserts on it.
"""

import json
import sys
from xml.etree import ElementTree

KNOWN = {"message", "b", "a"}


def units_without_markup(html):
    tree = ElementTree.fromstring(f"<message>{html}</message>")
    unknown = {element.tag for element in tree.iter()} - KNOWN
    if unknown:
        raise ValueError(f"unknown tags: {unknown}")
    return len("".join(tree.itertext()).encode("utf-16-le")) // 2


if __name__ == "__main__":
    print(json.dumps([units_without_markup(html) for html in json.load(sys.stdin)]))
