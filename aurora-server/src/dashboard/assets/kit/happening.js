// What happens, in a sentence: the lines of the alert history and of the log of events.
import { ruleName } from "./alert.js";
import { errorText, reasonText } from "./delivery.js";
import { duration, number } from "./format.js";
import { principalName } from "./team.js";
import { has, texts } from "./words.js";

const words = {
  en: {
    "alert.pending": "{about} may fire soon (value {value})", "alert.cleared": "{about} did not fire after all", "alert.fired": "{about} fired (value {value})",
    "alert.fired_quietly": "{about} fired again within its cooldown, nobody is told yet", "alert.cooldown_over": "{about} still fires after its cooldown (value {value})",
    "alert.resolved": "{about} is over", "alert.resolved_after": "{about} is over, after {time}", "alert.resolved_quietly": "{about} is over, nobody had been told",
    "alert.acknowledged": "{by} takes care of {about}", "alert.unacknowledged": "Nobody takes care of {about} any more", "alert.escalated": "{about} went on to {receiver} (step {step})",
    "alert.flapping": "{about} changes too often, changes are summed up", "alert.settled": "{about} has settled, changes are told again",
    "silence.created": "{by} made a silence", "silence.changed": "{by} changed a silence", "silence.expired": "A silence ended",
    "channel.disabled": "{channel} was switched off: {error}", "channel.enabled": "{channel} is used again",
    "delivery.delivered": "{channel} took the message about {about} ({reason})", "delivery.retrying": "{channel} did not take the message about {about} ({reason}), it will be tried again: {error}",
    "delivery.failed": "{channel} did not take the message about {about} ({reason}): {error}", "delivery.superseded": "A newer message to {channel} says what this one about {about} said",
    "delivery.redirected": "The message about {about} went to another channel than {channel}",
    "provider.state": "{target}: {before} → {state}", "llm.fallback": { one: "{count} call was saved by a fallback", other: "{count} calls were saved by a fallback" },
    "request.failed": "{method} {route} ended in {status}",
    "circuit.closed": "healthy", "circuit.open": "down, skipped", "circuit.half_open": "being probed", "circuit.refused": "refuses our key", "circuit.held": "asked to wait",
    "circuit.forced_open": "taken out", "circuit.disabled": "unguarded", "circuit.metrics_only": "watched only",
    somebody: "Somebody", none: "nothing",
  },
  "pt-BR": {
    "alert.pending": "{about} pode disparar em breve (valor {value})", "alert.cleared": "{about} não chegou a disparar", "alert.fired": "{about} disparou (valor {value})",
    "alert.fired_quietly": "{about} disparou de novo dentro do intervalo de silêncio, ninguém é avisado ainda", "alert.cooldown_over": "{about} continua disparado após o intervalo de silêncio (valor {value})",
    "alert.resolved": "{about} acabou", "alert.resolved_after": "{about} acabou, depois de {time}", "alert.resolved_quietly": "{about} acabou, ninguém tinha sido avisado",
    "alert.acknowledged": "{by} está cuidando de {about}", "alert.unacknowledged": "Ninguém mais está cuidando de {about}", "alert.escalated": "{about} passou para {receiver} (passo {step})",
    "alert.flapping": "{about} muda demais, as mudanças são resumidas", "alert.settled": "{about} se estabilizou, as mudanças voltam a ser avisadas",
    "silence.created": "{by} criou um silêncio", "silence.changed": "{by} alterou um silêncio", "silence.expired": "Um silêncio terminou",
    "channel.disabled": "{channel} foi desligado: {error}", "channel.enabled": "{channel} voltou a ser usado",
    "delivery.delivered": "{channel} recebeu a mensagem sobre {about} ({reason})", "delivery.retrying": "{channel} não recebeu a mensagem sobre {about} ({reason}), nova tentativa em seguida: {error}",
    "delivery.failed": "{channel} não recebeu a mensagem sobre {about} ({reason}): {error}", "delivery.superseded": "Uma mensagem mais nova para {channel} diz o que esta sobre {about} dizia",
    "delivery.redirected": "A mensagem sobre {about} foi por outro canal em vez de {channel}",
    "provider.state": "{target}: {before} → {state}", "llm.fallback": { one: "{count} chamada foi salva pela reserva", other: "{count} chamadas foram salvas pela reserva" },
    "request.failed": "{method} {route} terminou em {status}",
    "circuit.closed": "saudável", "circuit.open": "fora do ar, pulado", "circuit.half_open": "em teste", "circuit.refused": "recusa nossa chave", "circuit.held": "pediu espera",
    "circuit.forced_open": "retirado", "circuit.disabled": "sem proteção", "circuit.metrics_only": "só observado",
    somebody: "Alguém", none: "nada",
  },
};
const t = texts(words);

/** The kind of an event for a line of the alert history: {kind: "alert", change: "fired"} → "alert.fired". */
export function kindOf({ kind, change, outcome, enabled }) {
  if (kind === "alert" || kind === "silence") return `${kind}.${change}`;
  if (kind === "delivery") return `delivery.${outcome}`;
  if (kind === "channel") return enabled ? "channel.enabled" : "channel.disabled";
  return `alert.${kind}`;
}

/** What happened in a sentence; null for a kind that is not known here. */
export function sentence(kind, data) {
  const key = kind === "alert.flapping" && data.began === false ? "alert.settled" : kind === "alert.resolved" && data.at && data.starts_at ? "alert.resolved_after" : kind;
  if (!has(words, key)) return null;
  return t(key, {
    ...data, about: [ruleName(data.rule ?? ""), ...Object.values(data.labels ?? {})].filter(Boolean).join(", ") || t("none"), by: byWhom(data.by), value: data.value == null ? "–" : number(data.value, 1),
    count: data.calls ?? 0, error: errorText(data.error ?? data.reason ?? data.detail ?? "other"), reason: reasonText(data.reason ?? "changed", data.status),
    before: circuit(data.before), state: circuit(data.state), method: data.method ?? "", route: data.route ?? data.path ?? "", status: String(data.status ?? ""),
    time: duration((Date.parse(data.at) - Date.parse(data.starts_at)) / 1000),
  });
}

const byWhom = (by) => (by ? principalName(by) : t("somebody"));
const circuit = (state) => (has(words, `circuit.${state}`) ? t(`circuit.${state}`) : state);
