// What happened with a client or a lead, and what is to be done about it: activities, moves, tasks.
import { isAbort } from "./api.js";
import { h, raw } from "./dom.js";
import { confirm, formDialog } from "./dialog.js";
import { dateTime, relative } from "./format.js";
import { badge, button, card, emptyState, errorState, loadingState } from "./parts.js";
import { toast } from "./toast.js";
import { texts } from "./words.js";

const t = texts({
  en: {
    history: "History", add: "Record", what: "What was done", kind: "Kind", title: "In short", text: "Details", recorded: "Recorded.", more: "Show older",
    none: "Nothing recorded yet", noneText: "Calls, meetings and messages that you record stand here.", moved: "Moved from {from} to {to}", began: "Began in {to}",
    "kind.call": "Call", "kind.meeting": "Meeting", "kind.email": "E-mail", "kind.message": "Message", "kind.note": "Note",
    tasks: "Tasks", addTask: "New task", taskTitle: "What is to be done", due: "Due", priority: "Priority", assignee: "Who does it", note: "Note",
    "priority.low": "Low", "priority.normal": "Normal", "priority.high": "High", "priority.urgent": "Urgent",
    noTasks: "Nothing to do", overdue: "overdue", complete: "Mark as done", completed: "Done.", taskMade: "The task is there.", deleted: "Removed.",
    removeTitle: "Remove this entry?", removeText: "It is gone for good.", remove: "Remove",
  },
  "pt-BR": {
    history: "Histórico", add: "Registrar", what: "O que foi feito", kind: "Tipo", title: "Resumo", text: "Detalhes", recorded: "Registrado.", more: "Mostrar anteriores",
    none: "Nada registrado ainda", noneText: "Ligações, reuniões e mensagens registradas aparecem aqui.", moved: "Movido de {from} para {to}", began: "Começou em {to}",
    "kind.call": "Ligação", "kind.meeting": "Reunião", "kind.email": "E-mail", "kind.message": "Mensagem", "kind.note": "Anotação",
    tasks: "Tarefas", addTask: "Nova tarefa", taskTitle: "O que precisa ser feito", due: "Prazo", priority: "Prioridade", assignee: "Responsável", note: "Observação",
    "priority.low": "Baixa", "priority.normal": "Normal", "priority.high": "Alta", "priority.urgent": "Urgente",
    noTasks: "Nada a fazer", overdue: "atrasada", complete: "Concluir", completed: "Concluída.", taskMade: "Tarefa criada.", deleted: "Removido.",
    removeTitle: "Remover este registro?", removeText: "Não dá para desfazer.", remove: "Remover",
  },
});
const KINDS = ["call", "meeting", "email", "message", "note"];
const PRIORITIES = ["low", "normal", "high", "urgent"];
const PAGE = 20;

/** A card with the timeline at `path`; what is recorded is about `subject` ({client} or {lead}). `stageName(id)` names stages. Gives {element, reload}. */
export function historyCard({ api, can, team }, { path, subject, stageName = (id) => id }) {
  const list = h("ul", { class: "rows" });
  const state = h("div");
  const more = button(t("more"), () => turn(), { kind: "plain" });
  let cursor = null;
  const show = (item) => {
    if (item.type === "stage_move") {
      const values = { from: stageName(item.from), to: stageName(item.to) };
      return h("li", null, h("div", null, t(item.from ? "moved" : "began", values), h("p", { class: "sub" }, team.node(item.author))), when(item.at));
    }
    if (item.type !== "activity") return null;
    const remove = can("task:write") && button(t("remove"), () => removeActivity(item), { small: true, kind: "plain", icon: "close", iconOnly: true });
    return h("li", null, h("div", null, h("span", { class: "soft" }, t(`kind.${item.kind}`), raw(" · ")), raw(item.title, { class: "strong" }), item.text && h("p", { class: "body-text" }, raw(item.text)),
      h("p", { class: "sub" }, team.node(item.author))), h("div", { class: "actions" }, when(item.at), remove));
  };
  const turn = async () => {
    state.replaceChildren(loadingState(2));
    more.remove();
    try {
      const page = await api.get(path, { query: { limit: PAGE, cursor } });
      list.append(...page.items.map(show).filter(Boolean));
      cursor = page.next;
      state.replaceChildren(...(list.childElementCount ? [] : [emptyState(t("none"), t("noneText"))]), ...(cursor ? [more] : []));
    } catch (error) {
      if (!isAbort(error)) state.replaceChildren(errorState(error, turn));
    }
  };
  const reload = () => {
    cursor = null;
    list.replaceChildren();
    return turn();
  };
  const removeActivity = async (item) => {
    if (!(await confirm({ title: t("removeTitle"), text: t("removeText"), action: t("remove"), danger: true }))) return;
    await attempt(() => api.delete(`/api/v1/activities/${item.id}`, { ifMatch: item.version }), () => { toast(t("deleted")); reload(); });
  };
  const add = async () => {
    const made = await formDialog({
      title: t("what"), action: t("add"),
      fields: [{ name: "kind", type: "select", label: t("kind"), options: KINDS.map((kind) => [kind, t(`kind.${kind}`)]) }, { name: "title", label: t("title"), required: true }, { name: "text", type: "textarea", label: t("text") }],
      submit: (values) => api.post("/api/v1/activities", { ...values, text: values.text || null, subject }, { create: true }),
    });
    if (!made) return;
    toast(t("recorded"), { undo: async () => { await api.delete(`/api/v1/activities/${made.id}`, { ifMatch: made.version }); reload(); } });
    reload();
  };
  reload();
  return { reload, element: card(t("history"), { actions: can("task:write") && button(t("add"), add, { small: true, icon: "plus" }) }, list, state) };
}

/** A card with the open tasks about `subject`. */
export function tasksCard({ api, can, team, me }, subject) {
  const list = h("ul", { class: "rows" });
  const state = h("div");
  const show = (task) => {
    const isLate = new Date(task.due_at) < Date.now();
    const complete = can("task:write") && button(t("complete"), () => finish(task), { small: true, icon: "check" });
    return h("li", null, h("div", null, raw(task.title, { class: "strong" }), task.priority !== "normal" && [raw(" "), badge({ low: "", high: "warn", urgent: "bad" }[task.priority], t(`priority.${task.priority}`))],
      h("p", { class: "sub" }, raw(dateTime(task.due_at)), isLate && [raw(" · "), t("overdue")], task.assignee && [raw(" · "), team.node(task.assignee)]), task.note && h("p", { class: "sub" }, raw(task.note))), complete);
  };
  const load = async () => {
    if (!list.childElementCount) state.replaceChildren(loadingState(2));
    try {
      const { items } = await api.get("/api/v1/tasks", { query: { ...subject, limit: 50 } });
      list.replaceChildren(...items.map(show));
      state.replaceChildren(...(items.length ? [] : [emptyState(t("noTasks"), null, null, "check")]));
    } catch (error) {
      if (!isAbort(error)) state.replaceChildren(errorState(error, load));
    }
  };
  const finish = (task) => attempt(() => api.post(`/api/v1/tasks/${task.id}/complete`, {}, { create: true, ifMatch: task.version }), (done) => {
    toast(t("completed"), { undo: async () => { await api.post(`/api/v1/tasks/${task.id}/reopen`, {}, { create: true, ifMatch: done.version }); load(); } });
    load();
  });
  const add = async () => {
    const made = await formDialog({
      title: t("addTask"), action: t("addTask"),
      fields: [{ name: "title", label: t("taskTitle"), required: true }, { name: "due_at", type: "datetime-local", label: t("due"), required: true, value: tomorrow() },
        { name: "priority", type: "select", label: t("priority"), value: "normal", options: PRIORITIES.map((one) => [one, t(`priority.${one}`)]) },
        { name: "assignee", type: "select", label: t("assignee"), value: me.user?.id ?? "", options: team.options() }, { name: "note", type: "textarea", label: t("note"), rows: 2 }],
      submit: (values) => api.post("/api/v1/tasks", { ...values, due_at: new Date(values.due_at).toISOString(), assignee: values.assignee || null, note: values.note || null, subject }, { create: true }),
    });
    if (!made) return;
    toast(t("taskMade"), { undo: async () => { await api.delete(`/api/v1/tasks/${made.id}`, { ifMatch: made.version }); load(); } });
    load();
  };
  load();
  return { element: card(t("tasks"), { actions: can("task:write") && button(t("addTask"), add, { small: true, icon: "plus" }) }, list, state) };
}

const when = (at) => raw(relative(at), { class: "side-note", title: dateTime(at) });

async function attempt(work, then) {
  try {
    then(await work());
  } catch (error) {
    if (!isAbort(error)) toast(raw(error.message));
  }
}

function tomorrow() {
  const day = new Date(Date.now() + 86_400_000);
  day.setHours(9, 0, 0, 0);
  return new Date(day - day.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
