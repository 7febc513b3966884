import { newestOf } from "../../kit/alert.js";
import { isAbort } from "../../kit/api.js";
import { confirm } from "../../kit/dialog.js";
import { fill, h, put } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { message } from "../../kit/message.js";
import { card, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { resultLine } from "./result.js";

const PAUSE_MS = 500;

/** A message as each channel would show it, and the way to send it by hand: {element}. */
export function composer({ t, api, can, pulse, signal }, sent) {
  const previews = h("div", { class: "previews" }, loadingState(3));
  const about = h("p", { class: "soft small", hidden: true });
  const results = h("div", { class: "stack small", role: "status" });
  const boxes = h("fieldset", { class: "channel-choice", hidden: true });
  const chosen = () => [...boxes.querySelectorAll("input:checked")].map(({ value }) => value);
  const bodyOf = ({ title, content, severity }) => ({ title: title.trim() || t("sampleTitle"), content, severity });
  // While nothing is written, what is shown is what an alert that is active is told as.
  const sample = ({ title, content }) => (title.trim() || content.trim() ? null : newestOf(pulse.latest?.alerts ?? []));
  let known = [];
  let timer = null;
  let round = 0;
  let told;

  /** What the alert is told as; null when it ended meanwhile. */
  const askOf = async ({ fingerprint }) => {
    try {
      return await api.post("/api/v1/notifications/preview", { fingerprint });
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  };
  const preview = async () => {
    const mine = (round += 1);
    try {
      const body = bodyOf(written.values());
      const alert = sample(written.values());
      told = alert?.fingerprint;
      const ofAlert = alert && (await askOf(alert));
      const { items } = ofAlert ?? (await api.post("/api/v1/notifications/preview", body));
      if (mine !== round) return;
      put(about, ofAlert ? t("ofAlert") : "");
      about.hidden = !ofAlert;
      const severity = ofAlert ? alert.severity : body.severity;
      offer(items.map(({ channel }) => channel));
      const shown = items.filter(({ channel }) => chosen().includes(channel));
      fill(previews, ...(items.length ? shown.map((item) => message({ ...item, severity })) : [emptyState(t("noChannels"), t("noChannelsText"))]));
    } catch (error) {
      if (!isAbort(error) && mine === round) fill(previews, errorState(error, preview));
    }
  };
  const offer = (names) => {
    if (names.join() === known.join()) return;
    known = names;
    boxes.hidden = names.length < 2;
    boxes.replaceChildren(h("legend", { class: "label" }, t("toChannels")), ...names.map((name) => h("label", { translate: "no" }, h("input", { type: "checkbox", value: name, checked: true, on: { change: preview } }), name)));
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(preview, PAUSE_MS);
  };
  const send = async (values) => {
    const channels = chosen();
    if (!channels.length) throw Object.assign(new Error(t("chooseOne")), { words: t("chooseOne") });
    if (!(await confirm({ title: t("sendTitle", { title: values.title }), text: t("sendText", { channels: channels.join(", ") }), action: t("send") }))) return;
    const { results: all } = await api.post("/api/v1/notifications/send", { ...bodyOf(values), channels }, { create: true, timeout: 40_000 });
    results.replaceChildren(h("h3", null, t("whatBecame")), ...all.map((result) => resultLine(t, result, { named: true })));
    sent();
  };
  const written = form({
    action: t("send"), submit: send,
    fields: [
      { name: "title", label: t("headline"), required: true, attributes: { maxlength: 200 } },
      { name: "content", type: "textarea", label: t("text"), rows: 4, attributes: { maxlength: 10_000 } },
      { name: "severity", type: "select", label: t("severity"), value: "info", options: ["info", "warning", "critical"].map((name) => [name, t(`level.${name}`)]) },
    ],
  });
  written.element.querySelector(".form-foot").before(boxes);
  written.element.querySelector(".form-foot").hidden = !can("notification:send");
  written.element.addEventListener("input", soon);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  preview();
  pulse.subscribe({ snapshot: () => { if (sample(written.values())?.fingerprint !== told) soon(); } }, signal);
  return { element: card(t("message"), { about: t(can("notification:send") ? "messageAbout" : "messageOnly") },
    h("div", { class: "columns" }, h("div", { class: "stack third" }, written.element, results), h("div", { class: "stack tight two-thirds" }, about, previews))) };
}
