// Moving cards between columns: with the pointer, and with the keyboard from a card's grip.

/**
 * `onDrop(id, stage, place, position)` when a card was dropped elsewhere than it lay, `onCancel(id)` when it was put back, `say(key, where)` at each step
 * of the keyboard. Columns are [data-stage] with a list, cards [data-lead] with a .grip.
 */
export function movable(board, { enabled, say, onDrop, onCancel }) {
  let active = null; // {card, stage, index}: the card that is moved, and where it lay
  if (!enabled) return { isActive: () => false };

  const begin = (card, how) => {
    active = { card, how, stage: stageOf(card), index: indexOf(card) };
    card.classList.add("moving");
  };
  const end = () => {
    const { card, stage, index } = active;
    active = null;
    card.classList.remove("moving");
    board.querySelectorAll(".over").forEach((one) => one.classList.remove("over"));
    return { card, isMoved: stage !== stageOf(card) || index !== indexOf(card) };
  };
  const drop = () => {
    const { card, isMoved } = end();
    if (isMoved) onDrop(card.dataset.lead, stageOf(card), placeOf(card), indexOf(card) + 1);
    else onCancel(card.dataset.lead);
  };
  const cancel = () => onCancel(end().card.dataset.lead);

  board.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.("[data-lead]");
    if (!card || active) return event.preventDefault();
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.dataset.lead);
    // After the browser has taken its picture of the card.
    requestAnimationFrame(() => active?.card.classList.add("moving"));
    active = { card, how: "pointer", stage: stageOf(card), index: indexOf(card) };
  });
  board.addEventListener("dragover", (event) => {
    const column = event.target.closest?.("[data-stage]");
    if (active?.how !== "pointer" || !column) return;
    event.preventDefault();
    board.querySelectorAll(".over").forEach((one) => one.classList.toggle("over", one === column));
    column.classList.add("over");
    const list = column.querySelector(".leads");
    const next = [...list.children].find((card) => card !== active.card && event.clientY < card.getBoundingClientRect().top + card.offsetHeight / 2) ?? null;
    if (active.card.parentElement !== list || active.card.nextElementSibling !== next) list.insertBefore(active.card, next);
  });
  board.addEventListener("drop", (event) => {
    if (active?.how !== "pointer") return;
    event.preventDefault();
    drop();
  });
  board.addEventListener("dragend", () => { if (active?.how === "pointer") cancel(); });

  board.addEventListener("keydown", (event) => {
    const grip = event.target.closest?.(".grip");
    if (!grip) return;
    const card = grip.closest("[data-lead]");
    if (event.key === " ") {
      event.preventDefault();
      if (active) return drop();
      begin(card, "keyboard");
      grip.setAttribute("aria-pressed", "true");
      return say("picked", where(card));
    }
    if (active?.how !== "keyboard") return;
    if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      return event.key === "Enter" ? drop() : cancel();
    }
    if (event.key === "Escape") {
      event.preventDefault();
      return cancel();
    }
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    if (step(card, event.key)) {
      // Moving a node takes the focus from what is in it.
      grip.focus();
      card.scrollIntoView({ block: "nearest", inline: "center" });
      say("at", where(card));
    }
  });
  // A space pressed on a button also clicks it when it is let go.
  board.addEventListener("keyup", (event) => { if (event.key === " " && event.target.closest?.(".grip")) event.preventDefault(); });
  // Whoever goes elsewhere while moving leaves the card where it lay.
  board.addEventListener("focusout", (event) => { if (active?.how === "keyboard" && event.relatedTarget && !board.contains(event.relatedTarget)) cancel(); });
  return { isActive: () => active !== null };
}

function step(card, key) {
  const list = card.parentElement;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const other = key === "ArrowUp" ? card.previousElementSibling : card.nextElementSibling;
    if (!other) return false;
    list.insertBefore(card, key === "ArrowUp" ? other : other.nextElementSibling);
    return true;
  }
  const column = list.closest("[data-stage]");
  const next = key === "ArrowLeft" ? column.previousElementSibling : column.nextElementSibling;
  const target = next?.querySelector(".leads");
  if (!target) return false;
  target.insertBefore(card, target.children[indexOf(card)] ?? null);
  return true;
}

const stageOf = (card) => card.closest("[data-stage]").dataset.stage;
const indexOf = (card) => [...card.parentElement.children].indexOf(card);
const where = (card) => ({ id: card.dataset.lead, stage: stageOf(card), place: indexOf(card) + 1, count: card.parentElement.childElementCount });

function placeOf(card) {
  const [previous, next] = [card.previousElementSibling, card.nextElementSibling];
  if (next) return { before: next.dataset.lead };
  return previous ? { after: previous.dataset.lead } : "first";
}
