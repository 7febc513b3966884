use super::*;
use crate::channels::samples;
use crate::testing::sample_notification;

#[test]
fn every_sort_has_its_words() {
    let texts: Vec<String> = samples::all()
        .into_iter()
        .map(|(name, notification)| {
            format!(
                "== {name}\n{}",
                Message::of(&notification, &Texts::new(), None).plain()
            )
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn an_alert_without_a_name_has_a_place_all_the_same() {
    let message = Message::of(
        &sample_notification("\u{0}\u{202e}", Status::Firing),
        &Texts::new(),
        None,
    );
    assert_eq!(message.items[0].name, "[WARNING] (no name)");
    assert_eq!(message.title, "[WARNING]");
}

#[test]
fn the_first_step_that_fits_is_taken_and_says_what_is_missing() {
    let mut notification = samples::firing();
    notification.others_firing = 2;
    notification.alerts[0].description = "word ".repeat(1_000);
    let message = Message::of(&notification, &Texts::new(), None);
    let told = |limit: usize| fitted(&message, Message::plain, |text| text.len() <= limit);

    let (all, text) = told(usize::MAX);
    assert_eq!(all.items[0].left_out, 0);
    assert!(
        text.contains('…') && text.len() > 2_000,
        "the longest text has 2,000 units"
    );
    let (less, text) = told(700);
    assert!(text.len() <= 700 && less.items[0].left_out == 0, "{text}");
    let (least, text) = told(0);
    assert!(
        least.items[0].facts.is_empty() && text.contains("… (cut)"),
        "{text}"
    );
    assert!(text.starts_with("[WARNING] Error rate high\n"), "{text}");
    assert!(
        text.contains("2 more alerts") && text.contains("Acknowledge: https://"),
        "{text}"
    );
}
