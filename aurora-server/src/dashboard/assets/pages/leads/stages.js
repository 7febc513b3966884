// The stages that a workspace begins with are made in one language and read in another; others are named by whoever made them.
import { toast } from "../../kit/toast.js";
import { locale } from "../../kit/words.js";

const USUAL = [["New", "Novo"], ["Contacted", "Contatado"], ["Qualified", "Qualificado"], ["Proposal", "Proposta"], ["Negotiation", "Negociação"], ["Won", "Ganho"], ["Lost", "Perdido"]];
const told = new Map(); // how the toast about a lead is closed

/** A stage as it is read here. */
export function readable(stage) {
  const names = USUAL.find((pair) => pair.includes(stage.name));
  return names ? { ...stage, name: names[locale() === "pt-BR" ? 1 : 0] } : stage;
}

/** Says where a lead went; what was said of it before could be taken back no more. `lead` is as it is now, `before` the status that it had. */
export function tellMoved(t, { lead, before, stage }, undo) {
  const key = lead.status === before ? "moved" : { won: "won", lost: "lost", open: "reopened" }[lead.status];
  told.get(lead.id)?.();
  told.set(lead.id, toast(t(key, { title: lead.title, stage: stage.name }), { undo }));
}
