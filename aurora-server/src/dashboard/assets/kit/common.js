// The words of the kit itself; pages may use them too.
import { texts } from "./words.js";

export const common = {
  en: {
    cancel: "Cancel", save: "Save", close: "Close", delete: "Delete", undo: "Undo", retry: "Try again", more: "Load more", further: "Search further", noneSoFar: "Nothing found so far",
    loading: "Loading…", loaded: { one: "{count} row", other: "{count} rows" }, nothing: "Nothing here yet",
    failed: "That did not work", offline: "The server cannot be reached. Check the connection and try again.",
    slow: "The server took too long to answer. Try again.", tooMany: "Too many calls. Try again in {time}.",
    unexpected: "The server answered with an error ({status}).", reference: "Reference: {id}",
    required: "This is needed.", asTable: "Show as a table", time: "Time",
    chartSummary: "{label}: now {now}, between {least} and {most}.", chartEmpty: "{label}: no measurements yet.",
    toasts: "Messages", yes: "Yes", no: "No", dismiss: "Dismiss",
    discardTitle: "Discard what you typed?", discard: "Discard", keepWriting: "Go on writing",
  },
  "pt-BR": {
    cancel: "Cancelar", save: "Salvar", close: "Fechar", delete: "Excluir", undo: "Desfazer", retry: "Tentar de novo", more: "Carregar mais", further: "Continuar a busca", noneSoFar: "Nada encontrado até aqui",
    loading: "Carregando…", loaded: { one: "{count} linha", other: "{count} linhas" }, nothing: "Ainda não há nada aqui",
    failed: "Não deu certo", offline: "Não foi possível falar com o servidor. Verifique a conexão e tente de novo.",
    slow: "O servidor demorou demais para responder. Tente de novo.", tooMany: "Chamadas demais. Tente de novo em {time}.",
    unexpected: "O servidor respondeu com um erro ({status}).", reference: "Referência: {id}",
    required: "É obrigatório.", asTable: "Mostrar como tabela", time: "Hora",
    chartSummary: "{label}: agora {now}, entre {least} e {most}.", chartEmpty: "{label}: ainda sem medições.",
    toasts: "Mensagens", yes: "Sim", no: "Não", dismiss: "Dispensar",
    discardTitle: "Descartar o que você digitou?", discard: "Descartar", keepWriting: "Continuar escrevendo",
  },
};

/** The kit's own texts in the language of the page. */
export const c = texts(common);
