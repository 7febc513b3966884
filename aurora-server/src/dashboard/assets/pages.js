// One line a page, in the order of the navigation; whoever has none of a page's rights does not see it.
export const pages = [
  { name: "overview", group: "operation", rights: ["status:read"], label: { en: "Overview", "pt-BR": "Visão geral" }, load: () => import("./pages/overview/page.js") },
  { name: "providers", group: "operation", rights: ["status:read"], label: { en: "Providers", "pt-BR": "Provedores" }, load: () => import("./pages/providers/page.js") },
  { name: "playground", group: "operation", rights: ["llm:use"], label: { en: "Playground", "pt-BR": "Teste de modelos" }, load: () => import("./pages/playground/page.js") },
  { name: "alerts", group: "operation", rights: ["alert:read"], label: { en: "Alerts", "pt-BR": "Alertas" }, load: () => import("./pages/alerts/page.js") },
  { name: "notifications", group: "operation", rights: ["alert:read"], label: { en: "Notifications", "pt-BR": "Notificações" }, load: () => import("./pages/notifications/page.js") },
  { name: "usage", group: "operation", rights: ["llm:read", "usage:read"], label: { en: "Usage and cost", "pt-BR": "Uso e custo" }, load: () => import("./pages/usage/page.js") },
  { name: "events", group: "operation", rights: ["event:read"], label: { en: "Events", "pt-BR": "Eventos" }, load: () => import("./pages/events/page.js") },
  { name: "clients", group: "customers", rights: ["client:read"], label: { en: "Clients", "pt-BR": "Clientes" }, load: () => import("./pages/clients/page.js") },
  { name: "leads", group: "customers", rights: ["lead:read"], label: { en: "Leads", "pt-BR": "Oportunidades" }, load: () => import("./pages/leads/page.js") },
  { name: "conversations", group: "customers", rights: ["conversation:read"], label: { en: "Conversations", "pt-BR": "Conversas" }, load: () => import("./pages/conversations/page.js") },
  { name: "appointments", group: "customers", rights: ["appointment:read"], label: { en: "Appointments", "pt-BR": "Agenda" }, load: () => import("./pages/appointments/page.js") },
  { name: "knowledge", group: "customers", rights: ["knowledge:read"], label: { en: "Knowledge", "pt-BR": "Conhecimento" }, load: () => import("./pages/knowledge/page.js") },
  { name: "users", group: "administration", rights: ["person", "member:read", "key:read", "llm:read"], label: { en: "Users and keys", "pt-BR": "Usuários e chaves" }, load: () => import("./pages/users/page.js") },
  { name: "settings", group: "administration", rights: ["administrator", "audit:read"], label: { en: "Settings", "pt-BR": "Configurações" }, load: () => import("./pages/settings/page.js") },
];
