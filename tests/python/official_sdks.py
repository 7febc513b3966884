"""What the vendors' own SDKs send, accept and read.

    python official_sdks.py record     prints one line of JSON for each logical request: what its SDK sent to a
                                       loopback server, as {sdk, case, method, path, query, headers, body}
    python official_sdks.py accept     reads lines {type, body} and prints for each whether the SDK's own request
                                       type takes the body, as {ok} or {ok: false, why}
    python official_sdks.py read       reads lines {call, status, type, body}, has the SDK make that call to a
                                       server that answers so, and prints what the SDK made of the answer

The Rust test `aurora-llm/tests/official` compares: what our codecs write with what is recorded, and what they wrote
for the other side with what is read.
"""

import base64
import http.server
import json
import sys
import threading
import urllib.parse

from pydantic import ConfigDict, TypeAdapter

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4 test"
WAV = b"RIFF0000WAVE"
B64 = {name: base64.b64encode(data).decode() for name, data in {"png": PNG, "pdf": PDF, "wav": WAV}.items()}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Name of the city"}},
    "required": ["city"],
    "additionalProperties": False,
}
QUESTION = "What is the weather in Recife?"


class Server(http.server.ThreadingHTTPServer):
    """Keeps what it is asked and answers with what it was given."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.answer = (200, "application/json", b"{}")
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if self.headers.get("transfer-encoding") == "chunked":
            body = self.chunked()
        url = urllib.parse.urlsplit(self.path)
        self.server.asked.append(
            {
                "method": self.command,
                "path": url.path,
                "query": dict(urllib.parse.parse_qsl(url.query)),
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": json.loads(body) if body else None,
            }
        )
        status, kind, answer = self.server.answer
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = handle_one

    def chunked(self):
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def log_message(self, *_):
        pass


def client(sdk, url):
    """A client of one SDK. Only that SDK is loaded: some take seconds."""
    if sdk == "openai":
        import openai

        return openai.OpenAI(api_key="key", base_url=f"{url}/v1", max_retries=0)
    if sdk == "anthropic":
        import anthropic

        return anthropic.Anthropic(api_key="key", base_url=url, max_retries=0)
    if sdk == "cohere":
        import cohere

        return cohere.ClientV2(api_key="key", base_url=url)
    if sdk == "ollama":
        import ollama

        return ollama.Client(host=url)
    from google import genai
    from google.genai import types

    options = types.HttpOptions(base_url=url, api_version="v1beta")
    return genai.Client(api_key="key", vertexai=False, http_options=options)


# ------------------------------------------------------------------------------------------------ requests


def openai_tool(name="weather", strict=None):
    function = {"name": name, "description": "The weather in a city", "parameters": SCHEMA}
    if strict is not None:
        function["strict"] = strict
    return {"type": "function", "function": function}


def openai_chat(client):
    create = client.chat.completions.create
    user = {"role": "user", "content": QUESTION}
    return {
        "plain": lambda: create(
            model="gpt-4.1",
            messages=[{"role": "system", "content": "Be brief."}, user],
            max_completion_tokens=100,
            temperature=0.25,
            top_p=0.5,
            stop=["END"],
            seed=7,
            frequency_penalty=0.5,
            presence_penalty=-0.5,
            metadata={"team": "search"},
            user="u-1",
        ),
        "stream": lambda: create(
            model="gpt-4.1", messages=[user], stream=True, stream_options={"include_usage": True}
        ),
        "tools": lambda: create(
            model="gpt-4.1",
            messages=[user],
            tools=[openai_tool(), openai_tool("forecast", True)],
            tool_choice={"type": "function", "function": {"name": "weather"}},
            parallel_tool_calls=False,
        ),
        "tool_results": lambda: create(
            model="gpt-4.1",
            messages=[
                user,
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"city":"Recife"}'},
                        },
                        {
                            "id": "call_2",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"city":"Olinda"}'},
                        },
                    ],
                },
                {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
                {"role": "tool", "tool_call_id": "call_2", "content": "rain"},
            ],
            tools=[openai_tool()],
            tool_choice="required",
        ),
        "media": lambda: create(
            model="gpt-4o-audio-preview",
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{B64['png']}"}},
                        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                        {"type": "input_audio", "input_audio": {"data": B64["wav"], "format": "wav"}},
                        {
                            "type": "file",
                            "file": {
                                "filename": "a.pdf",
                                "file_data": f"data:application/pdf;base64,{B64['pdf']}",
                            },
                        },
                    ],
                }
            ],
        ),
        "schema": lambda: create(
            model="gpt-4.1",
            messages=[user],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "place", "schema": SCHEMA, "strict": True},
            },
        ),
        "reasoning": lambda: create(
            model="gpt-5-mini", messages=[user], reasoning_effort="high", prompt_cache_key="k-1"
        ),
        "embeddings": lambda: client.embeddings.create(
            model="text-embedding-3-small", input=["rain", "snow"], dimensions=64, encoding_format="base64"
        ),
        "models": lambda: client.models.list(),
    }


def openai_responses(client):
    create = client.responses.create
    user = {"role": "user", "content": QUESTION}
    return {
        "plain": lambda: create(
            model="gpt-4.1",
            input=[{"role": "system", "content": "Be brief."}, user],
            max_output_tokens=100,
            temperature=0.25,
            top_p=0.5,
            metadata={"team": "search"},
            store=False,
        ),
        "stream": lambda: create(
            model="gpt-4.1",
            input=[user],
            stream=True,
            store=False,
        ),
        "tools": lambda: create(
            model="gpt-4.1",
            input=[
                user,
                {
                    "type": "function_call",
                    "call_id": "call_1",
                    "name": "weather",
                    "arguments": '{"city":"Recife"}',
                },
                {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
            ],
            tools=[
                {
                    "type": "function",
                    "name": "weather",
                    "description": "The weather in a city",
                    "parameters": SCHEMA,
                    "strict": False,
                }
            ],
            tool_choice={"type": "function", "name": "weather"},
            parallel_tool_calls=True,
            store=False,
        ),
        "schema": lambda: create(
            model="gpt-5-mini",
            input=[user],
            text={"format": {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}},
            reasoning={"effort": "low", "summary": "auto"},
            store=False,
            include=["reasoning.encrypted_content"],
        ),
        "media": lambda: create(
            model="gpt-4.1",
            input=[
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "What is this?"},
                        {
                            "type": "input_image",
                            "detail": "auto",
                            "image_url": f"data:image/png;base64,{B64['png']}",
                        },
                        {
                            "type": "input_file",
                            "filename": "a.pdf",
                            "file_data": f"data:application/pdf;base64,{B64['pdf']}",
                        },
                    ],
                }
            ],
            store=False,
        ),
    }


def anthropic_messages(client):
    create = client.messages.create
    user = {"role": "user", "content": QUESTION}
    tool = {"name": "weather", "description": "The weather in a city", "input_schema": SCHEMA}
    return {
        "plain": lambda: create(
            model="claude-haiku-4-5",
            max_tokens=100,
            system="Be brief.",
            messages=[user],
            stop_sequences=["END"],
            metadata={"user_id": "u-1"},
        ),
        "stream": lambda: create(model="claude-haiku-4-5", max_tokens=100, messages=[user], stream=True),
        "tools": lambda: create(
            model="claude-haiku-4-5",
            max_tokens=100,
            messages=[user],
            tools=[tool],
            tool_choice={"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
        ),
        "tool_results": lambda: create(
            model="claude-haiku-4-5",
            max_tokens=100,
            messages=[
                user,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Recife"}},
                        {"type": "tool_use", "id": "call_2", "name": "weather", "input": {"city": "Olinda"}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"},
                        {
                            "type": "tool_result",
                            "tool_use_id": "call_2",
                            "content": "no such city",
                            "is_error": True,
                        },
                    ],
                },
            ],
            tools=[tool],
        ),
        "media": lambda: create(
            model="claude-haiku-4-5",
            max_tokens=100,
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/png", "data": B64["png"]},
                        },
                        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
                        {
                            "type": "document",
                            "source": {"type": "base64", "media_type": "application/pdf", "data": B64["pdf"]},
                            "title": "a.pdf",
                        },
                    ],
                }
            ],
        ),
        "cache": lambda: create(
            model="claude-haiku-4-5",
            max_tokens=100,
            system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            messages=[
                {
                    "role": "user",
                    "content": [{"type": "text", "text": QUESTION, "cache_control": {"type": "ephemeral"}}],
                }
            ],
            tools=[{**tool, "cache_control": {"type": "ephemeral"}}],
        ),
        "thinking": lambda: create(
            model="claude-sonnet-4-5",
            max_tokens=4000,
            thinking={"type": "enabled", "budget_tokens": 2000},
            messages=[
                user,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "Let me see.", "signature": "proof"},
                        {"type": "text", "text": "Sunny."},
                    ],
                },
                {"role": "user", "content": "And tomorrow?"},
            ],
        ),
        "count": lambda: client.messages.count_tokens(
            model="claude-haiku-4-5", system="Be brief.", messages=[user]
        ),
        "models": lambda: client.models.list(),
    }


def cohere_chat(client):
    user = {"role": "user", "content": QUESTION}
    tool = {
        "type": "function",
        "function": {"name": "weather", "description": "The weather in a city", "parameters": SCHEMA},
    }
    return {
        "plain": lambda: client.chat(
            model="command-a-03-2025",
            messages=[{"role": "system", "content": "Be brief."}, user],
            max_tokens=100,
            temperature=0.25,
            p=0.5,
            k=20,
            seed=7,
            stop_sequences=["END"],
            frequency_penalty=0.5,
        ),
        "stream": lambda: list(client.chat_stream(model="command-a-03-2025", messages=[user])),
        "tools": lambda: client.chat(
            model="command-a-03-2025",
            messages=[
                user,
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"city":"Recife"}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
            ],
            tools=[tool],
            tool_choice="REQUIRED",
        ),
        "schema": lambda: client.chat(
            model="command-a-03-2025",
            messages=[user],
            response_format={"type": "json_object", "json_schema": SCHEMA},
        ),
        "media": lambda: client.chat(
            model="command-a-vision-07-2025",
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{B64['png']}"}},
                    ],
                }
            ],
        ),
        "thinking": lambda: client.chat(
            model="command-a-reasoning-08-2025",
            messages=[user],
            thinking={"type": "enabled", "token_budget": 500},
        ),
        "embeddings": lambda: client.embed(
            model="embed-v4.0",
            input_type="search_query",
            texts=["rain", "snow"],
            embedding_types=["float"],
            output_dimension=256,
        ),
        "rerank": lambda: client.rerank(
            model="rerank-v3.5", query="rain", documents=["sun", "rain"], top_n=1
        ),
        "models": lambda: client.models.list(),
    }


def gemini_generate(client):
    from google.genai import types as gemini

    def generate(model="gemini-2.5-flash", contents=None, **config):
        user = [gemini.Content(role="user", parts=[gemini.Part(text=QUESTION)])]
        client.models.generate_content(
            model=model,
            contents=contents or user,
            config=gemini.GenerateContentConfig(**config) if config else None,
        )

    tool = gemini.Tool(
        function_declarations=[
            gemini.FunctionDeclaration(
                name="weather", description="The weather in a city", parameters_json_schema=SCHEMA
            )
        ]
    )
    off = gemini.AutomaticFunctionCallingConfig(disable=True)
    return {
        "plain": lambda: generate(
            system_instruction="Be brief.",
            max_output_tokens=100,
            temperature=0.25,
            top_p=0.5,
            top_k=20,
            seed=7,
            stop_sequences=["END"],
            frequency_penalty=0.5,
        ),
        "stream": lambda: list(
            client.models.generate_content_stream(
                model="gemini-2.5-flash",
                contents=[gemini.Content(role="user", parts=[gemini.Part(text=QUESTION)])],
            )
        ),
        "tools": lambda: generate(
            tools=[tool],
            tool_config=gemini.ToolConfig(
                function_calling_config=gemini.FunctionCallingConfig(
                    mode="ANY", allowed_function_names=["weather"]
                )
            ),
            automatic_function_calling=off,
        ),
        "tool_results": lambda: generate(
            contents=[
                gemini.Content(role="user", parts=[gemini.Part(text=QUESTION)]),
                gemini.Content(
                    role="model",
                    parts=[
                        gemini.Part(
                            function_call=gemini.FunctionCall(
                                id="call_1", name="weather", args={"city": "Recife"}
                            ),
                            thought_signature=b"proof",
                        )
                    ],
                ),
                gemini.Content(
                    role="user",
                    parts=[
                        gemini.Part(
                            function_response=gemini.FunctionResponse(
                                id="call_1", name="weather", response={"output": "sunny"}
                            )
                        )
                    ],
                ),
            ],
            tools=[tool],
            automatic_function_calling=off,
        ),
        "media": lambda: generate(
            contents=[
                gemini.Content(
                    role="user",
                    parts=[
                        gemini.Part(text="What is this?"),
                        gemini.Part(inline_data=gemini.Blob(mime_type="image/png", data=PNG)),
                        gemini.Part(inline_data=gemini.Blob(mime_type="application/pdf", data=PDF)),
                        gemini.Part(inline_data=gemini.Blob(mime_type="audio/wav", data=WAV)),
                    ],
                )
            ]
        ),
        "schema": lambda: generate(response_mime_type="application/json", response_json_schema=SCHEMA),
        "thinking": lambda: generate(
            thinking_config=gemini.ThinkingConfig(thinking_budget=500, include_thoughts=True)
        ),
        "embeddings": lambda: client.models.embed_content(
            model="gemini-embedding-001",
            contents=["rain", "snow"],
            config=gemini.EmbedContentConfig(task_type="RETRIEVAL_QUERY", output_dimensionality=64),
        ),
        "count": lambda: client.models.count_tokens(
            model="gemini-2.5-flash",
            contents=[gemini.Content(role="user", parts=[gemini.Part(text=QUESTION)])],
        ),
        "models": lambda: list(client.models.list()),
    }


def ollama_chat(client):
    user = {"role": "user", "content": QUESTION}
    tool = {
        "type": "function",
        "function": {"name": "weather", "description": "The weather in a city", "parameters": SCHEMA},
    }
    return {
        "plain": lambda: client.chat(
            model="llama3.2",
            messages=[{"role": "system", "content": "Be brief."}, user],
            options={
                "temperature": 0.25,
                "top_p": 0.5,
                "top_k": 20,
                "seed": 7,
                "stop": ["END"],
                "num_predict": 100,
                "num_ctx": 8192,
            },
        ),
        "stream": lambda: list(
            client.chat(model="llama3.2", messages=[user], stream=True, options={"num_ctx": 8192})
        ),
        "tools": lambda: client.chat(
            model="llama3.2",
            messages=[
                user,
                {
                    "role": "assistant",
                    "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Recife"}}}],
                },
                {"role": "tool", "tool_name": "weather", "content": "sunny"},
            ],
            tools=[tool],
            options={"num_ctx": 8192},
        ),
        "media": lambda: client.chat(
            model="llava",
            messages=[{"role": "user", "content": "What is this?", "images": [PNG]}],
            options={"num_ctx": 8192},
        ),
        "schema": lambda: client.chat(
            model="llama3.2", messages=[user], format=SCHEMA, options={"num_ctx": 8192}
        ),
        "thinking": lambda: client.chat(
            model="gpt-oss", messages=[user], think="high", options={"num_ctx": 8192}
        ),
        "embeddings": lambda: client.embed(model="nomic-embed-text", input=["rain", "snow"], dimensions=64),
        "models": lambda: client.list(),
    }


CASES = {
    "openai_chat": ("openai", openai_chat),
    "openai_responses": ("openai", openai_responses),
    "anthropic": ("anthropic", anthropic_messages),
    "cohere": ("cohere", cohere_chat),
    "gemini": ("gemini", gemini_generate),
    "ollama": ("ollama", ollama_chat),
}


def record():
    server = Server()
    for dialect, (sdk, cases) in CASES.items():
        for case, send in cases(client(sdk, server.url)).items():
            server.asked.clear()
            try:
                send()
            except Exception as error:  # the answer is empty; only what was asked counts
                failure = repr(error)
            else:
                failure = None
            if not server.asked:
                raise SystemExit(f"{dialect} {case}: nothing was sent: {failure}")
            print(json.dumps({"dialect": dialect, "case": case, **server.asked[0]}))


# ------------------------------------------------------------------------------------------------ types


def request_types():
    from anthropic.types import message_create_params as messages
    from openai.types import embedding_create_params as embeddings
    from openai.types.chat import completion_create_params as completions
    from openai.types.responses import response_create_params as responses

    return {
        "openai_chat": completions.CompletionCreateParamsNonStreaming,
        "openai_chat stream": completions.CompletionCreateParamsStreaming,
        "openai_responses": responses.ResponseCreateParamsNonStreaming,
        "openai_responses stream": responses.ResponseCreateParamsStreaming,
        "openai_embeddings": embeddings.EmbeddingCreateParams,
        "anthropic": messages.MessageCreateParamsNonStreaming,
        "anthropic stream": messages.MessageCreateParamsStreaming,
    }


def strict(kind):
    """An adapter that knows the fields of this type and no others."""
    kind.__pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    return TypeAdapter(kind)


def walked(value):
    """Goes through everything, since pydantic checks an `Iterable` only while it is read."""
    if isinstance(value, dict):
        for member in value.values():
            walked(member)
    elif not isinstance(value, (str, bytes)) and hasattr(value, "__iter__"):
        for item in value:
            walked(item)


def accept():
    adapters = {name: strict(kind) for name, kind in request_types().items()}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            walked(adapters[asked["type"]].validate_python(asked["body"]))
            print(json.dumps({"ok": True}), flush=True)
        except Exception as error:
            print(json.dumps({"ok": False, "why": str(error)[:2000]}), flush=True)


# ------------------------------------------------------------------------------------------------ answers


def dump(value):
    """What an SDK made of an answer, as plain JSON."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, (list, tuple)):
        return [dump(item) for item in value]
    if isinstance(value, dict):
        return {name: dump(item) for name, item in value.items()}
    return value


def calls(sdk, client):
    user = [{"role": "user", "content": "?"}]

    def anthropic_stream():
        with client.messages.stream(model="m", max_tokens=9, messages=user) as stream:
            events = [event.type for event in stream]
            return {"events": events, "message": dump(stream.get_final_message())}

    def openai_stream():
        with client.chat.completions.stream(model="m", messages=user) as stream:
            for _ in stream:
                pass
            return {"message": dump(stream.get_final_completion())}

    def responses_stream():
        with client.responses.stream(model="m", input="?") as stream:
            events = [event.type for event in stream]
            return {"events": events, "message": dump(stream.get_final_response())}

    return {
        "openai": lambda: {
            "openai_chat": lambda: dump(client.chat.completions.create(model="m", messages=user)),
            "openai_chat stream": openai_stream,
            "openai_chat chunks": lambda: dump(
                list(client.chat.completions.create(model="m", messages=user, stream=True))
            ),
            "openai_responses": lambda: dump(client.responses.create(model="m", input="?")),
            "openai_responses stream": responses_stream,
            "openai_embeddings": lambda: dump(client.embeddings.create(model="m", input=["?"])),
            "openai_models": lambda: dump(client.models.list().data),
        },
        "anthropic": lambda: {
            "anthropic": lambda: dump(client.messages.create(model="m", max_tokens=9, messages=user)),
            "anthropic stream": anthropic_stream,
            "anthropic_count": lambda: dump(client.messages.count_tokens(model="m", messages=user)),
            "anthropic_models": lambda: dump(client.models.list().data),
        },
        "cohere": lambda: {
            "cohere": lambda: dump(client.chat(model="m", messages=user)),
            "cohere stream": lambda: dump(list(client.chat_stream(model="m", messages=user))),
            "cohere_embeddings": lambda: dump(
                client.embed(model="m", input_type="search_query", texts=["?"], embedding_types=["float"])
            ),
            "cohere_rerank": lambda: dump(client.rerank(model="m", query="?", documents=["a"])),
        },
        "gemini": lambda: {
            "gemini": lambda: dump(client.models.generate_content(model="m", contents="?")),
            "gemini stream": lambda: dump(list(client.models.generate_content_stream(model="m", contents="?"))),
            "gemini_embeddings": lambda: dump(client.models.embed_content(model="m", contents="?")),
            "gemini_count": lambda: dump(client.models.count_tokens(model="m", contents="?")),
        },
        "ollama": lambda: {
            "ollama": lambda: dump(client.chat(model="m", messages=user)),
            "ollama stream": lambda: dump(list(client.chat(model="m", messages=user, stream=True))),
            "ollama_embeddings": lambda: dump(client.embed(model="m", input="?")),
            "ollama_models": lambda: dump(client.list()),
        },
    }[sdk]()


def failure(error):
    """An error as the SDK raised it: its class, the status, and the vendor's own code where the SDK has it."""
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    return {
        "error": type(error).__name__,
        "status": status if isinstance(status, int) else None,
        "code": getattr(error, "code", None) if isinstance(getattr(error, "code", None), str) else None,
        "text": str(error)[:500],
    }


def read():
    server = Server()
    known = {}
    for line in sys.stdin:
        asked = json.loads(line)
        sdk = asked["call"].split()[0].split("_")[0]
        if sdk not in known:
            known[sdk] = calls(sdk, client(sdk, server.url))
        server.answer = (asked["status"], asked["type"], asked["body"].encode())
        try:
            seen = {"value": known[sdk][asked["call"]]()}
        except Exception as error:
            seen = failure(error)
        print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    {"record": record, "accept": accept, "read": read}[sys.argv[1]]()
