import { isAbort } from "../../kit/api.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime, number, relative } from "../../kit/format.js";
import { badge, button, card, emptyState } from "../../kit/parts.js";
import { copyable } from "../../kit/secret.js";
import { table } from "../../kit/table.js";
import { heldFocus } from "./focus.js";

const PATH = "/api/v1/admin/backups";
const TIMEOUT_MS = 600_000;
const MEBIBYTE = 1_048_576;

/** Lists, makes and verifies backups, and tells how one is brought back. */
export function backupsTab(panel, { t, api, pulse }) {
  const bad = h("div", { class: "notice warn", hidden: true });
  const status = h("p", { class: "soft", role: "status" });
  const plan = h("div", { class: "stack tight" }, h("p", { class: "soft" }, raw(null)));
  const list = table({
    caption: t("backups"), empty: emptyState(t("noBackups"), t("noBackupsText")),
    columns: [
      { label: t("backupName"), header: true, render: ({ name }) => raw(name, { class: "mono" }) },
      { label: t("taken"), render: ({ finished_at: at }) => raw(relative(at), { title: dateTime(at) }) },
      { label: t("size"), end: true, render: ({ bytes }) => raw(`${number(bytes / MEBIBYTE, 1)} MiB`) },
      { label: t("rows"), end: true, render: ({ tables }) => raw(number(Object.values(tables).reduce((sum, count) => sum + count, 0))) },
      { label: t("tested"), render: ({ verified_at: at, unverified: why }) => (at ? badge("good", t("testedHow", { time: relative(at) })) : badge("warn", t("notTested", { why: why ?? "–" }))) },
      { label: t("verify"), end: true, render: ({ name }) => button(t("verify"), () => verify(name), { small: true, "data-verifies": name }) },
    ],
    load: async () => {
      const kept = await api.get(PATH);
      bad.hidden = !kept.bad.length;
      bad.replaceChildren(h("p", null, t("badBackups")), h("ul", null, kept.bad.map((file) => h("li", null, raw(file, { class: "mono" })))));
      return kept;
    },
  });
  /** Does something that takes a while; what fails is said. */
  const during = async (words, work, done, pressed = () => make) => {
    const giveBack = heldFocus(pressed());
    make.disabled = true;
    status.replaceChildren(words);
    try {
      await work();
      status.replaceChildren(done);
    } catch (error) {
      if (!isAbort(error)) status.replaceChildren(h("span", { class: "form-error" }, raw(error.message)));
    } finally {
      make.disabled = false;
      // A backup that does not hold is set aside: the list is another one after a failure too.
      await list.reload();
      giveBack(pressed());
    }
  };
  const make = button(t("makeBackup"), () => during(t("makingBackup"), () => api.post(PATH, {}, { timeout: TIMEOUT_MS }), t("backupMade")), { kind: "primary", icon: "plus" });
  const verify = (name) => during(t("verifying"), () => api.post(`${PATH}/${encodeURIComponent(name)}/verify`, {}, { timeout: TIMEOUT_MS }), t("verified"),
    () => [...list.element.querySelectorAll("[data-verifies]")].find((one) => one.dataset.verifies === name) ?? make);
  if (pulse.latest?.demo) plan.replaceChildren(h("p", { class: "soft" }, t("embeddedText")));
  else readPlan(t, api, plan);
  panel.append(
    card(t("backups"), { about: t("backupsAbout"), actions: make }, h("div", { class: "stack" }, status, bad, list.element)),
    h("div", { class: "columns" }, card(t("plan"), { class: "third" }, plan),
      card(t("restoreHow"), { class: "two-thirds" }, h("ol", { class: "steps" }, h("li", null, t("restore1")), h("li", null, t("restore2"), copyable(t("restoreHow"), "aurora restore")), h("li", null, t("restore3"))))));
}

/** The plan is part of the settings; where there are none it is not told. */
async function readPlan(t, api, place) {
  try {
    const { settings } = await api.get("/api/v1/admin/config");
    const value = (key) => settings.find((one) => one.key === `backup.${key}`)?.value;
    const every = value("every");
    place.replaceChildren(h("p", { class: "strong" }, every ? t("planOn", { every }) : t("planOff")), !every ? h("p", { class: "soft" }, t("planOffText")) : "", h("p", { class: "soft" }, value("folder") ? t("planFolder", { folder: value("folder") }) : t("planData")),
      h("p", { class: "soft" }, t("keeps", { last: value("keep_last") ?? "–", daily: value("keep_daily") ?? "–", monthly: value("keep_monthly") ?? "–" })));
  } catch (error) {
    if (isAbort(error)) return;
    place.replaceChildren(h("p", { class: "soft" }, error.status === 501 ? t("embeddedText") : raw(error.message)));
  }
}
