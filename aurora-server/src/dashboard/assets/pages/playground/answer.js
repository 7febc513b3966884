import { h, put, raw } from "../../kit/dom.js";
import { millis, usd } from "../../kit/format.js";
import { badge, button } from "../../kit/parts.js";
import { trail } from "../../kit/trail.js";

/** One answer as it streams in: {element, hear(event, data), stopped(), fail(error), text()}. */
export function answerView({ t }, { again, past }) {
  const waiting = h("p", { class: "soft", role: "status" }, t("thinking"));
  const said = h("p", { class: "said", translate: "no" });
  const thought = h("p", { class: "said", translate: "no" });
  const reasoning = h("details", { hidden: true }, h("summary", null, t("reasoning")), thought);
  const foot = h("footer", { class: "turn-foot" });
  const element = h("article", { class: "turn", "aria-busy": "true" }, h("h2", null, t("answer")), waiting, reasoning, said, foot);
  const began = performance.now();
  let firstAt = null;
  let way = null;

  const write = (place, text) => {
    firstAt ??= performance.now() - began;
    waiting.remove();
    put(place, place.textContent + text);
  };
  let isCached = false;
  const end = (...parts) => {
    waiting.remove();
    element.removeAttribute("aria-busy");
    foot.replaceChildren(...[way, h("div", { class: "turn-line" }, parts, button(t("again"), again, { kind: "plain", small: true, icon: "refresh" }),
      isCached && button(t("past"), past, { kind: "plain", small: true }))].filter(Boolean));
  };
  const heard = {
    start({ attempts, cached }) { if (!cached) foot.replaceChildren((way = trail(attempts))); },
    text({ text }) { write(said, text); },
    reasoning({ text }) {
      reasoning.hidden = false;
      write(thought, text);
    },
    refusal({ text }) { write(said, text); },
    finish(answer) {
      const { provider, target, model, usage, cost, cached, attempts } = answer;
      const took = performance.now() - began;
      if (!said.textContent) said.append(h("span", { class: "soft", translate: "yes" }, t("noWords")));
      isCached = cached;
      way = cached ? null : trail(attempts);
      const price = cached ? usd("0", 0) : cost ? usd(cost.usd) : null;
      const who = cached ? h("span", { class: "strong" }, t("cache")) : raw([target, model].join(" · "), { class: "strong" });
      end(who, raw(millis(took), { title: firstAt == null ? null : t("first", { time: millis(firstAt) }) }),
        !cached && usage && h("span", null, t("tokens", { count: usage.total_tokens })),
        h("span", null, price == null ? t("unpriced") : raw(price), provider === "simulated" && [raw(" · "), t("madeUp")]),
        badge(cached ? "good" : "", t(cached ? "cached" : "notCached")));
    },
    error(problem) { fail({ message: problem.detail ?? problem.title, requestId: problem.request_id }); },
  };
  const fail = (error) => {
    said.after(h("p", { class: "form-error", role: "alert" }, raw(error.message)));
    end();
  };
  return { element, hear: (name, data) => heard[name]?.(data), fail, stopped: () => end(badge("warn", t("stopped"))), text: () => (said.querySelector(".soft") ? "" : said.textContent) };
}
