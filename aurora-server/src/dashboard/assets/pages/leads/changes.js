// What can be done with a lead where it lies, and how it is taken back.
import { apiFor } from "../../kit/api.js";
import { askLoss } from "./forms.js";

const send = (api, lead, what, body) => api.post(`/api/v1/leads/${lead.id}/${what}`, body, { create: true, ifMatch: lead.version });

/**
 * Brings a lead into a stage, at a place ("first", "last", {before}, {after}), by whatever that takes: a move, winning, losing, opening again.
 * Gives {lead, undo}, null when dismissed. `from` is where it lay: {stage, place}.
 */
export async function bring(ctx, lead, stage, { place = "first", from }) {
  const { t, api } = ctx;
  const isOpen = lead.status === "open";
  if (lead.status === stage.kind) {
    const moved = await send(api, lead, "move", { stage: stage.id, place });
    return { lead: moved, undo: () => send(apiFor(), moved, "move", { stage: from.stage, place: from.place }) };
  }
  if (!isOpen && stage.kind !== "open") throw Object.assign(new Error(), { words: t("reopenFirst") });
  if (stage.kind === "won") {
    const won = await send(api, lead, "win", { stage: stage.id });
    return { lead: won, undo: () => open(won, from) };
  }
  if (stage.kind === "lost") {
    const loss = await askLoss(ctx);
    if (!loss) return null;
    const lost = await send(api, lead, "lose", { ...loss, stage: stage.id });
    return { lead: lost, undo: () => open(lost, from) };
  }
  if (lead.converted_at) throw Object.assign(new Error(), { words: t("converted") });
  const opened = await send(api, lead, "reopen", { stage: stage.id });
  return { lead: opened, undo: () => send(apiFor(), opened, lead.status === "won" ? "win" : "lose", { stage: from.stage, ...(lead.status === "lost" ? lead.loss : {}) }) };
}

async function open(lead, from) {
  const opened = await send(apiFor(), lead, "reopen", { stage: from.stage });
  return send(apiFor(), opened, "move", { stage: from.stage, place: from.place });
}
