import { formDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { button, choice } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";
import { toast } from "../../kit/toast.js";

// What somebody began is kept while the page is open, and nowhere else: it is about people.
const drafts = new Map();

/** Where messages and notes are written: {element, update(conversation, pause), focus()}; `send({text, content, isNote})` is done by the thread. */
export function composer(ctx, { id, send, reopen, onResumed }) {
  const { t, api, can } = ctx;
  const draft = `${ctx.me.user?.id}/${id}`;
  const input = h("textarea", { rows: 2, maxlength: "4096", "aria-describedby": "reply-hint", value: drafts.get(draft) ?? "", on: { keydown: onKey, input: () => keep(input.value) } });
  const go = button(t("send"), submit, { kind: "primary", icon: "send" });
  const kind = choice(t("kind"), [["message", t("write")], ["note", t("note")]], "message", show);
  const bar = h("div", { class: "reply-bar" });
  const line = h("div", { class: "reply-line" }, input, go);
  const element = h("div", { class: "reply" }, bar, line, h("div", { class: "reply-foot" }, kind.element, h("p", { class: "hint", id: "reply-hint" }, t("hint"))));
  let stop = null; // why no message can be sent: {nodes, tone}

  function show() {
    const isNote = kind.value === "note";
    element.classList.toggle("is-note", isNote);
    input.setAttribute("aria-label", t(isNote ? "noteLabel" : "writeLabel"));
    input.placeholder = t(isNote ? "notePlaceholder" : "writeLabel");
    go.replaceChildren(isNote ? t("keep") : t("send"));
    bar.hidden = !stop;
    if (stop && bar.dataset.key !== stop.key) {
      bar.dataset.key = stop.key;
      bar.replaceChildren(...stop.nodes().filter(Boolean));
    }
    if (!stop) delete bar.dataset.key;
    input.disabled = go.disabled = Boolean(stop?.isFinal) && !isNote;
  }
  function keep(text) {
    if (text) drafts.set(draft, text);
    else drafts.delete(draft);
  }
  function onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  }
  function submit() {
    const text = input.value.trim();
    if (!text || go.disabled) return;
    input.value = "";
    drafts.delete(draft);
    send({ text, isNote: kind.value === "note" });
    input.focus();
  }
  async function resume(channel) {
    try {
      await api.post(`/api/v1/conversations/channels/${channel}/resume`);
      toast(t("resumed"));
      onResumed();
    } catch (error) {
      if (!isAbort(error)) toast(t("failed", { detail: error.message }));
    }
  }
  async function template() {
    const settings = await api.get("/api/v1/conversations/settings").catch((error) => {
      if (isAbort(error)) throw error;
      return {};
    });
    const usual = settings.fallback;
    await formDialog({ title: t("templateTitle"), text: t("templateText"), action: t("templateSend"),
      fields: [{ name: "name", label: t("templateName"), value: usual?.name, required: true, attributes: { spellcheck: "false" } },
        { name: "language", label: t("templateLanguage"), value: usual?.language ?? "pt_BR", required: true },
        { name: "places", label: t("templatePlaces"), type: "textarea", hint: t("templatePlacesHint"), value: usual?.places.join("\n") },
        { name: "text", label: t("templateShown"), type: "textarea", value: usual?.text, required: true }],
      submit: ({ name, language, places, text }) => send({ text, content: { type: "template", name, language, text, payloads: [], body: places.split("\n").map((one) => one.trim()).filter(Boolean) }, isStrict: true }) });
  }
  show();
  return {
    element,
    focus: () => input.focus(),
    update(conversation, pause) {
      const { contact, status, window_expires_at: until, channel_kind: channel, channel_id: end } = conversation;
      const isOver = channel === "whatsapp" && (!until || new Date(until) <= Date.now());
      stop = contact.blocked_at ? { key: "blocked", isFinal: true, nodes: () => [h("p", null, t("blockedNow"))] }
        : status === "closed" ? { key: "closed", isFinal: true, nodes: () => [h("p", null, t("closedNow")), button(t("reopen"), reopen, { small: true })] }
        : isOver ? { key: `window-${until}`, isFinal: true, nodes: () => [h("p", null, t(until ? "windowOver" : "windowNever")), button(t("template"), template, { small: true })] }
        : pause ? { key: `pause-${pause.since}`, isFinal: false, nodes: () => [h("p", null, t("pausedNow", { detail: "" }), raw(pause.detail || pause.code)), can("channel:write") && button(t("resume"), () => resume(end), { small: true })] } : null;
      show();
    },
  };
}
