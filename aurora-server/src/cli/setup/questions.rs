//! What the wizard asks, in English and in Brazilian Portuguese.

use aurora_core::config::Loader;
use aurora_core::secret::Secret;

use super::Answers;
use crate::cli::ask;
use crate::cli::output::{refused, say_aside};
use crate::demo::Words;
use crate::error::Error;

/// A text in both languages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text(pub(super) &'static str, pub(super) &'static str);

impl Text {
    pub(super) const fn of(self, words: Words) -> &'static str {
        match words {
            Words::English => self.0,
            Words::Portuguese => self.1,
        }
    }
}

/// One question.
struct Question {
    key: &'static str,
    text: Text,
    /// What counts when nothing is answered; nothing leaves the setting as it is.
    default: Option<&'static str>,
    is_secret: bool,
    /// Asked only when this was answered.
    after: Option<&'static str>,
}

const fn plain(key: &'static str, en: &'static str, pt: &'static str) -> Question {
    Question {
        key,
        text: Text(en, pt),
        default: None,
        is_secret: false,
        after: None,
    }
}

const fn secret(key: &'static str, en: &'static str, pt: &'static str) -> Question {
    Question {
        is_secret: true,
        ..plain(key, en, pt)
    }
}

impl Question {
    const fn default(self, value: &'static str) -> Self {
        Self {
            default: Some(value),
            ..self
        }
    }

    const fn after(self, key: &'static str) -> Self {
        Self {
            after: Some(key),
            ..self
        }
    }
}

/// Everything that is asked, in this order, under headings.
const ALL: &[(Text, &[Question])] = &[
    (
        Text("Environment", "Ambiente"),
        &[plain(
            "environment",
            "development, staging or production",
            "development, staging ou production",
        )
        .default("development")],
    ),
    (
        Text("Database and cache", "Banco de dados e cache"),
        &[
            secret(
                "database.url",
                "Address of PostgreSQL (postgres://…), hidden; Enter for a SQLite file",
                "Endereço do PostgreSQL (postgres://…), oculto; Enter para um arquivo SQLite",
            ),
            secret(
                "database.owner_url",
                "The same as the account that owns the tables, hidden",
                "O mesmo com a conta dona das tabelas, oculto",
            )
            .after("database.url"),
            secret(
                "backup.postgres_url",
                "The same as the account that makes backups, hidden; Enter for none",
                "O mesmo com a conta que faz os backups, oculto; Enter para nenhum",
            )
            .after("database.url"),
            secret(
                "redis.url",
                "Address of Redis or Valkey (redis://…), hidden; Enter for none",
                "Endereço do Redis ou Valkey (redis://…), oculto; Enter para nenhum",
            ),
        ],
    ),
    (
        Text(
            "Model providers (Enter to skip)",
            "Provedores de modelos (Enter para pular)",
        ),
        &[
            secret(
                "llm.openai_api_key",
                "Key of OpenAI, hidden",
                "Chave da OpenAI, oculta",
            ),
            secret(
                "llm.anthropic_api_key",
                "Key of Anthropic, hidden",
                "Chave da Anthropic, oculta",
            ),
            secret(
                "llm.gemini_api_key",
                "Key of Google Gemini, hidden",
                "Chave do Google Gemini, oculta",
            ),
            secret(
                "llm.cohere_api_key",
                "Key of Cohere, hidden",
                "Chave da Cohere, oculta",
            ),
            secret(
                "llm.huggingface_api_key",
                "Token of Hugging Face, hidden",
                "Token da Hugging Face, oculto",
            ),
            plain(
                "llm.ollama_base_url",
                "Address of Ollama, such as http://localhost:11434",
                "Endereço do Ollama, por exemplo http://localhost:11434",
            ),
        ],
    ),
    (
        Text("Companies by CNPJ", "Empresas por CNPJ"),
        &[secret(
            "cnpj.primary_key",
            "Key of CNPJá, hidden; Enter for the free sources",
            "Chave da CNPJá, oculta; Enter para as fontes gratuitas",
        )],
    ),
    (
        Text(
            "Where alerts go (Enter to skip)",
            "Para onde vão os alertas (Enter para pular)",
        ),
        &[
            secret(
                "slack.webhook_url",
                "Webhook of Slack, hidden",
                "Webhook do Slack, oculto",
            ),
            secret(
                "discord.webhook_url",
                "Webhook of Discord, hidden",
                "Webhook do Discord, oculto",
            ),
            secret(
                "telegram.bot_token",
                "Token of a Telegram bot, hidden",
                "Token de um bot do Telegram, oculto",
            ),
            plain(
                "telegram.chat_ids",
                "Its chats, with commas between them",
                "Os chats, separados por vírgulas",
            )
            .after("telegram.bot_token"),
        ],
    ),
    (
        Text("Mail (Enter to skip)", "E-mail (Enter para pular)"),
        &[
            plain("email.host", "SMTP server", "Servidor SMTP"),
            plain("email.port", "Port", "Porta")
                .default("587")
                .after("email.host"),
            plain(
                "email.username",
                "User; Enter for none",
                "Usuário; Enter para nenhum",
            )
            .after("email.host"),
            secret("email.password", "Password, hidden", "Senha, oculta").after("email.username"),
            plain(
                "email.from",
                "Address that mail comes from",
                "Endereço do remetente",
            )
            .after("email.host"),
            plain(
                "email.to",
                "Addresses that alerts are mailed to, with commas between them",
                "Endereços que recebem alertas, separados por vírgulas",
            )
            .after("email.host"),
        ],
    ),
    (
        Text("Dashboard and API", "Painel e API"),
        &[
            plain("server.host", "Address to listen on", "Endereço em que escuta").default("127.0.0.1"),
            plain("server.port", "Port", "Porta").default("8080"),
            plain(
                "server.public_url",
                "Address under which people reach it, such as https://aurora.example; Enter for none",
                "Endereço público, por exemplo https://aurora.example; Enter para nenhum",
            ),
        ],
    ),
    (
        Text("Alerts fire", "Alertas disparam"),
        &[
            plain(
                "alerts.success_rate_threshold",
                "below a success rate in percent of",
                "abaixo de uma taxa de sucesso em porcento de",
            )
            .default("80"),
            plain(
                "alerts.response_time_threshold",
                "above a mean response time of",
                "acima de um tempo médio de resposta de",
            )
            .default("2s"),
            plain(
                "alerts.error_rate_threshold",
                "above an error rate in percent of",
                "acima de uma taxa de erro em porcento de",
            )
            .default("20"),
        ],
    ),
];

/// Who looks after the installation.
pub(super) struct Person {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) locale: &'static str,
    pub(super) password: Secret,
}

/// What was answered.
pub(super) struct Asked {
    pub(super) settings: Answers,
    pub(super) administrator: Option<Person>,
}

/// Asks for everything that was not given.
pub(super) fn ask_all(words: Words, given: Answers) -> Result<Asked, Error> {
    say_aside(&format!(
        "{}\n",
        Text(
            "Aurora asks for what it needs. Enter takes what stands in brackets, or leaves a setting as it is.",
            "O Aurora pergunta o que precisa. Enter aceita o valor entre colchetes ou mantém a configuração como está.",
        )
        .of(words)
    ));
    let mut settings = given;
    for (heading, questions) in ALL {
        say_aside(&format!("\n{}\n", heading.of(words)));
        for question in *questions {
            let is_due = question.after.is_none_or(|key| settings.contains_key(key));
            if is_due
                && !settings.contains_key(question.key)
                && let Some(answer) = answer(words, question)?
            {
                settings.insert(question.key.to_owned(), answer);
            }
        }
    }
    let administrator = administrator(words)?;
    Ok(Asked {
        settings,
        administrator,
    })
}

/// The answer that is allowed; `None` leaves the setting as it is.
fn answer(words: Words, question: &Question) -> Result<Option<Secret>, Error> {
    loop {
        let default = question
            .default
            .map(|text| format!(" [{text}]"))
            .unwrap_or_default();
        let text = format!("  {}{default}: ", question.text.of(words));
        let answered = if question.is_secret {
            ask::secret(&text)?.map(|it| Secret::new(it.expose().trim()))
        } else {
            ask::question(&text)?.map(Secret::new)
        };
        let Some(answered) = answered else {
            return Err(refused(
                Text(
                    "the answers ended before the questions; nothing was written",
                    "as respostas acabaram antes das perguntas; nada foi gravado",
                )
                .of(words),
            ));
        };
        // What is the default anyway need not stand in a file.
        if answered.expose().is_empty() || question.default == Some(answered.expose()) {
            return Ok(None);
        }
        match wrong(question.key, &answered) {
            None => return Ok(Some(answered)),
            Some(what) if ask::is_terminal() => say_aside(&format!("  {what}\n")),
            // A pipe cannot mend it: what follows would answer other questions.
            Some(what) => return Err(refused(format!("{}: {what}", question.key))),
        }
    }
}

/// What is wrong with one setting by itself. What has to stand beside it is looked at when all is there.
fn wrong(key: &str, value: &Secret) -> Option<String> {
    let error = Loader::new()
        .overrides([(key, value.expose().to_owned())])
        .load()
        .err()?;
    let of_key = error
        .problems()
        .iter()
        .find(|problem| problem.key() == Some(key) && problem.origin().is_some());
    of_key.map(|problem| problem.message().to_owned())
}

fn administrator(words: Words) -> Result<Option<Person>, Error> {
    say_aside(&format!(
        "\n{}\n",
        Text("First administrator", "Primeiro administrador").of(words)
    ));
    let text = Text(
        "  E-mail address; Enter to do that later: ",
        "  E-mail; Enter para fazer isso depois: ",
    );
    let Some(email) = ask::question(text.of(words))?.filter(|email| !email.is_empty()) else {
        return Ok(None);
    };
    let name = ask::question(Text("  Name: ", "  Nome: ").of(words))?.filter(|name| !name.is_empty());
    let password = ask::new_password()?;
    Ok(Some(Person {
        name: name.unwrap_or_else(|| email.clone()),
        email,
        locale: match words {
            Words::English => "en",
            Words::Portuguese => "pt-BR",
        },
        password,
    }))
}
