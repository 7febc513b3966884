use std::time::Duration;

use aurora_core::time::ManualClock;
use bytes::Bytes;
use futures::stream;

use super::*;
use crate::channels::whatsapp::graph::{Advice, SendFailure, Upload};
use crate::channels::whatsapp::testing::Fault;

fn picture(size: u64) -> Upload {
    Upload {
        filename: "a \"b\".jpg".to_owned(),
        mime_type: "image/jpeg".to_owned(),
        size,
    }
}

fn pieces(count: usize) -> Vec<std::io::Result<Bytes>> {
    (0..count).map(|_| Ok(Bytes::from(vec![7; 64 * 1024]))).collect()
}

#[tokio::test]
async fn a_file_goes_up_in_pieces_and_comes_down_whole() {
    let graph = graph().await;
    let client = settings(&graph).build().unwrap();
    let size = 16 * 64 * 1024;
    let id = client
        .upload(&access(), &picture(size), stream::iter(pieces(16)))
        .await
        .unwrap();
    assert_eq!(graph.file(&id).unwrap(), vec![7; 1024 * 1024]);
    let media = client.media(&access(), &id).await.unwrap();
    assert_eq!(
        (media.size, media.mime_type.as_deref()),
        (Some(size), Some("image/jpeg"))
    );
    let body = client.download(&access(), &media, size).await.unwrap();
    assert_eq!(body.bytes().await.unwrap().len(), 1024 * 1024);
    client.delete_media(&access(), &id).await.unwrap();
    assert_eq!(client.media(&access(), &id).await.unwrap_err().code(), Some(100));
}

#[tokio::test]
async fn a_file_that_ends_early_is_not_uploaded() {
    let graph = graph().await;
    let client = settings(&graph).build().unwrap();
    let failing = stream::iter([Ok(Bytes::from("half")), Err(std::io::Error::other("disk"))]);
    let failure = client
        .upload(&access(), &picture(100), failing)
        .await
        .unwrap_err();
    assert!(matches!(failure, SendFailure::Uncertain(_)), "{failure:?}");
    let none = client
        .upload(&access(), &picture(0), stream::iter(pieces(0)))
        .await
        .unwrap_err();
    assert_eq!(none.advice(), Some(Advice::Stop));
    assert!(graph.seen().is_empty());
}

#[tokio::test]
async fn the_token_goes_to_no_other_host() {
    let graph = graph().await;
    let id = graph.put_file(NUMBER, "image/png", "png");
    let client = settings(&graph).media_hosts(["fbsbx.com"]).build().unwrap();
    let media = client.media(&access(), &id).await.unwrap();
    let failure = client.download(&access(), &media, 10).await.unwrap_err();
    assert!(matches!(failure, SendFailure::Invalid(_)));
    assert_eq!(graph.seen().len(), 1);
    // And by default to no address of one's own network, the API's own included.
    let guarded = WhatsAppClient::builder().base(graph.base()).build().unwrap();
    let failure = guarded.media(&access(), &id).await.unwrap_err();
    assert!(matches!(failure, SendFailure::NotSent(_)), "{failure:?}");
}

#[tokio::test]
async fn hosts_are_compared_by_their_whole_names() {
    let graph = graph().await;
    for (listed, is_host) in [
        ("0.0.1", true),
        ("7.0.0.1", false),
        ("27.0.0.1", false),
        ("127.0.0.1", true),
        ("", false),
    ] {
        let id = graph.put_file(NUMBER, "image/png", "png");
        let client = settings(&graph).media_hosts([listed]).build().unwrap();
        let media = client.media(&access(), &id).await.unwrap();
        assert_eq!(
            client.download(&access(), &media, 10).await.is_ok(),
            is_host,
            "{listed}"
        );
    }
}

#[tokio::test]
async fn sizes_and_addresses_have_their_limits() {
    let clock = ManualClock::default();
    let graph = FakeGraph::start_at(clock.clone()).await.unwrap();
    graph.add_number(NUMBER, "token");
    let id = graph.put_file(NUMBER, "image/png", vec![1; 1_000]);
    let client = settings(&graph).build().unwrap();
    let media = client.media(&access(), &id).await.unwrap();
    assert!(matches!(
        client.download(&access(), &media, 999).await,
        Err(SendFailure::TooLarge)
    ));
    let whole = client.download(&access(), &media, 1_000).await.unwrap();
    assert_eq!(whole.bytes().await.unwrap().len(), 1_000);
    clock.advance(Duration::from_secs(300));
    let late = client.download(&access(), &media, 1_000).await.unwrap_err();
    assert!(matches!(late, SendFailure::Status(404)), "{late:?}");
    graph.fail_next(Fault::Page(404));
    assert!(client.media(&access(), &id).await.is_err());
}
