// Drives the vendors' official SDKs for JavaScript against a server and prints what they saw as one line of JSON.
//
//     node sdks.mjs openai|anthropic BASE_URL KEY SCENARIO [RETRIES]
//
// The scenarios are those of tests/python/openai_client.py and tests/python/anthropic_client.py under the same names, with the
// same answers; the Rust test that calls this (aurora-server/tests/sdks) asserts on both. The SDKs are looked for in the folder
// that AURORA_TEST_NODE_MODULES names.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.AURORA_TEST_NODE_MODULES}/`);
const load = async (name) => (await import(pathToFileURL(require.resolve(name)).href)).default;

const TEXT = "What is the weather in Recife?";
const QUESTION = [{ role: "user", content: TEXT }];
const PARAMETERS = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const SCHEMA = { ...PARAMETERS, additionalProperties: false };
const MODEL = "gpt-test";

/** Tells the test at once what has arrived: the upstream may hold the rest until then. */
const show = (piece) => {
  process.stderr.write(`${piece}\n`);
  return piece;
};

const sum = (numbers) => Math.round(numbers.reduce((total, number) => total + number, 0) * 100) / 100;

// ------------------------------------------------------------------------------------------------ OpenAI

const WEATHER = {
  type: "function",
  function: { name: "get_weather", description: "Current weather of a city", parameters: PARAMETERS },
};

const openai = {
  async chat(client) {
    const answer = await client.chat.completions.create({
      model: MODEL,
      messages: QUESTION,
      temperature: 0.5,
      max_tokens: 50,
    });
    const [choice] = answer.choices;
    return {
      content: choice.message.content,
      finish: choice.finish_reason,
      prompt_tokens: answer.usage.prompt_tokens,
      completion_tokens: answer.usage.completion_tokens,
      object: answer.object,
    };
  },

  async stream(client) {
    const events = await client.chat.completions.create({
      model: MODEL,
      messages: QUESTION,
      stream: true,
      stream_options: { include_usage: true },
    });
    const seen = { pieces: [], finish: null, total_tokens: null };
    for await (const chunk of events) {
      if (chunk.usage) seen.total_tokens = chunk.usage.total_tokens;
      for (const choice of chunk.choices) {
        if (choice.delta.content) seen.pieces.push(show(choice.delta.content));
        seen.finish = choice.finish_reason ?? seen.finish;
      }
    }
    return seen;
  },

  async tool_call(client) {
    const ask = (messages) => client.chat.completions.create({ model: MODEL, messages, tools: [WEATHER] });
    const [choice] = (await ask(QUESTION)).choices;
    const [call] = choice.message.tool_calls;
    const result = { role: "tool", tool_call_id: call.id, content: '{"celsius": 29}' };
    const second = await ask([...QUESTION, choice.message, result]);
    return {
      finish: choice.finish_reason,
      id: call.id,
      name: call.function.name,
      arguments: JSON.parse(call.function.arguments),
      second: second.choices[0].message.content,
    };
  },

  async stream_tool_call(client) {
    const events = await client.chat.completions.create({
      model: MODEL,
      messages: QUESTION,
      tools: [WEATHER],
      stream: true,
    });
    let [name, text, finish] = [null, "", null];
    for await (const chunk of events) {
      for (const choice of chunk.choices) {
        for (const call of choice.delta.tool_calls ?? []) {
          name = call.function.name || name;
          text += call.function.arguments ?? "";
        }
        finish = choice.finish_reason ?? finish;
      }
    }
    return { name, arguments: JSON.parse(text), finish };
  },

  async structured(client) {
    const answer = await client.chat.completions.create({
      model: MODEL,
      messages: QUESTION,
      response_format: { type: "json_schema", json_schema: { name: "place", schema: SCHEMA, strict: true } },
    });
    return JSON.parse(answer.choices[0].message.content);
  },

  async responses(client) {
    const answer = await client.responses.create({ model: MODEL, input: TEXT, instructions: "Be brief." });
    return {
      text: answer.output_text,
      status: answer.status,
      object: answer.object,
      input_tokens: answer.usage.input_tokens,
      output_tokens: answer.usage.output_tokens,
    };
  },

  async responses_stream(client) {
    const events = await client.responses.create({ model: MODEL, input: TEXT, stream: true });
    const pieces = [];
    let end = null;
    for await (const event of events) {
      if (event.type === "response.output_text.delta") pieces.push(show(event.delta));
      if (event.type === "response.completed") end = event.response.output[0].content[0].text;
    }
    return { pieces, end };
  },

  async responses_tool_call(client) {
    const tools = [{ type: "function", strict: false, ...WEATHER.function }];
    const ask = (input) => client.responses.create({ model: MODEL, input, tools });
    const first = await ask(QUESTION);
    const call = first.output.find((item) => item.type === "function_call");
    const result = { type: "function_call_output", call_id: call.call_id, output: '{"celsius": 29}' };
    const second = await ask([...QUESTION, ...first.output, result]);
    return { id: call.call_id, name: call.name, arguments: JSON.parse(call.arguments), second: second.output_text };
  },

  async responses_structured(client) {
    const format = { type: "json_schema", name: "place", schema: SCHEMA, strict: true };
    const answer = await client.responses.create({ model: MODEL, input: QUESTION, text: { format } });
    return JSON.parse(answer.output_text);
  },

  async embeddings(client) {
    const answer = await client.embeddings.create({ model: "embed-test", input: ["a river", "a bank"] });
    return {
      sums: answer.data.map((row) => sum(row.embedding)),
      order: answer.data.map((row) => row.index),
      tokens: answer.usage.prompt_tokens,
    };
  },

  async error(client, sdk) {
    try {
      await client.chat.completions.create({ model: MODEL, messages: QUESTION });
    } catch (failed) {
      if (!(failed instanceof sdk.APIError)) throw failed;
      return {
        class: failed.constructor.name,
        status: failed.status,
        code: failed.code,
        retry_after: failed.headers.get("retry-after"),
        request_id: failed.requestID,
      };
    }
    return { class: null };
  },

  async stream_error(client, sdk) {
    const pieces = [];
    try {
      const events = await client.chat.completions.create({ model: MODEL, messages: QUESTION, stream: true });
      for await (const chunk of events) {
        for (const choice of chunk.choices) if (choice.delta.content) pieces.push(choice.delta.content);
      }
    } catch (failed) {
      if (!(failed instanceof sdk.APIError)) throw failed;
      return { class: failed.constructor.name, pieces };
    }
    return { class: null, pieces };
  },

  async disconnect(client) {
    const events = await client.chat.completions.create({ model: MODEL, messages: QUESTION, stream: true });
    for await (const chunk of events) {
      const first = chunk.choices[0]?.delta.content;
      if (first) {
        events.controller.abort();
        return { first };
      }
    }
    return { first: null };
  },

  async models(client) {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return { ids };
  },
};

// ------------------------------------------------------------------------------------------------ Anthropic

const TOOL = { name: "get_weather", description: "Current weather of a city", input_schema: PARAMETERS };
const text = (message) => message.content.filter((block) => block.type === "text").map((block) => block.text).join("");
const ask = { model: MODEL, max_tokens: 50, messages: QUESTION };

const anthropic = {
  async message(client) {
    const message = await client.messages.create({ ...ask, system: "Be brief.", temperature: 0.5 });
    return {
      text: text(message),
      stop: message.stop_reason,
      type: message.type,
      input_tokens: message.usage.input_tokens,
      output_tokens: message.usage.output_tokens,
    };
  },

  async stream(client) {
    const stream = client.messages.stream(ask);
    const pieces = [];
    stream.on("text", (piece) => pieces.push(show(piece)));
    const message = await stream.finalMessage();
    return { pieces, text: text(message), stop: message.stop_reason, output_tokens: message.usage.output_tokens };
  },

  async tool_call(client) {
    const first = await client.messages.create({ ...ask, tools: [TOOL] });
    const call = first.content.find((block) => block.type === "tool_use");
    const result = { type: "tool_result", tool_use_id: call.id, content: '{"celsius": 29}' };
    const messages = [
      ...QUESTION,
      { role: "assistant", content: first.content },
      { role: "user", content: [result] },
    ];
    const second = await client.messages.create({ ...ask, messages, tools: [TOOL] });
    return { stop: first.stop_reason, id: call.id, name: call.name, arguments: call.input, second: text(second) };
  },

  async stream_tool_call(client) {
    const message = await client.messages.stream({ ...ask, tools: [TOOL] }).finalMessage();
    const call = message.content.find((block) => block.type === "tool_use");
    return { name: call.name, arguments: call.input, stop: message.stop_reason };
  },

  async structured(client) {
    const format = { type: "json_schema", schema: SCHEMA };
    const message = await client.messages.create({ ...ask, output_config: { format } });
    return JSON.parse(text(message));
  },

  async count_tokens(client) {
    const count = await client.messages.countTokens({ model: MODEL, messages: QUESTION });
    return { counted: count.input_tokens > 0 };
  },

  async error(client, sdk) {
    try {
      await client.messages.create(ask);
    } catch (failed) {
      if (!(failed instanceof sdk.APIError)) throw failed;
      return {
        class: failed.constructor.name,
        status: failed.status,
        type: failed.error.error.type,
        retry_after: failed.headers.get("retry-after"),
        request_id: failed.requestID,
      };
    }
    return { class: null };
  },

  async stream_error(client, sdk) {
    const pieces = [];
    try {
      const events = await client.messages.create({ ...ask, stream: true });
      for await (const event of events) {
        if (event.type === "content_block_delta") pieces.push(event.delta.text);
      }
    } catch (failed) {
      if (!(failed instanceof sdk.APIError)) throw failed;
      return { class: failed.constructor.name, pieces };
    }
    return { class: null, pieces };
  },

  async disconnect(client) {
    const events = await client.messages.create({ ...ask, stream: true });
    for await (const event of events) {
      if (event.type === "content_block_delta") {
        events.controller.abort();
        return { first: event.delta.text };
      }
    }
    return { first: null };
  },

  async models(client) {
    const ids = [];
    for await (const model of client.models.list({ limit: 1 })) ids.push(model.id);
    return { ids };
  },
};

// ------------------------------------------------------------------------------------------------ main

const [vendor, baseURL, apiKey, scenario, retries] = process.argv.slice(2);
// Unless told otherwise retries are the server's business: two layers of them would blur what is counted at the upstream.
const options = { baseURL, apiKey, maxRetries: Number(retries ?? 0), timeout: 30_000 };
const sdk = await load(vendor === "openai" ? "openai" : "@anthropic-ai/sdk");
const scenarios = vendor === "openai" ? openai : anthropic;
console.log(JSON.stringify(await scenarios[scenario](new sdk(options), sdk)));
