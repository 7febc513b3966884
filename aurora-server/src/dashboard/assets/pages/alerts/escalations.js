import { alertTitle, ruleName } from "../../kit/alert.js";
import { isAbort } from "../../kit/api.js";
import { fill, h, raw } from "../../kit/dom.js";
import { dateTime, duration, relative } from "../../kit/format.js";
import { poll } from "../../kit/live.js";
import { card, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";

const POLL_SECONDS = 15;

/** Whose next step is due when and to whom it leads, what was escalated, and who is told of what: {element}. */
export function escalations(ctx) {
  const { t, api, signal } = ctx;
  const due = h("div", null, loadingState());
  const receivers = h("div", { class: "stack" }, loadingState());
  const told = table({
    caption: t("escalated"), dense: true, empty: emptyState(t("noEscalated"), t("noEscalatedText")),
    columns: [
      { label: t("time"), render: ({ at }) => raw(dateTime(at), { class: "nowrap" }) },
      { label: t("alert"), header: true, wide: true, render: ({ rule }) => raw(ruleName(rule)) },
      { label: t("step"), end: true, render: ({ step }) => raw(step) },
      { label: t("to"), render: ({ receiver }) => raw(receiver) },
    ],
    load: ({ cursor }) => api.get("/api/v1/alerts/history", { query: { kind: "escalated", cursor } }),
  });
  let routes = null;
  const turn = poll(async () => {
    try {
      routes ??= await api.get("/api/v1/alerts/routes");
      const { items } = await api.get("/api/v1/alerts/escalations");
      fill(due, items.length ? h("ul", { class: "rows" }, items.map((item) => dueRow(t, item))) : emptyState(t("noDue"), t("noDueText"), null, "check"));
      fill(receivers, receiverList(t, routes));
    } catch (error) {
      if (!isAbort(error)) fill(due, errorState(error, () => turn()));
    }
  }, POLL_SECONDS, signal);
  return { element: h("div", { class: "columns" },
    h("div", { class: "stack two-thirds" }, card(t("due"), { about: t("dueAbout") }, due), card(t("escalated"), {}, told.element)),
    card(t("receivers"), { about: t("receiversAbout"), class: "third" }, receivers)) };
}

function dueRow(t, { alert, next_step: next, due_at: at, steps }) {
  const chain = steps.length > 0 && h("ol", { class: "chain", "aria-label": t("chain") }, steps.map(({ step, ...one }) =>
    h("li", { class: step < next ? "done" : step === next && "next" }, whoIsTold(one), " ", t("after", { time: duration(one.after_seconds) }))));
  return h("li", null, alertTitle(alert), h("span", { class: "side-note" }, raw(relative(at))),
    h("div", { class: "sub" }, t("nextStep", { step: next, time: dateTime(at) }), chain));
}

/** A receiver, and its channels where they are more than its name says. */
const whoIsTold = ({ receiver, channels }) => [raw(receiver, { class: "strong" }), channels.join() !== receiver && raw(` (${channels.join(", ")})`)];

function receiverList(t, { receivers, channels, route }) {
  if (!route) return h("p", { class: "soft" }, t("noRoutes", { channels: channels.join(", ") || "–" }));
  return [h("p", { class: "soft" }, t("rootReceiver", { receiver: route.receiver ?? "–" })),
    h("ul", { class: "rows" }, receivers.map(({ name, channels: own }) => h("li", null, raw(name, { class: "strong" }), raw(own.join(", "), { class: "side-note" })))),
    route.routes.length > 0 && [h("h3", null, t("routes")), routeTree(t, route.routes)]];
}

const routeTree = (t, routes) => h("ul", { class: "route-tree" }, routes.map((route) => h("li", null,
  raw(route.matchers.join(", ") || "*", { class: "mono" }), " ", raw(route.receiver ? `→ ${route.receiver}` : ""), route.continue && [" ", h("span", { class: "soft" }, t("goesOn"))],
  route.routes.length > 0 && routeTree(t, route.routes))));
