"""Drives the official OpenAI client against a server and prints what it saw as one line of JSON.

    python openai_client.py BASE_URL KEY SCENARIO [RETRIES]

The scenarios are named after what the upstream behind the server is scripted to do; the Rust test that calls this
(aurora-server/tests/sdks) asserts on the printed line and on what reached the upstream. tests/js/sdks.mjs has the same.
"""

import json
import sys

import openai
import pydantic

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


def show(piece):
    """Tells the test at once what has arrived: the upstream may hold the rest until then."""
    print(piece, file=sys.stderr, flush=True)


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
                show(choice.delta.content)
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


class Place(pydantic.BaseModel):
    """What is asked for as JSON."""

    city: str


def structured(client):
    answer = client.chat.completions.parse(model="gpt-test", messages=QUESTION, response_format=Place)
    return {"city": answer.choices[0].message.parsed.city}


def responses(client):
    answer = client.responses.create(model="gpt-test", input=QUESTION[0]["content"], instructions="Be brief.")
    return {
        "text": answer.output_text,
        "status": answer.status,
        "object": answer.object,
        "input_tokens": answer.usage.input_tokens,
        "output_tokens": answer.usage.output_tokens,
    }


def responses_stream(client):
    pieces, end = [], None
    for event in client.responses.create(model="gpt-test", input=QUESTION[0]["content"], stream=True):
        if event.type == "response.output_text.delta":
            pieces.append(event.delta)
            show(event.delta)
        if event.type == "response.completed":
            end = event.response.output[0].content[0].text
    return {"pieces": pieces, "end": end}


def responses_tool_call(client):
    tool = {"type": "function", "strict": False, **WEATHER["function"]}
    first = client.responses.create(model="gpt-test", input=QUESTION, tools=[tool])
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": '{"celsius": 29}'}
    second = client.responses.create(model="gpt-test", input=[*QUESTION, *first.output, result], tools=[tool])
    return {
        "id": call.call_id,
        "name": call.name,
        "arguments": json.loads(call.arguments),
        "second": second.output_text,
    }


def responses_structured(client):
    answer = client.responses.parse(model="gpt-test", input=QUESTION, text_format=Place)
    return {"city": answer.output_parsed.city}


def embeddings(client):
    answer = client.embeddings.create(model="embed-test", input=["a river", "a bank"])
    return {
        "sums": [round(sum(row.embedding), 2) for row in answer.data],
        "order": [row.index for row in answer.data],
        "tokens": answer.usage.prompt_tokens,
    }


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
    for function in (
        chat,
        stream,
        tool_call,
        stream_tool_call,
        structured,
        responses,
        responses_stream,
        responses_tool_call,
        responses_structured,
        embeddings,
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
    official = openai.OpenAI(base_url=base_url, api_key=key, max_retries=retries, timeout=30)
    print(json.dumps(SCENARIOS[scenario](official)))
