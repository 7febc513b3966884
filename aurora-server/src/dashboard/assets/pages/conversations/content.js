// What a message holds, as nodes.
import { h, raw } from "../../kit/dom.js";
import { badge } from "../../kit/parts.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

/** The words of a message's content, as data; null where there are none. */
export function textOf(content) {
  const { type } = content;
  if (type === "text" || type === "buttons" || type === "list") return content.body;
  if (type === "template") return content.text;
  if (type === "chosen") return content.title;
  if (type === "media") return content.caption ?? content.file_name ?? null;
  return type === "location" ? [content.name, content.address].filter(Boolean).join(", ") : null;
}

/** The content as it is shown in a bubble. */
export function contentOf(content, t) {
  const said = (text) => h("p", { class: "bubble-text", translate: "no" }, text);
  switch (content.type) {
    case "text": return said(content.body);
    case "template": return [h("p", { class: "small soft" }, t("templateMark"), raw(` ${content.name}`)), said(content.text)];
    case "chosen": return [h("p", { class: "small soft" }, t("chose")), said(content.title)];
    case "buttons": return [said(content.body), options(content.choices)];
    case "list": return [said(content.body), options(content.sections.flatMap(({ rows }) => rows))];
    case "media": return media(content, t, said);
    case "location": return [h("p", null, h("a", { href: `https://www.openstreetmap.org/?mlat=${content.latitude}&mlon=${content.longitude}#map=17/${content.latitude}/${content.longitude}`, target: "_blank", rel: "noopener noreferrer" }, t("location"))), textOf(content) && said(textOf(content))];
    case "contacts": return h("p", null, t("contacts"));
    case "reaction": return h("p", null, t("reacted", { emoji: content.emoji ?? "–" }));
    default: return h("p", { class: "soft" }, t("unsupported"));
  }
}

const options = (choices) => h("ul", { class: "bubble-options" }, choices.map(({ title }) => h("li", { translate: "no" }, title)));

function media({ kind, caption, file_name: file, media: source }, t, said) {
  const name = has(words, `media.${kind}`) ? t(`media.${kind}`) : raw(kind);
  const address = source?.file_id ? `/api/v1/files/${source.file_id}/content` : source?.link?.startsWith("https://") ? source.link : null;
  return [h("p", { class: "bubble-media" }, badge("", name), file && raw(file, { class: "small" }), address && h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, t("open"))), caption && said(caption)];
}

/** Why somebody was given a conversation: as it was written, or what the assistant decided, with its note. */
function reasonOf(reason, t) {
  const [, code, note = ""] = /^assistant: (\w+)( \(.*\))?$/s.exec(reason) ?? [];
  return has(words, `reason.${code}`) ? [t(`reason.${code}`), raw(note)] : raw(reason);
}

/** A notice of the history, as words. */
export function noticeOf({ kind, raw: said }, { t, who }) {
  if (kind === "assigned") return [t("notice.assigned", { from: who(said.from).text, to: who(said.to).text }), said.reason && [raw(": "), reasonOf(said.reason, t)]];
  if (kind === "status_changed") return t("notice.status_changed", { to: t(`status.${said.to}`) });
  return has(words, `notice.${kind}`) ? t(`notice.${kind}`) : t("notice", { kind });
}
