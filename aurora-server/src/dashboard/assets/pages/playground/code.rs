use aurora_core::cache::MemoryCache;
use aurora_llm::LlmClient;
use aurora_llm::chat::ChatRequest;
use aurora_llm::client::{CallOptions, Caller, ResponseCache};
use aurora_llm::providers::simulated::Simulated;

let cache = ResponseCache::new(MemoryCache::builder().build()).repeatable_only();
let model = Simulated::new("sim-a");
let client = LlmClient::builder().provider(model, "large").cache(cache).build()?;
let whose = CallOptions::default().caller(Caller::tenant("clinic"));
for _ in 0..2 {
    let request = ChatRequest::user("Why is the sky blue?").temperature(0.0);
    let answer = client.chat_with(request, &whose).await?;
    println!("{} (from the cache: {})", answer.text(), answer.cache().is_free());
}
