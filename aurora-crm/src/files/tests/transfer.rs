//! What comes back, to whom, and by which link.

use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::time::{Clock as _, Timestamp};
use futures::StreamExt as _;

use super::{World, chunks, context, one, wrong};
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::ErrorKind;
use crate::files::{
    BlobErrorKind, Disposition, FileFilter, FileGrant, FileId, FileLinks, FileRange, FileSubject, MediaType,
    NewFile,
};
use crate::testing::each_database;

#[tokio::test]
async fn what_was_sent_comes_back_whole_and_in_parts() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let content: Vec<u8> = (0..10_000_u32)
            .map(|number| b'a' + u8::try_from(number % 26).unwrap())
            .collect();
        let client = ClientId::new(world.clock.now());
        let new = NewFile::new("Laudo João.txt")
            .media_type("text/plain; charset=utf-8")
            .size(10_000)
            .subject(client);
        let sent = world.upload(new, &content).await.unwrap();
        let got = world.files.get(&world.mine, sent.id).await.unwrap();
        assert_eq!(got, sent);
        assert_eq!((sent.size, sent.media_type), (10_000, MediaType::Text));
        assert_eq!(sent.subject.as_ref().and_then(FileSubject::id), Some(client));
        assert_eq!(sent.uploaded_by, "test");
        assert!(!format!("{sent:?}").contains("João"));
        assert_eq!(world.read(sent.id, None).await, content);
        let cases = [
            (FileRange::Between(0, 0), 0..1),
            (FileRange::Between(500, 1_499), 500..1_500),
            (FileRange::Between(9_000, 20_000), 9_000..10_000),
            (FileRange::From(9_999), 9_999..10_000),
            (FileRange::Last(3), 9_997..10_000),
            (FileRange::Last(20_000), 0..10_000),
        ];
        for (range, wanted) in cases {
            assert_eq!(
                world.read(sent.id, Some(range)).await,
                content[wanted],
                "{range:?}"
            );
        }
        for range in [
            FileRange::From(10_000),
            FileRange::Last(0),
            FileRange::Between(10_000, 10_001),
        ] {
            let outcome = world.files.download(&world.mine, sent.id, Some(range)).await;
            assert_eq!(wrong(outcome), one("range", "invalid"), "{range:?}");
        }
        let part = world
            .files
            .download(&world.mine, sent.id, Some(FileRange::Last(100)))
            .await
            .unwrap();
        assert_eq!(part.content_range().unwrap(), "bytes 9900-9999/10000");
        assert!(
            part.disposition(Disposition::Inline)
                .starts_with("inline; filename=\"Laudo Jo_o.txt\";")
        );
        let whole = world.files.download(&world.mine, sent.id, None).await.unwrap();
        assert_eq!(whole.content_range(), None);
    })
    .await;
}

#[test]
fn ranges_are_read_as_rfc_9110_writes_them() {
    let range = |text: &str| text.parse::<FileRange>().ok();
    // RFC 9110 §14.1.2, for a representation of 10,000 bytes
    assert_eq!(range("bytes=0-499").unwrap().of(10_000), Some(0..500));
    assert_eq!(range("bytes=500-999").unwrap().of(10_000), Some(500..1_000));
    assert_eq!(range("bytes=-500").unwrap().of(10_000), Some(9_500..10_000));
    assert_eq!(range("bytes=9500-").unwrap().of(10_000), Some(9_500..10_000));
    assert_eq!(range("Bytes=0-0").unwrap().of(1), Some(0..1));
    assert_eq!(range("bytes=0-18446744073709551616").unwrap().of(5), Some(0..5));
    for none in [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "items=0-1",
        "bytes=2-1",
        "bytes=0-1,3-4",
        "bytes=+1-2",
        "bytes=a-b",
    ] {
        assert_eq!(range(none), None, "{none}");
    }
}

#[tokio::test]
async fn changed_or_lost_bytes_are_noticed() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let file = world.text(&"x".repeat(5_000)).await;
        world.blobs.corrupt();
        let download = world.files.download(&world.mine, file.id, None).await.unwrap();
        let items: Vec<_> = download.content.collect().await;
        assert_eq!(
            items.last().unwrap().as_ref().unwrap_err().kind(),
            BlobErrorKind::Corrupt
        );
        assert!(items.iter().flatten().map(bytes::Bytes::len).sum::<usize>() < 5_000);
        world.blobs.lose();
        let outcome = world.files.download(&world.mine, file.id, None).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Internal);
    })
    .await;
}

#[tokio::test]
async fn a_workspace_sees_its_own_files_alone() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let other = context(&world.crm).await;
        let client = ClientId::new(world.clock.now());
        let file = world
            .upload(NewFile::new("a.txt").subject(client), b"mine")
            .await
            .unwrap();
        let files = &world.files;
        assert_eq!(
            files.get(&other, file.id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(
            files.download(&other, file.id, None).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(
            files.delete(&other, file.id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let presigned = files.presigned(&other, file.id, Duration::from_secs(60)).await;
        assert_eq!(presigned.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(files.delete_of_subject(&other, client).await.unwrap().files, 0);
        assert_eq!(files.usage(&other).await.unwrap(), 0);
        let listed = files
            .list(
                &other,
                &FileFilter::all().subject(client),
                &PageRequest::default(),
            )
            .await
            .unwrap();
        assert_eq!(listed.items, []);
        // The same content in another workspace is another blob, so that nobody learns what others have.
        files
            .upload(&other, NewFile::new("b.txt"), chunks(b"mine", 10))
            .await
            .unwrap();
        assert_eq!(world.blobs.keys().len(), 2);
        assert_eq!(world.read(file.id, None).await, b"mine");
        // A cursor of one workspace opens no list of another.
        world.text("second").await;
        let page = files
            .list(&world.mine, &FileFilter::all(), &PageRequest::first(1))
            .await
            .unwrap();
        let next = PageRequest::first(1).after(page.next.unwrap());
        assert_eq!(
            wrong(files.list(&other, &FileFilter::all(), &next).await),
            one("cursor", "invalid")
        );
    })
    .await;
}

#[tokio::test]
async fn pages_hold_every_file_once_the_newest_first() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let (ana, leo) = (ClientId::new(world.clock.now()), ClientId::new(world.clock.now()));
        let mut ids = Vec::new();
        for number in 0..23 {
            if number % 3 == 0 {
                world.clock.advance(Duration::from_secs(1));
            }
            let subject = if number % 2 == 0 { ana } else { leo };
            let new = NewFile::new(format!("{number}.txt")).subject(subject);
            ids.push((
                subject,
                world.upload(new, format!("{number}").as_bytes()).await.unwrap(),
            ));
        }
        let gone = ids.remove(7).1;
        world.delete(gone.id).await;
        for (filter, of) in [
            (FileFilter::all(), None),
            (FileFilter::all().subject(ana), Some(ana)),
            (FileFilter::all().subject(leo), Some(leo)),
        ] {
            let (mut seen, mut request) = (Vec::new(), PageRequest::first(4));
            loop {
                let page = world.files.list(&world.mine, &filter, &request).await.unwrap();
                assert!(page.items.len() <= 4);
                seen.extend(page.items);
                let Some(next) = page.next else { break };
                request = PageRequest::first(4).after(next);
            }
            let wanted = ids
                .iter()
                .filter(|(subject, _)| of.is_none_or(|of| of == *subject));
            let mut wanted: Vec<_> = wanted.map(|(_, file)| file.clone()).collect();
            wanted.sort_by_key(|file| std::cmp::Reverse((file.created_at, file.id)));
            assert_eq!(seen, wanted);
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_leads_to_one_file_of_one_workspace() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let other = context(&world.crm).await;
        let links = FileLinks::new("k1", "0123456789abcdef0123456789abcdef").unwrap();
        let now = world.clock.now();
        let ends = now + Duration::from_secs(600);
        // A file that somebody without an account sends under a number made for it, once.
        let link = links
            .sign(
                &FileGrant::upload(world.mine.workspace, FileId::new(now), ends),
                now,
            )
            .unwrap();
        let grant = links.verify(&link, now).unwrap();
        let guest = Context::new(grant.workspace, "link");
        let new = || NewFile::new("exame.txt").id(grant.file);
        let sent = world
            .files
            .upload(&guest, new(), chunks(b"result", 3))
            .await
            .unwrap();
        assert_eq!(sent.id, grant.file);
        let again = world
            .files
            .upload(&guest, new(), chunks(b"another", 3))
            .await
            .unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        assert_eq!(again.existing(), Some(sent.id.to_string().as_str()));
        let link = links
            .sign(&FileGrant::download(world.mine.workspace, sent.id, ends), now)
            .unwrap();
        assert!(!link.contains("exame"));
        assert_eq!(links.verify(&link, now).unwrap().file, sent.id);
        // What it grants is nothing in another workspace, and nothing once the file is gone.
        let foreign = FileGrant::download(other.workspace, sent.id, ends);
        let foreign = links.verify(&links.sign(&foreign, now).unwrap(), now).unwrap();
        let outcome = world
            .files
            .download(&Context::new(foreign.workspace, "link"), foreign.file, None)
            .await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound);
        world.delete(sent.id).await;
        let again = world
            .files
            .upload(&guest, new(), chunks(b"another", 3))
            .await
            .unwrap_err();
        assert_eq!(
            again.kind(),
            ErrorKind::AlreadyExists,
            "a number is not used again"
        );
    })
    .await;
}

#[tokio::test]
async fn only_a_store_that_can_gives_urls_and_for_seven_days_at_most() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let file = world.text("x").await;
        let url = world
            .files
            .presigned(&world.mine, file.id, Duration::from_secs(1))
            .await
            .unwrap();
        assert!(url.is_none());
        for seconds in [0, 604_801] {
            let outcome = world
                .files
                .presigned(&world.mine, file.id, Duration::from_secs(seconds))
                .await;
            assert_eq!(wrong(outcome), one("valid_for", "invalid"));
        }
    })
    .await;
}

#[test]
fn subjects_are_ids() {
    let id = ClientId::new(Timestamp::UNIX_EPOCH);
    let subject = FileSubject::from(id);
    assert_eq!(subject.to_string(), id.to_string());
    assert_eq!(id.to_string().parse(), Ok(subject.clone()));
    assert_eq!(
        (subject.kind(), subject.id::<crate::files::File>()),
        ("cli", None)
    );
    for text in [
        "",
        "cli",
        "cli_",
        "cli_x",
        "Cli_00000000000000000000000000000000",
        "_00000000000000000000000000000000",
    ] {
        assert!(text.parse::<FileSubject>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn files_of_some_kinds_are_left_out_and_none_else() {
    each_database(|db| async move {
        let world = World::new(db.database).await;
        let mut kept = Vec::new();
        for number in 0..9 {
            let kind = ["ctc", "msg", "c"][number % 3];
            let subject: FileSubject = format!("{kind}_{number:032x}").parse().unwrap();
            let new = NewFile::new(format!("{number}.txt"));
            let file = world
                .upload(new.subject(subject), format!("{number}").as_bytes())
                .await
                .unwrap();
            if kind == "c" {
                kept.push(file.id);
            }
        }
        kept.push(world.text("of nothing").await.id);
        let filter = FileFilter::all().without("ctc").without("msg");
        let (mut seen, mut request) = (Vec::new(), PageRequest::first(3));
        loop {
            let page = world.files.list(&world.mine, &filter, &request).await.unwrap();
            seen.extend(page.items.iter().map(|file| file.id));
            let Some(next) = page.next else { break };
            request = PageRequest::first(3).after(next);
        }
        seen.sort_unstable();
        kept.sort_unstable();
        assert_eq!(seen, kept);
        let hidden: FileSubject = format!("ctc_{:032x}", 0).parse().unwrap();
        for (filter, found) in [(filter, 0), (FileFilter::all(), 1)] {
            let page = world
                .files
                .list(
                    &world.mine,
                    &filter.subject(hidden.clone()),
                    &PageRequest::default(),
                )
                .await;
            assert_eq!(page.unwrap().items.len(), found);
        }
    })
    .await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_page_is_read_from_an_index_without_sorting() {
    use aurora_core::store::{Database, on_reader};
    use sqlx::Row as _;

    let db = Database::open(&"sqlite::memory:".into()).await.unwrap();
    World::new(db.clone()).await;
    for (statement, index) in [
        ("NEWEST", "files_newest"),
        ("NEWEST_WITHOUT", "files_newest"),
        ("NEWEST_OF_SUBJECT", "files_of_subject"),
        ("ALL_OF_SUBJECT", "files_of_subject"),
        ("DOOMED", "file_blobs_doomed"),
        ("GIVE_UP_OLD", "file_blobs_pending"),
        ("SAME", "file_blobs_workspace_id_sha256_key"),
    ] {
        let (_, sql) = crate::files::STATEMENTS
            .iter()
            .find(|(name, _)| *name == statement)
            .unwrap();
        let explain = sqlx::AssertSqlSafe(format!("explain query plan {sql}"));
        let plan: Vec<String> = on_reader!(db, |pool| async {
            let rows = sqlx::query(explain).fetch_all(pool).await?;
            Ok::<_, sqlx::Error>(rows.iter().map(|row| row.get("detail")).collect())
        })
        .unwrap();
        assert_eq!(plan.len(), 1, "{statement}: {plan:?}");
        assert!(
            plan[0].contains(&format!("INDEX {index} ")),
            "{statement}: {plan:?}"
        );
    }
}
