import { attempt } from "../../kit/attempt.js";
import { formDialog } from "../../kit/dialog.js";
import { toast } from "../../kit/toast.js";

const LASTS = [1800, 3600, 14_400, 86_400, 604_800];

const quoted = (value) => `"${String(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** Matchers that mean this alert: its rule and its labels. */
export const matchersOf = ({ rule, labels }) => Object.entries({ alertname: rule, ...labels }).map(([name, value]) => `${name}=${quoted(value)}`);

/** A local time as a field of a form takes it. */
export const localTime = (time) => {
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** Asks for a silence, a new one or another in the place of `silence`; gives what the server made of it, or null. */
export async function askForSilence({ t, api }, { matchers = [], silence } = {}) {
  let version = silence?.version;
  const put = async (body) => {
    const path = `/api/v1/alerts/silences/${silence.id}`;
    try {
      return await api.put(path, body, { ifMatch: version });
    } catch (error) {
      if (error.status === 412) {
        ({ version } = await api.get(path));
        error.words = t("silenceOvertaken");
      }
      throw error;
    }
  };
  const lasts = [...LASTS.map((seconds) => [String(seconds), t(`lasts.${seconds}`)]), ["until", t("untilTime")]];
  const made = await formDialog({
    title: t(silence ? "changeSilence" : "newSilence"), text: t("silenceText"), action: t(silence ? "save" : "silence"), broad: true,
    fields: [
      { name: "matchers", type: "textarea", label: t("matchers"), hint: t("matchersHint"), rows: 4, required: true, value: (silence?.matchers[0] ?? matchers).join("\n"), attributes: { translate: "no", class: "mono", spellcheck: "false" } },
      { name: "lasts", type: "select", label: t("forHowLong"), options: lasts, value: silence ? "until" : "3600" },
      { name: "ends_at", type: "datetime-local", label: t("endsAt"), hint: t("endsAtHint"), value: localTime(silence?.ends_at ?? Date.now() + 7_200_000) },
      { name: "comment", type: "textarea", label: t("comment"), rows: 2, value: silence?.comment, attributes: { maxlength: 2000 } },
    ],
    submit: (values) => {
      const body = bodyOf(values, silence);
      return silence ? put(body) : api.post("/api/v1/alerts/silences", body, { create: true });
    },
  });
  if (!made) return null;
  toast(t(silence ? "silenceChanged" : "silenceMade", { count: made.alerts }), silence ? {} : { undo: () => attempt(() => api.delete(`/api/v1/alerts/silences/${made.id}`, { ifMatch: made.version })) });
  return made;
}

function bodyOf({ matchers, lasts, ends_at: ends, comment }, silence) {
  const body = { matchers: matchers.split("\n").map((line) => line.trim()).filter(Boolean), comment, during: silence?.during ?? [] };
  if (silence) body.starts_at = silence.starts_at;
  if (lasts !== "until") body.ends_at = new Date(Date.now() + Number(lasts) * 1000).toISOString();
  else if (ends) body.ends_at = new Date(ends).toISOString();
  return body;
}
