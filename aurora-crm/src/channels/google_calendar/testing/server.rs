//! HTTP/1.1, as much of it as a client of an API needs.

use std::io;
use std::sync::Arc;

use aurora_core::time::Clock as _;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Shared;
use super::faults::Fault;
use super::wire::{Incoming, Reply};

/// The most bytes of a request line and its headers.
const HEAD: u64 = 64 * 1024;
/// The most bytes of a request body.
const BODY: usize = 4 * 1024 * 1024;
/// The most connections that are served at once; further ones wait.
const CONNECTIONS: usize = 256;

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS {
            connections.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        connections.spawn(converse(stream, Arc::clone(&shared)));
    }
}

/// One connection, until either side closes it, or an answer is lost.
async fn converse(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(head) = read_head(&mut stream).await? {
        let Some(mut incoming) = Incoming::parse(&head) else {
            return write(&mut stream, &Reply::error(400, "global", "parseError", "no HTTP")).await;
        };
        let length = incoming.headers.get("content-length");
        let length = match length.map(|length| length.parse()) {
            // As Google says it to a POST without.
            None if incoming.method == "POST" => {
                return write(
                    &mut stream,
                    &Reply::error(411, "global", "required", "Length Required"),
                )
                .await;
            }
            None => 0,
            Some(Ok(length)) if length <= BODY => length,
            Some(_) => return Ok(()),
        };
        incoming.body = vec![0; length];
        stream.read_exact(&mut incoming.body).await?;
        let (fault, reply) = shared.answer(&incoming);
        match fault {
            Some(Fault::Lost | Fault::Unseen) => return Ok(()),
            Some(Fault::Slow(time)) => shared.clock.sleep(time).await,
            _ => {}
        }
        write(&mut stream, &reply).await?;
    }
    Ok(())
}

/// The lines up to the empty one; none when the other side is done.
async fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut head = String::new();
    let mut limited = stream.take(HEAD);
    loop {
        let before = head.len();
        if limited.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
        if head.get(before..).is_some_and(|line| line.trim().is_empty()) {
            return Ok(Some(head));
        }
    }
}

async fn write(stream: &mut BufReader<TcpStream>, reply: &Reply) -> io::Result<()> {
    stream.write_all(&reply.to_bytes()).await?;
    stream.flush().await
}
