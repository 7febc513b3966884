//! Random scripts over several targets: whatever happens, an answer keeps its promises.

use proptest::collection::vec;
use proptest::prelude::{
    Just, ProptestConfig, Strategy as _, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use aurora_core::resilience::Hedge;

use super::*;

/// What one target does with one call. Texts are numbered, so that what comes twice or not at all is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Refuses,
    FailsAfter(usize, ErrorKind),
    CutAfter(usize),
    StallsAfter(usize),
    Answers,
}

fn does() -> impl proptest::strategy::Strategy<Value = Does> {
    prop_oneof![
        Just(Does::Refuses),
        (0_usize..4, 0_usize..3).prop_map(|(after, kind)| {
            let kinds = [
                ErrorKind::Overloaded,
                ErrorKind::Malformed,
                ErrorKind::ServerError,
            ];
            Does::FailsAfter(after, kinds[kind])
        }),
        (0_usize..4).prop_map(Does::CutAfter),
        (0_usize..4).prop_map(Does::StallsAfter),
        Just(Does::Answers),
    ]
}

/// How many words a whole answer has.
const WORDS: usize = 4;

/// A model that says `w0 w1 w2 w3`, and goes on where the last message of the assistant ends.
#[derive(Debug)]
struct Counting {
    id: ProviderId,
    script: Mutex<VecDeque<Does>>,
    calls: Arc<Mutex<usize>>,
}

impl Counting {
    fn words(call: &Call, most: usize) -> Vec<StreamEvent> {
        let said = call
            .request
            .messages
            .last()
            .filter(|last| last.role == crate::chat::Role::Assistant);
        let said = said.map_or(0, |message| message.text().split_whitespace().count());
        let word = |at: usize| match at {
            0 => text("w0"),
            at => text(&format!(" w{at}")),
        };
        std::iter::once(start())
            .chain((said..WORDS).take(most).map(word))
            .collect()
    }
}

#[async_trait]
impl LlmProvider for Counting {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "counting"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, _: &Call) -> Result<ChatResponse, Error> {
        Err(Error::new(ErrorKind::Unsupported))
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        *self.calls.lock().unwrap() += 1;
        let does = self.script.lock().unwrap().pop_front().unwrap_or(Does::Answers);
        let events = |most: usize| futures::stream::iter(Self::words(call, most).into_iter().map(Ok));
        Ok(match does {
            Does::Refuses => return Err(Error::new(ErrorKind::Permission)),
            Does::FailsAfter(after, kind) => {
                let error = futures::stream::iter([Err(Error::new(kind))]);
                events(after).chain(error).boxed()
            }
            Does::CutAfter(after) => events(after).boxed(),
            Does::StallsAfter(after) => events(after).chain(futures::stream::pending()).boxed(),
            Does::Answers => events(WORDS).chain(futures::stream::iter([Ok(finish())])).boxed(),
        })
    }
}

struct Setting {
    client: LlmClient,
    clock: ManualClock,
    calls: Arc<Mutex<usize>>,
}

fn setting(scripts: &[Vec<Does>], policy: Continuation, hedged: bool) -> Setting {
    let (clock, calls) = (ManualClock::default(), Arc::default());
    let mut client = builder(&clock).continuation(policy);
    if hedged {
        client = client.hedge(Hedge::default().hedgeable().after(SECOND).max_extra_load(100));
    }
    for (at, script) in scripts.iter().enumerate() {
        let id = ProviderId::new(format!("t{at}"));
        let script = Mutex::new(script.iter().copied().collect());
        let calls = Arc::clone(&calls);
        client = client.provider(Counting { id, script, calls }, "m");
    }
    let client = client.build().unwrap();
    Setting { client, clock, calls }
}

fn policy(at: usize) -> Continuation {
    [
        Continuation::Off,
        Continuation::Continue,
        Continuation::whole(),
        Continuation::Buffered { events: 2 },
    ][at]
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_stream_has_one_terminal_and_says_nothing_twice(
        scripts in vec(vec(does(), 0..4), 1..4),
        policy_at in 0_usize..4,
        hedged: bool,
    ) {
        let Setting { client, clock, calls } = setting(&scripts, policy(policy_at), hedged);
        let (events, error) = block_on(in_time(&clock, async {
            match client.stream(ChatRequest::user("?")).await {
                Ok(mut stream) => read(&mut stream).await,
                Err(error) => (Vec::new(), Some(error)),
            }
        }));
        let terminals = events.iter().filter(|event| event.is_terminal()).count();
        prop_assert_eq!(terminals + usize::from(error.is_some()), 1);
        let starts = events.iter().filter(|event| **event == start()).count();
        prop_assert!(starts <= 1);
        let mut said = String::new();
        for event in &events {
            if let StreamEvent::Text(text) = event {
                said.push_str(text);
            }
        }
        let whole = "w0 w1 w2 w3";
        prop_assert!(whole.starts_with(&said), "{said:?}");
        match &error {
            None => prop_assert_eq!(said.as_str(), whole),
            Some(error) if !said.is_empty() => prop_assert_eq!(error.partial().unwrap().text(), said),
            Some(_) => {}
        }
        prop_assert!(*calls.lock().unwrap() <= 16, "within the budget of one call");
        for status in client.status() {
            prop_assert_eq!(status.in_flight, 0);
        }
    }

    #[test]
    fn whenever_a_call_is_dropped_nothing_stays_under_way(
        scripts in vec(vec(does(), 0..3), 1..4),
        policy_at in 0_usize..4,
        hedged: bool,
        polls in 0_usize..40,
    ) {
        let Setting { client, clock, .. } = setting(&scripts, policy(policy_at), hedged);
        block_on(async {
            let work = async {
                if let Ok(mut stream) = client.stream(ChatRequest::user("?")).await {
                    while let Some(Ok(_)) = stream.next().await {
                        tokio::task::yield_now().await;
                    }
                }
            };
            let mut work = Box::pin(work);
            for _ in 0..polls {
                if futures::poll!(&mut work).is_ready() {
                    break;
                }
                clock.advance(20 * SECOND);
            }
        });
        for status in client.status() {
            prop_assert_eq!(status.in_flight, 0);
        }
        prop_assert_eq!(clock.sleepers(), 0);
    }
}
