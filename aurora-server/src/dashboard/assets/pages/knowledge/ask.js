import { h, raw } from "../../kit/dom.js";
import { usd } from "../../kit/format.js";
import { badge, button, card, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";
import { correct, passage } from "./passage.js";

const PASSAGES = 8;
const ANSWER_MS = 90_000;

/** Asking the documents: an answer with its sources, or the passages alone. */
export function askCard(ctx, { onFeedback }) {
  const { t, api, can } = ctx;
  const mayAsk = can("llm:use");
  const input = h("input", { type: "search", "aria-label": t("question"), placeholder: t("question"), maxlength: "2000", autocomplete: "off", "aria-describedby": "ask-hint" });
  const result = h("div", { class: "stack", "aria-live": "polite" });
  const form = h("form", { class: "ask-line", on: { submit: (event) => { event.preventDefault(); if (mayAsk) answer(); else search(); } } }, input,
    mayAsk && button(t("askDo"), null, { kind: "primary", type: "submit" }), button(t("searchDo"), mayAsk ? () => { search(); } : null, { icon: "search", type: mayAsk ? "button" : "submit" }));
  let call = null;

  async function run(work, retry) {
    const question = input.value.trim();
    if (!question) return input.focus();
    call?.abort();
    const mine = (call = new AbortController());
    result.replaceChildren(h("p", { class: "soft" }, t("asking")), loadingState(3));
    try {
      const nodes = await work(question, mine.signal);
      if (mine === call) result.replaceChildren(...nodes);
    } catch (error) {
      if (!isAbort(error) && mine === call) result.replaceChildren(errorState(error, retry));
    }
    return null;
  }
  const nothing = (question) => emptyState(t("nothing"), t("nothingText"), can("knowledge:write") && button(t("correct"), () => correct(ctx, question, { onDone: onFeedback })), "knowledge");
  const search = () => run(async (question, signal) => {
    const { items } = await api.post("/api/v1/knowledge/search", { question, limit: PASSAGES }, { signal });
    if (!items.length) return [nothing(question)];
    return [h("h3", { class: "small soft" }, t("passages", { count: items.length })), h("ol", { class: "passages" }, items.map((item) => passage(ctx, { ...item, question, onRated: onFeedback })))];
  }, search);
  const answer = () => run(async (question, signal) => {
    const said = await api.post("/api/v1/knowledge/answer", { question }, { signal, timeout: ANSWER_MS });
    if (said.answer == null) return [nothing(question)];
    return [
      h("section", { class: "knowledge-answer", "aria-label": t("answer") }, h("p", { class: "passage-text", translate: "no" }, marked(said.answer, said.citations)),
        h("div", { class: "passage-foot" }, h("p", { class: "passage-score" }, badge(said.is_grounded ? "good" : "warn", t(said.is_grounded ? "grounded" : "ungrounded")),
          said.model && raw(said.model), said.provider === "simulated" && h("span", null, t("simulated")), said.usage && h("span", null, t("tokens", { count: said.usage.total_tokens })), said.cost && raw(usd(said.cost.usd))),
          can("knowledge:write") && button(t("correct"), () => correct(ctx, question, { onDone: onFeedback }), { small: true })),
        said.unknown.length > 0 && h("p", { class: "field-error" }, t("unknownSources", { list: said.unknown.map((one) => `[${one}]`).join(", ") }))),
      said.citations.length > 0 && h("section", { class: "stack-small" }, h("h3", { class: "small soft" }, t("sources")), h("ol", { class: "passages" }, said.citations.map((citation) => passage(ctx, { citation, number: citation.number, question, onRated: onFeedback })))),
    ].filter(Boolean);
  }, answer);
  return { element: card(t("ask"), {}, form, h("p", { class: "hint", id: "ask-hint" }, t(mayAsk ? "hint" : "hintSearch")), result) };
}

/** The words of an answer, in which [1] leads to its source. */
function marked(text, citations) {
  const numbers = new Set(citations.map(({ number }) => String(number)));
  return text.split(/(\[\d+\])/).map((piece) => {
    const found = /^\[(\d+)\]$/.exec(piece)?.[1];
    return found && numbers.has(found) ? h("a", { href: `#source-${found}`, on: { click: (event) => {
      event.preventDefault();
      document.getElementById(`source-${found}`)?.focus();
    } } }, piece) : piece;
  });
}
