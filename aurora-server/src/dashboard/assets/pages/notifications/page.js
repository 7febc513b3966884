import { h } from "../../kit/dom.js";
import { pageHead } from "../../kit/parts.js";
import { soon } from "../../kit/soon.js";
import { channels } from "./channels.js";
import { composer } from "./composer.js";
import { deliveries } from "./deliveries.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/notifications/page.css";

/** How each channel does, what a message looks like there, and what became of those that were sent. */
export function mount(root, ctx) {
  const { t, pulse, signal } = ctx;
  const log = deliveries(ctx);
  const places = channels(ctx, () => log.reload());
  const letter = composer(ctx, () => {
    places.turn();
    log.reload();
  });
  root.append(pageHead(t("title"), { about: t("about") }), places.element, letter.element, h("div", null, log.element));
  const changed = soon(places.turn, signal);
  pulse.subscribe({ delivery: () => {
    changed();
    log.heard();
  } }, signal);
}
