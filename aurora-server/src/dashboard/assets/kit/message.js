// A notification as its channel would show it.
import { h, raw } from "./dom.js";

const LOOKS = [["slack", /slack|teams|mattermost|discord/i], ["mail", /mail/i], ["chat", /telegram|whatsapp|sms/i]];

/** A message {channel, title, text} in the manner of its channel: a post, a letter, a bubble, or lines of a terminal. */
export function message({ channel, title, text, severity }) {
  const look = LOOKS.find(([, pattern]) => pattern.test(channel))?.[0] ?? "terminal";
  const rest = text.startsWith(title) ? text.slice(title.length).replace(/^[:\s]+/, "") : text;
  return h("article", { class: ["message", look, severity], translate: "no" }, h("p", { class: "message-channel" }, channel),
    h("div", { class: "message-body" }, look === "terminal" ? h("pre", null, text) : [raw(title, { class: "message-title" }), h("p", null, rest)]));
}
