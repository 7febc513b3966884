import { h } from "./dom.js";

/** How much of something is used, in percent: meter(label, used, kind), kind being "", "warn" or "bad". */
export const meter = (label, used, kind = "") => h("progress", { class: ["meter", kind], max: 100, value: Math.min(100, Math.max(0, used)), "aria-label": label });
