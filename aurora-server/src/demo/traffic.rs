//! Light traffic, as a few programs would make it.

use std::time::Duration;

use aurora_core::time::Clock as _;
use aurora_llm::chat::ChatRequest;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use crate::http::{Asker, Gateway};
use crate::state::AppState;

const EVERY: Duration = Duration::from_millis(250);
/// Calls that run at a time; when they are slow, fewer begin.
const MOST: usize = 16;
/// Every so many calls one is streamed.
const STREAMED: usize = 4;
/// Every so many calls one asks at temperature 0, whose answer may come from the cache.
const REPEATABLE: usize = 5;

/// Sentences that nobody types by himself: what whoever looks asks for the first time is not in the cache yet.
const QUESTIONS: [&str; 8] = [
    "Sort ticket 48213 into billing, delivery or other.",
    "Resuma em três frases o contrato 2026/117 da Serra Azul.",
    "Which day suits customer 90412 best, given last month's visits?",
    "Quais clientes da carteira 7 não responderam esta semana?",
    "Write a friendly reminder of appointment 5530 on Thursday.",
    "Traduza para o inglês: o pedido 31876 chega amanhã.",
    "Draft an answer to lead 6604, who asks for a second quote.",
    "Classify the mood of message 77120: it took far too long.",
];

/// Asks until the app stops. What is under way then is dropped and not counted.
pub(super) async fn run(state: &AppState) {
    let asker = Asker::workspace(state.workspace);
    let mut running = FuturesUnordered::new();
    let mut questions = QUESTIONS.iter().cycle().enumerate();
    let mut due = state.clock.elapsed();
    loop {
        let wait = due.saturating_sub(state.clock.elapsed());
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            Some(()) = running.next(), if !running.is_empty() => continue,
            () = state.clock.sleep(wait) => due += EVERY,
        }
        if running.len() < MOST
            && let Some((number, question)) = questions.next()
        {
            let request = ChatRequest::user(*question);
            let request = if number % REPEATABLE == 0 {
                request.temperature(0.0)
            } else {
                request
            };
            running.push(ask(&state.gateway, &asker, request, number % STREAMED == 0));
        }
    }
}

/// One call. How it went is counted by the gateway.
async fn ask(gateway: &Gateway, asker: &Asker, request: ChatRequest, streamed: bool) {
    let outcome = if streamed {
        match gateway.stream(request, asker).await {
            Ok(mut stream) => {
                let mut last = Ok(());
                while let Some(event) = stream.next().await {
                    last = event.map(drop);
                }
                last
            }
            Err(error) => Err(error),
        }
    } else {
        gateway.chat(request, asker).await.map(drop)
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "a call of the demo failed");
    }
}
