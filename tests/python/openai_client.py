"""Drives the official OpenAI client against a server and prints what it saw as one line of JSON.

    python openai_client.py BASE_URL SCENARIO

The scenarios are named after what the upstream behind the server is scripted to do; the Rust test that calls this
asserts on the printed line and on what reached the upstream.
"""

import json
import sys

import openai

QUESTION = [{"role": "user", "content": "What is the weather in Recife?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def chat(client):
    answer = client.chat.completions.create(model="gpt-test", messages=QUESTION, temperature=0.5, max_tokens=50)
    choice = answer.choices[0]
    return {
        "content": choice.message.content,
        "finish": choice.finish_reason,
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
        "object": answer.object,
    }


def stream(client):
    events = client.chat.completions.create(
        model="gpt-test", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    pieces, finish, usage = [], None, None
    for chunk in events:
        if chunk.usage:
            usage = chunk.usage.total_tokens
        for choice in chunk.choices:
            if choice.delta.content:
                pieces.append(choice.delta.content)
            finish = choice.finish_reason or finish
    return {"pieces": pieces, "finish": finish, "total_tokens": usage}


def tool_call(client):
    answer = client.chat.completions.create(model="gpt-test", messages=QUESTION, tools=[WEATHER])
    call = answer.choices[0].message.tool_calls[0]
    second = client.chat.completions.create(
        model="gpt-test",
        tools=[WEATHER],
        messages=[
            *QUESTION,
            answer.choices[0].message,
            {"role": "tool", "tool_call_id": call.id, "content": '{"celsius": 29}'},
        ],
    )
    return {
        "finish": answer.choices[0].finish_reason,
        "id": call.id,
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "second": second.choices[0].message.content,
    }


def stream_tool_call(client):
    events = client.chat.completions.create(model="gpt-test", messages=QUESTION, tools=[WEATHER], stream=True)
    name, arguments, finish = None, "", None
    for chunk in events:
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or []:
                name = call.function.name or name
                arguments += call.function.arguments or ""
            finish = choice.finish_reason or finish
    return {"name": name, "arguments": json.loads(arguments), "finish": finish}


def error(client):
    try:
        client.chat.completions.create(model="gpt-test", messages=QUESTION)
    except openai.APIStatusError as failed:
        return {
            "class": type(failed).__name__,
            "status": failed.status_code,
            "code": failed.code,
            "retry_after": failed.response.headers.get("retry-after"),
            "request_id": failed.request_id,
        }
    return {"class": None}


def stream_error(client):
    """The upstream breaks after the first words: the client must learn it, not see a short answer."""
    pieces = []
    try:
        for chunk in client.chat.completions.create(model="gpt-test", messages=QUESTION, stream=True):
            pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    except openai.APIError as failed:
        return {"class": type(failed).__name__, "pieces": pieces}
    return {"class": None, "pieces": pieces}


def disconnect(client):
    """Leaves after the first words, as a closed browser tab does."""
    events = client.chat.completions.create(model="gpt-test", messages=QUESTION, stream=True)
    for chunk in events:
        if chunk.choices and chunk.choices[0].delta.content:
            first = chunk.choices[0].delta.content
            events.close()
            return {"first": first}
    return {"first": None}


def models(client):
    return {"ids": [model.id for model in client.models.list()]}


SCENARIOS = {
    function.__name__: function
    for function in (chat, stream, tool_call, stream_tool_call, error, stream_error, disconnect, models)
}

if __name__ == "__main__":
    base_url, scenario = sys.argv[1:3]
    # Retries are the server's business here; two layers of them would blur what is counted at the upstream.
    official = openai.OpenAI(base_url=base_url, api_key="a-key-of-the-caller", max_retries=0, timeout=30)
    print(json.dumps(SCENARIOS[scenario](official)))
