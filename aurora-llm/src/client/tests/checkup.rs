//! Checks of health that cost nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::client::Verdict;
use crate::provider::{ModelCatalog, ModelInfo};

/// What a provider does when it is asked for its list.
#[derive(Debug, Clone, Copy)]
enum Lists {
    Models,
    Fails(ErrorKind),
    Hangs,
}

/// A provider with a list of models.
#[derive(Debug, Clone)]
struct Listed {
    answers: Puppet,
    /// By key.
    lists: Vec<Lists>,
    listed: Arc<AtomicUsize>,
}

impl Listed {
    fn new(name: &str, lists: impl IntoIterator<Item = Lists>) -> Self {
        Self {
            answers: Puppet::new(name),
            lists: lists.into_iter().collect(),
            listed: Arc::default(),
        }
    }
}

#[async_trait]
impl LlmProvider for Listed {
    fn id(&self) -> &ProviderId {
        self.answers.id()
    }

    fn kind(&self) -> &'static str {
        "listed"
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.answers.capabilities(model)
    }

    fn keys(&self) -> usize {
        self.lists.len()
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.answers.chat(call).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        self.answers.chat_stream(call).await
    }

    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        Some(self)
    }
}

#[async_trait]
impl ModelCatalog for Listed {
    async fn models(&self, key: usize) -> Result<Vec<ModelInfo>, Error> {
        self.listed.fetch_add(1, Ordering::SeqCst);
        match self.lists[key] {
            Lists::Models => Ok(Vec::new()),
            Lists::Fails(kind) => Err(Error::new(kind)),
            Lists::Hangs => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn a_health_check_costs_nothing_and_never_lies() {
    use Lists::{Fails, Hangs, Models};
    let clock = ManualClock::default();
    let well = Listed::new("well", [Models]);
    let keys = Listed::new("keys", [Models, Fails(ErrorKind::Authentication)]);
    let down = Listed::new("down", [Fails(ErrorKind::Connect)]);
    let mute = Listed::new("mute", [Hangs]);
    // It answers calls, but its key may not list; nor does one that has no such list at all say that it is down.
    let shy = Listed::new("shy", [Fails(ErrorKind::Permission)]);
    let odd = Listed::new("odd", [Fails(ErrorKind::ModelNotFound)]);
    let busy = Listed::new("busy", [Fails(ErrorKind::RateLimited)]);
    let none = Puppet::new("none");
    let all = [&well, &keys, &down, &mute, &shy, &odd, &busy];
    let with = all.iter().fold(builder(&clock), |builder, listed| {
        builder.provider((*listed).clone(), "m")
    });
    let client = with
        .provider(none.clone(), "m")
        .target(LlmTarget::new(well.clone(), "other"))
        .build()
        .unwrap();
    let found = in_time(&clock, client.check()).await;
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.target.as_str(), one.verdict))
        .collect();
    let late = ErrorKind::Timeout(crate::error::TimeoutStage::Total);
    assert_eq!(
        found,
        [
            ("well/m", Verdict::Healthy),
            ("keys/m#1", Verdict::Healthy),
            ("keys/m#2", Verdict::Unhealthy(ErrorKind::Authentication)),
            ("down/m", Verdict::Unhealthy(ErrorKind::Connect)),
            ("mute/m", Verdict::Unhealthy(late)),
            ("shy/m", Verdict::Unknown),
            ("odd/m", Verdict::Unknown),
            ("busy/m", Verdict::Unknown),
            ("none/m", Verdict::Unknown),
            ("well/other", Verdict::Healthy),
        ]
    );
    assert_eq!(well.listed.load(Ordering::SeqCst), 1, "once for all its targets");
    assert_eq!(keys.listed.load(Ordering::SeqCst), 2);
    for listed in all {
        assert!(listed.answers.asked().is_empty(), "it would have cost something");
    }
    assert!(none.asked().is_empty());
    assert!(client.held().is_empty(), "calls are not led by it");
    assert_eq!(client.ask("?").await.unwrap().text(), "well");
}
