//! A lead goes on by keyboard and by pointer, and stays where it was put.

use aurora_browser_tests::{Journey, View};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

const VIEW: View = View {
    language: "en",
    theme: "light",
    width: 1_280,
};

#[tokio::test]
async fn a_lead_goes_on_by_keyboard_and_by_pointer_and_stays() {
    let Some(journey) = Journey::demo("leads", VIEW, &[]).await else {
        return;
    };
    let browser = &journey.browser;
    journey.go("leads").await;
    add(&journey).await;
    let (lead, stages) = board(&journey).await;
    assert_eq!(lead["value"]["cents"], 125_050, "{lead}");
    assert_eq!(lead["stage"], stages[0]["id"]);
    browser
        .post(
            "/api/v1/leads",
            json!({"title": "A van", "value": {"cents": 9_900_000, "currency": "BRL"}, "source": "referral"}),
        )
        .await;

    journey.go("leads").await;
    let grip = "//*[@data-lead][contains(., 'A sign')]//button";
    browser.keys(grip, " ").await;
    browser
        .until("return document.querySelector('[aria-live=assertive]').textContent.includes('picked up')")
        .await;
    journey.keep("picked-up").await;
    browser.keys(grip, "\u{e014}").await;
    browser.keys(grip, " ").await;
    moved_to(&journey, &stages[1]).await;
    browser.sees("“A sign for the door” moved to").await;

    drag_to(&journey, &stages[2]).await;
    moved_to(&journey, &stages[2]).await;

    // The last one: that of the move before is gone, others still stand.
    browser
        .until("const told = [...document.querySelectorAll('#toasts > *')].map((it) => it.innerText).filter((it) => it.includes('moved to')); return told.length === 1 && told[0].includes('Qualified')")
        .await;
    browser.push_in("//*[@id='toasts']/*[last()]", "Undo").await;
    browser.sees("Moved back.").await;
    moved_to(&journey, &stages[1]).await;
    journey.go("leads").await;
    let (lead, _) = board(&journey).await;
    assert_eq!(lead["stage"], stages[1]["id"]);

    // The usual stages are read in the language of the reader.
    let portuguese = View {
        language: "pt-BR",
        ..VIEW
    };
    journey.go_as("leads", portuguese).await;
    browser.sees("Negociação").await;
    journey.go("leads").await;
    journey.finish().await;
}

/// The usual stages where there are none yet, and a lead.
async fn add(journey: &Journey) {
    let browser = &journey.browser;
    let pipelines = browser.get("/api/v1/pipelines").await;
    if pipelines["items"].as_array().is_some_and(Vec::is_empty) {
        browser.push("Begin").await;
    }
    browser.push("New lead").await;
    browser.fill("What it is about", "A sign for the door").await;
    browser.fill("Value", "1,250.50").await;
    browser.fill("Client or company", "Flower shop").await;
    browser.push("Create lead").await;
    browser.sees("The lead is there.").await;
}

/// Takes the card with the pointer, and lets it go over a column; again when the board was drawn anew beneath it.
async fn drag_to(journey: &Journey, stage: &Value) {
    let mut tries = 5;
    while let Err(error) = try_drag(journey, stage).await {
        tries -= 1;
        assert!(tries > 0, "it is dragged: {error}");
        drop(journey.browser.driver.action_chain().reset_actions().await);
    }
}

async fn try_drag(journey: &Journey, stage: &Value) -> WebDriverResult<()> {
    let driver = &journey.browser.driver;
    let card = By::XPath("//*[@data-lead][contains(., 'A sign')]");
    let card = driver.find(card).await?;
    let column = format!("[data-stage='{}'] .leads", stage["id"].as_str().expect("an id"));
    let column = driver.find(By::Css(column)).await?;
    let hand = driver
        .action_chain()
        .click_and_hold_element(&card)
        .move_by_offset(20, 5);
    let over = hand.move_to_element_center(&column).move_by_offset(2, 2);
    over.release().perform().await
}

/// The lead and the stages, as the server has them.
async fn board(journey: &Journey) -> (Value, Vec<Value>) {
    let browser = &journey.browser;
    let pipelines = browser.get("/api/v1/pipelines").await;
    let pipelines = pipelines["items"].as_array().expect("pipelines");
    let usual = pipelines.iter().find(|one| one["is_default"] == true);
    let stages = usual.expect("the usual one")["stages"].as_array().cloned();
    let stages = stages.expect("stages");
    let leads = browser.get("/api/v1/leads?limit=200").await;
    let leads = leads["items"].as_array().expect("leads").clone();
    let lead = leads
        .into_iter()
        .find(|lead| lead["title"] == "A sign for the door");
    (lead.expect("the lead"), stages)
}

/// On the screen and in the server.
async fn moved_to(journey: &Journey, stage: &Value) {
    let id = stage["id"].as_str().expect("an id");
    let browser = &journey.browser;
    browser
        .until(&format!(
            "return document.querySelector('[data-stage=\"{id}\"]').innerText.includes('A sign')"
        ))
        .await;
    browser
        .told("/api/v1/leads?limit=200", |leads| {
            let leads = leads["items"].as_array().expect("leads");
            leads
                .iter()
                .any(|lead| lead["title"] == "A sign for the door" && lead["stage"] == id)
        })
        .await;
}
