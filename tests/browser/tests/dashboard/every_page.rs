//! What holds of every page, in each theme, language and width.

use aurora_browser_tests::{Aurora, Browser, View, axe, faults, has_time, too_wide, untranslated};

/// The pages, as the dashboard itself lists them.
const LIST: &str = r#"
    const done = arguments[arguments.length - 1];
    import("/dashboard/assets/pages.js").then(({ pages }) => done(pages.map(({ name }) => name)));"#;

/// A form of each page that has one in a dialog, by the button that opens it; that of a conversation is looked at in its journey.
const DIALOGS: [(&str, &str); 7] = [
    ("alerts/rules", MAIN_OF_TAB),
    ("appointments", MAIN),
    ("appointments/waiting", FIRST_OF_TAB),
    ("clients", MAIN),
    ("knowledge", MAIN),
    ("leads", MAIN),
    ("users/members", MAIN_OF_TAB),
];
const MAIN: &str = "//main//*[contains(@class, 'page-head')]//button[contains(@class, 'primary')]";
const MAIN_OF_TAB: &str =
    "//*[@role='tabpanel']//*[contains(@class, 'card-head')]//button[contains(@class, 'primary')]";
const FIRST_OF_TAB: &str = "//*[@role='tabpanel']//*[contains(@class, 'card-head')]//button";
const PSEUDO: View = View {
    language: "qps",
    theme: "light",
    width: 1_280,
};

/// Each language with each theme and with each width, and each theme with each width; all of them together when there is time.
/// The pseudo-locale is about words: once each is enough.
fn views() -> Vec<View> {
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
    few.into_iter().chain(others).map(view).chain([PSEUDO]).collect()
}

/// How a page is looked at on a tablet, by its place in the list: in one of two ways that show each language and each theme, so
/// that neighbours differ; in all of them when there is time.
fn on_a_tablet(place: usize) -> Vec<View> {
    let all = [
        ("en", "dark", 900),
        ("pt-BR", "light", 900),
        ("en", "light", 900),
        ("pt-BR", "dark", 900),
    ];
    let of_page = |index: &usize| has_time() || *index == place % 2;
    (0..all.len())
        .filter(of_page)
        .map(|index| view(all[index]))
        .collect()
}

fn view((language, theme, width): (&'static str, &'static str, u32)) -> View {
    View {
        language,
        theme,
        width,
    }
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
    let everywhere = views()
        .into_iter()
        .flat_map(|view| names.iter().map(move |name| (name, view)));
    let tablets = names
        .iter()
        .enumerate()
        .flat_map(|(place, name)| on_a_tablet(place).into_iter().map(move |view| (name, view)));
    for (name, view) in everywhere.chain(tablets) {
        let View {
            language,
            theme,
            width,
        } = view;
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
    browser.quit().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn every_word_of_a_dialog_is_translated_and_every_name_is_told_from_words() {
    let (Some(browser), Some(aurora)) = (Browser::start().await, Aurora::demo(&[]).await) else {
        return;
    };
    let mut found = Vec::new();
    for (place, button) in DIALOGS {
        browser
            .open(&format!("{}/dashboard/{place}", aurora.url), PSEUDO)
            .await;
        browser.on(button, async |it| it.click().await).await;
        browser
            .until("return !!document.querySelector('dialog form')")
            .await;
        browser
            .until("return ![...document.querySelectorAll('dialog .bones')].some((it) => it.offsetParent)")
            .await;
        browser
            .keep(&format!("dialog-{}-qps", place.replace('/', "-")))
            .await;
        let mut faults = untranslated(&browser).await;
        faults.extend(too_wide(&browser).await);
        found.extend(faults.into_iter().map(|it| format!("{place}: {it}")));
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
