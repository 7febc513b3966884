import { h, raw } from "../../kit/dom.js";
import { date, money } from "../../kit/format.js";
import { button } from "../../kit/parts.js";
import { icon } from "../../kit/icons.js";

const DAY_MS = 86_400_000;

/** A stage with its sums and leads. */
export function columnOf(ctx, { stage, count, totals }, { leads, more, ...rest }) {
  const { t } = ctx;
  const id = `stage-${stage.id}`;
  const rest_ = count - leads.length;
  const sums = totals.map(({ value, weighted }) => h("p", { class: "sums" }, raw(money(value.cents, value.currency), { class: "strong" }), stage.kind === "open" && h("span", { class: "soft small" }, t("expected", { value: money(weighted.cents, weighted.currency) }))));
  return h("section", { class: ["column", stage.kind], "aria-labelledby": id, dataset: { stage: stage.id } },
    h("header", null, h("h2", { id }, raw(stage.name), raw(" "), h("span", { class: "count" }, h("span", { class: "unseen" }, t("leadsCount", { count })), raw(count, { "aria-hidden": "true" }))), sums),
    h("ol", { class: "leads" }, leads.map((lead) => leadCard(ctx, lead, stage, rest))), h("p", { class: "soft small empty-column" }, t("emptyColumn")),
    rest_ > 0 && more && button(t("more", { count: rest_ }), more, { small: true, kind: "plain" }));
}

function leadCard({ t, href, can }, lead, stage, { team, hint, onAsk }) {
  const who = lead.company_name || lead.client_name || lead.contact_name;
  const days = Math.floor((Date.now() - new Date(lead.stage_since)) / DAY_MS);
  const isLate = stage.kind === "open" && stage.expected_days != null && days > stage.expected_days;
  const isMovable = can("lead:write");
  return h("li", { class: "lead", draggable: isMovable ? "true" : null, dataset: { lead: lead.id } },
    h("div", { class: "lead-head" }, h("a", { href: href("leads", lead.id), translate: "no", draggable: "false" }, lead.title),
      isMovable && h("button", { type: "button", class: "grip", "aria-label": t("move", { title: lead.title }), "aria-describedby": hint, on: { click: () => onAsk(lead) } }, icon("grip"))),
    who && h("p", { class: "small soft" }, raw(who)),
    h("div", { class: "lead-foot" }, raw(money(lead.value.cents, lead.value.currency), { class: "strong" }), lead.owner && raw(team.name(lead.owner), { class: "small soft" }),
      lead.expected_close && raw(date(lead.expected_close), { class: "small soft" }), days > 0 && stage.kind === "open" && h("span", { class: ["small", isLate ? "late" : "soft"] }, t(isLate ? "late" : "days", { count: days }))));
}
