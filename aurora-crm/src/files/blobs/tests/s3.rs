//! Against moto (<https://docs.getmoto.org>), which answers as Amazon S3 does.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;

use super::{blobs_contract, key};
use crate::files::{BlobErrorKind, Blobs as _, MediaType, ObjectBlobs, S3};

const PART: usize = 8 * 1024 * 1024;

/// A server in a process of its own with one bucket, `files`; it ends when this is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Option<Self> {
        let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/s3_server.py");
        let mut child = Command::new(python)
            .arg(script)
            // It ends with its standard input, so also when this process is killed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim().parse().unwrap();
        Some(Self { child, port })
    }

    fn bucket(&self, name: &str) -> ObjectBlobs {
        S3::new(name, "sa-east-1", "testing", "testing")
            .endpoint(format!("http://127.0.0.1:{}", self.port))
            .allow_http(true)
            .open()
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_the_contract() {
    let Some(server) = Server::start() else { return };
    blobs_contract(&server.bucket("files"), PART).await;
    let absent = server.bucket("no-such-bucket");
    let mut content = stream::iter([Ok(Bytes::from_static(b"x"))]);
    assert!(absent.put(&key(), MediaType::Text, &mut content).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presigned_url_is_fetched_by_another_program() {
    let Some(server) = Server::start() else { return };
    let blobs = server.bucket("files");
    let mut content = stream::iter([Ok(Bytes::from_static(b"<html>"))]);
    blobs.put(&key(), MediaType::Html, &mut content).await.unwrap();
    let url = blobs
        .presigned(&key(), Duration::from_secs(60))
        .await
        .unwrap()
        .unwrap();
    assert!(url.expose().contains("X-Amz-Expires=60"));
    let script = "import sys, urllib.request\n\
        answer = urllib.request.urlopen(sys.argv[1])\n\
        print(answer.headers['content-type'], answer.headers['content-disposition'], answer.read().decode())";
    let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON").unwrap();
    let output = Command::new(python)
        .args(["-c", script, url.expose()])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "text/html attachment <html>"
    );
}

#[tokio::test]
async fn only_a_bucket_gives_urls() {
    let url = ObjectBlobs::memory()
        .presigned(&key(), Duration::from_secs(60))
        .await
        .unwrap();
    assert!(url.is_none());
}

#[test]
fn a_bucket_without_a_key_is_refused_rather_than_looked_for() {
    for (bucket, key, secret) in [("", "k", "s"), ("b", "", "s"), ("b", "k", "")] {
        let error = S3::new(bucket, "sa-east-1", key, secret).open().unwrap_err();
        assert_eq!(error.kind(), BlobErrorKind::Denied);
    }
    let clear = S3::new("b", "r", "k", "the secret").endpoint("http://example.com");
    assert!(!format!("{clear:?}").contains("the secret"));
}
