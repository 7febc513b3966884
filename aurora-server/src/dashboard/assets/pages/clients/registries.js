import { h, raw } from "../../kit/dom.js";
import { millis } from "../../kit/format.js";
import { icon } from "../../kit/icons.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

const KINDS = { found: "good", not_registered: "soft", passed_over: "soft" };

/** The registries that were asked, as a line: "cnpja/primary: no credits left → cnpja-open: answered in 120 ms"; null where none was. */
export function registries(t, attempts) {
  if (!attempts?.length) return null;
  return h("span", { class: "trail" }, attempts.map(({ source, outcome, took_ms: took }, index) => {
    const key = has(words, `asked.${outcome}`) ? `asked.${outcome}` : "asked.other";
    return h("span", { class: ["attempt", KINDS[outcome] ?? "bad"] }, index > 0 && icon("arrow"), raw(`${source}:`, { class: "strong" }), " ", h("span", null, t(key, { time: millis(took) })));
  }));
}
