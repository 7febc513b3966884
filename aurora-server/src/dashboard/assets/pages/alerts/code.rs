use aurora_alerts::{AlertEngine, Console, Rule, Severity};

let rule = Rule::new("Error rate high")
    .metric("error_rate")
    .above(20.0)
    .recovery(10.0)
    .severity(Severity::Warning);
let alerts = AlertEngine::builder().rule(rule).notify(Console::new()).build()?;

alerts.record_with("error_rate", [("target", "sim-a")], 31.0);
alerts.tick().await; // [WARNING] Error rate high: error_rate 31 > 20 {target="sim-a"}
println!("{} active", alerts.active().len());
alerts.record_with("error_rate", [("target", "sim-a")], 4.0);
alerts.tick().await; // [RESOLVED] Error rate high {target="sim-a"}
