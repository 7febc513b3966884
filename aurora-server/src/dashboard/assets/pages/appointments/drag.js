// Moving appointments with the mouse or a pen: touch scrolls, and by keyboard M moves.
import { h, put, raw } from "../../kit/dom.js";

const FAR_PX = 5; // what moves less is a click

/**
 * Slots of the grid are dragged to another time: `find(id)` gives {length, step (both in minutes), name} of an appointment that may be moved,
 * `minuteAt(px)` and `place(node, from, until)` know the scale, `timeOf(day, minute)` the words. `onDrop(id, day, minute)` is waited for; then
 * comes `onEnd()`, as after everything that was put back. What is held when the `signal` ends is let go. Gives {isActive()}.
 */
export function draggable(element, { signal, find, minuteAt, place, timeOf, onDrop, onEnd }) {
  let active = null; // {id, slot, what, x, y, grip, ghost, to}: what is held, and once it moves, where it would go
  let wasDragged = false;

  const begin = (event) => {
    const { slot, what } = active;
    active.grip = active.y - slot.getBoundingClientRect().top;
    active.time = raw("");
    active.ghost = h("div", { class: "agenda-ghost", "aria-hidden": "true" }, active.time, raw(what.name));
    slot.setPointerCapture(event.pointerId);
    slot.classList.add("lifted");
    element.classList.add("dragging");
    document.addEventListener("keydown", onKey, { capture: true, signal });
  };
  const target = ({ clientX, clientY }) => {
    const isOver = (body) => {
      const { left, right } = body.getBoundingClientRect();
      return clientX >= left && clientX < right;
    };
    const body = [...element.querySelectorAll(".agenda-body[data-day]")].find(isOver);
    if (!body) return null;
    const { top, height } = body.getBoundingClientRect();
    const { length, step } = active.what;
    const wanted = Math.round(minuteAt(clientY - active.grip - top) / step) * step;
    const most = Math.floor((minuteAt(height) - length) / step) * step;
    return { body, day: body.dataset.day, minute: Math.max(Math.ceil(minuteAt(0) / step) * step, Math.min(wanted, most)) };
  };
  const end = () => {
    document.removeEventListener("keydown", onKey, true);
    element.classList.remove("dragging");
    active?.slot.classList.remove("lifted");
    active?.ghost?.remove();
    active = null;
    onEnd();
  };
  const onKey = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (!active?.isWaiting) end();
  };

  element.addEventListener("pointerdown", (event) => {
    wasDragged = false;
    const slot = event.target.closest?.(".slot");
    if (!slot || active || event.button !== 0 || event.pointerType === "touch") return;
    const what = find(slot.dataset.id);
    if (what) active = { id: slot.dataset.id, slot, what, x: event.clientX, y: event.clientY };
  });
  element.addEventListener("pointermove", (event) => {
    if (!active || active.isWaiting) return;
    if (!active.ghost) {
      if (event.buttons === 0) return end();
      if (Math.hypot(event.clientX - active.x, event.clientY - active.y) < FAR_PX) return;
      begin(event);
    }
    const to = target(event);
    active.to = to;
    if (!to) return active.ghost.remove();
    put(active.time, `${timeOf(to.day, to.minute)} `);
    if (active.ghost.parentElement !== to.body) to.body.append(active.ghost);
    place(active.ghost, to.minute, to.minute + active.what.length);
  });
  element.addEventListener("pointerup", async () => {
    if (!active || active.isWaiting) return;
    const { id, ghost, to, what } = active;
    if (!ghost) {
      end();
      return;
    }
    wasDragged = true;
    // The click that belongs to it comes before this.
    setTimeout(() => { wasDragged = false; });
    if (!to || (to.day === what.day && to.minute === what.minute)) {
      end();
      return;
    }
    // It stays where it was dropped until the server has said what becomes of it.
    active.isWaiting = true;
    try {
      await onDrop(id, to.day, to.minute);
    } finally {
      end();
    }
  });
  element.addEventListener("pointercancel", () => { if (active && !active.isWaiting) end(); });
  // What was dragged is not opened, too.
  element.addEventListener("click", (event) => {
    if (!wasDragged) return;
    wasDragged = false;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  return { isActive: () => Boolean(active?.ghost) };
}
