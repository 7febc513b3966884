//! How long it takes from a link to what it leads to. The figures are printed and kept, not judged: machines differ.

use std::fmt::Write as _;
use std::io::Write as _;

use aurora_browser_tests::{Journey, View};
use serde_json::{Value, json};

const DESK: View = View {
    language: "en",
    theme: "light",
    width: 1_280,
};
/// The first visit loads the page's modules, the others show what data takes.
const ROUNDS: usize = 6;
/// What the issue asks for, of data that is on the same machine.
const AIM_MS: f64 = 100.0;

/// From the press of each link in the frame until nothing is on its way any more and the browser has drawn it.
const WALK: &str = r#"
    const [rounds, done] = arguments;
    const main = document.querySelector("main");
    const isThere = () => !!main.querySelector("h1") && ![...main.querySelectorAll(".bones")].some((it) => it.offsetParent);
    const go = (link) => new Promise((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(link.href)), 20_000);
        const began = performance.now();
        link.click();
        const look = () => {
            if (!isThere()) return;
            observer.disconnect();
            clearTimeout(limit);
            requestAnimationFrame(() => resolve(performance.now() - began));
        };
        const observer = new MutationObserver(look);
        observer.observe(main, { subtree: true, childList: true, attributes: true });
        look();
    });
    (async () => {
        const links = [...document.querySelectorAll("nav a[href]:not(.brand)")];
        const times = Object.fromEntries(links.map((link) => [link.textContent.trim(), []]));
        for (let round = 0; round < rounds; round += 1) for (const link of links) times[link.textContent.trim()].push(await go(link));
        return Object.entries(times);
    })().then(done, (error) => done(String(error)));"#;

#[tokio::test]
async fn every_page_tells_how_fast_it_shows() {
    let Some(journey) = Journey::demo("pace", DESK, &[]).await else {
        return;
    };
    journey.go("settings").await;
    let driver = &journey.browser.driver;
    let walked = driver
        .execute_async(WALK, vec![json!(ROUNDS)])
        .await
        .expect("a walk");
    let walked = walked.json().as_array().expect("figures").clone();
    assert_eq!(walked.len(), 14, "every page was visited: {walked:?}");
    let table = table(&walked);
    journey.browser.note("pace.txt", &table);
    // Not with `print`, which the test runner shows only of tests that fail.
    write!(std::io::stderr(), "{table}").expect("it is told");
    journey.finish().await;
}

/// A line for each page: the first visit, the median of the others, the slowest of them.
fn table(walked: &[Value]) -> String {
    let mut text = format!(
        "\n{:<16} {:>9} {:>9} {:>9}   (ms; aim: {AIM_MS})\n",
        "page", "first", "median", "slowest"
    );
    for page in walked {
        let times = page[1].as_array().into_iter().flatten().filter_map(Value::as_f64);
        let times: Vec<f64> = times.collect();
        let (first, others) = times.split_first().expect("a visit");
        let mut others = others.to_vec();
        others.sort_by(f64::total_cmp);
        let median = others[others.len() / 2];
        let slowest = others.last().copied().unwrap_or_default();
        let mark = if median > AIM_MS { "  above" } else { "" };
        let name = page[0].as_str().unwrap_or_default();
        writeln!(text, "{name:<16} {first:>9.0} {median:>9.0} {slowest:>9.0}{mark}").expect("a line");
    }
    text
}
