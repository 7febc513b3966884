"""Judges TOML files by a JSON Schema, with Python's own TOML reader and the package jsonschema.

Reads {"schema": …, "good": [text, …], "bad": [text, …]} from standard input; ends with 1 when the schema itself is
wrong, refuses a good file, or accepts a bad one.
"""

import json
import sys
import tomllib

from jsonschema import Draft202012Validator

question = json.load(sys.stdin)
Draft202012Validator.check_schema(question["schema"])
validator = Draft202012Validator(question["schema"])
wrong = 0
for text in question["good"]:
    for error in validator.iter_errors(tomllib.loads(text)):
        wrong += 1
        print(f"refused: {error.json_path}: {error.message}")
for text in question["bad"]:
    if validator.is_valid(tomllib.loads(text)):
        wrong += 1
        print(f"accepted: {text!r}")
print(f"agreed on {len(question['good']) + len(question['bad']) - wrong}")
sys.exit(wrong != 0)
