// A notification as its channel would show it.
import { h, raw } from "./dom.js";

const LOOKS = { slack: "slack", teams: "slack", discord: "slack", email: "mail", telegram: "chat" };

/** A message {channel, kind, title, text} in the manner of its kind of channel: a post, a letter, a bubble, or lines of a terminal. */
export function message({ channel, kind, title, text, severity }) {
  const look = LOOKS[kind] ?? "terminal";
  const rest = text.startsWith(title) ? text.slice(title.length).replace(/^[:\s]+/, "") : text;
  return h("article", { class: ["message", look, severity], translate: "no" }, h("p", { class: "message-channel" }, channel),
    h("div", { class: "message-body" }, look === "terminal" ? h("pre", null, text) : [raw(title, { class: "message-title" }), h("p", null, rest)]));
}
