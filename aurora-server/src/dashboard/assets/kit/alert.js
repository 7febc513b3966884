// How alerts and targets are spoken of, on every page alike.
import { number, percent } from "./format.js";
import { h, raw } from "./dom.js";
import { badge } from "./parts.js";
import { has, locale, texts } from "./words.js";

const words = {
  en: {
    "severity.info": "info", "severity.warning": "warning", "severity.critical": "critical",
    "phase.pending": "pending", "phase.firing": "firing", "phase.resolved": "resolved",
    "metric.error_rate": "Error rate", "metric.success_rate": "Success rate", "metric.response_time": "Response time",
    now: "now {value}",
    "state.closed": "healthy", "state.open": "down, skipped", "state.half_open": "being probed", "state.refused": "refuses our key",
    "state.held": "asked to wait", "state.forced_open": "taken out", "state.disabled": "unguarded", "state.metrics_only": "watched only",
  },
  "pt-BR": {
    "severity.info": "informação", "severity.warning": "atenção", "severity.critical": "crítico",
    "phase.pending": "pendente", "phase.firing": "disparado", "phase.resolved": "resolvido",
    "metric.error_rate": "Taxa de erro", "metric.success_rate": "Taxa de sucesso", "metric.response_time": "Tempo de resposta",
    now: "agora {value}",
    "state.closed": "saudável", "state.open": "fora do ar, pulado", "state.half_open": "em teste", "state.refused": "recusa nossa chave",
    "state.held": "pediu espera", "state.forced_open": "retirado", "state.disabled": "sem proteção", "state.metrics_only": "só observado",
  },
};

// Rules that every server begins with; others are named by whoever made them.
const RULES = {
  "Success rate low": "Taxa de sucesso baixa", "Success rate critical": "Taxa de sucesso crítica",
  "Response time high": "Tempo de resposta alto", "Response time critical": "Tempo de resposta crítico",
  "Error rate high": "Taxa de erro alta", "Error rate critical": "Taxa de erro crítica", "Provider failing": "Provedor falhando",
};
// What they say of themselves.
const DESCRIPTIONS = {
  "more than a fifth of the attempts at a provider fail; others answer in the meantime": "mais de um quinto das tentativas em um provedor falha; outros respondem enquanto isso",
};
const METRICS = { error_rate: "a taxa de erro", success_rate: "a taxa de sucesso", response_time: "o tempo de resposta" };
const PASSED = /^(\w+) has passed ([\d.]+) ?(.*)$/;
const SEVERITIES = { info: "info", warning: "warn", critical: "bad" };
const STATES = { closed: "good", open: "bad", refused: "bad", forced_open: "bad" };
const t = texts(words);

/** The name of a rule. */
export const ruleName = (rule) => (locale() === "pt-BR" ? RULES[rule] ?? rule : rule);
/** What a rule says of itself. */
export function ruleDescription(text) {
  if (locale() !== "pt-BR" || !text) return text ?? "";
  const [, metric, limit, unit] = PASSED.exec(text) ?? [];
  if (metric in METRICS) return `${METRICS[metric]} passou de ${number(Number(limit), 1)}${unit && ` ${unit}`}`;
  return DESCRIPTIONS[text] ?? text;
}
/** What an alert is about: its rule and labels, as data. */
export const alertName = ({ rule, labels }) => [ruleName(rule), Object.values(labels ?? {}).join(", ")].filter(Boolean).join(" · ");

/** The same as a title, whose labels do not break. */
export const alertTitle = ({ rule, labels }) =>
  h("p", { translate: "no" }, raw(ruleName(rule), { class: "strong" }), Object.values(labels ?? {}).map((label) => [" · ", raw(label, { class: "nowrap" })]));

/** The one that has been active for the shortest time, of those that are. */
export const newestOf = (alerts) => [...alerts].sort((one, other) => other.active_since.localeCompare(one.active_since))[0];

/** What an alert watches and where it stands: "Error rate > 20%, now 100%", as data. */
export function reading({ metric, operator, threshold, value, description }) {
  if (metric == null) return ruleDescription(description);
  const show = (amount) => (metric.endsWith("_rate") ? percent(amount) : metric === "response_time" ? `${number(amount, 1)} s` : number(amount, 1));
  const name = has(words, `metric.${metric}`) ? t(`metric.${metric}`) : metric;
  const limit = threshold == null ? "" : `${operator} ${show(threshold)}`;
  return [`${name} ${limit}`.trim(), value == null ? null : t("now", { value: show(value) })].filter(Boolean).join(", ");
}

/** The severity of an alert, or that it has ended or is pending. */
export function alertBadge({ severity, phase, status }) {
  const state = phase ?? status;
  if (state === "resolved") return badge("good", t("phase.resolved"));
  if (state === "pending") return badge("info", t("phase.pending"));
  return badge(SEVERITIES[severity] ?? "", has(words, `severity.${severity}`) ? t(`severity.${severity}`) : severity);
}

/** The circuit of a target. */
export const targetBadge = (state) => badge(STATES[state] ?? "warn", has(words, `state.${state}`) ? t(`state.${state}`) : state);
