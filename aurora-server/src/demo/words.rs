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
        let every = clock(script.every);
        let by_hand = command("break", "sim-b", &format!("http://{address}"));
        let label = self.label();
        match self {
            Self::English => format!(
                "Aurora {version} — demo. Everything below is simulated and stays on this machine.

  Dashboard   http://{address}/   open to this machine, without a sign-in
  API         http://{address}/docs   OpenAI's /v1/chat/completions and Anthropic's /v1/messages, without a key
  Health      /health   Ready: /ready   Metrics: /metrics

  {label}   providers sim-a, sim-b, sim-c · channels sim-slack, sim-email, sim-telegram
              (messages are shown in the dashboard, never sent) · 12 invented companies, 1 clinic

  {breaks}  sim-a will begin to fail.   Watch: fallback, alert, message.   {heals}  it heals; again every {every}.
  Break it yourself:  {by_hand}   Your own keys next:  aurora setup   Stop: Ctrl-C
"
            ),
            Self::Portuguese => format!(
                "Aurora {version} — demonstração. Tudo abaixo é simulado e fica nesta máquina.

  Painel      http://{address}/   aberto a esta máquina, sem senha
  API         http://{address}/docs   /v1/chat/completions da OpenAI e /v1/messages da Anthropic, sem chave
  Saúde       /health   Pronta: /ready   Métricas: /metrics

  {label}    provedores sim-a, sim-b, sim-c · canais sim-slack, sim-email, sim-telegram
              (as mensagens aparecem no painel e nunca são enviadas) · 12 empresas e 1 clínica inventadas

  {breaks}  sim-a vai começar a falhar.   Observe: fallback, alerta, mensagem.   {heals}  volta; repete a cada {every}.
  Quebre você mesmo:  {by_hand}   Depois, as suas chaves:  aurora setup   Parar: Ctrl-C
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

    pub(super) fn event(self, elapsed: Duration, target: &str, turn: Turn) -> String {
        let what = match (self, turn) {
            (Self::English, Turn::Breaks) => "begins to fail: every call to it gets 503",
            (Self::English, Turn::Heals) => "works again",
            (Self::Portuguese, Turn::Breaks) => "começa a falhar: toda chamada recebe 503",
            (Self::Portuguese, Turn::Heals) => "voltou a funcionar",
        };
        format!("  {}  {}  {target} {what}", clock(elapsed), self.label())
    }

    /// Why the demo does not listen where others than this machine reach it.
    pub(super) fn far(self, address: SocketAddr) -> String {
        let port = address.port();
        match self {
            Self::English => format!(
                "refusing to listen on {address}: the demo asks nobody who they are, so it is for this machine alone; \
                 listen on 127.0.0.1:{port}, or set up a server of your own for others: aurora setup"
            ),
            Self::Portuguese => format!(
                "a demonstração não escuta em {address}: ela não pergunta a ninguém quem é e por isso atende só esta \
                 máquina; escute em 127.0.0.1:{port} ou prepare um servidor seu para os outros: aurora setup"
            ),
        }
    }

    /// What `aurora demo break` and `heal` tell, once it is done by the demo at this address (`http://…`).
    pub(crate) fn turned(self, target: &str, turn: Turn, at: &str) -> String {
        let heal = command("heal", target, at);
        match (self, turn) {
            (Self::English, Turn::Breaks) => {
                format!("{target} fails now: every call to it gets 503. Heal it: {heal}")
            }
            (Self::English, Turn::Heals) => format!("{target} works again."),
            (Self::Portuguese, Turn::Breaks) => {
                format!("{target} falha agora: toda chamada recebe 503. Recupere-o: {heal}")
            }
            (Self::Portuguese, Turn::Heals) => format!("{target} voltou a funcionar."),
        }
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

/// The command that breaks or heals a provider of the demo at this address; where the demo usually is, it goes without saying.
fn command(verb: &str, target: &str, at: &str) -> String {
    let command = format!("aurora demo {verb} {target}");
    if at == format!("http://{}", super::ADDRESS) {
        command
    } else {
        format!("{command} --url {at}")
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
    fn the_introduction_is_that_of_the_golden_files() {
        let golden = [
            (Words::English, include_str!("told/introduction.en.txt")),
            (Words::Portuguese, include_str!("told/introduction.pt-BR.txt")),
        ];
        for (words, expected) in golden {
            let told = words.introduction(crate::demo::ADDRESS, &Script::STORY);
            let told = told
                .replace("127.0.0.1:8080", "{address}")
                .replace(env!("CARGO_PKG_VERSION"), "{version}");
            assert_eq!(told, expected, "{words:?}");
            let longest = told.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(120), "{words:?}: {longest:?}");
        }
    }

    #[test]
    fn on_another_port_the_commands_name_it() {
        let elsewhere = "127.0.0.1:9000".parse().unwrap();
        let told = Words::English.introduction(elsewhere, &Script::STORY);
        assert!(
            told.contains("aurora demo break sim-b --url http://127.0.0.1:9000"),
            "{told}"
        );
    }

    #[test]
    fn what_heals_a_provider_names_the_demo_that_was_asked() {
        let usual = format!("http://{}", crate::demo::ADDRESS);
        for words in [Words::English, Words::Portuguese] {
            let there = words.turned("sim-b", Turn::Breaks, "http://127.0.0.1:28470");
            assert!(
                there.ends_with(": aurora demo heal sim-b --url http://127.0.0.1:28470"),
                "{there}"
            );
            let here = words.turned("sim-b", Turn::Breaks, &usual);
            assert!(here.ends_with(": aurora demo heal sim-b"), "{here}");
        }
    }

    #[test]
    fn whoever_wants_to_show_the_demo_to_others_is_told_what_they_can_do() {
        let all = "0.0.0.0:28470".parse().unwrap();
        for words in [Words::English, Words::Portuguese] {
            let told = words.far(all);
            assert!(
                told.contains("127.0.0.1:28470") && told.contains("aurora setup"),
                "{told}"
            );
            assert!(
                !told.contains("access.open"),
                "no setting reaches the demo: {told}"
            );
        }
    }

    #[test]
    fn times_are_minutes_and_seconds() {
        assert_eq!(clock(Duration::from_millis(3_725_900)), "62:05");
    }
}
