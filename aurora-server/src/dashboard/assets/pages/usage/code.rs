use aurora_llm::LlmClient;
use aurora_llm::chat::ChatRequest;
use aurora_llm::client::{CallOptions, Caller};
use aurora_llm::ledger::{Budget, BudgetScope, Budgets, MemoryLedger, Period};
use aurora_llm::providers::simulated::Simulated;

// A tenant's day ends at one cent: what could cost more is refused before it is sent.
let a_cent = Budget::cost(BudgetScope::Tenant, Period::Day, "0.01".parse()?);
let budgets = Budgets::new(MemoryLedger::new()).budget(a_cent);
let model = Simulated::new("sim-a");
let client = LlmClient::builder().provider(model, "large").budgets(budgets).build()?;
let whose = CallOptions::default().caller(Caller::tenant("clinic").user("ana"));
let answer = client.chat_with(ChatRequest::user("When do you open?"), &whose).await?;
println!("{:?}", answer.cost().amount());
