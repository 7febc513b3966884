import { h } from "../../kit/dom.js";
import { button, card, emptyState, pageHead } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { answerView } from "./answer.js";
import { optionsCard } from "./options.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/playground/page.css";

// Answers are kept of calls at temperature 0 alone.
const PAST_THE_CACHE = { temperature: 1 };
// The conversation outlives the page: {owner, turns, nodes}. Its buttons do what the page does that is shown.
let talk = { owner: null, turns: [], nodes: [] };
let shown = null;

/** A conversation with a model; turns are {role, content}, as the API takes them. */
export function mount(root, ctx) {
  const { t, api, me } = ctx;
  const owner = `${me.user?.id ?? ""} ${me.workspace?.id ?? ""}`;
  if (talk.owner !== owner) talk = { owner, turns: [], nodes: [] };
  const mine = talk;
  const options = optionsCard(ctx);
  const log = h("div", { class: "talk", role: "log", "aria-label": t("conversation"), tabindex: "0" });
  const input = h("textarea", { rows: 2, "aria-label": t("question"), placeholder: t("question"), "aria-describedby": "send-hint", on: { keydown: onKey } });
  const send = button(t("send"), () => ask(input.value.trim()), { kind: "primary", icon: "send" });
  const stop = button(t("stop"), () => call?.abort(), { icon: "stop", hidden: true });
  const clear = button(t("clear"), clearAll, { disabled: true });
  let call = null;

  const welcome = () => emptyState(t("emptyTitle"), t("emptyText"),
    h("div", { class: "ideas", role: "group", "aria-label": t("ideas") }, ["1", "2", "3"].map((key) => button(t(`idea.${key}`), () => ask(t(`idea.${key}`)), { small: true }))), "playground");
  root.append(pageHead(t("title"), { about: t("about"), actions: clear }),
    h("div", { class: "playground" },
      h("section", { class: "card talk-card", "aria-label": t("conversation") }, log,
        h("div", { class: "ask" }, input, send, stop), h("p", { class: "hint", id: "send-hint" }, t("hint"))),
      card(t("options"), {}, options.element)));

  function onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    ask(input.value.trim());
  }
  function clearAll() {
    call?.abort();
    const { turns, nodes } = mine;
    Object.assign(mine, { turns: [], nodes: [] });
    draw();
    input.focus();
    toast(t("cleared"), { undo: () => {
      // Another one has begun.
      if (mine.turns.length || mine.nodes.length) return;
      Object.assign(mine, { turns, nodes });
      if (talk === mine) shown.draw();
    } });
  }
  function draw() {
    log.replaceChildren(...(mine.nodes.length ? mine.nodes : [welcome()]));
    clear.disabled = !mine.nodes.length;
    scroll();
  }
  async function ask(question, extra = {}) {
    if (!question || call) return;
    if (!mine.turns.length) {
      mine.nodes = [];
      log.replaceChildren();
    }
    call = new AbortController();
    setBusy(true);
    input.value = "";
    const view = answerView(ctx, { again: () => shown.ask(question), past: () => shown.ask(question, PAST_THE_CACHE) });
    const added = [h("article", { class: "turn mine" }, h("h2", null, t("you")), h("p", { class: "said", translate: "no" }, question)), view.element];
    mine.nodes.push(...added);
    log.append(...added);
    scroll();
    // A question asked again stands alone: with the turns before it, it would be another one, which no cache knows.
    const messages = mine.turns.at(-2)?.content === question ? mine.turns.slice(0, -2) : mine.turns;
    const asked = [...messages, { role: "user", content: question }];
    try {
      await api.stream("/api/v1/llm/chat", { ...options.values(), ...extra, messages: asked, stream: true }, (name, data) => {
        view.hear(name, data);
        scroll();
      }, { signal: call.signal });
    } catch (error) {
      if (isAbort(error)) view.stopped();
      else view.fail(error);
    }
    mine.turns = view.text() ? [...asked, { role: "assistant", content: view.text() }] : messages;
    call = null;
    setBusy(false);
    scroll();
  }
  function setBusy(isBusy) {
    // What is hidden loses the focus, and so does an idea that was taken.
    const hadFocus = (isBusy ? [send, document.body] : [stop]).includes(document.activeElement);
    send.hidden = isBusy;
    stop.hidden = !isBusy;
    clear.disabled = isBusy;
    if (hadFocus) (isBusy ? stop : send).focus({ preventScroll: true });
  }
  const scroll = () => { log.scrollTop = log.scrollHeight; };
  shown = { ask, draw };
  draw();
  return () => call?.abort();
}
