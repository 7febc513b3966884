//! An answer as a Rust type: the schema is made from the type, and what does not fit is asked for again.
//!
//! `cargo run --example structured_output --features config,schema` takes a simulated model; with a key in the environment
//! (such as `OPENAI_API_KEY`) the real one.

use aurora::llm::chat::ChatRequest;
use aurora::llm::providers::simulated::Simulated;
use aurora::llm::{LlmClient, schema, setup};
use schemars::JsonSchema;
use serde::Deserialize;

/// A request for an appointment, as a patient wrote it.
#[derive(Debug, Deserialize, JsonSchema)]
struct Appointment {
    /// The patient's first name.
    patient: String,
    /// The day as YYYY-MM-DD, if one was named.
    day: Option<String>,
    reason: Reason,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Reason {
    CheckUp,
    Pain,
    Other,
}

const LETTER: &str = "Oi, aqui é a Ana. Estou com dor de dente, pode ser no dia 3 de dezembro de 2026?";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = match setup::from_environment()? {
        Some(builder) => builder.build()?,
        None => {
            let said = r#"{"patient": "Ana", "day": "2026-12-03", "reason": "pain"}"#;
            LlmClient::builder()
                .provider(Simulated::new("simulated").says(said), "m")
                .build()?
        }
    };
    println!(
        "the schema that the model gets:\n{:#}\n",
        schema::of::<Appointment>()
    );
    let request = ChatRequest::user(LETTER).system("Read the letter. Today is 2026-11-20.");
    let found = client.extract::<Appointment>(request).await?;
    let Appointment { patient, day, reason } = found.value();
    let day = day.as_deref().unwrap_or("any day");
    println!("{patient} asks for {day}, because of: {reason:?}");
    let again = if found.asked_again() {
        "at the second try"
    } else {
        "at the first try"
    };
    match found.cost().amount() {
        Some(amount) => println!("by {}, {again}, ${amount}", found.answer().provider()),
        None => println!(
            "by {}, {again}; the model has no price",
            found.answer().provider()
        ),
    }
    Ok(())
}
