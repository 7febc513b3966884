//! An appointment is booked in the week, moved, and cancelled.

use aurora_browser_tests::{Journey, View};
use serde_json::{Value, json};

const VIEW: View = View {
    language: "en",
    theme: "dark",
    width: 1_280,
};
/// What is booked here, among what the demonstration has.
const SLOT: &str = "//button[contains(@class, 'slot')][contains(., 'Cleaning')]";
/// The same on the page of its client.
const BOOKED: &str = "//li[contains(., 'Cleaning')]//a[contains(@href, '/appointments/apt_')]";

#[tokio::test]
async fn an_appointment_is_booked_in_the_week_moved_and_cancelled() {
    let Some(journey) = Journey::demo("appointments", VIEW, &[]).await else {
        return;
    };
    let browser = &journey.browser;
    journey.go("appointments").await;
    open_house(&journey).await;
    journey.go("appointments").await;
    let booked = book(&journey).await;
    // The client's page leads to it, too.
    let client = booked["client_id"].as_str().expect("a client");
    journey.go(&format!("clients/{client}")).await;
    browser.sees("Cleaning").await;
    journey.keep("of-the-client").await;
    browser.on(BOOKED, async |it| it.click().await).await;
    browser.push("Move…").await;
    take_slot(&journey, 6).await;
    browser.push("Move").await;
    browser.sees("Moved to").await;
    let moved = of_the_bicycle(&journey).await;
    assert_ne!(moved["starts_at"], booked["starts_at"], "{moved}");

    browser.on(SLOT, async |it| it.click().await).await;
    browser.push("Cancel the appointment…").await;
    browser.fill("Reason", "It rains").await;
    browser.push("Cancel the appointment").await;
    browser.sees("The appointment is cancelled.").await;
    browser
        .until("return ![...document.querySelectorAll('.slot')].some((it) => it.textContent.includes('Cleaning'))")
        .await;
    let off = of_the_bicycle(&journey).await;
    assert_eq!(
        (&off["status"], &off["reason"]),
        (&json!("cancelled"), &json!("It rains")),
        "{off}"
    );
    journey.finish().await;
}

/// Somebody who works every day, and what she does.
async fn open_house(journey: &Journey) {
    let browser = &journey.browser;
    let bea = json!({"name": "Dr. Bea", "time_zone": "America/Sao_Paulo"});
    let bea = browser.post("/api/v1/professionals", bea).await;
    let id = bea["id"].as_str().expect("an id");
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri"];
    let hours = days.map(|day| json!({"weekday": day, "from": "08:00", "until": "18:00"}));
    let path = format!("/api/v1/professionals/{id}/hours");
    let (status, answer) = browser
        .call(
            "PUT",
            &path,
            json!({"hours": hours}),
            json!({"if-match": "\"v1\""}),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
    browser.post("/api/v1/services", json!({"name": "Cleaning", "duration_minutes": 30, "professionals": [id], "confirms_itself": true})).await;
}

/// What the button of the third day of the week is called, which names its date.
const DAY: &str =
    "document.querySelectorAll('.agenda-day')[2]?.querySelector('button')?.getAttribute('aria-label')";
/// How many days are shown.
const DAYS: &str = "document.querySelectorAll('.agenda-day').length";

async fn book_on(journey: &Journey) -> String {
    let browser = &journey.browser;
    browser
        .until(&format!("return {DAYS} >= 5 && {DAY} != null"))
        .await;
    let name = browser.ask(&format!("return {DAY}")).await;
    name.as_str().expect("a name").to_owned()
}

/// Takes one of the free times, counted from the first of the day.
async fn take_slot(journey: &Journey, place: usize) {
    let slot = format!("(//dialog//label[contains(@class, 'slot-chip')])[{place}]");
    journey.browser.on(&slot, async |it| it.click().await).await;
}

/// In the week after this one, on the third day that is shown.
async fn book(journey: &Journey) -> Value {
    let browser = &journey.browser;
    let now = book_on(journey).await;
    browser.push("Later").await;
    let other = format!("{DAY} !== {}", json!(now));
    browser.until(&format!("return {DAYS} >= 5 && {other}")).await;
    let day = "//section[contains(@class, 'agenda-day')][3]";
    browser.push_in(day, &book_on(journey).await).await;
    // Who is not known yet can be made here; what was entered stays.
    browser.fill("Client", "Nobody Yet").await;
    browser.push("New client…").await;
    browser
        .until("return [...document.querySelectorAll('dialog [name=legal_name]')].at(-1)?.value === 'Nobody Yet'")
        .await;
    browser.push("Cancel").await;
    browser.fill("Client", "flor de trigo").await;
    browser
        .on("//dialog//*[@role='option']", async |it| it.click().await)
        .await;
    browser.choose("Service", "Cleaning").await;
    take_slot(journey, 2).await;
    browser.fill("Note", "Comes by bicycle").await;
    journey.keep("booking").await;
    browser.push("Book").await;
    browser.sees("Booked for").await;
    browser.sees("Flor de Trigo").await;
    journey.keep("booked").await;
    of_the_bicycle(journey).await
}

/// The appointment as the server has it.
async fn of_the_bicycle(journey: &Journey) -> Value {
    let all = journey.browser.get("/api/v1/appointments?limit=200").await;
    let all = all["items"].as_array().expect("appointments");
    let found = all.iter().find(|one| one["note"] == "Comes by bicycle");
    found.expect("it is booked").clone()
}
