//! `aurora alerts`.

mod onlooker;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aurora_alerts::backtest::{Backtest, SampleLines};
use aurora_alerts::state::Phase;
use aurora_alerts::store::SqlAlertStore;
use aurora_alerts::{Alert, AlertFile, ErrorKind as Alerts, Limits, Problem};
use aurora_core::time::{Clock, SystemClock};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::block_on;
use super::output::{Output, Tone, counted, refused, table, value_of};
use super::place::Place;
use super::serve::install_crypto;
use crate::error::{Error, ErrorKind};
use crate::wiring;
use onlooker::Onlooker;

/// What is done about alerts.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum AlertsCommand {
    /// Send a message through each channel that says that it is a test.
    Test(TestOptions),
    /// List the alerts that fire or are about to.
    List(ListOptions),
    /// Tell everything that is wrong with a file of rules, or that nothing is.
    Check(CheckOptions),
    /// Tell what rules would have done over recorded samples; nothing is sent.
    Backtest(BacktestOptions),
}

/// Which channels are tried.
#[derive(Debug, Clone, Args)]
pub(super) struct TestOptions {
    /// The channels [default: all that the settings configure].
    channels: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// Whose alerts are listed.
#[derive(Debug, Clone, Args)]
pub(super) struct ListOptions {
    #[command(flatten)]
    place: Place,
}

/// Which file is looked at.
#[derive(Debug, Clone, Args)]
pub(super) struct CheckOptions {
    /// The file (.yaml, .yml or .toml).
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// What is replayed.
#[derive(Debug, Clone, Args)]
pub(super) struct BacktestOptions {
    /// Lines `time,metric,labels,value`, in the order of time.
    samples: PathBuf,
    /// A file of rules and routes [default: those of the settings].
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// How often rules are judged, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    interval: u64,
    /// How long time goes on after the last sample, in seconds, so that what waits is told.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=2_592_000))]
    run_on: u64,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(command: AlertsCommand, output: Output) -> Result<(), Error> {
    install_crypto();
    match command {
        AlertsCommand::Test(options) => block_on(async move { test(&options, output).await }),
        AlertsCommand::List(options) => block_on(async move { list(&options, output).await }),
        AlertsCommand::Check(options) => check(&options, output),
        AlertsCommand::Backtest(options) => backtest(&options, output),
    }
}

fn failed(error: aurora_alerts::Error) -> Error {
    let kind = match error.kind() {
        Alerts::Unavailable => ErrorKind::Storage,
        _ => ErrorKind::Refused,
    };
    Error::new(kind, error.to_string())
}

/// What came of a message through a channel.
pub(super) struct Tried {
    pub(super) channel: String,
    pub(super) outcome: Result<(), String>,
}

/// Sends a test through each of the channels, or those that were named.
pub(super) async fn try_channels(
    settings: &aurora_core::config::Settings,
    named: &[String],
) -> Result<Vec<Tried>, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let engine = wiring::tryable(settings, &clock)?;
    let known = channels(&engine);
    if let Some(unknown) = named.iter().find(|name| !known.contains(name)) {
        return Err(refused(format!(
            "there is no channel {unknown:?}; configured are {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        )));
    }
    let wanted = if named.is_empty() { &known } else { named };
    let mut tried = Vec::new();
    for channel in wanted {
        let outcome = engine.probe(channel).await;
        tried.push(Tried {
            channel: channel.clone(),
            outcome: outcome.map(drop).map_err(|error| error.to_string()),
        });
    }
    Ok(tried)
}

/// The channels that the settings configure, without the terminal, which is always there.
pub(super) fn channels(engine: &aurora_alerts::AlertEngine) -> Vec<String> {
    let channels = engine.channels().into_iter().map(|status| status.channel);
    channels.filter(|name| name != "console").collect()
}

async fn test(options: &TestOptions, output: Output) -> Result<(), Error> {
    let tried = try_channels(&options.place.settings()?, &options.channels).await?;
    if tried.is_empty() {
        return Err(Error::new(
            ErrorKind::Settings,
            "no channel is configured: set slack.webhook_url, email.host or another one, or run `aurora setup`",
        ));
    }
    let failures = tried.iter().filter(|one| one.outcome.is_err()).count();
    let items: Vec<Value> = tried
        .iter()
        .map(|one| {
            json!({
                "channel": one.channel,
                "ok": one.outcome.is_ok(),
                "error": one.outcome.as_ref().err(),
            })
        })
        .collect();
    output.result(&json!({"ok": failures == 0, "items": items}), |paint| {
        let lines = tried.iter().map(|one| match &one.outcome {
            Ok(()) => format!("{}    {}\n", paint.tone(Tone::Good, "ok"), one.channel),
            Err(error) => format!("{}  {}  {error}\n", paint.tone(Tone::Bad, "fail"), one.channel),
        });
        lines.collect()
    })?;
    match failures {
        0 => Ok(()),
        failures => Err(refused(format!("{failures} of {} channels failed", tried.len()))),
    }
}

async fn list(options: &ListOptions, output: Output) -> Result<(), Error> {
    let local = options.place.existing().await?;
    let store = SqlAlertStore::open(local.crm.database().clone(), wiring::ALERT_ENGINE).await;
    let store = store
        .map_err(|source| Error::new(ErrorKind::Storage, "the alerts cannot be read").caused_by(source))?;
    let engine = wiring::engine_on(&local.settings, Onlooker::new(store), &local.clock).await?;
    let alerts = engine.active();
    output.result(&json!({"items": value_of(&alerts)?}), |_| {
        if alerts.is_empty() {
            return "nothing fires\n".to_owned();
        }
        let rows: Vec<[String; 4]> = alerts.iter().map(row).collect();
        table(["STATE", "SEVERITY", "RULE", "LABELS"], &rows)
    })
}

fn row(alert: &Alert) -> [String; 4] {
    let state = match alert.state.phase {
        Phase::Inactive => "inactive".to_owned(),
        Phase::Pending { active_since } => format!("pending since {active_since}"),
        Phase::Firing { fired_at, .. } => format!("firing since {fired_at}"),
        _ => "resolved".to_owned(),
    };
    [
        state,
        alert.severity.to_string(),
        alert.rule.clone(),
        alert.labels.to_string(),
    ]
}

fn problem(problem: &Problem) -> Value {
    json!({
        "message": problem.to_string(),
        "subject": problem.subject,
        "detail": problem.detail,
        "file": problem.place.as_ref().map(|place| place.file.clone()),
        "line": problem.place.as_ref().map(|place| place.line),
        "column": problem.place.as_ref().map(|place| place.column),
    })
}

fn check(options: &CheckOptions, output: Output) -> Result<(), Error> {
    let mut settings = options.place.settings()?;
    let read = AlertFile::read(&options.file);
    let rules = read.as_ref().map_or(0, |file| file.rules.len());
    // Whether receivers exist is known only together with the channels.
    let checked = read.and_then(|_| {
        settings.alerts.file = Some(options.file.clone());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        wiring::checked(&settings, &clock)
    });
    let problems: Vec<Value> = match &checked {
        Ok(()) => Vec::new(),
        Err(error) => error.problems().iter().map(problem).collect(),
    };
    let view = json!({"ok": checked.is_ok(), "rules": rules, "problems": problems});
    output.result(&view, |paint| match &checked {
        Ok(()) => format!("{}  {}\n", paint.tone(Tone::Good, "ok"), counted(rules, "rule")),
        Err(error) => error.problems().iter().map(|it| format!("{it}\n")).collect(),
    })?;
    checked.map_err(|error| {
        let count = counted(error.problems().len(), "problem");
        refused(format!("{}: {count}", options.file.display()))
    })
}

fn backtest(options: &BacktestOptions, output: Output) -> Result<(), Error> {
    let mut settings = options.place.settings()?;
    if let Some(path) = &options.rules {
        settings.alerts.file = Some(path.clone());
    }
    let file = wiring::rules_of(&settings)?;
    let samples = File::open(&options.samples)
        .map_err(|error| refused(format!("{} cannot be read", options.samples.display())).caused_by(error))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut names: BTreeSet<String> = channels(&wiring::tryable(&settings, &clock)?)
        .into_iter()
        .collect();
    names.insert("console".to_owned());
    // Nothing is sent: channels that rules and routes name need not be configured here.
    names.extend(
        file.routing
            .receivers
            .iter()
            .flat_map(|it| it.channels.iter().cloned()),
    );
    let mut backtest = Backtest::new(file.rules, file.routing)
        .interval(Duration::from_secs(options.interval))
        .run_on(Duration::from_secs(options.run_on));
    for name in names {
        backtest = backtest.channel(name.clone(), [name], Limits::default());
    }
    let report = backtest
        .try_run(SampleLines::new(BufReader::new(samples)))
        .map_err(failed)?;
    output.result(&value_of(&report)?, |_| format!("{report}\n"))
}
