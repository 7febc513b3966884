// Tables that load by pages, with their empty, loading and error states.
import { h, raw } from "./dom.js";
import { c } from "./common.js";
import { button, emptyState, errorState, loadingState } from "./parts.js";
import { isAbort } from "./api.js";
import { setBusy } from "./attempt.js";

/**
 * A table. columns: [{label, render(item) → node | words, end, header}], `header` marking the cell that names its row. Either
 * `load({cursor, signal}) → {items, next}` (a page of the API, whose signal ends when another is asked for) or rows by update(items).
 * A page without rows that has a `next` is one of a search that goes on when asked to. Gives {element, reload(), update(items)}.
 * `empty`: a node instead of rows. On a phone rows become cards,
 * short ones with `dense`, where `wide` columns have a line of their own and `bare` ones no label.
 */
export function table({ caption, columns, load, empty, dense }) {
  const body = h("tbody", { role: "rowgroup" });
  // Roles are written out because cards on a phone are no table to the browser any more.
  const heads = columns.map(({ label, end }) => h("th", { scope: "col", role: "columnheader", class: end && "end" }, label));
  const grid = h("table", { class: ["table cards", dense && "dense"], role: "table" }, h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)), body);
  const state = h("div");
  const count = h("span", { class: "soft small", role: "status" });
  const more = button(c("more"), () => { turn(); });
  count.tabIndex = -1;
  const foot = h("div", { class: "table-foot", hidden: true }, more, count);
  const element = h("div", null, grid, state, foot);
  let cursor = null;
  let shown = 0;
  let asked = null; // the page on its way

  const show = (items, goesOn) => {
    grid.hidden = items === 0;
    state.replaceChildren(...(items === 0 && !goesOn ? [empty ?? emptyState(c("nothing"))] : []));
  };
  const turn = async () => {
    asked?.abort();
    const mine = (asked = new AbortController());
    const wasMore = document.activeElement === more;
    setBusy(more, true);
    if (!shown) state.replaceChildren(loadingState());
    grid.hidden = !shown;
    try {
      const page = await load({ cursor, signal: mine.signal });
      if (mine !== asked) return;
      body.append(...page.items.map((item) => row(columns, item)));
      shown += page.items.length;
      cursor = page.next ?? null;
      foot.hidden = !cursor && shown < 10;
      more.hidden = !cursor;
      more.replaceChildren(c(page.items.length ? "more" : "further"));
      count.textContent = shown ? c("loaded", { count: shown }) : c("noneSoFar");
      show(shown, cursor);
    } catch (error) {
      if (!isAbort(error) && mine === asked) state.replaceChildren(errorState(error, turn));
    } finally {
      if (mine === asked) {
        setBusy(more, false);
        // Whoever pressed it goes on from there.
        if (wasMore && [more, document.body].includes(document.activeElement)) (more.hidden ? count : more).focus({ preventScroll: true });
      }
    }
  };
  const reload = () => {
    [cursor, shown] = [null, 0];
    foot.hidden = true;
    body.replaceChildren();
    return turn();
  };
  const update = (items) => {
    body.replaceChildren(...items.map((item) => row(columns, item)));
    show(items.length);
  };
  if (load) reload();
  else state.replaceChildren(loadingState());
  return { element, reload, update };
}

function row(columns, item) {
  const cells = columns.map(({ label, render, end, header, wide, bare }) => {
    const content = render(item) ?? raw(null);
    return header ? h("th", { scope: "row", role: "rowheader" }, content)
      : h("td", { role: "cell", class: [end && "end", wide && "wide", bare && "bare"], dataset: label ? { label } : {} }, h("div", null, content));
  });
  return h("tr", { role: "row" }, cells);
}
