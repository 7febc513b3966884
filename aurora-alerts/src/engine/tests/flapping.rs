//! Alerts that change too often to tell each change.

use super::*;

#[tokio::test]
async fn what_flaps_is_summed_up_and_loses_no_change() {
    let house = House::new();
    for n in 0..20_u64 {
        if n % 2 == 0 {
            house.fire(named("a")).await;
        } else {
            house.resolve(named("a")).await;
        }
        house.passing(10).await;
    }
    let told = house.told.take();
    let marks: Vec<String> = told.iter().map(crate::Notification::mark).collect();
    assert_eq!(marks.len(), 9, "{marks:?}");
    assert_eq!(marks.last().unwrap(), "FLAPPING");
    house.passing(600).await;
    let later = house.told.take();
    assert_eq!(later.len(), 1, "{later:?}");
    assert_eq!(
        later[0].mark(),
        "FLAPPING",
        "the digest, ten minutes after it began"
    );
    house.passing(1_200).await;
    let seqs: Vec<u64> = told
        .iter()
        .chain(&later)
        .chain(&house.told.take())
        .flat_map(|told| told.alerts[0].changes.iter().map(|change| change.seq))
        .collect();
    assert_eq!(seqs, (1..=20).collect::<Vec<u64>>(), "each change in one message");
    assert!(house.engine.active().is_empty());
}

#[tokio::test]
async fn an_alert_that_stays_after_flapping_is_told_as_it_is() {
    let house = House::new();
    for _ in 0..6 {
        house.fire(named("a")).await;
        house.passing(5).await;
        house.resolve(named("a")).await;
        house.passing(5).await;
    }
    house.fire(named("a")).await;
    drop(house.told.take());
    house.passing(1_200).await;
    let last = house.told.take().pop().unwrap();
    assert_eq!(
        (last.status, last.alerts[0].status),
        (crate::Status::Firing, crate::Status::Firing)
    );
}
