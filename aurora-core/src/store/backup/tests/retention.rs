use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, Utc};
use proptest::prelude::*;

use super::super::schedule::until_due;
use super::super::{Keep, Kind, Manifest, Verification};
use super::{builder, files, fill};
use crate::testing::each_database;
use crate::time::{ManualClock, Timestamp};

fn manifest(n: usize, at: i64, verified: bool) -> Manifest {
    let at = Timestamp::from_secs(at);
    Manifest {
        format: 1,
        name: format!("n{n:04}"),
        kind: Kind::Sqlite,
        engine_version: String::new(),
        made_by: String::new(),
        started_at: at,
        finished_at: at,
        bytes: 0,
        sha256: String::new(),
        schema: BTreeMap::new(),
        tables: BTreeMap::new(),
        row_security: false,
        verified: verified.then(|| Verification {
            at,
            how: String::new(),
        }),
        unverified: None,
    }
}

/// Says of one backup, without looking at what was decided of the others, whether it must stay.
fn stays(all: &[Manifest], this: &Manifest, counts: [u32; 4]) -> bool {
    let [last, daily, weekly, monthly] = counts.map(|count| usize::try_from(count).unwrap());
    let age = |backup: &Manifest| (backup.started_at, backup.name.clone());
    let newer: Vec<&Manifest> = all.iter().filter(|other| age(other) > age(this)).collect();
    let newer_verified: Vec<&&Manifest> = newer.iter().filter(|other| other.is_verified()).collect();
    if !this.is_verified() {
        return newer_verified.is_empty() && newer.len() < last.max(1);
    }
    let date = |backup: &Manifest| DateTime::<Utc>::from_timestamp(backup.started_at.as_secs(), 0).unwrap();
    let is_wanted = |period: &dyn Fn(&Manifest) -> String, count: usize| {
        let mut periods: Vec<String> = newer_verified.iter().map(|other| period(other)).collect();
        periods.sort();
        periods.dedup();
        !periods.contains(&period(this)) && periods.len() < count
    };
    newer_verified.len() < last.max(1)
        || is_wanted(&|backup| date(backup).format("%F").to_string(), daily)
        || is_wanted(
            &|backup| {
                let week = date(backup).iso_week();
                format!("{}-{}", week.year(), week.week())
            },
            weekly,
        )
        || is_wanted(&|backup| date(backup).format("%Y-%m").to_string(), monthly)
}

proptest! {
    #[test]
    fn what_is_kept_is_what_each_rule_says_alone(
        backups in prop::collection::vec((0_i64..120 * 24, any::<bool>()), 0..60),
        counts in [0_u32..4, 0_u32..9, 0_u32..5, 0_u32..4],
    ) {
        // around the turn of a year, and hours so that days have several
        let all: Vec<Manifest> = backups
            .iter()
            .enumerate()
            .map(|(n, (hours, verified))| manifest(n, 1_764_500_000 + hours * 3_600, *verified))
            .collect();
        let [last, daily, weekly, monthly] = counts;
        let keep = Keep::last(last).daily(daily).weekly(weekly).monthly(monthly);
        let mut surplus = keep.surplus(&all);
        surplus.sort();
        let mut expected: Vec<String> = all
            .iter()
            .filter(|backup| !stays(&all, backup, counts))
            .map(|backup| backup.name.clone())
            .collect();
        expected.sort();
        prop_assert_eq!(&surplus, &expected);
        let newest = all.iter().filter(|backup| backup.is_verified()).max_by_key(|backup| (backup.started_at, backup.name.clone()));
        prop_assert!(newest.is_none_or(|newest| !surplus.contains(&newest.name)));
        // What stays once stays when asked again.
        let rest: Vec<Manifest> = all.iter().filter(|backup| !surplus.contains(&backup.name)).cloned().collect();
        prop_assert!(keep.surplus(&rest).is_empty());
    }
}

#[tokio::test]
async fn pruning_removes_files_and_keeps_the_newest() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::default();
        fill(&db.database, 10).await;
        let backups = builder(&db, folder.path()).clock(clock.clone()).build().unwrap();
        let mut made = Vec::new();
        for _ in 0..3 {
            made.push(backups.create(&db.database).await.unwrap().name);
            clock.advance(std::time::Duration::from_secs(3_600));
        }
        let removed = backups.prune(Keep::last(0)).await.unwrap();
        assert_eq!(removed, [made[1].clone(), made[0].clone()]);
        assert_eq!(files(folder.path()).len(), 2);
        assert_eq!(backups.list().await.unwrap().backups[0].name, made[2]);
    })
    .await;
}

#[test]
fn a_backup_that_could_not_be_verified_does_not_count_for_its_period() {
    let (hour, minute) = (Duration::from_secs(3_600), Duration::from_secs(60));
    let now = Timestamp::from_secs(1_800_000_000);
    let made = |n, ago: i64, verified| manifest(n, now.as_secs() - ago, verified);
    let left = |backups: &[Manifest]| until_due(backups, hour, now);
    assert_eq!(left(&[]), Duration::ZERO);
    assert_eq!(left(&[made(1, 600, true)]), hour - 10 * minute);
    assert_eq!(left(&[made(1, 7_200, true)]), Duration::ZERO);
    // The newest first. An unverified one is followed by another a minute later, or when the verified one says.
    assert_eq!(left(&[made(1, 10, false)]), minute - Duration::from_secs(10));
    assert_eq!(left(&[made(1, 600, false)]), Duration::ZERO);
    assert_eq!(left(&[made(2, 600, false), made(1, 7_200, true)]), Duration::ZERO);
    assert_eq!(
        left(&[made(2, 10, false), made(1, 3_590, true)]),
        Duration::from_secs(50)
    );
    assert_eq!(left(&[made(2, 600, false), made(1, 1_200, true)]), 40 * minute);
}
