//! What holds of every page, in each theme, language and width.

use aurora_browser_tests::{Aurora, Browser, View, axe, faults, has_time};

/// The pages, as the dashboard itself lists them.
const LIST: &str = r#"
    const done = arguments[arguments.length - 1];
    import("/dashboard/assets/pages.js").then(({ pages }) => done(pages.map(({ name }) => name)));"#;

/// Each language with each theme and with each width, and each theme with each width; all of them together when there is time.
/// The pseudo-locale is about words: once each is enough.
fn views() -> Vec<View> {
    let view = |(language, theme, width)| View {
        language,
        theme,
        width,
    };
    let few = [
        ("en", "light", 1_280),
        ("en", "dark", 390),
        ("pt-BR", "dark", 1_280),
        ("pt-BR", "light", 390),
    ];
    let others = [
        ("en", "light", 390),
        ("en", "dark", 1_280),
        ("pt-BR", "dark", 390),
        ("pt-BR", "light", 1_280),
    ];
    let others = others.into_iter().filter(|_| has_time());
    few.into_iter()
        .chain(others)
        .chain([("qps", "light", 1_280)])
        .map(view)
        .collect()
}

#[tokio::test]
async fn every_page_is_right_in_each_theme_language_and_width() {
    let (Some(browser), Some(axe), Some(aurora)) = (Browser::start().await, axe(), Aurora::demo(&[]).await)
    else {
        return;
    };
    let first = View {
        language: "en",
        theme: "light",
        width: 1_280,
    };
    browser.open(&aurora.url, first).await;
    let list = browser
        .driver
        .execute_async(LIST, Vec::new())
        .await
        .expect("pages.js");
    let names: Vec<String> = serde_json::from_value(list.json().clone()).expect("names");
    assert!(!names.is_empty());
    let mut found = Vec::new();
    for view in views() {
        let View {
            language,
            theme,
            width,
        } = view;
        for name in &names {
            browser
                .open(&format!("{}/dashboard/{name}", aurora.url), view)
                .await;
            browser.keep(&format!("{name}-{language}-{theme}-{width}")).await;
            let faults = faults(&browser, &axe, view).await;
            found.extend(
                faults
                    .into_iter()
                    .map(|it| format!("{name} {language} {theme} {width}: {it}")),
            );
        }
    }
    browser.quit().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn an_address_that_there_is_not_says_so_and_leads_home() {
    let (Some(browser), Some(aurora)) = (Browser::start().await, Aurora::demo(&[]).await) else {
        return;
    };
    let view = View {
        language: "en",
        theme: "light",
        width: 1_280,
    };
    browser
        .open(&format!("{}/dashboard/nowhere", aurora.url), view)
        .await;
    browser.click("main a.button[href='/']").await;
    browser
        .until("return location.pathname === '/' && !!document.querySelector('main h1')")
        .await;
    browser.quit().await;
}
