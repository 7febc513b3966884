"""Drives the official Anthropic client against a server and prints what it saw as one line of JSON.

    python anthropic_client.py BASE_URL KEY SCENARIO [RETRIES]

The scenarios are named after what the upstream behind the server is scripted to do; the Rust test that calls this
(aurora-server/tests/sdks) asserts on the printed line and on what reached the upstream. tests/js/sdks.mjs has the same.
"""

import json
import sys

import anthropic

QUESTION = [{"role": "user", "content": "What is the weather in Recife?"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"name": "get_weather", "description": "Current weather of a city", "input_schema": PARAMETERS}
ASK = {"model": "gpt-test", "max_tokens": 50, "messages": QUESTION}


def show(piece):
    """Tells the test at once what has arrived: the upstream may hold the rest until then."""
    print(piece, file=sys.stderr, flush=True)


def text(message):
    return "".join(block.text for block in message.content if block.type == "text")


def message(client):
    answer = client.messages.create(**ASK, system="Be brief.")
    return {
        "text": text(answer),
        "stop": answer.stop_reason,
        "type": answer.type,
        "input_tokens": answer.usage.input_tokens,
        "output_tokens": answer.usage.output_tokens,
    }


def stream(client):
    with client.messages.stream(**ASK) as events:
        pieces = []
        for piece in events.text_stream:
            pieces.append(piece)
            show(piece)
        answer = events.get_final_message()
    return {
        "pieces": pieces,
        "text": text(answer),
        "stop": answer.stop_reason,
        "output_tokens": answer.usage.output_tokens,
    }


def tool_call(client):
    first = client.messages.create(**ASK, tools=[TOOL])
    call = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": '{"celsius": 29}'}
    messages = [
        *QUESTION,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = client.messages.create(**{**ASK, "messages": messages}, tools=[TOOL])
    return {
        "stop": first.stop_reason,
        "id": call.id,
        "name": call.name,
        "arguments": call.input,
        "second": text(second),
    }


def stream_tool_call(client):
    with client.messages.stream(**ASK, tools=[TOOL]) as events:
        answer = events.get_final_message()
    call = next(block for block in answer.content if block.type == "tool_use")
    return {"name": call.name, "arguments": call.input, "stop": answer.stop_reason}


def structured(client):
    schema = {**PARAMETERS, "additionalProperties": False}
    answer = client.messages.create(**ASK, output_config={"format": {"type": "json_schema", "schema": schema}})
    return json.loads(text(answer))


def count_tokens(client):
    count = client.messages.count_tokens(model="gpt-test", messages=QUESTION)
    return {"counted": count.input_tokens > 0}


def error(client):
    try:
        client.messages.create(**ASK)
    except anthropic.APIStatusError as failed:
        return {
            "class": type(failed).__name__,
            "status": failed.status_code,
            "type": failed.body["error"]["type"],
            "retry_after": failed.response.headers.get("retry-after"),
            "request_id": failed.request_id,
        }
    return {"class": None}


def stream_error(client):
    """The upstream breaks after the first words: the client must learn it, not see a short answer."""
    pieces = []
    try:
        for event in client.messages.create(**ASK, stream=True):
            if event.type == "content_block_delta":
                pieces.append(event.delta.text)
    except anthropic.APIError as failed:
        return {"class": type(failed).__name__, "pieces": pieces}
    return {"class": None, "pieces": pieces}


def disconnect(client):
    """Leaves after the first words, as a closed browser tab does."""
    events = client.messages.create(**ASK, stream=True)
    for event in events:
        if event.type == "content_block_delta":
            events.close()
            return {"first": event.delta.text}
    return {"first": None}


def models(client):
    return {"ids": [model.id for model in client.models.list(limit=1)]}


SCENARIOS = {
    function.__name__: function
    for function in (
        message,
        stream,
        tool_call,
        stream_tool_call,
        structured,
        count_tokens,
        error,
        stream_error,
        disconnect,
        models,
    )
}

if __name__ == "__main__":
    base_url, key, scenario = sys.argv[1:4]
    # Unless told otherwise retries are the server's business: two layers would blur what is counted at the upstream.
    retries = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    official = anthropic.Anthropic(base_url=base_url, api_key=key, max_retries=retries, timeout=30)
    print(json.dumps(SCENARIOS[scenario](official)))
