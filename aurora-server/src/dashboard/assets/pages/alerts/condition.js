// Conditions of rules, between the definition that the API takes and the fields that people fill in.

export const KINDS = ["threshold", "when", "change", "absent", "heartbeat", "anomaly", "burn_rate", "combined"];
/** The fields of each kind of condition, in order. */
export const FIELDS = {
  threshold: ["metric", "matchers", "window", "aggregate", "operator", "threshold", "recovery"],
  when: ["when", "recovery"],
  change: ["metric", "matchers", "window", "measure", "operator", "threshold", "recovery"],
  absent: ["metric", "matchers", "after"],
  heartbeat: ["metric", "matchers", "every", "grace"],
  anomaly: ["metric", "matchers", "baseline", "window", "half_life", "period", "slots", "score", "recovery", "direction", "warm_up"],
  burn_rate: ["errors", "total", "objective", "preset", "windows", "minimum_events"],
  combined: ["combine", "conditions"],
};
// Of anomalies each baseline has keys of its own.
export const BASELINES = { robust: ["window"], ewma: ["half_life"], seasonal: ["period", "slots"] };
const NUMBERS = ["threshold", "recovery", "slots", "score", "warm_up", "minimum_events"];
const CONDITION_KEYS = [...FIELDS.threshold, "when", "change", "absent", "heartbeat", "anomaly", "burn_rate", "all", "any", "not"];
export const OPERATORS = [">", ">=", "<", "<=", "==", "!="];
export const AGGREGATES = ["last", "mean", "min", "max", "sum", "count", "rate", "p50", "p95", "p99"];

const lines = (text) => String(text ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
const listed = (value) => (value == null ? "" : Array.isArray(value) ? value.join("\n") : typeof value === "object" ? Object.entries(value).map(([name, text]) => `${name}="${text}"`).join("\n") : String(value));

/** Which kind of condition a definition has. */
export const kindOfCondition = (definition) =>
  (["all", "any", "not"].some((key) => definition[key] != null) ? "combined" : KINDS.find((kind) => definition[kind] != null && kind !== "threshold") ?? "threshold");

/** A condition in a line. */
export function conditionText(definition) {
  const kind = kindOfCondition(definition);
  if (kind === "when") return definition.when;
  if (kind === "threshold") {
    const { metric, matchers, window, aggregate, operator, threshold } = definition;
    const series = `${metric}${matchers ? `{${listed(matchers).split("\n").join(", ")}}` : ""}`;
    return `${window ? `${aggregate}(${series}[${window}])` : series} ${operator} ${threshold}`;
  }
  if (kind === "combined") {
    const key = ["all", "any", "not"].find((name) => definition[name] != null);
    return `${key}: ${[definition[key]].flat().map((one) => (typeof one === "string" ? one : conditionText(one))).join("; ")}`;
  }
  return `${kind}: ${Object.entries(definition[kind]).map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`).join(" ")}`;
}

/** The values of the fields for a definition. */
export function fieldsOf(definition) {
  const kind = kindOfCondition(definition);
  if (kind === "combined") {
    const key = ["all", "any", "not"].find((name) => definition[name] != null);
    const list = key === "not" ? [{ not: definition.not }] : [definition[key]].flat();
    return { condition: kind, combine: key === "any" ? "any" : "all", conditions: list.map(lineOf).join("\n") };
  }
  const source = kind === "threshold" || kind === "when" ? definition : { ...definition[kind] };
  const values = Object.fromEntries(FIELDS[kind].map((name) => [name, source[name] ?? ""]));
  if ("matchers" in values) values.matchers = listed(source.matchers);
  for (const name of ["errors", "total"]) if (typeof values[name] === "object") values[name] = `${values[name].metric}{${listed(values[name].matchers).split("\n").join(", ")}}`;
  if (Array.isArray(source.windows)) values.windows = source.windows.map(({ long, short, factor }) => `${long} ${short} ${factor}`).join("\n");
  return { condition: kind, ...values };
}

const lineOf = (one) => (typeof one === "string" ? one : typeof one.not === "string" && Object.keys(one).length === 1 ? `not ${one.not}` : JSON.stringify(one));

/** A definition with the condition of the fields in place of its own. Throws what `fail` makes of a line that cannot be read. */
export function withCondition(definition, values, fail) {
  const rest = Object.fromEntries(Object.entries(definition).filter(([key]) => !CONDITION_KEYS.includes(key)));
  const kind = values.condition;
  if (kind === "combined") return { ...rest, [values.combine]: lines(values.conditions).map((line) => conditionOf(line, fail)) };
  const names = FIELDS[kind].filter((name) => kind !== "anomaly" || !Object.values(BASELINES).flat().includes(name) || BASELINES[values.baseline].includes(name));
  const condition = {};
  for (const name of names) {
    const value = values[name];
    if (value === "" || value == null) continue;
    if (name === "matchers") condition.matchers = lines(value);
    else if (name === "windows") condition.windows = lines(value).map((line) => windowOf(line));
    else condition[name] = NUMBERS.includes(name) ? Number(value) : value;
  }
  if (kind === "threshold" && !condition.window) delete condition.aggregate;
  return kind === "threshold" || kind === "when" ? { ...rest, ...condition } : { ...rest, [kind]: condition };
}

function conditionOf(line, fail) {
  if (line.startsWith("{")) {
    try {
      return JSON.parse(line);
    } catch {
      throw fail("conditions", line);
    }
  }
  return line.startsWith("not ") ? { not: line.slice(4).trim() } : line;
}

function windowOf(line) {
  const [long, short, factor] = line.split(/\s+/);
  return { long, short, factor: Number(factor) };
}
