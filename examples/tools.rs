//! A model that calls Rust functions: typed arguments, two calls at once, an error that the model is told.
//!
//! `cargo run --example tools --features config,schema` plays with a simulated model; with a key in the environment
//! (such as `OPENAI_API_KEY`) with the real one. It prints
//! ```text
//! weather {"city":"Recife"} -> {"celsius":29,"sky":"sunny"}
//! ```
//! and then the answer.

use aurora::llm::chat::ChatRequest;
use aurora::llm::providers::simulated::Simulated;
use aurora::llm::tools::{ToolLimits, Tools};
use aurora::llm::{LlmClient, setup};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Place {
    /// Name of a city in Brazil.
    city: String,
}

#[derive(Serialize)]
struct Weather {
    celsius: i8,
    sky: &'static str,
}

/// What the model is told when it asks for the wrong thing, so that it can do better.
fn weather(place: &Place) -> Result<Weather, String> {
    match place.city.as_str() {
        "Recife" => Ok(Weather {
            celsius: 29,
            sky: "sunny",
        }),
        "Curitiba" => Ok(Weather {
            celsius: 14,
            sky: "cloudy",
        }),
        other => Err(format!("no station in {other}; there are Recife and Curitiba")),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tools = Tools::new()
        .typed(
            "weather",
            "The weather in a city right now",
            |place: Place| async move { weather(&place) },
        )
        .limits(ToolLimits::default().rounds(4));
    let client = match setup::from_environment()? {
        Some(builder) => builder.build()?,
        None => {
            let model =
                Simulated::new("simulated").calls_tool("weather", serde_json::json!({"city": "Recife"}));
            LlmClient::builder().provider(model, "m").build()?
        }
    };
    let run = tools
        .run(&client, ChatRequest::user("Do I need an umbrella in Recife?"))
        .await?;
    for record in run.calls() {
        println!(
            "{} {} -> {}",
            record.call.name, record.call.arguments, record.result.content
        );
    }
    println!("{}", run.text());
    match run.cost().amount() {
        Some(amount) => println!("asked {} times, ${amount}", run.rounds()),
        None => println!("asked {} times; the model has no price", run.rounds()),
    }
    Ok(())
}
