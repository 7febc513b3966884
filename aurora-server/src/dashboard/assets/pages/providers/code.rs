use aurora_llm::LlmClient;
use aurora_llm::providers::simulated::{Simulated, Step};

let first = Simulated::new("sim-a"); // or OpenAI, Anthropic, Gemini …
let switch = first.handle();
let second = Simulated::new("sim-b");
let builder = LlmClient::builder().provider(first, "large").provider(second, "small");
let client = builder.build()?;

switch.break_with(Step::status(503));
let answer = client.ask("Why is the sky blue?").await?;
println!("{} by {}", answer.text(), answer.provider().as_str());
for attempt in answer.attempts() {
    println!("  {}: {:?}", attempt.target, attempt.outcome);
}
