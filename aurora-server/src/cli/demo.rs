//! `aurora demo`.

mod turn;

use std::net::SocketAddr;

use clap::{Args, Subcommand};
use serde_json::json;

use self::turn::TurnOptions;
use super::output::{Output, refused, say};
use super::serve::install_crypto;
use super::{block_on, signals};
use crate::demo::{Console, Demo, Script, Turn, Words};
use crate::error::Error;

/// What the demo takes.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoOptions {
    #[command(subcommand)]
    command: Option<DemoCommand>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080, or a free port].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Tells the same story at four times the pace.
    #[arg(long, hide = true)]
    fast: bool,
}

/// What can be done with a demo that runs.
#[derive(Debug, Clone, Subcommand)]
enum DemoCommand {
    /// Make a provider of the demo that runs fail, until it is healed.
    Break(TurnOptions),
    /// Let a provider of the demo that runs work again.
    Heal(TurnOptions),
}

pub(super) fn run(options: &DemoOptions, output: Output) -> Result<(), Error> {
    let words = Words::of(&locale());
    let (options, turn) = match &options.command {
        None => return show(options, words, output),
        Some(_) if options.listen.is_some() || options.fast => {
            return Err(refused("--listen and --fast are for the demo itself"));
        }
        Some(DemoCommand::Break(options)) => (options, Turn::Breaks),
        Some(DemoCommand::Heal(options)) => (options, Turn::Heals),
    };
    turn::run(options, turn, words, output)
}

/// Runs a demo until it is stopped.
fn show(options: &DemoOptions, words: Words, output: Output) -> Result<(), Error> {
    install_crypto();
    let script = if options.fast { Script::FAST } else { Script::STORY };
    let listen = options.listen;
    block_on(async move {
        let tell = move |text: &str| {
            if output.is_json() {
                say(&format!(
                    "{}\n",
                    json!({"event": "told", "text": text.trim_end()})
                ));
            } else {
                say(&format!("{text}\n"));
            }
        };
        let demo = Demo::build(script, words, Console::new(tell)).await?;
        let bound = demo.listen(listen).await?;
        if output.is_json() {
            let address = bound.local_addr();
            let listening = json!({
                "event": "listening",
                "address": address.to_string(),
                "url": format!("http://{address}"),
                "simulated": true,
            });
            say(&format!("{listening}\n"));
        } else {
            demo.introduce(bound.local_addr());
        }
        let (stop, hurry) = signals::listen()?;
        demo.run(bound, stop, hurry).await
    })
}

/// The locale for messages, by the order of POSIX.
#[expect(
    clippy::disallowed_methods,
    reason = "the language of the terminal is no setting of Aurora"
)]
pub(super) fn locale() -> String {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(set)
        .unwrap_or_default()
}
