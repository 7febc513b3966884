//! A connection that is read a line at a time.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The most bytes that are taken at once.
const CHUNK: usize = 4_096;

/// A connection that gives no byte behind the end of a line together with the line.
///
/// lettre reads ahead, and keeps what it read when the connection becomes encrypted. Whoever can write to the connection
/// could put answers behind the one to `STARTTLS`, and they would count as the server's encrypted answers: mails would
/// seem to be taken that never were. So what follows a line stays here, where the encryption meets it and fails. (The
/// flaw is known from many mail programs: CVE-2011-0411, <https://nostarttls.secvuln.info>.)
#[derive(Debug)]
pub(super) struct Lines(pub(super) TcpStream);

impl AsyncRead for Lines {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &mut self.get_mut().0;
        let mut bytes = [0; CHUNK];
        let room = bytes.get_mut(..buffer.remaining().min(CHUNK)).unwrap_or_default();
        let mut seen = ReadBuf::new(room);
        ready!(stream.poll_peek(context, &mut seen))?;
        let line = seen.filled().iter().position(|byte| *byte == b'\n');
        let length = line.map_or(seen.filled().len(), |end| end + 1);
        let mut taken = ReadBuf::new(bytes.get_mut(..length).unwrap_or_default());
        ready!(Pin::new(stream).poll_read(context, &mut taken))?;
        buffer.put_slice(taken.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Lines {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_read_ends_with_the_line_and_nothing_is_lost() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let long = "x".repeat(3 * CHUNK);
        let text = format!("220 go on\r\n250 injected\r\n\r\n{long}\nend");
        server.write_all(text.as_bytes()).await.unwrap();
        server.shutdown().await.unwrap();
        drop(server);

        let (mut lines, mut read) = (Lines(stream), Vec::new());
        loop {
            let mut buffer = vec![0; 2 * CHUNK];
            let length = lines.read(&mut buffer).await.unwrap();
            if length == 0 {
                break;
            }
            let piece = &buffer[..length];
            let end = piece.iter().position(|byte| *byte == b'\n');
            assert!(end.is_none_or(|end| end + 1 == length), "a line ends the read");
            read.extend_from_slice(piece);
        }
        assert_eq!(String::from_utf8(read).unwrap(), text);
    }
}
