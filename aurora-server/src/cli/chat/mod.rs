//! `aurora chat`.

mod local;
mod remote;

use std::io::Read as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::output::{Output, refused, say, say_aside};
use super::place::Place;
use super::{ask, block_on};
use crate::error::{Error, ErrorKind};
use local::Local;
use remote::Remote;

/// The longest question, in bytes.
const LONGEST: u64 = 1024 * 1024;
/// How many messages go along with a question at most; the oldest are left out.
const REMEMBERED: usize = 200;

/// Whom to talk to, and about what.
#[derive(Debug, Clone, Args)]
pub(super) struct ChatOptions {
    /// The question; without one, it is read from standard input, or a conversation begins at a terminal.
    prompt: Vec<String>,
    /// The model, target or alias to ask.
    #[arg(short, long)]
    model: Option<String>,
    /// Instructions before the conversation.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Talk line by line, also where standard input is no terminal.
    #[arg(short, long, conflicts_with = "prompt")]
    interactive: bool,
    /// A server to ask, such as http://127.0.0.1:8080, in place of the providers of the settings. Its key is taken from the
    /// variable AURORA_API_KEY, or from a file.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file with the key for that server.
    #[arg(long, value_name = "FILE", requires = "url")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    User,
    Assistant,
}

/// One message of the conversation.
#[derive(Debug, Clone)]
struct Turn {
    who: Who,
    text: String,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
struct Question<'a> {
    turns: &'a [Turn],
    system: Option<&'a str>,
    model: Option<&'a str>,
}

/// What was said, and who said it at what cost.
#[derive(Debug)]
struct Said {
    text: String,
    summary: String,
}

/// Where answers come from.
enum Partner {
    Local(Local),
    Remote(Remote),
}

impl Partner {
    /// The answer, handed out while it is written.
    async fn streamed(
        &self,
        question: Question<'_>,
        hear: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Said, Error> {
        match self {
            Self::Local(local) => local.streamed(question, hear).await,
            Self::Remote(remote) => remote.streamed(question, hear).await,
        }
    }

    /// The whole answer, as `POST /llm/chat` gives it.
    async fn whole(&self, question: Question<'_>) -> Result<Value, Error> {
        match self {
            Self::Local(local) => local.whole(question).await,
            Self::Remote(remote) => remote.whole(question).await,
        }
    }
}

pub(super) fn run(options: ChatOptions, output: Output) -> Result<(), Error> {
    super::serve::install_crypto();
    let partner = match &options.url {
        Some(url) => Partner::Remote(Remote::new(url, options.key_file.as_deref())?),
        None => Partner::Local(Local::new(&options.place.settings()?)?),
    };
    let prompt = prompt(&options)?;
    block_on(async move {
        match prompt {
            Some(prompt) => once(&partner, &options, prompt, output).await,
            None if output.is_json() => Err(refused(
                "with --json a question is needed: as an argument, or on standard input",
            )),
            None => Box::pin(converse(&partner, &options, output)).await,
        }
    })
}

/// The one question; `None` for a conversation.
fn prompt(options: &ChatOptions) -> Result<Option<String>, Error> {
    if options.interactive {
        return Ok(None);
    }
    if !options.prompt.is_empty() {
        return Ok(Some(options.prompt.join(" ")));
    }
    if ask::is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| refused("standard input is no text").caused_by(error))?;
    if u64::try_from(text.len()).is_ok_and(|length| length > LONGEST) {
        return Err(refused("a question has at most 1 MiB"));
    }
    if text.trim().is_empty() {
        return Err(refused(
            "there is no question: name one as an argument, or on standard input",
        ));
    }
    Ok(Some(text))
}

async fn once(partner: &Partner, options: &ChatOptions, prompt: String, output: Output) -> Result<(), Error> {
    let turns = [Turn {
        who: Who::User,
        text: prompt,
    }];
    let question = Question {
        turns: &turns,
        system: options.system.as_deref(),
        model: options.model.as_deref(),
    };
    if output.is_json() {
        let answer = partner.whole(question).await?;
        return output.result(&answer, |_| String::new());
    }
    let said = partner.streamed(question, &mut |text| say(text)).await?;
    say("\n");
    output.remark(&said.summary);
    Ok(())
}

async fn converse(partner: &Partner, options: &ChatOptions, output: Output) -> Result<(), Error> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut model = options.model.clone();
    say_aside("/model NAME asks another model, /new begins anew, /exit ends.\n");
    loop {
        let Some(text) = ask::question("> ")? else {
            return Ok(());
        };
        match text.split_once(' ').unwrap_or((text.as_str(), "")) {
            ("", _) => continue,
            ("/exit" | "/quit", _) => return Ok(()),
            ("/new", _) => {
                turns.clear();
                continue;
            }
            ("/model", name) => {
                model = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
                continue;
            }
            (word, _) if word.starts_with('/') => {
                say_aside("there are /model, /new and /exit\n");
                continue;
            }
            _ => {}
        }
        turns.push(Turn { who: Who::User, text });
        let surplus = turns.len().saturating_sub(REMEMBERED);
        turns.drain(..surplus);
        let question = Question {
            turns: &turns,
            system: options.system.as_deref(),
            model: model.as_deref(),
        };
        match partner.streamed(question, &mut |text| say(text)).await {
            Ok(said) => {
                say("\n");
                output.remark(&said.summary);
                turns.push(Turn {
                    who: Who::Assistant,
                    text: said.text,
                });
            }
            // A person can ask again; the end of a pipe ends it with the failure.
            Err(error) if ask::is_terminal() && error.kind() != ErrorKind::Internal => {
                turns.pop();
                say("\n");
                super::output::complain(&error, false);
            }
            Err(error) => return Err(error),
        }
    }
}
