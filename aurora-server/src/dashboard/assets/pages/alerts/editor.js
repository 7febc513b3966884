import { openDialog } from "../../kit/dialog.js";
import { ApiError } from "../../kit/api.js";
import { h } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { toast } from "../../kit/toast.js";
import { AGGREGATES, BASELINES, FIELDS, KINDS, OPERATORS, fieldsOf, withCondition } from "./condition.js";
import { rulePreview } from "./preview.js";

const METRICS = ["error_rate", "success_rate", "response_time"];
// Conditions whose keys stand below their own.
const NESTED = ["change", "absent", "heartbeat", "anomaly", "burn_rate"];
const EXPERT = ["keep_firing_for", "stale_after", "no_data", "flapping", "escalation_threshold", "steps", "labels", "annotations"];

/** The editor of a rule, a new one unless told; gives what the server made of it, or null. */
export function editRule(ctx, rule) {
  const { t, api } = ctx;
  const definition = rule ? rule.definition ?? definitionOf(rule) : { severity: "warning", metric: "error_rate", operator: ">", threshold: 20, for: "1m", cooldown: "5m" };
  let version = rule?.version;
  return openDialog(rule ? t("changeTheRule") : t("newRule"), (close) => {
    const read = () => definitionFrom(t, definition, edited.values(), rule);
    const submit = async () => {
      try {
        const made = rule
          ? await api.put(`/api/v1/alerts/rules/${encodeURIComponent(rule.name)}`, read(), { ifMatch: version })
          : await api.post("/api/v1/alerts/rules", read(), { create: true });
        toast(t(rule ? "ruleChanged" : "ruleMade"));
        close(made);
      } catch (error) {
        if (error.status !== 412) {
          unfold(edited.controls, placed(error));
          throw error;
        }
        ({ version } = await api.get(`/api/v1/alerts/rules/${encodeURIComponent(rule.name)}`));
        throw Object.assign(error, { words: t("somebodyWasFaster") });
      }
    };
    const edited = form({ fields: fieldList(t, definition, rule), action: t(rule ? "save" : "newRuleAction"), cancel: () => close(null), submit });
    const show = (error) => {
      unfold(edited.controls, placed(error));
      edited.fail(error);
    };
    const preview = rulePreview(ctx, read, edited, show);
    arrange(t, edited, preview);
    return [rule && !rule.definition && rule.metric == null && h("p", { class: "body" }, t("cannotBeRead")), edited.element];
  }, { broad: true });
}

/** An error of the server with its problems at the fields of the editor: `rules[0].burn_rate.windows[1].factor` is of the windows. */
function placed(error) {
  error.errors = error.errors?.map((one) => ({ ...one, field: fieldOf(one.field) }));
  return error;
}

function fieldOf(path) {
  const [first, ...rest] = path.replace(/^rules\[0\]\.?/, "").split(/[.[]/);
  if (first === "escalation") return rest[0] === "threshold" ? "escalation_threshold" : "steps";
  if (["all", "any", "not"].includes(first)) return "conditions";
  if (NESTED.includes(first)) return rest[0] ?? "condition";
  return first === "cooldown_seconds" ? "cooldown" : first || "condition";
}

/** Opens what is folded up around fields that something is wrong with. */
function unfold(controls, { errors }) {
  for (const { field } of errors ?? []) controls[field]?.closest("details")?.setAttribute("open", "");
}

/** What is known of a rule that no rule file could say: it has no definition. */
function definitionOf({ name, description, severity, metric, operator, threshold, recovery, for_seconds: holds, keep_firing_seconds: keeps, cooldown_seconds: cooldown, labels, annotations, escalation }) {
  const known = { name, description, severity, metric, operator, threshold, recovery, for: `${holds}s`, keep_firing_for: `${keeps}s`, cooldown: `${cooldown}s`, labels, annotations };
  if (escalation.length) known.escalation = { steps: escalation.map(({ after_seconds: after, receiver }) => ({ after: `${after}s`, receiver })) };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value != null && value !== "0s"));
}

function fieldList(t, definition, rule) {
  const values = fieldsOf(definition);
  const words = (prefix, keys) => keys.map((key) => [key, t(`${prefix}.${key}`)]);
  const data = { translate: "no", spellcheck: "false", autocapitalize: "off" };
  const text = (name, extra) => ({ name, label: t(`field.${name}`), value: values[name] ?? definition[name] ?? "", attributes: data, ...extra });
  const numeric = (name, extra) => text(name, { type: "number", attributes: { step: "any" }, ...extra });
  const pairs = (map) => Object.entries(map ?? {}).map(([name, value]) => `${name}=${value}`).join("\n");
  const { escalation, flapping, cooldown_seconds: seconds } = definition;
  return [
    text("name", { required: true, attributes: { ...data, readonly: rule ? true : null, maxlength: 200 } }),
    text("description"),
    { name: "severity", type: "select", label: t("severity"), value: definition.severity ?? "warning", options: words("level", ["info", "warning", "critical"]) },
    { name: "condition", type: "select", label: t("condition"), value: values.condition, options: words("condition", KINDS) },
    text("metric", { hint: t("metricHint"), attributes: { ...data, list: "known-metrics" } }),
    text("when", { hint: t("whenHint") }),
    text("errors"), text("total"),
    { name: "combine", type: "select", label: t("field.combine"), value: values.combine ?? "all", options: words("combine", ["all", "any"]) },
    text("conditions", { type: "textarea", rows: 4, hint: t("conditionsHint"), attributes: { ...data, class: "mono" } }),
    text("matchers", { type: "textarea", rows: 2, hint: t("seriesHint"), attributes: { ...data, class: "mono" } }),
    { name: "baseline", type: "select", label: t("field.baseline"), value: values.baseline || "robust", options: words("baseline", ["robust", "ewma", "seasonal"]) },
    text("window", { hint: t("durationHint") }),
    { name: "aggregate", type: "select", label: t("field.aggregate"), value: values.aggregate || "mean", options: AGGREGATES.map((name) => [name, t(`aggregate.${name}`)]) },
    { name: "measure", type: "select", label: t("field.measure"), value: values.measure || "absolute", options: words("measure", ["absolute", "per_second", "percent"]) },
    { name: "operator", type: "select", label: t("field.operator"), value: values.operator || ">", options: OPERATORS.map((sign) => [sign, sign]), attributes: { translate: "no" } },
    numeric("threshold"), numeric("recovery", { hint: t("recoveryHint") }),
    text("after", { hint: t("durationHint") }), text("every", { hint: t("durationHint") }), text("grace"),
    text("half_life", { hint: t("durationHint") }), text("period", { hint: t("durationHint") }), numeric("slots"), numeric("score"),
    { name: "direction", type: "select", label: t("field.direction"), value: values.direction || "both", options: words("direction", ["both", "above", "below"]) },
    numeric("warm_up"), text("objective", { hint: t("objectiveHint") }),
    { name: "preset", type: "select", label: t("field.preset"), value: values.preset || "", options: [["", t("preset.none")], ...words("preset", ["page", "ticket"])] },
    text("windows", { type: "textarea", rows: 2, hint: t("windowsHint") }), numeric("minimum_events"),
    text("for", { hint: t("forHint") }), text("cooldown", { hint: t("cooldownHint"), value: definition.cooldown ?? (seconds ? `${seconds}s` : "") }),
    text("keep_firing_for", { hint: t("keepHint") }), text("stale_after", { hint: t("staleHint") }),
    { name: "no_data", type: "select", label: t("field.no_data"), value: definition.no_data ?? "resolve", options: words("no_data", ["resolve", "fire"]) },
    { name: "flapping", type: "checkbox", label: t("field.flapping"), value: flapping === false },
    text("steps", { type: "textarea", rows: 2, hint: t("stepsHint"), value: [escalation?.steps ?? []].flat().map(({ after, receiver }) => `${after} ${receiver}`).join("\n") }),
    numeric("escalation_threshold", { value: definition.escalation_threshold ?? escalation?.threshold ?? "" }),
    text("labels", { type: "textarea", rows: 2, hint: t("pairsHint"), value: pairs(definition.labels) }),
    text("annotations", { type: "textarea", rows: 2, hint: t("pairsHint"), value: pairs(definition.annotations) }),
  ];
}

/** Shows the fields of the chosen condition alone, the rest of them folded up, and the preview above the buttons. */
function arrange(t, edited, preview) {
  const { controls, element } = edited;
  const fieldOf = (name) => controls[name].closest(".field");
  const inOrder = [...new Set(Object.values(FIELDS).flat())];
  const fold = (title, names) => h("details", { class: "fold" }, h("summary", null, title), h("div", { class: "field-grid" }, names.map(fieldOf)));
  const basics = h("div", { class: "field-grid" }, ["name", "description", "severity"].map(fieldOf));
  const condition = h("div", { class: "field-grid" }, ["condition", ...inOrder].map(fieldOf));
  const patience = h("div", { class: "field-grid" }, ["for", "cooldown"].map(fieldOf));
  element.querySelector(".form-error").after(basics, condition, patience, fold(t("more"), EXPERT), preview.element);
  element.append(h("datalist", { id: "known-metrics" }, METRICS.map((name) => h("option", { value: name }))));
  const show = () => {
    const kind = controls.condition.value;
    const foreign = Object.values(BASELINES).flat().filter((name) => !BASELINES[controls.baseline.value].includes(name));
    for (const name of inOrder) fieldOf(name).hidden = !FIELDS[kind].includes(name) || (kind === "anomaly" && foreign.includes(name)) || (name === "aggregate" && !controls.window.value);
  };
  for (const name of ["condition", "baseline", "window"]) controls[name].addEventListener("input", show);
  show();
}

/** The definition that the fields say; keys that have no field stay as they were. */
function definitionFrom(t, before, values, rule) {
  const fail = (field, line) => new ApiError(422, { code: "invalid", detail: line, errors: [{ field, code: "invalid", message: t("notReadable", { line }) }] });
  const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  const pairs = (field) => Object.fromEntries(lines(values[field]).map((line) => {
    const at = line.indexOf("=");
    if (at < 1) throw fail(field, line);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));
  const steps = lines(values.steps).map((line) => {
    const [, after, receiver] = /^(\S+)\s+(.+)$/.exec(line) ?? [];
    if (!receiver) throw fail("steps", line);
    return { after, receiver };
  });
  const definition = withCondition(before, values, fail);
  const { escalation_threshold: old, cooldown_seconds: seconds, ...rest } = definition;
  const all = {
    ...rest, name: rule?.name ?? values.name.trim(), description: values.description, severity: values.severity, for: values.for, cooldown: values.cooldown, keep_firing_for: values.keep_firing_for,
    stale_after: values.stale_after, no_data: values.no_data === "fire" ? "fire" : "", flapping: values.flapping ? false : before.flapping === false ? "" : before.flapping ?? "",
    labels: pairs("labels"), annotations: pairs("annotations"),
    escalation: steps.length ? { ...before.escalation, steps, threshold: values.escalation_threshold } : "",
  };
  if (all.escalation && all.escalation.threshold == null) delete all.escalation.threshold;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "" && value != null && (typeof value !== "object" || Array.isArray(value) || Object.keys(value).length > 0)));
}
