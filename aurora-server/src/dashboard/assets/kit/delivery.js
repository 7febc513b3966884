// How deliveries of notifications are spoken of, on every page alike.
import { raw } from "./dom.js";
import { badge } from "./parts.js";
import { has, texts } from "./words.js";

const words = {
  en: {
    "outcome.delivered": "delivered", "outcome.retrying": "will be tried again", "outcome.failed": "failed", "outcome.superseded": "replaced by a newer one",
    "outcome.redirected": "sent by another channel", "outcome.throttled": "held back",
    "error.auth": "our credentials are refused", "error.rate_limited": "too many messages, asked to wait", "error.client": "the message is refused",
    "error.gone": "the address is gone for good", "error.server": "the receiver failed", "error.timeout": "no answer in time", "error.cancelled": "cancelled",
    "error.other": "something else",
    "reason.changed": "a change", "reason.changed.firing": "it fired", "reason.changed.resolved": "it is over", "reason.repeated": "a reminder", "reason.escalated": "an escalation", "reason.acknowledged": "an acknowledgement",
    "reason.flapping": "changes too often", "reason.digest": "a digest", "reason.test": "a test", "reason.message": "sent by hand",
  },
  "pt-BR": {
    "outcome.delivered": "entregue", "outcome.retrying": "será tentada de novo", "outcome.failed": "falhou", "outcome.superseded": "substituída por uma mais nova",
    "outcome.redirected": "enviada por outro canal", "outcome.throttled": "retida",
    "error.auth": "nossas credenciais foram recusadas", "error.rate_limited": "mensagens demais, pediu espera", "error.client": "a mensagem foi recusada",
    "error.gone": "o endereço não existe mais", "error.server": "o destinatário falhou", "error.timeout": "sem resposta a tempo", "error.cancelled": "cancelada",
    "error.other": "outro motivo",
    "reason.changed": "uma mudança", "reason.changed.firing": "disparou", "reason.changed.resolved": "acabou", "reason.repeated": "um lembrete", "reason.escalated": "um escalonamento", "reason.acknowledged": "um reconhecimento",
    "reason.flapping": "muda demais", "reason.digest": "um resumo", "reason.test": "um teste", "reason.message": "enviada à mão",
  },
};
const t = texts(words);
const KINDS = { delivered: "good", retrying: "warn", failed: "bad", redirected: "warn", throttled: "warn" };

/** All outcomes of a delivery. */
export const OUTCOMES = ["delivered", "retrying", "failed", "superseded", "redirected"];
const word = (prefix, name) => (has(words, `${prefix}.${name}`) ? t(`${prefix}.${name}`) : name);

/** What became of a delivery, in words. */
export const outcomeText = (outcome) => word("outcome", outcome);
/** The same as a badge. */
export const outcomeBadge = (outcome) => badge(KINDS[outcome] ?? "", has(words, `outcome.${outcome}`) ? outcomeText(outcome) : raw(outcome));
/** Why an attempt failed. */
export const errorText = (error) => word("error", error);
/** Why something was sent; of a change also which. */
export const reasonText = (reason, status) => word("reason", has(words, `reason.${reason}.${status}`) ? `${reason}.${status}` : reason);
