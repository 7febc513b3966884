//! Of the feature `semantic-cache`.

mod keeping;

use super::*;
use crate::chat::{Media, MediaSource, Message, Part, ResponseFormat, Role, Tool, ToolResult};
use crate::client::{AttemptOutcome, SemanticCache};
use crate::embed::{EmbedPurpose, EmbedRequest, EmbedResponse};
use crate::provider::EmbeddingProvider;

/// The vector of a text that ends in "@30" points 30 degrees away from the first direction.
#[derive(Debug, Clone)]
struct Compass {
    id: ProviderId,
    shared: Arc<CompassShared>,
}

#[derive(Debug, Default)]
struct CompassShared {
    calls: AtomicUsize,
    is_down: std::sync::atomic::AtomicBool,
    hangs: std::sync::atomic::AtomicBool,
    lost: std::sync::atomic::AtomicBool,
}

impl Compass {
    fn new() -> Self {
        Self {
            id: "compass".into(),
            shared: Arc::default(),
        }
    }

    fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl LlmProvider for Compass {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "compass"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, _: &Call) -> Result<ChatResponse, Error> {
        unreachable!("it is for vectors alone")
    }

    async fn chat_stream(&self, _: &Call) -> Result<ChatStream, Error> {
        unreachable!("it is for vectors alone")
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        Some(self)
    }
}

#[async_trait]
impl EmbeddingProvider for Compass {
    fn max_inputs(&self, _: &str) -> usize {
        1
    }

    async fn embed(&self, call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error> {
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        assert_eq!(call.request.purpose, EmbedPurpose::Similarity);
        tokio::task::yield_now().await;
        if self.shared.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.shared.is_down.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Overloaded));
        }
        let degrees = call.request.inputs[0].rsplit('@').next().unwrap();
        let angle = degrees.parse::<f32>().unwrap_or(180.0).to_radians();
        let vector = match self.shared.lost.load(Ordering::SeqCst) {
            true => vec![f32::NAN, 0.0],
            false => vec![angle.cos(), angle.sin()],
        };
        let usage = Usage::new(500_000, 0);
        Ok(EmbedResponse::new(&*call.model, vec![vector], Some(usage)))
    }
}

fn setting(faucet: &Faucet, compass: &Compass) -> Setting {
    similar_with(faucet, compass, |similar| similar, |cache| cache)
}

fn similar_with(
    faucet: &Faucet,
    compass: &Compass,
    change: impl FnOnce(SemanticCache) -> SemanticCache,
    change_cache: impl FnOnce(ResponseCache) -> ResponseCache,
) -> Setting {
    let (shelf, clock) = (Shelf::default(), ManualClock::default());
    let dollar = "1".parse().unwrap();
    let price = Price::per_million(dollar, dollar);
    let at_once = aurora_core::resilience::RetryPolicy::default()
        .attempts(1)
        .base(Duration::ZERO);
    let cache = ResponseCache::new(shelf.clone()).similar(change(SemanticCache::new("vectors")));
    let client = LlmClient::builder()
        .target(LlmTarget::new(faucet.clone(), "m").price(price))
        .target(LlmTarget::embeddings(compass.clone(), "vectors").price(price))
        .retry(at_once)
        .cache(change_cache(cache))
        .clock(clock.clone())
        .random(Random::seeded(1))
        .build()
        .unwrap();
    Setting {
        client,
        faucet: faucet.clone(),
        shelf,
        clock,
    }
}

impl Setting {
    async fn status(&self, request: ChatRequest, options: &CallOptions) -> CacheStatus {
        self.client.chat_with(request, options).await.unwrap().cache()
    }

    fn remembered(&self) -> (usize, usize, usize) {
        let cache = self.client.inner.cache.as_ref().unwrap();
        cache.similar.as_ref().unwrap().size()
    }
}

fn at(degrees: &str) -> ChatRequest {
    ChatRequest::user(format!("Which way? @{degrees}"))
}

fn is_similar(status: CacheStatus) -> bool {
    matches!(status, CacheStatus::Similar { .. })
}

#[tokio::test]
async fn a_question_that_means_the_same_is_answered_from_what_is_kept() {
    let (faucet, compass) = (Faucet::says(&["North", "."]), Compass::new());
    let setting = setting(&faucet, &compass);
    assert_eq!(setting.status(at("0"), &of("t")).await, CacheStatus::Miss);
    setting.clock.advance(Duration::from_secs(7));
    let answer = setting.client.chat_with(at("10"), &of("t")).await.unwrap();
    let CacheStatus::Similar { score, age } = answer.cache() else {
        panic!("{:?}", answer.cache());
    };
    assert!((score - 10_f32.to_radians().cos()).abs() < 1e-4, "{score}");
    assert_eq!((age, answer.text().as_str()), (Duration::from_secs(7), "North."));
    assert_eq!((answer.target(), answer.model()), ("faucet/m", "m-2026"));
    // The very same question needs no vector.
    assert!(matches!(
        setting.status(at("0"), &of("t")).await,
        CacheStatus::Hit { .. }
    ));
    assert_eq!((faucet.calls(), compass.calls(), setting.shelf.len()), (1, 2, 1));
    assert_eq!(answer.cache().as_str(), "similar");
}

#[tokio::test]
async fn a_stream_is_answered_with_the_events_of_the_similar_one() {
    let (faucet, compass) = (Faucet::says(&["North", ", ", "of course."]), Compass::new());
    let setting = setting(&faucet, &compass);
    let first = setting.client.stream_with(at("0"), &of("t")).await.unwrap();
    assert_eq!(first.attempts().len(), 2, "the vector and the answer");
    let first = read(first).await.unwrap();
    let mut second = setting.client.stream_with(at("5"), &of("t")).await.unwrap();
    assert!(is_similar(second.cache()));
    let mut events = Vec::new();
    while let Some(event) = second.next().await {
        events.push(event.unwrap());
    }
    assert_eq!(events, first);
    assert_eq!(second.cost(), dollars("0.5"), "the vector");
    assert_eq!(faucet.calls(), 1);
}

#[tokio::test]
async fn the_threshold_holds() {
    let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
    let usual = setting(&faucet, &compass);
    usual.status(at("0"), &of("t")).await;
    // cos 18° = 0.951, cos 19° = 0.946.
    assert!(is_similar(usual.status(at("18"), &of("t")).await));
    assert_eq!(usual.status(at("-19"), &of("t")).await, CacheStatus::Miss);
    let strict = similar_with(
        &faucet,
        &compass,
        |similar| similar.threshold(0.999),
        |cache| cache,
    );
    strict.status(at("0"), &of("t")).await;
    assert_eq!(strict.status(at("18"), &of("t")).await, CacheStatus::Miss);
    assert!(
        is_similar(strict.status(at("17"), &of("t")).await),
        "the nearest counts"
    );
}

#[tokio::test]
async fn a_similar_question_of_another_tenant_is_never_answered_from_here() {
    let (faucet, compass) = (Faucet::says(&["secret"]), Compass::new());
    let one = setting(&faucet, &compass);
    for tenant in ["a", "b", "A", "*", "a:b", "ü"] {
        assert_eq!(
            one.status(at("0"), &of(tenant)).await,
            CacheStatus::Miss,
            "{tenant}"
        );
        assert!(is_similar(one.status(at("1"), &of(tenant)).await), "{tenant}");
    }
    for nobody in [CallOptions::default(), of("")] {
        let before = compass.calls();
        assert_eq!(one.status(at("0"), &nobody).await, CacheStatus::Bypassed);
        assert_eq!(compass.calls(), before);
    }
    let apart = similar_with(&faucet, &compass, |similar| similar, ResponseCache::per_user);
    let by = |user: &str| CallOptions::default().caller(Caller::tenant("t").user(user));
    assert_eq!(apart.status(at("0"), &by("one")).await, CacheStatus::Miss);
    assert_eq!(apart.status(at("1"), &by("two")).await, CacheStatus::Miss);
    assert!(is_similar(apart.status(at("1"), &by("one")).await));
}

/// A request whose question points this way.
type Asks<'a> = Box<dyn Fn(&str) -> ChatRequest + 'a>;

#[tokio::test]
async fn everything_but_the_question_must_be_the_same() {
    let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
    let setting = setting(&faucet, &compass);
    let tool = Tool::new("turn", "Turns.", serde_json::json!({"type": "object"}));
    let options = |text: &str| serde_json::from_value(serde_json::json!({ "x": text })).unwrap();
    let others: Vec<Asks<'_>> = vec![
        Box::new(at),
        Box::new(|way| at(way).temperature(0.0)),
        Box::new(|way| at(way).temperature(1.0)),
        Box::new(|way| at(way).max_tokens(9)),
        Box::new(|way| at(way).model("m")),
        Box::new(|way| at(way).tool(tool.clone())),
        Box::new(|way| at(way).system("Be brief.")),
        Box::new(|way| at(way).system("Be long.")),
        Box::new(|way| {
            let last = Message::user(format!("@{way}"));
            ChatRequest::new(vec![Message::user("@0"), Message::assistant("North"), last])
        }),
        Box::new(|way| {
            let mut request = at(way);
            request.format = ResponseFormat::JsonObject;
            request
        }),
        Box::new(|way| {
            let mut request = at(way);
            request.options.insert("faucet".into(), options("y"));
            request
        }),
    ];
    for (n, request) in others.iter().enumerate() {
        assert_eq!(
            setting.status(request("0"), &of("t")).await,
            CacheStatus::Miss,
            "{n}"
        );
        assert!(is_similar(setting.status(request("1"), &of("t")).await), "{n}");
    }
    assert_eq!(faucet.calls(), others.len());
}

#[tokio::test]
async fn what_is_more_than_text_is_not_compared() {
    let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
    let setting = setting(&faucet, &compass);
    let picture = || Part::Image(Media::new("image/png", MediaSource::Bytes(vec![1].into())));
    let result = ToolResult::new("c", "12 degrees");
    let requests = [
        ChatRequest::new(vec![Message::new(
            Role::User,
            vec![Part::Text("@0".into()), picture()],
        )]),
        ChatRequest::new(vec![
            Message::new(Role::User, vec![picture()]),
            Message::user("@0"),
        ]),
        ChatRequest::new(vec![Message::new(Role::Tool, vec![Part::ToolResult(result)])]),
        ChatRequest::new(vec![Message::user("@0"), Message::assistant("North")]),
        ChatRequest::user("  "),
        ChatRequest::user(format!("{}@0", "x".repeat(1_500))),
    ];
    for request in requests {
        assert_eq!(setting.status(request, &of("t")).await, CacheStatus::Miss);
    }
    assert_eq!((compass.calls(), setting.remembered().1), (0, 0));
}

/// The arguments of a tool call are those of the question that was asked.
#[tokio::test]
async fn the_call_of_a_tool_answers_no_other_question() {
    let (faucet, compass) = (Faucet::says(&[]), Compass::new());
    let events = entry::events_of(&super::replays::rich());
    {
        let mut flow = faucet.flow();
        flow.released = events.len();
        flow.script = events;
    }
    let setting = setting(&faucet, &compass);
    setting.status(at("0"), &of("t")).await;
    assert_eq!(
        setting.status(at("0"), &of("t")).await.as_str(),
        "hit",
        "it is kept"
    );
    assert_eq!(setting.status(at("1"), &of("t")).await, CacheStatus::Miss);
    assert_eq!(setting.remembered().1, 0);
}

#[tokio::test]
async fn an_embedder_that_fails_or_hangs_is_a_miss() {
    let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
    let setting = setting(&faucet, &compass);
    setting.status(at("0"), &of("t")).await;
    compass.shared.lost.store(true, Ordering::SeqCst);
    assert_eq!(
        setting.status(at("1"), &of("t")).await,
        CacheStatus::Miss,
        "no vector at all"
    );
    compass.shared.lost.store(false, Ordering::SeqCst);
    compass.shared.is_down.store(true, Ordering::SeqCst);
    let answer = setting.client.chat_with(at("2"), &of("t")).await.unwrap();
    assert_eq!((answer.cache(), answer.cost()), (CacheStatus::Miss, dollars("1")));
    let outcomes: Vec<_> = answer.attempts().iter().map(|attempt| &attempt.outcome).collect();
    assert!(
        matches!(
            outcomes[..],
            [AttemptOutcome::Failed { .. }, AttemptOutcome::Served]
        ),
        "{outcomes:?}"
    );
    compass.shared.is_down.store(false, Ordering::SeqCst);
    compass.shared.hangs.store(true, Ordering::SeqCst);
    let options = of("t");
    let call = setting.status(at("3"), &options);
    tokio::pin!(call);
    for _ in 0..5 {
        assert!(futures::poll!(&mut call).is_pending());
    }
    setting.clock.advance(Duration::from_millis(499));
    assert!(futures::poll!(&mut call).is_pending());
    setting.clock.advance(Duration::from_millis(1));
    assert_eq!(call.await, CacheStatus::Miss);
    compass.shared.hangs.store(false, Ordering::SeqCst);
    assert!(is_similar(setting.status(at("4"), &of("t")).await));
    assert_eq!(setting.remembered().1, 1, "what had no vector is not remembered");
}

#[tokio::test]
async fn the_vector_stands_in_the_trail_and_the_cost() {
    let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
    let setting = setting(&faucet, &compass);
    let miss = setting.client.chat_with(at("0"), &of("t")).await.unwrap();
    let targets: Vec<_> = miss.attempts().iter().map(|attempt| &*attempt.target).collect();
    assert_eq!(targets, ["compass/vectors", "faucet/m"]);
    assert_eq!((miss.cost(), miss.served_cost()), (dollars("1.5"), dollars("1")));
    let similar = setting.client.chat_with(at("1"), &of("t")).await.unwrap();
    assert_eq!(similar.attempts().len(), 1);
    assert_eq!(
        (similar.cost(), similar.served_cost()),
        (dollars("0.5"), dollars("0"))
    );
    assert_eq!(similar.saved_cost(), dollars("1.5"));
    faucet.flow().failures.push_back((0, ErrorKind::Overloaded));
    let error = setting.client.chat_with(at("90"), &of("t")).await.unwrap_err();
    assert_eq!(error.attempts().len(), 2, "an error has it too");
}

#[tokio::test]
async fn who_joins_gets_the_similar_answer_for_nothing() {
    let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
    let setting = setting(&faucet, &compass);
    setting.status(at("0"), &of("t")).await;
    let options = of("t");
    let ask = || setting.client.chat_with(at("1"), &options);
    let (one, two) = futures::future::try_join(ask(), ask()).await.unwrap();
    assert!(is_similar(one.cache()) && is_similar(two.cache()));
    assert_eq!((one.cost(), two.cost()), (dollars("0.5"), dollars("0")));
    assert_eq!((faucet.calls(), compass.calls()), (1, 2));
}
