import { isAbort } from "../../kit/api.js";
import { coded, h, raw } from "../../kit/dom.js";
import { clock, dateTime, duration, millis, number, percent, relative } from "../../kit/format.js";
import { poll } from "../../kit/live.js";
import { badge, card, errorState, tile, tiles } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

const POLL_SECONDS = 10;
const MEBIBYTE = 1_048_576;
const KINDS = { ok: "good", degraded: "warn", down: "bad" };
const named = (t, key, value) => (has(words, `${key}.${value}`) ? t(`${key}.${value}`) : raw(value));

/** Version, health and readiness, as they are now. */
export function stateTab(panel, { t, api, pulse, signal }) {
  const figures = { version: tile(t("version")), ready: tile(t("ready")), memory: tile(t("memory")), cpu: tile(t("cpu")) };
  const problem = h("div");
  const list = table({
    caption: t("components"),
    columns: [
      { label: t("component"), header: true, render: ({ name, criticality }) => [has(words, `part.${name}`) ? coded(name, t(`part.${name}`)) : raw(name), h("p", { class: "small soft plain-weight" }, named(t, "criticality", criticality))] },
      { label: t("state"), render: ({ status }) => badge(KINDS[status] ?? "", named(t, "health", status)) },
      { label: t("latency"), end: true, render: ({ latency_ms: took }) => raw(millis(took)) },
      { label: t("since"), render: ({ since }) => raw(relative(since), { title: dateTime(since) }) },
      { label: t("checked"), render: ({ checked_at: at }) => raw(clock(at)) },
      { label: t("detail"), render: ({ detail }) => raw(detail) },
    ],
  });
  const look = async () => {
    try {
      const [report, alive, isReady] = await Promise.all([api.get("/health/details"), api.get("/health"), api.get("/ready").then(() => true, (error) => { if (isAbort(error)) throw error; return false; })]);
      const { process } = report;
      problem.replaceChildren();
      figures.version.set(alive.version, { words: [pulse.latest?.environment, t("alive", { time: duration(report.uptime_seconds) })].filter(Boolean).join(" · ") });
      figures.ready.set(t(isReady ? "yes" : "no"), { words: t(isReady ? "isReady" : "notReady"), kind: isReady ? "" : "bad" });
      figures.memory.set(process.resident_bytes == null ? null : `${number(process.resident_bytes / MEBIBYTE)} MiB`, { words: process.open_files == null ? "" : t("files", { open: process.open_files, most: process.max_files ?? "–" }) });
      figures.cpu.set(percent(process.cpu_percent), { words: process.threads == null ? "" : t("threads", { count: process.threads }) });
      list.update(report.components);
    } catch (error) {
      if (!isAbort(error)) problem.replaceChildren(errorState(error, turn));
    }
  };
  panel.append(problem, tiles(...Object.values(figures)), card(t("components"), {}, list.element));
  const turn = poll(look, POLL_SECONDS, signal);
}
