import { isAbort } from "../../kit/api.js";
import { confirm } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { button, card, choice, emptyState, errorState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { heldFocus } from "./focus.js";
import { words } from "./words.js";

const PATH = "/api/v1/admin";
const EMBEDDED = 501;
// The server does not tell it: docs/core/config.md does.
const LIVE = new Set(["log.level", "log.targets"]);

/** The settings in force with the origin of each, and what makes the server read them anew. */
export function configTab(panel, { t, api, pulse }) {
  let settings = [];
  const search = h("input", { type: "search", "aria-label": t("search"), placeholder: t("search"), on: { input: () => show() } });
  const only = choice(t("only"), [["all", t("all")], ["changed", t("changed")], ["live", t("atOnce")]], "all", () => show());
  const told = h("div", { role: "status" });
  const count = h("span", { class: "soft small", role: "status" });
  const mayRestart = () => settings.find(({ key }) => key === "server.allow_restart")?.value === true;
  const restart = button(t("restart"), () => again());
  const note = h("p", { class: "soft small" });
  const list = table({
    caption: t("config"), empty: emptyState(t("noMatch"), null, null, "search"),
    columns: [
      { label: t("setting"), header: true, render: ({ key }) => h("span", null, raw(key, { class: "mono" }), LIVE.has(key) && h("p", { class: "small soft plain-weight" }, t("live"))) },
      { label: t("value"), render: (setting) => valueOf(t, setting) },
      { label: t("origin"), render: ({ origin }) => originOf(t, origin) },
    ],
  });
  const place = h("div", null, h("div", { class: "filters" }, search, only.element, count), list.element);

  const show = () => {
    const text = search.value.trim().toLowerCase();
    const shown = settings.filter(({ key, value, origin, is_secret: isSecret }) => (only.value === "all" || (only.value === "live" ? LIVE.has(key) : origin && origin.kind !== "default"))
      && (!text || key.toLowerCase().includes(text) || (!isSecret && String(value).toLowerCase().includes(text))));
    list.update(shown);
    count.textContent = t("counts", { count: shown.length });
  };
  const showEmbedded = () => {
    reload.disabled = restart.disabled = true;
    place.replaceChildren(emptyState(t("embedded"), t("embeddedText"), null, "settings"));
  };
  const load = async () => {
    if (pulse.latest?.demo) return showEmbedded();
    try {
      const answer = await api.get(`${PATH}/config`);
      settings = answer.settings;
      if (answer.refused?.length) told.replaceChildren(faults(t, t("refused"), answer.refused));
      restart.disabled = !mayRestart();
      note.textContent = mayRestart() ? "" : t("restartOff");
      show();
    } catch (error) {
      if (isAbort(error)) return;
      if (error.status === EMBEDDED) return showEmbedded();
      place.replaceChildren(errorState(error, () => { place.replaceChildren(h("div", { class: "filters" }, search, only.element, count), list.element); load(); }));
    }
  };
  const read = async () => {
    const giveBack = heldFocus(reload);
    reload.disabled = true;
    told.replaceChildren();
    try {
      const { changed } = await api.post(`${PATH}/reload`, {}, { create: true });
      told.replaceChildren(h("div", { class: "notice" }, changed.length ? [h("strong", null, t("reloadDone", { keys: changed.join(", ") })), h("p", null, t("reloadNote"))] : t("reloadNone")));
      load();
    } catch (error) {
      if (!isAbort(error)) told.replaceChildren(faults(t, t("reloadFailed"), error.errors.length ? error.errors : [{ message: error.message }]));
    } finally {
      reload.disabled = false;
      giveBack();
    }
  };
  const again = async () => {
    if (!(await confirm({ title: t("restartTitle"), text: t("restartText"), action: t("restart"), danger: true }))) return;
    try {
      await api.post(`${PATH}/restart`, {}, { create: true });
      toast(t("restartDone"));
    } catch (error) {
      if (!isAbort(error)) toast(raw(error.message));
    }
  };
  const reload = button(t("reload"), read, { icon: "refresh" });
  restart.disabled = true;
  load();
  panel.append(card(t("config"), { about: t("configAbout"), actions: [reload, restart] }, h("div", { class: "stack" }, told, note, place)));
}

/** What is wrong with settings, each with its key. */
const faults = (t, title, list) => h("div", { class: "notice bad", role: "alert" }, h("strong", null, title),
  h("ul", null, list.map(({ key, field, message, origin }) => h("li", null, (key ?? field) && raw(`${key ?? field}: `, { class: "mono" }), raw(message), origin && [raw(" · "), originOf(t, origin)]))));

function valueOf(t, { value, is_secret: isSecret }) {
  if (isSecret) return h("span", { class: "soft" }, t(value == null ? "secretUnset" : "secretSet"));
  if (value == null) return h("span", { class: "soft" }, t("notSet"));
  return raw(typeof value === "string" ? value : JSON.stringify(value), { class: "mono" });
}

function originOf(t, origin) {
  if (!origin) return raw("");
  const { kind, path, line, variable, name } = origin;
  return h("span", { class: kind === "default" ? "soft" : null }, has(words, `origin.${kind}`) ? t(`origin.${kind}`) : raw(kind), (path || variable || name) && raw(` ${variable ?? name ?? path}`, { class: "mono small" }), line && [raw(" · "), t("line", { line })]);
}
