//! A channel is tested, a message is sent by hand, and both stand in the log.

use aurora_browser_tests::{Journey, View};

const VIEW: View = View {
    language: "en",
    theme: "dark",
    width: 390,
};

#[tokio::test]
async fn a_channel_is_tested_and_a_message_by_hand_stands_in_the_log() {
    let Some(journey) = Journey::demo("notifications", VIEW, &[]).await else {
        return;
    };
    let browser = &journey.browser;
    journey.go("notifications").await;
    browser.push("Test console").await;
    browser.sees("took it,").await;
    let sent = browser.get("/api/v1/notifications/deliveries").await;
    assert_eq!(sent["items"][0]["reason"], "test", "{sent}");

    browser.fill("Headline", "The lift is out of order").await;
    browser.fill("Text", "Please take the stairs until noon.").await;
    browser.choose("Severity", "warning").await;
    browser
        .until("return document.querySelector('.previews').innerText.includes('take the stairs')")
        .await;
    journey.keep("written").await;
    browser.push("Send").await;
    browser.sees("Send «The lift is out of order»?").await;
    browser.push("Send").await;
    browser.sees("What became of it").await;
    // By every channel that there is, beside the test.
    let channels = browser.get("/api/v1/notifications/channels").await;
    let lines = channels["items"].as_array().map_or(0, Vec::len) + 1;
    browser
        .until(&format!(
            "return document.querySelectorAll('table tbody tr').length >= {lines}"
        ))
        .await;
    let sent = browser.get("/api/v1/notifications/deliveries").await;
    assert_eq!(sent["items"][0]["reason"], "message", "{sent}");
    assert_eq!(sent["items"][0]["outcome"], "delivered", "{sent}");
    journey.finish().await;
}
