// Passages with their document and score, and what people say about them.
import { h, raw } from "../../kit/dom.js";
import { formDialog } from "../../kit/dialog.js";
import { number } from "../../kit/format.js";
import { badge, button } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";

const LONG = 500;
const KINDS = ["up", "down", "wrong"];

/** A passage: passage(ctx, {citation, score, number, question, onRated}). */
export function passage(ctx, { citation, score, number: place, question, onRated }) {
  const { t, can, href } = ctx;
  const { title, headings, quote, version, document_id: id } = citation;
  return h("li", { class: "passage", id: place ? `source-${place}` : null, tabindex: place ? "-1" : null },
    h("h3", null, place && raw(`[${place}] `), h("a", { href: href("knowledge", id), title: t("openDocument") }, raw([title, ...headings].join(" › "))), raw(" "), h("span", { class: "soft small" }, t("version", { count: version }))),
    quoted(t, quote, headings),
    h("div", { class: "passage-foot" },
      score && h("p", { class: "passage-score" }, h("span", { class: "strong" }, t("score", { value: number(score.total, 4) })), score.words_rank && h("span", null, t("byWords", { place: score.words_rank })), score.vector_rank && h("span", null, t("byMeaning", { place: score.vector_rank })),
        score.feedback !== 1 && h("span", null, t("feedback", { value: number(score.feedback, 2) })), score.is_pinned && badge("info", t("pinned"))),
      can("knowledge:write") && rating(ctx, citation.chunk_id, question, onRated)));
}

/** The words of a passage; its own heading stands above them already, and long ones open on demand. */
export function quoted(t, text, headings) {
  const heading = headings.at(-1);
  const words = heading && text.startsWith(`${heading}\n`) ? text.slice(heading.length).trim() : text;
  const place = h("p", { class: ["passage-text", words.length > LONG && "clamped"], translate: "no" }, words);
  if (words.length <= LONG) return place;
  const more = button(t("showAll"), () => {
    more.setAttribute("aria-expanded", String(!place.classList.toggle("clamped")));
    more.replaceChildren(t(place.classList.contains("clamped") ? "showAll" : "less"));
  }, { small: true, kind: "plain", "aria-expanded": "false" });
  return h("div", null, place, more);
}

function rating({ t, api }, chunk, question, onRated) {
  const buttons = KINDS.map((kind) => button(t(kind), () => rate(kind), { small: true, kind: "plain", "aria-pressed": "false" }));
  const rate = async (kind) => {
    try {
      await api.post("/api/v1/knowledge/feedback", { chunk_id: chunk, question, kind }, { create: true });
      buttons.forEach((one, index) => one.setAttribute("aria-pressed", String(KINDS[index] === kind)));
      toast(t("rated"));
      onRated();
    } catch (error) {
      if (!isAbort(error)) toast(t("failed", { detail: error.message }));
    }
  };
  return h("div", { class: "ratings", role: "group", "aria-label": t("rate") }, buttons);
}

/** Writes down the right answer to a question; can be taken back. */
export async function correct({ t, api }, question, { answer = "", onDone }) {
  const made = await formDialog({ title: t("correctTitle"), text: t("correctText"), action: t("correctDo"), broad: true,
    fields: [{ name: "question", label: t("question"), value: question, required: true, attributes: { maxlength: "300" } }, { name: "answer", label: t("correction"), type: "textarea", rows: 6, value: answer, required: true }],
    submit: (values) => api.post("/api/v1/knowledge/corrections", values, { create: true }) });
  if (!made) return;
  onDone();
  toast(t("corrected"), { undo: async () => {
    try {
      await api.delete(`/api/v1/knowledge/documents/${made.id}`, { ifMatch: `"v${made.version}"` });
      toast(t("takenBack"));
      onDone();
    } catch (error) {
      if (!isAbort(error)) toast(t("failed", { detail: error.message }));
    }
  } });
}
