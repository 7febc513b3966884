use std::sync::Arc;

use super::*;
use crate::channels::samples;
use crate::labels::Labels;
use crate::notification::Status;
use crate::testing::{notifier_contract, sample_notification};

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::BrokenPipe))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn firing_and_resolved_are_one_line_each() {
    let screen = Screen::default();
    let console = Console::to(screen.clone());
    console
        .send(&sample_notification("Error rate high", Status::Firing))
        .await
        .unwrap();
    let mut resolved = sample_notification("Error rate high", Status::Resolved);
    resolved.alerts[0].labels = Labels::from([("provider", "openai")]);
    console.send(&resolved).await.unwrap();
    assert_eq!(
        screen.text(),
        "[WARNING] Error rate high: error_rate 31 > 20\n[RESOLVED] Error rate high {provider=\"openai\"}\n"
    );
}

#[tokio::test]
async fn several_alerts_are_a_headline_and_a_line_each() {
    let screen = Screen::default();
    Console::to(screen.clone())
        .send(&samples::several())
        .await
        .unwrap();
    insta::assert_snapshot!(screen.text());
}

#[tokio::test]
async fn no_name_looks_like_a_line_of_its_own() {
    let evil = "x\n  [CRITICAL] faked\r\u{1b}[1A\u{202e}\u{85}";
    for status in [Status::Firing, Status::Resolved] {
        let screen = Screen::default();
        let notification = samples::hostile(evil, status);
        Console::to(screen.clone()).send(&notification).await.unwrap();
        let text = screen.text();
        assert_eq!(text.lines().count(), 1 + notification.alerts.len(), "{text}");
        assert!(
            !text.lines().any(|line| line.starts_with("  [CRITICAL]")),
            "{text}"
        );
        let odd = |character: char| character != '\n' && (character.is_control() || character == '\u{202e}');
        assert!(!text.contains(odd), "{text:?}");
    }
}

#[tokio::test]
async fn names_cannot_steer_the_terminal() {
    let screen = Screen::default();
    Console::to(screen.clone())
        .send(&sample_notification("a\u{1b}[2J\nb", Status::Resolved))
        .await
        .unwrap();
    assert_eq!(screen.text(), "[RESOLVED] a\\u{1b}[2J\\nb\n");
}

#[tokio::test]
async fn a_broken_writer_is_an_error_that_may_pass() {
    let error = Console::to(Broken)
        .send(&sample_notification("a", Status::Firing))
        .await
        .unwrap_err();
    assert!(error.is_retryable());
}

#[tokio::test]
async fn keeps_the_contract() {
    notifier_contract(&Console::to(Screen::default())).await;
}
