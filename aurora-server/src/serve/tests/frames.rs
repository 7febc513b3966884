//! HTTP/2 by hand (RFC 9113), for what no honest client sends.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::http::testing::within;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// The kinds of frames (RFC 9113 §6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const ROOM: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
/// Flags of HEADERS and DATA.
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) fn settings(values: &[(u16, u32)]) -> Vec<u8> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
        .collect();
    frame(SETTINGS, 0, 0, &bytes)
}

/// The fields of a request in HPACK (RFC 7541), without a table or Huffman's codes.
pub(super) fn fields(method: u8, path: &str) -> Vec<u8> {
    let text = |index: u8, text: &str| {
        let length = u8::try_from(text.len()).unwrap();
        [&[index, length], text.as_bytes()].concat()
    };
    [vec![method, 0x86], text(4, path), text(1, "localhost")].concat()
}

/// The indexes of GET and POST in HPACK's own table.
pub(super) const GET: u8 = 0x82;
pub(super) const POST: u8 = 0x83;

/// A request without a body.
pub(super) fn ask(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields(GET, path))
}

/// A connection of which every frame is seen.
pub(super) struct Spoken {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Spoken {
    pub(super) async fn to(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            unread: Vec::new(),
        }
    }

    pub(super) async fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The same to a server that may have had enough; whether it took it.
    pub(super) async fn tries(&mut self, bytes: &[u8]) -> bool {
        within(self.stream.write_all(bytes)).await.is_ok()
    }

    /// The kind of the next frame and what it carries; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((head, rest)) = self.unread.split_first_chunk::<9>() {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let length = usize::try_from(length).unwrap();
                if rest.len() >= length {
                    let (kind, payload) = (head[3], rest[..length].to_vec());
                    self.unread.drain(..9 + length);
                    return Some((kind, payload));
                }
            }
            match within(self.stream.read_buf(&mut self.unread)).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Reads until a frame of this kind has come; how many bytes it carried.
    pub(super) async fn until(&mut self, kind: u8) -> usize {
        loop {
            let (came, payload) = self.next().await.expect("the connection has ended");
            if came == kind {
                return payload.len();
            }
        }
    }

    /// The kinds of frames up to the end of the connection.
    pub(super) async fn rest(&mut self) -> Vec<u8> {
        let mut kinds = Vec::new();
        while let Some((kind, _)) = self.next().await {
            kinds.push(kind);
        }
        kinds
    }

    /// The error code with which the server gives the connection up; `None` when it ends without a word.
    pub(super) async fn given_up(&mut self) -> Option<u32> {
        while let Some((kind, payload)) = self.next().await {
            if kind == GOAWAY {
                let code = payload[4..8].try_into().unwrap();
                match u32::from_be_bytes(code) {
                    0 => {} // an end in order, which more may follow
                    code => return Some(code),
                }
            }
        }
        None
    }
}
