import { fill, h, newId, put, raw } from "../../kit/dom.js";
import { clock, date } from "../../kit/format.js";
import { badge } from "../../kit/parts.js";
import { sentenceOf } from "./lines.js";

const KINDS = { info: "info", warning: "warn", error: "bad" };

/** A line of the log, which opens to its particulars: {element, update(line)}. */
export function row({ t, href, can }, first) {
  const id = newId("event");
  let line = first;
  const [time, text, kind] = [raw("", { class: "log-time" }), h("span", { class: "log-text" }), raw("", { class: "log-kind mono" })];
  const details = h("div", { id, class: "log-details", hidden: true });
  const toggle = h("button", { type: "button", class: "log-line", "aria-expanded": "false", "aria-controls": id, on: { click: () => {
    details.hidden = !details.hidden;
    toggle.setAttribute("aria-expanded", String(!details.hidden));
    if (!details.hidden) open();
  } } }, time, badge(KINDS[first.level] ?? "", t(`level.${first.level}`)), text, kind);
  const open = () => fill(details, h("p", { class: "soft small" }, raw(`${date(line.at)} ${clock(line.at)}`), raw(" · "), line.workspace ? t("ofWorkspace", { id: line.workspace }) : t("ofInstallation")),
    h("pre", { class: "small", translate: "no", tabindex: "0", role: "region", "aria-label": t("particulars") }, JSON.stringify(line.events.length > 1 ? line.events.map(({ data }) => data) : line.data, null, 2)),
    line.data.fingerprint && !["test", "message"].includes(line.data.reason) && can("alert:read") && h("a", { href: href("alerts", line.data.fingerprint) }, t("toAlert")), line.data.target && line.kind === "provider.state" && h("a", { href: href("providers") }, t("toProviders")));
  return {
    element: h("li", { dataset: { level: first.level } }, toggle, details),
    update(item) {
      const isNew = item.events.length !== line.events.length;
      line = item;
      put(time, clock(item.at));
      put(kind, item.kind);
      const said = sentenceOf(item);
      fill(text, said ?? raw(JSON.stringify(item.data)));
      if (isNew && !details.hidden) open();
    },
  };
}
