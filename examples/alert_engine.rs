//! An alert fires and resolves, in ten lines.
//!
//! `cargo run --example alert_engine` prints
//! ```text
//! [WARNING] Error rate high: error_rate 31 > 20
//! [RESOLVED] Error rate high
//! ```

use aurora::alerts::{AlertEngine, Console, Error, Rule};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let rule = Rule::new("Error rate high").metric("error_rate").above(20.0);
    let engine = AlertEngine::builder().rule(rule).notify(Console::new()).build()?;
    engine.record("error_rate", 31.0);
    engine.tick().await;
    engine.record("error_rate", 4.0);
    engine.tick().await;
    Ok(())
}
