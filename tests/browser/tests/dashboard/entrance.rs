//! From the setup link to signing out.

use aurora_browser_tests::{Aurora, Browser, View};

const DESK: View = View {
    language: "en",
    theme: "light",
    width: 1_280,
};
const ADDRESS: &str = "ana@example.com";
const PASSWORD: &str = "três pratos de trigo";

#[tokio::test]
async fn the_first_administrator_sets_up_signs_in_and_signs_out() {
    let (Some(browser), Some(aurora)) = (Browser::start().await, Aurora::serve().await) else {
        return;
    };
    let setup = aurora.setup.as_deref().expect("a link to begin with");
    browser.driver.goto(setup).await.expect("the page of the link");
    browser.write("input[name=name]", "Ana Souza").await;
    browser.write("input[name=email]", ADDRESS).await;
    browser.write("input[name=password]", PASSWORD).await;
    browser.click("button[type=submit]").await;
    browser
        .until("return document.getElementById('form').hidden")
        .await;

    browser
        .open(&format!("{}/dashboard/clients", aurora.url), DESK)
        .await;
    sign_in(&browser, "três pratos de centeio").await;
    browser
        .until("return !!document.querySelector('[role=alert]')?.textContent")
        .await;
    browser.keep("entrance-refused").await;
    browser
        .open(&format!("{}/dashboard/clients", aurora.url), DESK)
        .await;
    sign_in(&browser, PASSWORD).await;
    browser
        .until("return document.querySelector('main h1')?.textContent === 'Clients'")
        .await;
    browser.keep("entrance-in").await;
    let cookies = browser.ask("return document.cookie").await;
    assert_eq!(cookies, "", "no script sees the tokens");

    browser.press("Sign out").await;
    browser
        .until("return !!document.querySelector('input[name=password]')")
        .await;
    browser
        .open(&format!("{}/dashboard/clients", aurora.url), DESK)
        .await;
    browser
        .until("return !!document.querySelector('input[name=password]')")
        .await;
    browser.quit().await;
}

async fn sign_in(browser: &Browser, password: &str) {
    browser.write("input[name=email]", ADDRESS).await;
    browser.write("input[name=password]", password).await;
    browser.click("button[type=submit]").await;
}
