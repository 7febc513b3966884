//! Equal contents, deletion, and what a crash leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use aurora_core::rng::Random;
use aurora_core::store::on_reader;
use aurora_core::time::Clock as _;
use futures::{StreamExt as _, stream};

use super::{World, chunks};
use crate::clients::ClientId;
use crate::error::ErrorKind;
use crate::files::{FileFilter, Files, NewFile};
use crate::testing::each_database;

#[tokio::test]
async fn equal_contents_are_stored_once_and_go_with_the_last_file() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let first = world.text("the same").await;
        let second = world.text("the same").await;
        assert_ne!(first.id, second.id);
        assert_eq!(first.sha256, second.sha256);
        assert_eq!((world.usage().await, world.blobs.keys().len()), (8, 1));
        let removed = world.files.delete(&world.mine, first.id).await.unwrap();
        assert_eq!((removed.files, removed.blobs, removed.left), (1, 0, 0));
        assert_eq!(world.read(second.id, None).await, b"the same");
        assert_eq!(
            world.files.get(&world.mine, first.id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(
            world
                .files
                .delete(&world.mine, first.id)
                .await
                .unwrap_err()
                .kind(),
            ErrorKind::NotFound
        );
        let removed = world.files.delete(&world.mine, second.id).await.unwrap();
        assert_eq!((removed.files, removed.blobs, removed.left), (1, 1, 0));
        world.assert_empty("after the last").await;
        let third = world.text("the same").await;
        assert_eq!(world.read(third.id, None).await, b"the same");
    })
    .await;
}

#[tokio::test]
async fn uploads_and_deletions_of_one_content_at_the_same_time_lose_nothing() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        for _ in 0..5 {
            let uploads = (0..6).map(|_| world.text("contended"));
            let files = futures::future::join_all(uploads).await;
            assert_eq!((world.usage().await, world.blobs.keys().len()), (9, 1));
            let world = &world;
            let changes = files.iter().take(5).map(|file| async move {
                world.delete(file.id).await;
                world.text("contended").await
            });
            let fresh = futures::future::join_all(changes).await;
            for file in files.iter().skip(5).chain(&fresh) {
                assert_eq!(world.read(file.id, None).await, b"contended");
                world.delete(file.id).await;
            }
            world.assert_empty("after a round").await;
        }
    })
    .await;
}

#[tokio::test]
async fn all_files_of_a_subject_go_at_once() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let (ana, leo) = (ClientId::new(world.clock.now()), ClientId::new(world.clock.now()));
        for number in 0..123 {
            let new = NewFile::new(format!("{number}.txt")).subject(ana);
            world
                .upload(new, format!("{}", number % 120).as_bytes())
                .await
                .unwrap();
        }
        let new = NewFile::new("leo.txt").subject(leo);
        let kept = world.upload(new, b"7").await.unwrap();
        let removed = world.files.delete_of_subject(&world.mine, ana).await.unwrap();
        assert_eq!((removed.files, removed.blobs, removed.left), (123, 119, 0));
        let of = |client| FileFilter::all().subject(client);
        let list = world
            .files
            .list(&world.mine, &of(ana), &Default::default())
            .await
            .unwrap();
        assert_eq!(list.items, []);
        assert_eq!(world.read(kept.id, None).await, b"7");
        assert_eq!((world.usage().await, world.blobs.keys().len()), (1, 1));
        assert_eq!(
            world
                .files
                .delete_of_subject(&world.mine, ana)
                .await
                .unwrap()
                .files,
            0
        );
    })
    .await;
}

/// Runs `work` until `when`, and then no more, as where a process ends.
async fn dies(work: impl Future, when: impl Future) {
    let (work, when) = (std::pin::pin!(work), std::pin::pin!(when));
    let ended = futures::future::select(work, when).await;
    assert!(matches!(ended, futures::future::Either::Right(_)));
}

#[tokio::test]
async fn a_crash_at_any_point_leaves_only_what_is_swept() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let kept = world.text("acknowledged").await;
        // It dies while the bytes come, and when all are stored but the row is not.
        world.blobs.hangs.store(true, Ordering::Relaxed);
        let large = vec![b'x'; 10_000];
        let (stuck, is_stuck) = tokio::sync::oneshot::channel();
        let end = stream::once(async move {
            stuck.send(()).unwrap();
            std::future::pending().await
        });
        let half = chunks(&large, 1_000).chain(end);
        let upload = world.files.upload(&world.mine, NewFile::new("a.txt"), half);
        dies(upload, async { is_stuck.await.unwrap() }).await;
        let upload = world
            .files
            .upload(&world.mine, NewFile::new("a.txt"), chunks(&large, 1_000));
        let stored = async {
            while world.blobs.keys().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        dies(upload, stored).await;
        world.blobs.hangs.store(false, Ordering::Relaxed);
        assert_eq!(world.blobs.keys().len(), 2, "one is an orphan");
        assert_eq!(world.usage().await, kept.size, "an orphan does not count");
        // While it may still be coming, it is left alone, whatever is asked.
        world.clock.advance(Files::MIN_SWEEP_AGE - Duration::from_secs(1));
        let removed = world.files.sweep(&world.mine, Duration::ZERO).await.unwrap();
        assert_eq!((removed.blobs, removed.left), (0, 0));
        assert_eq!(world.blobs.keys().len(), 2);
        world.clock.advance(Duration::from_secs(2));
        let removed = world.files.sweep(&world.mine, Duration::ZERO).await.unwrap();
        assert_eq!((removed.blobs, removed.left), (2, 0));
        assert_eq!(world.blobs.keys().len(), 1);
        assert_eq!(world.read(kept.id, None).await, b"acknowledged");
        let removed = world.files.sweep(&world.mine, Duration::ZERO).await.unwrap();
        assert_eq!(removed.blobs, 0);
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_was_swept_makes_no_file() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let (sweep, swept) = tokio::sync::oneshot::channel::<()>();
        let end = stream::once(async move {
            swept.await.unwrap();
            Ok(bytes::Bytes::from_static(b"end"))
        });
        let start = vec![b'x'; 9_000];
        let upload = world.files.upload(
            &world.mine,
            NewFile::new("a.txt"),
            chunks(&start, 1_000).chain(end),
        );
        let sweeper = async {
            // Its time stands still for it, so that its own limit does not end it.
            loop {
                world
                    .clock
                    .set_wall(world.clock.now() + Files::MIN_SWEEP_AGE + Duration::from_secs(1));
                let removed = world.files.sweep(&world.mine, Duration::ZERO).await.unwrap();
                if removed.blobs == 1 {
                    break;
                }
                tokio::task::yield_now().await;
            }
            sweep.send(()).unwrap();
        };
        let (outcome, ()) = futures::join!(upload, sweeper);
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Timeout);
        let list = world
            .files
            .list(&world.mine, &FileFilter::all(), &Default::default())
            .await;
        assert_eq!((list.unwrap().items.len(), world.usage().await), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn bytes_that_the_store_does_not_remove_are_swept_later() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let (file, other) = (world.text("first").await, world.text("second").await);
        world.blobs.fails.store(true, Ordering::Relaxed);
        let removed = world.files.delete(&world.mine, file.id).await.unwrap();
        assert_eq!((removed.files, removed.blobs, removed.left), (1, 0, 1));
        assert_eq!(
            world.files.get(&world.mine, file.id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let removed = world.files.sweep(&world.mine, Duration::ZERO).await.unwrap();
        assert_eq!((removed.blobs, removed.left), (0, 1));
        world.blobs.fails.store(false, Ordering::Relaxed);
        // The same content can come back before the old bytes are gone.
        let again = world.text("first").await;
        assert_eq!(world.blobs.keys().len(), 3);
        let removed = world.files.sweep(&world.mine, Duration::ZERO).await.unwrap();
        assert_eq!((removed.blobs, removed.left), (1, 0));
        assert_eq!(world.read(again.id, None).await, b"first");
        assert_eq!(world.read(other.id, None).await, b"second");
    })
    .await;
}

#[tokio::test]
async fn after_any_history_what_is_stored_is_what_files_hold() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let random = Random::seeded(32);
        let mut held = BTreeMap::new();
        for step in 0..150 {
            let number = random.below(6);
            match random.below(5) {
                0..=1 => {
                    let file = world
                        .text(&"x".repeat(usize::try_from(number + 1).unwrap()))
                        .await;
                    held.insert(file.id, file.size);
                }
                2..=3 => {
                    let at =
                        usize::try_from(random.below(u64::try_from(held.len()).unwrap().max(1))).unwrap();
                    if let Some(id) = held.keys().nth(at).copied() {
                        world.blobs.fails.store(number == 0, Ordering::Relaxed);
                        world.delete(id).await;
                        world.blobs.fails.store(false, Ordering::Relaxed);
                        held.remove(&id);
                    }
                }
                _ => {
                    let removed = world.files.sweep(&world.mine, Duration::ZERO).await.unwrap();
                    assert_eq!(removed.left, 0);
                    let contents: BTreeSet<_> = held.values().collect();
                    assert_eq!(world.blobs.keys().len(), contents.len(), "step {step}");
                }
            }
            let contents: BTreeSet<u64> = held.values().copied().collect();
            assert_eq!(world.usage().await, contents.iter().sum::<u64>(), "step {step}");
        }
        for (id, size) in &held {
            assert_eq!(
                world.read(*id, None).await,
                "x".repeat(usize::try_from(*size).unwrap()).as_bytes()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_deleted_file_keeps_no_name() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let client = ClientId::new(world.clock.now());
        let new = NewFile::new("Laudo de Ana.txt").subject(client);
        let file = world.upload(new, b"content").await.unwrap();
        world.delete(file.id).await;
        let sql =
            "select name, subject_id is null and sha256 is null and blob_id is null from files where id = $1";
        let (name, empty): (String, bool) =
            on_reader!(db.owner, |pool| sqlx::query_as(sql).bind(file.id).fetch_one(pool)).unwrap();
        assert_eq!((name.as_str(), empty), ("", true));
    })
    .await;
}

#[tokio::test]
async fn uploads_and_deletions_are_in_the_audit_chain_without_names() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let file = world
            .upload(NewFile::new("Laudo de Ana.txt"), b"content")
            .await
            .unwrap();
        world.delete(file.id).await;
        let sql = "select action, detail from audit_entries where subject_id = $1 order by action desc";
        let entries: Vec<(String, String)> =
            on_reader!(db.owner, |pool| sqlx::query_as(sql).bind(file.id).fetch_all(pool)).unwrap();
        let detail = r#"{"media_type":"text/plain","size":7}"#;
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0], ("file.uploaded".to_owned(), detail.to_owned()));
        assert_eq!(entries[1].0, "file.deleted");
        assert!(!format!("{entries:?}").contains("Ana"));
    })
    .await;
}
