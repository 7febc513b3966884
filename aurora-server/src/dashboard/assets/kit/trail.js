// The way of a call: every attempt, in order.
import { h, raw } from "./dom.js";
import { millis } from "./format.js";
import { icon } from "./icons.js";
import { texts } from "./words.js";

const words = {
  en: {
    served: "answered, {time}", failed: "failed after {time}", status: "{status} after {time}", skipped: "skipped",
    outrun: "slower than another", waited: "waited {time}", cache: "from the cache", none: "no attempt", trail: "Attempts",
  },
  "pt-BR": {
    served: "respondeu, {time}", failed: "falhou após {time}", status: "{status} após {time}", skipped: "pulado",
    outrun: "mais lento que outro", waited: "esperou {time}", cache: "do cache", none: "nenhuma tentativa", trail: "Tentativas",
  },
};
const LEAST_WAIT_MS = 50; // less is not worth a word
const t = texts(words);
const KINDS = { served: "good", failed: "bad", skipped: "soft", outrun: "soft" };

/** The attempts of a call as a list: "sim-a: 503 after 40 ms → waited 120 ms → sim-b: answered, 402 ms". */
export function trail(attempts, { cached } = {}) {
  if (cached) return h("p", { class: "trail" }, h("span", { class: "attempt good" }, t("cache")));
  if (!attempts?.length) return h("p", { class: "trail soft" }, t("none"));
  return h("ol", { class: "trail", "aria-label": t("trail") }, attempts.flatMap((attempt, index) => [
    attempt.waited_ms > LEAST_WAIT_MS && h("li", { class: "attempt soft" }, index > 0 && icon("arrow"), h("span", null, t("waited", { time: millis(attempt.waited_ms) }))),
    h("li", { class: ["attempt", KINDS[attempt.outcome]] }, index > 0 && icon("arrow"), raw(attempt.target, { class: "strong", title: attempt.error }), " ", h("span", null, sentence(attempt)))]));
}

function sentence({ outcome, status, elapsed_ms: elapsed }) {
  const time = millis(elapsed);
  if (outcome === "failed" && status) return t("status", { status: String(status), time });
  return t(outcome in KINDS ? outcome : "failed", { time });
}
