export const words = {
  en: {
    title: "Events", about: "What happens on this server, as it happens", pause: "Pause", follow: "Follow", older: "Older events", filter: "Filter events", text: "Text", kind: "Kind", level: "Level",
    allKinds: "Everything", "group.alert": "Alerts", "group.delivery": "Messages", "group.silence": "Silences", "group.channel": "Channels", "group.provider": "Providers", "group.llm": "Fallbacks", "group.request": "Failed requests",
    "from.info": "All levels", "from.warning": "Warnings and errors", "from.error": "Errors", "level.info": "info", "level.warning": "warning", "level.error": "error",
    noMatch: "Nothing matches", noMatchText: "Look for other words, or load older events.", nothing: "Nothing happened", nothingText: "Alerts, messages, states of providers and failed requests stand here as they happen.",
    fresh: { one: "{count} new event", other: "{count} new events" }, follows: "New events come in at the top.", held: "Held while you read further down.", paused: "Paused.",
    ofWorkspace: "of workspace {id}", ofInstallation: "of the installation", particulars: "Particulars", toAlert: "To the alert", toProviders: "To the providers",
  },
  "pt-BR": {
    title: "Eventos", about: "O que acontece neste servidor, na hora", pause: "Pausar", follow: "Acompanhar", older: "Eventos anteriores", filter: "Filtrar eventos", text: "Texto", kind: "Tipo", level: "Nível",
    allKinds: "Tudo", "group.alert": "Alertas", "group.delivery": "Mensagens", "group.silence": "Silêncios", "group.channel": "Canais", "group.provider": "Provedores", "group.llm": "Reservas", "group.request": "Requisições que falharam",
    "from.info": "Todos os níveis", "from.warning": "Avisos e erros", "from.error": "Erros", "level.info": "informação", "level.warning": "atenção", "level.error": "erro",
    noMatch: "Nada corresponde", noMatchText: "Procure outras palavras ou carregue eventos anteriores.", nothing: "Nada aconteceu", nothingText: "Alertas, mensagens, estados de provedores e requisições que falharam aparecem aqui na hora.",
    fresh: { one: "{count} evento novo", other: "{count} eventos novos" }, follows: "Eventos novos entram no topo.", held: "Em espera enquanto você lê mais abaixo.", paused: "Em pausa.",
    ofWorkspace: "do espaço {id}", ofInstallation: "da instalação", particulars: "Detalhes", toAlert: "Ir ao alerta", toProviders: "Ir aos provedores",
  },
};
