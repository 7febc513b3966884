// What made the feedback what it is, to choose the version to go back to.
import { confirm, openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime } from "../../kit/format.js";
import { badge, button, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { team as askTeam } from "../../kit/team.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

const PAGE = 20;

/** Shows ratings and corrections; gives the version that somebody wants to go back to, null when nobody does. */
export async function chooseVersion(ctx, now) {
  const { t, api, href } = ctx;
  const team = await askTeam(ctx);
  const version = await openDialog(t("revertTitle"), (close) => {
    // In an object: to a dialog nothing and null are the same, and 0 is a version.
    const choose = async (count) => {
      if (await confirm({ title: t("revertSure", { count }), text: t("revertText"), action: t("revertDo"), danger: true })) close({ count });
    };
    const kindOf = ({ kind }) => (has(words, `entry.${kind}`) ? t(`entry.${kind}`) : raw(kind));
    const list = table({
      caption: t("revertTitle"), dense: true, empty: emptyState(t("noLog"), t("noLogText")),
      columns: [
        { label: t("revision"), render: (one) => raw(one.version) },
        { label: t("what"), header: true, render: (one) => [kindOf(one), raw(": "), h("a", { href: href("knowledge", one.document_id), on: { click: () => close(null) } }, raw(one.title))] },
        { label: t("who"), render: ({ by }) => (by ? team.node(by) : raw(null)) },
        { label: t("when"), render: ({ at }) => raw(dateTime(at), { class: "nowrap" }) },
        { label: t("state"), render: ({ is_in_force: counts }) => badge(counts ? "good" : "", t(counts ? "counts" : "countsNot")) },
        { label: t("actions"), end: true, bare: true, render: (one) => (one.version < now ? button(t("revertHere"), () => choose(one.version), { small: true, "aria-label": `${t("revertHere")}: ${one.version}` }) : badge("info", t("now"))) },
      ],
      load: ({ cursor, signal }) => api.get("/api/v1/knowledge/feedback/log", { query: { limit: PAGE, cursor }, signal }),
    });
    return [h("p", { class: "body" }, t("revertText")), list.element,
      h("div", { class: "form-foot" }, button(t("close"), () => close(null)), button(t("revertAll"), () => choose(0), { kind: "danger" }))];
  }, { broad: true });
  return version?.count ?? null;
}
