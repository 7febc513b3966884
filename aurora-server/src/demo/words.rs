//! What the demo says in the terminal, in English and in Brazilian Portuguese.

use std::net::SocketAddr;
use std::time::Duration;

use aurora_alerts::{NamedAlert, Notification, Status};

use super::Summary;
use super::script::{Script, Turn};

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// English.
    English,
    /// Brazilian Portuguese.
    Portuguese,
}

impl Words {
    /// The language of a locale such as `pt_BR.UTF-8`; English where it is not known.
    pub(crate) fn of(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("pt") {
            Self::Portuguese
        } else {
            Self::English
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::English => "SIMULATED",
            Self::Portuguese => "SIMULADO",
        }
    }

    pub(super) fn introduction(self, address: SocketAddr, script: &Script) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let (breaks, heals) = (clock(script.begins), clock(script.begins + script.lasts));
        let label = self.label();
        match self {
            Self::English => format!(
                "Aurora {version} · demo. Everything below is simulated; nothing leaves this machine.

  Dashboard   http://{address}/
  API         http://{address}/llm/chat · /v1/chat/completions · /api/v1/clients
  Docs        http://{address}/docs
  Health      http://{address}/health · /ready · /metrics

  {label}   providers sim-a, sim-b, sim-c · 6 invented clients · notifications go to this terminal alone

  {breaks}  sim-a will begin to fail. Watch: fallback, alert, message.   {heals}  it heals by itself.
  Stop: Ctrl-C
"
            ),
            Self::Portuguese => format!(
                "Aurora {version} · demonstração. Tudo abaixo é simulado; nada sai desta máquina.

  Painel      http://{address}/
  API         http://{address}/llm/chat · /v1/chat/completions · /api/v1/clientes
  Documentos  http://{address}/docs
  Saúde       http://{address}/health · /ready · /metrics

  {label}    provedores sim-a, sim-b, sim-c · 6 clientes inventados · notificações só neste terminal

  {breaks}  sim-a vai começar a falhar. Observe: fallback, alerta, mensagem.   {heals}  recupera-se sozinho.
  Parar: Ctrl-C
"
            ),
        }
    }

    pub(super) fn taken(self, port: u16) -> String {
        match self {
            Self::English => format!("Port {port} is taken; using a free one."),
            Self::Portuguese => format!("A porta {port} está ocupada; usando uma livre."),
        }
    }

    pub(super) fn event(self, elapsed: Duration, turn: Turn) -> String {
        let what = match (self, turn) {
            (Self::English, Turn::Breaks) => "sim-a begins to fail: every call to it gets 503",
            (Self::English, Turn::Heals) => "sim-a works again",
            (Self::Portuguese, Turn::Breaks) => "sim-a começa a falhar: toda chamada recebe 503",
            (Self::Portuguese, Turn::Heals) => "sim-a voltou a funcionar",
        };
        format!("  {}  {}  {what}", clock(elapsed), self.label())
    }

    pub(super) fn notification(self, elapsed: Duration, notification: &Notification) -> String {
        let text = match self {
            Self::English => notification.to_string(),
            Self::Portuguese => portuguese(notification),
        };
        format!("  {}  {}  {text}", clock(elapsed), self.label())
    }

    pub(super) fn summary(self, summary: &Summary) -> String {
        let Summary {
            requests,
            failed,
            fallbacks,
            fired,
            resolved,
        } = summary;
        match self {
            Self::English => format!(
                "{requests} requests, {failed} failed, {fallbacks} answered by a fallback; alerts: {fired} fired, \
                 {resolved} resolved (all simulated)"
            ),
            Self::Portuguese => format!(
                "{requests} requisições, {failed} com falha, {fallbacks} atendidas por fallback; alertas disparados: \
                 {fired}, resolvidos: {resolved} (tudo simulado)"
            ),
        }
    }
}

fn portuguese(notification: &Notification) -> String {
    let alerts: Vec<String> = notification.alerts.iter().map(alert_in_portuguese).collect();
    alerts.join("; ")
}

fn alert_in_portuguese(alert: &NamedAlert) -> String {
    let target = alert.labels.get("target").unwrap_or("todos");
    match (alert.status, alert.value, alert.threshold) {
        (Status::Firing, Some(value), Some(limit)) => {
            format!("[ATENÇÃO] Provedor falhando: taxa de erro {value:.0} % > {limit:.0} % ({target})")
        }
        (Status::Firing, ..) => format!("[ATENÇÃO] Provedor falhando ({target})"),
        _ => format!("[RESOLVIDO] Provedor falhando ({target})"),
    }
}

/// Minutes and seconds since the start.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_locale() {
        assert_eq!(Words::of("pt_BR.UTF-8"), Words::Portuguese);
        assert_eq!(Words::of("PT"), Words::Portuguese);
        for other in ["", "C", "en_US.UTF-8", "es_AR"] {
            assert_eq!(Words::of(other), Words::English, "{other}");
        }
    }

    #[test]
    fn times_are_minutes_and_seconds() {
        assert_eq!(clock(Duration::from_millis(3_725_900)), "62:05");
    }
}
