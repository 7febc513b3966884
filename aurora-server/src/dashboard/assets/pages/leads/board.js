import { isAbort } from "../../kit/api.js";
import { h, newId, put, raw } from "../../kit/dom.js";
import { poll } from "../../kit/live.js";
import { button, emptyState, errorState, loadingState, pageHead } from "../../kit/parts.js";
import { team as askTeam } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { locale } from "../../kit/words.js";
import { bring } from "./changes.js";
import { columnOf } from "./column.js";
import { askLead, askStage, wordsOf } from "./forms.js";
import { movable } from "./moving.js";
import { readable, tellMoved } from "./stages.js";

const POLL_SECONDS = 15;
const FIRST = 50;
const MOST = 200;

/** The leads of a pipeline, a column for each stage. */
export async function boardPage(root, ctx) {
  const { t, api, can, query, signal } = ctx;
  const [team, { items }] = await Promise.all([askTeam(ctx), api.get("/api/v1/pipelines")]);
  const pipelines = items.filter(({ archived_at: archived }) => !archived);
  if (!pipelines.length) return nothing(root, ctx);

  let pipeline = pipelines.find(({ id }) => id === query.get("pipeline")) ?? pipelines.find((one) => one.is_default) ?? pipelines[0];
  let board = null;
  let limit = FIRST;
  let isBusy = false;
  const columns = h("div", { class: "board", role: "group", "aria-label": t("title"), tabindex: "-1" });
  const place = h("div", null, loadingState(6));
  const live = h("p", { class: "unseen", role: "status", "aria-live": "assertive" });
  const hint = h("p", { class: "unseen", id: newId("hint") }, t("moveHint"));
  const owner = labelled(t("owner"), [["", t("everybody")], ...team.options().slice(1)], () => turn());
  const which = labelled(t("pipeline"), pipelines.map(({ id, name }) => [id, name, true]), (id) => {
    pipeline = pipelines.find((one) => one.id === id);
    limit = FIRST;
    turn();
  });
  which.control.value = pipeline.id;

  const draw = () => {
    const focused = columns.contains(document.activeElement) ? document.activeElement.closest("[data-lead]")?.dataset.lead : null;
    columns.replaceChildren(...board.columns.map((column) => columnOf(ctx, column, { team, hint: hint.id, more: limit < MOST ? () => { limit = MOST; return turn(); } : null,
      leads: column.leads, onAsk: (lead) => ask(lead) })));
    // Put in anew it would forget how far it was scrolled.
    if (!columns.isConnected) place.replaceChildren(columns);
    if (focused) columns.querySelector(`[data-lead="${focused}"] .grip`)?.focus();
  };
  const load = async () => {
    if (isBusy || moving.isActive()) return;
    const wanted = owner.control.value;
    const asked = pipeline.id;
    try {
      const next = await api.get(`/api/v1/pipelines/${asked}/board`, { query: { limit, owner: wanted } });
      if (moving.isActive()) return;
      // Something else was chosen meanwhile.
      if (wanted !== owner.control.value || asked !== pipeline.id) return load();
      next.columns.forEach((column) => { column.stage = readable(column.stage); });
      const isSame = JSON.stringify(next) === JSON.stringify(board);
      board = next;
      if (!isSame) draw();
    } catch (error) {
      if (!isAbort(error) && !board) place.replaceChildren(errorState(error, load));
    }
  };
  const find = (id) => board.columns.flatMap((column) => column.leads).find((lead) => lead.id === id);
  const stageOf = (id) => board.columns.find(({ stage }) => stage.id === id).stage;

  /** Where a lead lies, so that it can go back there. */
  const whereIs = (lead) => {
    const { leads } = board.columns.find(({ stage }) => stage.id === lead.stage);
    const index = leads.findIndex(({ id }) => id === lead.id);
    const [previous, next] = [leads[index - 1], leads[index + 1]];
    return { stage: lead.stage, place: next ? { before: next.id } : previous ? { after: previous.id } : "first" };
  };
  /** Says so at once and asks the server; what fails or is dismissed goes back. */
  const go = async (lead, stageId, to, position) => {
    const stage = stageOf(stageId);
    isBusy = true;
    try {
      const done = await bring(ctx, lead, stage, { place: to, from: whereIs(lead) });
      if (done) {
        put(live, t("dropped", { title: lead.title, stage: stage.name, place: position }));
        tellMoved(t, { lead: done.lead, before: lead.status, stage }, () => takeBack(done));
      } else put(live, t("putBack", { title: lead.title }));
    } catch (error) {
      if (!isAbort(error)) toast(error.status === 412 ? t("conflict") : wordsOf(error));
    } finally {
      isBusy = false;
      board = null;
      await load();
      columns.querySelector(`[data-lead="${lead.id}"] .grip`)?.focus();
    }
  };
  const takeBack = async ({ undo }) => {
    try {
      await undo();
      toast(t("movedBack"));
    } catch (error) {
      toast(wordsOf(error));
    }
    if (!signal.aborted) turn();
  };
  const ask = async (lead) => {
    const stage = await askStage(ctx, lead, board.columns.map((column) => column.stage));
    if (stage && stage !== lead.stage) await go(lead, stage, "first", 1);
  };
  const add = async () => {
    const made = await askLead(ctx, { team, title: t("add"), action: t("make"), save: (body) => api.post("/api/v1/leads", { ...body, pipeline: pipeline.id }, { create: true }) });
    if (!made) return;
    toast(t("made"), { undo: async () => { await api.delete(`/api/v1/leads/${made.id}`, { ifMatch: made.version }); turn(); } });
    await turn();
    columns.querySelector(`[data-lead="${made.id}"] .grip`)?.focus();
  };
  const moving = movable(columns, {
    enabled: can("lead:write"),
    say: (key, { id, stage, place: at, count }) => put(live, t(key, { title: find(id).title, stage: stageOf(stage).name, place: at, count })),
    onDrop: (id, stage, to, position) => go(find(id), stage, to, position),
    onCancel: (id) => { put(live, t("putBack", { title: find(id).title })); draw(); columns.querySelector(`[data-lead="${id}"] .grip`)?.focus(); },
  });
  root.append(pageHead(t("title"), { about: t("about"), actions: [pipelines.length > 1 && which.element, team.options().length > 1 && owner.element, can("lead:write") && button(t("add"), add, { kind: "primary", icon: "plus" })] }), hint, live, place);
  const turn = poll(load, POLL_SECONDS, signal);
}

function nothing(root, ctx) {
  const { t, api, can, navigate, href } = ctx;
  const begin = async () => {
    try {
      await api.post("/api/v1/pipelines/default", { language: locale() === "pt-BR" ? "pt" : "en" }, { create: true });
      navigate(href("leads"), { replace: true });
    } catch (error) {
      if (!isAbort(error)) toast(raw(error.message));
    }
  };
  root.append(pageHead(t("title")), emptyState(t("noPipeline"), t("noPipelineText"), can("lead:write") && button(t("makePipeline"), begin, { kind: "primary" }), "leads"));
}

function labelled(label, options, onChange) {
  const control = h("select", { "aria-label": label, on: { change: () => onChange(control.value) } }, options.map(([value, text, isData]) => h("option", { value, translate: isData ? "no" : null }, text)));
  return { control, element: control };
}
