//! What a supervisor hears, and how the server leaves.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::serving;
use crate::program::{ask, signal};

/// The next message that begins so.
fn heard(socket: &UnixDatagram, begin: &str) -> String {
    let mut buffer = [0; 1_024];
    loop {
        let count = socket
            .recv(&mut buffer)
            .unwrap_or_else(|error| panic!("{begin}: {error}"));
        let text = String::from_utf8(buffer[..count].to_vec()).unwrap();
        if text.starts_with(begin) {
            return text;
        }
    }
}

#[test]
fn systemd_hears_of_the_start_the_life_and_the_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let variables = [
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
        ("WATCHDOG_USEC", "400000"),
    ];
    let (mut server, told) = serving(folder.path(), &[], &variables);
    let ready = heard(&socket, "READY=1");
    assert!(ready.contains(told["address"].as_str().unwrap()), "{ready}");
    for _ in 0..3 {
        heard(&socket, "WATCHDOG=1");
    }
    signal(&server.0, "-TERM");
    heard(&socket, "STOPPING=1");
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

/// Linux has sockets that lie in no folder, and a watchdog can be meant for another process.
#[cfg(target_os = "linux")]
#[test]
fn a_socket_without_a_folder_is_told_too_and_a_foreign_watchdog_is_not() {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::SocketAddr;
    let folder = tempfile::tempdir().unwrap();
    let name = format!("aurora-test-{}", std::process::id());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let name = format!("@{name}");
    let variables = [
        ("NOTIFY_SOCKET", name.as_str()),
        ("WATCHDOG_USEC", "100000"),
        ("WATCHDOG_PID", "1"),
    ];
    let (_server, _) = serving(folder.path(), &[], &variables);
    heard(&socket, "READY=1");
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(socket.recv(&mut [0; 64]).is_err(), "it tells for another process");
}

#[tokio::test]
async fn a_balancer_has_time_to_notice_before_connections_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, told) = serving(folder.path(), &["--set", "limits.drain_delay=24h"], &[]);
    let address = told["address"].as_str().unwrap();
    assert_eq!(ask(address, "/ready", &[]).await.status, 200);
    signal(&server.0, "-TERM");
    while ask(address, "/ready", &[]).await.status != 503 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        ask(address, "/health", &[]).await.status,
        200,
        "requests are answered meanwhile"
    );
    // Who is in a hurry does not wait for the delay.
    signal(&server.0, "-TERM");
    let ended = tokio::task::spawn_blocking(move || server.0.wait().unwrap().code());
    let code = tokio::time::timeout(crate::harness::PATIENCE, ended)
        .await
        .expect("it waits")
        .unwrap();
    assert_eq!(code, Some(0));
}
