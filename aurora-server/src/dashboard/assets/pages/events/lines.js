import { sentence } from "../../kit/happening.js";

const NAMES = {
  alert: ["pending", "cleared", "fired", "fired_quietly", "cooldown_over", "resolved", "resolved_quietly", "acknowledged", "unacknowledged", "escalated", "flapping"],
  delivery: ["delivered", "retrying", "failed", "superseded", "redirected"],
  silence: ["created", "changed", "expired"], channel: ["disabled", "enabled"], provider: ["state"], llm: ["fallback"], request: ["failed"],
};
export const GROUPS = Object.keys(NAMES);
/** A stream names its events, and browsers hear those alone whose names they were told. */
export const KINDS = GROUPS.flatMap((group) => NAMES[group].map((name) => `${group}.${name}`));

/** Lines of the log, the newest first: calls that were saved by a fallback one after the other are one line. */
export function merged(events) {
  const lines = [];
  for (const event of events) {
    const last = lines.at(-1);
    if (event.kind === "llm.fallback" && last?.kind === event.kind) {
      last.events.push(event);
      last.id = event.id;
    } else lines.push({ ...event, events: [event] });
  }
  return lines.map((line) => ({ ...line, data: line.kind === "llm.fallback" ? { ...line.data, calls: line.events.reduce((sum, { data }) => sum + data.calls, 0) } : line.data }));
}

/** What a line says, in a sentence: its event happened when it was told, where it does not say when. */
export const sentenceOf = ({ kind, at, data }) => sentence(kind, { at, ...data });

/** Whether a line has all the words that are looked for. */
export function matches(line, text) {
  const wanted = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return true;
  const all = `${line.kind} ${sentenceOf(line) ?? ""} ${JSON.stringify(line.data)}`.toLocaleLowerCase();
  return wanted.every((word) => all.includes(word));
}
