//! From the setup link to signing out.

use aurora_browser_tests::{Aurora, Browser, View};
use serde_json::json;

const DESK: View = View {
    language: "en",
    theme: "light",
    width: 1_280,
};
const ADDRESS: &str = "ana@example.com";
const PASSWORD: &str = "três pratos de trigo";
const ESCAPE: &str = "\u{e00c}";

#[tokio::test]
async fn the_first_administrator_sets_up_signs_in_and_signs_out() {
    let (Some(browser), Some(aurora)) = (Browser::start().await, Aurora::serve(&[]).await) else {
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
    goes_on_with_what_was_typed(&browser).await;

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

/// Neither a slip of the hand nor the end of the session loses a form.
async fn goes_on_with_what_was_typed(browser: &Browser) {
    browser.push("New client").await;
    browser.fill("CNPJ", "11.222.333/0001-81").await;
    browser.fill("Legal name", "Flower Shop Ltda").await;
    browser.keys("//dialog//input[@name='legal_name']", ESCAPE).await;
    browser.sees("Discard what you typed?").await;
    browser.push("Go on writing").await;
    browser.misses("Discard what you typed?").await;

    let cdp = browser.driver.cdp();
    cdp.send_raw("Network.clearBrowserCookies", json!({}))
        .await
        .expect("the session ends");
    browser.push("Create client").await;
    browser.sees("Your session has ended").await;
    browser.keep("entrance-again").await;
    browser.keys("//dialog//input[@name='password']", ESCAPE).await;
    browser.sees("Your session has ended").await;
    browser.fill("Password", PASSWORD).await;
    browser.push("Sign in").await;
    browser.sees("Flower Shop Ltda is there.").await;
}

async fn sign_in(browser: &Browser, password: &str) {
    browser.write("input[name=email]", ADDRESS).await;
    browser.write("input[name=password]", password).await;
    browser.click("button[type=submit]").await;
}
