//! The story of the demonstration, as somebody who only looks sees it.

use aurora_browser_tests::{Aurora, Browser, View};

const DESK: View = View {
    language: "en",
    theme: "light",
    width: 1_280,
};

#[tokio::test]
async fn a_provider_fails_and_heals_and_no_request_is_lost() {
    let (Some(browser), Some(aurora)) = (Browser::start().await, Aurora::demo(&["--fast"]).await) else {
        return;
    };
    browser.open(&aurora.url, DESK).await;
    let says = |text: &str| format!("return document.body.innerText.includes({text:?})");
    browser.until(&says("DEMO")).await;
    browser.until(&says("Provider failing")).await;
    for channel in ["sim-slack", "sim-email", "sim-telegram"] {
        browser.until(&says(channel)).await;
    }
    browser.keep("story-failing").await;
    browser
        .until("return /resolved/i.test(document.body.innerText)")
        .await;
    browser.keep("story-resolved").await;
    browser.press("See the Rust code of this page").await;
    browser.until(&says("use aurora_alerts::")).await;
    browser.press("Close").await;
    browser.press("Try it on your own keys →").await;
    browser.until(&says("aurora setup")).await;
    let totals = "return fetch('/api/status').then((it) => it.json()).then(({ totals }) => totals)";
    let totals = browser.ask(totals).await;
    assert_eq!(totals["failed"], 0, "{totals}");
    assert!(
        totals["fallbacks"].as_u64().is_some_and(|count| count > 0),
        "{totals}"
    );
    browser.quit().await;
}

#[tokio::test]
async fn a_question_is_answered_word_by_word_and_says_by_whom_and_for_how_much() {
    let (Some(browser), Some(aurora)) = (Browser::start().await, Aurora::demo(&[]).await) else {
        return;
    };
    browser
        .open(&format!("{}/dashboard/playground", aurora.url), DESK)
        .await;
    browser.write("main textarea", "Why is the sky blue?").await;
    browser.press("Send").await;
    let told = r"const text = document.querySelector('main').innerText; return /sim-[abc]/.test(text) && /\d+ ms/.test(text) && /\$/.test(text)";
    browser.until(told).await;
    browser.keep("playground-answered").await;
    let told = |badge: &str| {
        format!(
            "return [...document.querySelectorAll('main .badge')].some((it) => it.textContent === {badge:?})"
        )
    };
    browser.until(&told("not cached")).await;
    let cached = browser.ask(&told("from the cache")).await;
    assert_eq!(cached, false, "the first time nobody has asked it before");
    browser.press("Ask again").await;
    browser.until(&told("from the cache")).await;
    browser.keep("playground-cached").await;
    browser.click("nav a[href='/dashboard/events']").await;
    browser
        .until("return !document.querySelector('main textarea') && location.pathname === '/dashboard/events'")
        .await;
    browser.click("nav a[href='/dashboard/playground']").await;
    browser.until(&told("from the cache")).await;
    browser.press("New conversation").await;
    let cached = browser.ask(&told("from the cache")).await;
    assert_eq!(cached, false, "a new conversation has no answers yet");
    browser.quit().await;
}

#[tokio::test]
async fn a_provider_is_broken_and_healed_from_the_page() {
    let (Some(browser), Some(aurora)) = (Browser::start().await, Aurora::demo(&[]).await) else {
        return;
    };
    browser
        .open(&format!("{}/dashboard/providers", aurora.url), DESK)
        .await;
    let broken = "return fetch('/api/fallback').then((it) => it.json())
        .then(({ targets }) => targets.find(({ target }) => target === 'sim-b').broken";
    browser.press("Break sim-b").await;
    browser.until(&format!("{broken} === true)")).await;
    browser.press("Heal sim-b").await;
    browser.until(&format!("{broken} === false)")).await;
    browser.quit().await;
}
