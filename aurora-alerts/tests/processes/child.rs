//! What the child process does: an engine that obeys lines of its standard input.
//!
//! A line is `<number> <verb> <arguments>`, its answer `<number> ok <text>` or `<number> no <error>`, printed only once
//! the engine has said so.

use std::future::pending;
use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use aurora_alerts::silence::Silence;
use aurora_alerts::{AlertEngine, Error, Matcher, Matchers};
use aurora_core::time::{Clock as _, SystemClock};
use tokio::sync::mpsc;

use super::alert;

const HOUR: Duration = Duration::from_secs(3_600);

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Runs the engine until the parent says `drain` or is gone, then delivers what is left.
pub(crate) async fn serve(engine: AlertEngine) {
    println!(); // the test runner has begun a line of its own
    let (sender, mut lines) = mpsc::channel::<String>(256);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run(pending()).await }
    });
    say("0 ok open");
    while let Some(line) = lines.recv().await {
        if line == "drain" {
            break;
        }
        let engine = engine.clone();
        tokio::spawn(async move {
            let (number, command) = line.split_once(' ').unwrap();
            match obey(&engine, command).await {
                Ok(text) => say(&format!("{number} ok {text}")),
                Err(error) => say(&format!("{number} no {}", in_full(&error))),
            }
        });
    }
    let left = engine.shutdown(Duration::from_secs(120)).await;
    running.await.unwrap();
    say(&format!("0 ok left {left}"));
}

/// The error and its causes, in one line.
fn in_full(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.replace('\n', " ")
}

async fn obey(engine: &AlertEngine, command: &str) -> Result<String, Error> {
    let words: Vec<&str> = command.split(' ').collect();
    let now = SystemClock.now();
    match words.as_slice() {
        ["fire", name, severity] => engine.post([alert(name, severity)]).await?,
        ["end", name, severity] => engine.post([alert(name, severity).ends_at(now)]).await?,
        ["silence", name] => {
            let matchers: Matchers = [Matcher::equal("alertname", *name)].into_iter().collect();
            engine.silence(Silence::new(matchers, now, now + HOUR)).await?;
        }
        ["acknowledge", name, severity] => {
            let fingerprint = alert(name, severity).fingerprint();
            engine.acknowledge([fingerprint], "ana", "", None).await?;
        }
        ["who"] => return Ok(if engine.leads() { "leads" } else { "follows" }.to_owned()),
        ["whose", name, severity] => {
            let found = engine.get(alert(name, severity).fingerprint());
            let owner = found.and_then(|alert| alert.acknowledgement).map(|ack| ack.by);
            return Ok(owner.unwrap_or_else(|| "nobody".to_owned()));
        }
        other => unreachable!("{other:?}"),
    }
    Ok(String::new())
}
