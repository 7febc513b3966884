// Tables that load by pages, with their empty, loading and error states.
import { h, raw } from "./dom.js";
import { c } from "./common.js";
import { button, emptyState, errorState, loadingState } from "./parts.js";
import { isAbort } from "./api.js";

/**
 * A table. columns: [{label, render(item) → node | words, end, header}], `header` marking the cell that names its row. Either
 * `load({cursor}) → {items, next}` (a page of the API) or rows by update(items). Gives {element, reload(), update(items)}.
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
  const more = button(c("more"), () => turn());
  const foot = h("div", { class: "table-foot", hidden: true }, more, count);
  const element = h("div", null, grid, state, foot);
  let cursor = null;
  let shown = 0;
  let round = 0;

  const show = (items) => {
    grid.hidden = items === 0;
    state.replaceChildren(...(items === 0 ? [empty ?? emptyState(c("nothing"))] : []));
  };
  const turn = async () => {
    const mine = round;
    more.disabled = true;
    if (!shown) state.replaceChildren(loadingState());
    grid.hidden = !shown;
    try {
      const page = await load({ cursor });
      if (mine !== round) return;
      body.append(...page.items.map((item) => row(columns, item)));
      shown += page.items.length;
      cursor = page.next ?? null;
      foot.hidden = !shown || (!cursor && shown < 10);
      more.hidden = !cursor;
      count.textContent = c("loaded", { count: shown });
      show(shown);
    } catch (error) {
      if (!isAbort(error) && mine === round) state.replaceChildren(errorState(error, turn));
    } finally {
      more.disabled = false;
    }
  };
  const reload = () => {
    round += 1;
    [cursor, shown] = [null, 0];
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
