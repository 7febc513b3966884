use aurora_alerts::rule::{Thresholds, defaults};
use aurora_alerts::{AlertEngine, Console};
use aurora_core::monitor::Monitor;
use aurora_core::time::SystemClock;

let monitor = Monitor::new(SystemClock);
let rules = defaults(&Thresholds::default())?;
let alerts = AlertEngine::builder().rules(rules).notify(Console::new()).build()?;

let request = monitor.record_request_start("sim-a");
request.succeeded(); // or request.failed(…)
alerts.record_monitor(&monitor, 5); // at least so many calls, before they are judged
alerts.tick().await;
println!("{:?} % succeed", monitor.performance().overall_success_rate);
