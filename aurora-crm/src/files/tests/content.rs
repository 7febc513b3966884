//! What is taken and what is refused, and that nothing is left of the latter.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aurora_core::resilience::Deadline;
use aurora_core::time::Timestamp;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tokio::sync::Barrier;

use super::{World, chunks, one, wrong};
use crate::context::Context;
use crate::error::ErrorKind;
use crate::files::{FileLimits, MediaType, NewFile, ObjectBlobs};
use crate::testing::each_database;
use crate::workspaces::WorkspaceId;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

#[tokio::test]
async fn hostile_names_never_reach_the_disk() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let folder = tempfile::tempdir().unwrap();
        let files = world
            .crm
            .files(ObjectBlobs::disk(folder.path().join("root")).unwrap());
        let long = "a".repeat(255);
        let names = [
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("C:\\Windows\\system32\\cmd.exe", "cmd.exe"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("CON", "CON"),
            ("a:b", "a:b"),
            ("laudo ção 文件 😀.txt", "laudo ção 文件 😀.txt"),
            ("%2e%2e%2fx", "%2e%2e%2fx"),
            ("#1", "#1"),
            (" padded ", "padded"),
            (&long, &long),
        ];
        for (number, (name, kept)) in names.into_iter().enumerate() {
            let content = format!("content {number}");
            let file = files
                .upload(&world.mine, NewFile::new(name), chunks(content.as_bytes(), 5))
                .await
                .unwrap();
            assert_eq!(file.name, kept);
        }
        let very_long = "a".repeat(10_000);
        for name in [
            "",
            "  ",
            "/",
            "a/",
            ".",
            "..",
            "a/..",
            "a\0.txt",
            "a\r\nb",
            "exe.\u{202E}fdp",
            &very_long,
        ] {
            let refused = files
                .upload(&world.mine, NewFile::new(name), chunks(b"text", 5))
                .await;
            assert_eq!(wrong(refused)[0].0, "name", "{name:?}");
        }
        let root = folder.path().join("root");
        let entries = |path: &std::path::Path| -> Vec<String> {
            let entries = std::fs::read_dir(path).unwrap();
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        };
        assert_eq!(entries(folder.path()), ["root"]);
        let workspace = world.mine.workspace.uuid().as_simple().to_string();
        assert_eq!(entries(&root), std::slice::from_ref(&workspace));
        let stored = entries(&root.join(workspace));
        assert_eq!(stored.len(), names.len());
        let is_number = |name: &String| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(stored.iter().all(is_number), "{stored:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    each_database(|db| async move {
        let mut world = World::new(db.database).await;
        world.files = world
            .files
            .clone()
            .limits(FileLimits::default().max_size(20_000).quota(30_000));
        let text = vec![b'x'; 20_001];
        let new = || NewFile::new("a");
        let other = "00".repeat(32).parse().unwrap();
        let cases = [
            (new(), &text[..], one("content", "too_large")),
            (new().size(20_001), b"x", one("content", "too_large")),
            (new().size(0), b"x", one("content", "required")),
            (new(), b"", one("content", "required")),
            (new().size(10), b"123456789", one("content", "incomplete")),
            (new().size(10), b"12345678901", one("content", "incomplete")),
            (new().sha256(other), b"x", one("sha256", "invalid")),
            (
                new().media_type("image/png"),
                b"text",
                one("media_type", "invalid"),
            ),
            (new().media_type("text/plain"), PNG, one("media_type", "invalid")),
            (
                new().media_type("image/png"),
                b"<svg onload=x>",
                one("media_type", "invalid"),
            ),
            (new(), b"<svg onload=x>", one("media_type", "not_allowed")),
            (new(), b"<!DOCTYPE html><p>", one("media_type", "not_allowed")),
            (
                new(),
                b"MZ\x90\0\x03\0\0\0\x04\0",
                one("media_type", "not_allowed"),
            ),
            (new(), b"\0\x01\x02\x03", one("media_type", "not_allowed")),
        ];
        for (number, (new, content, expected)) in cases.into_iter().enumerate() {
            let outcome = world.upload(new, content).await;
            assert_eq!(wrong(outcome), expected, "case {number}");
            world.assert_empty(&format!("case {number}")).await;
        }
        for length in [0, 10, 9_000, 19_000] {
            let start = vec![b'x'; length];
            let content = chunks(&start, 500)
                .map(|chunk| chunk.map_err(|never| match never {}))
                .chain(stream::iter([
                    Err("connection reset"),
                    Ok(Bytes::from_static(b"more")),
                ]));
            let outcome = world.files.upload(&world.mine, NewFile::new("a"), content).await;
            assert_eq!(
                wrong(outcome),
                one("content", "incomplete"),
                "after {length} bytes"
            );
            world.assert_empty("a broken stream").await;
        }
        // Nothing of it was wrong for ever.
        let file = world.upload(new().size(20_000), &text[..20_000]).await.unwrap();
        assert_eq!((file.size, file.media_type), (20_000, MediaType::Text));
        assert_eq!(world.usage().await, 20_000);
    })
    .await;
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let outcome = world.upload(NewFile::new("..").size(u64::MAX), b"x").await;
        let fields = [
            ("name".to_owned(), "invalid"),
            ("content".to_owned(), "too_large"),
        ];
        assert_eq!(wrong(outcome), fields);
    })
    .await;
}

#[tokio::test]
async fn a_quota_holds_against_uploads_at_the_same_time() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let files = world.files.clone().limits(FileLimits::default().quota(15_000));
        let barrier = Arc::new(Barrier::new(4));
        let upload = |number: u8| {
            let (files, barrier, context) = (files.clone(), barrier.clone(), world.mine.clone());
            async move {
                // All of them are under way, with all of their bytes sent, before any can end.
                let end = stream::once(async move {
                    barrier.wait().await;
                    Ok(Bytes::from_static(b"end"))
                });
                let content = chunks(&[b'a' + number; 9_997], 1_000).chain(end);
                files.upload(&context, NewFile::new("a.txt"), content).await
            }
        };
        let outcomes = futures::future::join_all((0..4).map(upload)).await;
        let (stored, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((stored.len(), refused.len()), (1, 3));
        for outcome in refused {
            assert_eq!(wrong(outcome), one("content", "over_quota"));
        }
        assert_eq!(world.usage().await, 10_000);
        assert_eq!(world.blobs.keys().len(), 1);
        // What is declared is refused before it comes, what is not, as soon as it is too much.
        for new in [NewFile::new("b.txt").size(5_001), NewFile::new("b.txt")] {
            let outcome = files.upload(&world.mine, new, chunks(&[b'z'; 5_001], 500)).await;
            assert_eq!(wrong(outcome), one("content", "over_quota"));
        }
        // The same content again costs nothing, once it has been sent.
        let room = files.clone().limits(FileLimits::default().quota(20_000));
        let same = room
            .download(&world.mine, stored[0].as_ref().unwrap().id, None)
            .await
            .unwrap();
        room.upload(&world.mine, NewFile::new("again.txt"), same.content)
            .await
            .unwrap();
        assert_eq!(world.usage().await, 10_000);
    })
    .await;
}

#[tokio::test]
async fn an_upload_ends_in_time_or_not_at_all() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        for (limit, deadline) in [(60, None), (3_600, Some(10))] {
            let limits = FileLimits::default().upload_time(Duration::from_secs(limit));
            let files = world.files.clone().limits(limits);
            let mut context = world.mine.clone();
            if let Some(seconds) = deadline {
                context = context.deadline(Deadline::after(&world.clock, Duration::from_secs(seconds)));
            }
            let (stuck, is_stuck) = tokio::sync::oneshot::channel();
            let end = stream::once(async move {
                stuck.send(()).unwrap();
                std::future::pending().await
            });
            let content = chunks(&[b'x'; 9_000], 1_000).chain(end);
            let upload = files.upload(&context, NewFile::new("a"), content);
            let passes = async {
                is_stuck.await.unwrap();
                world
                    .clock
                    .advance(Duration::from_secs(deadline.unwrap_or(limit)));
            };
            let (outcome, ()) = futures::join!(upload, passes);
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Timeout);
            world.assert_empty("too slow").await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_or_fails_is_told() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let nowhere = Context::new(WorkspaceId::new(Timestamp::UNIX_EPOCH), "test");
        let outcome = world
            .files
            .upload(&nowhere, NewFile::new("a"), chunks(b"text", 5))
            .await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound);
        world.blobs.fails.store(true, Ordering::Relaxed);
        let outcome = world.upload(NewFile::new("a"), b"text").await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unavailable);
        world.blobs.fails.store(false, Ordering::Relaxed);
        world.assert_empty("the store failed").await;
    })
    .await;
}
