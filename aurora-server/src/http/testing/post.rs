//! A mail server that takes everything.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// A mail server without encryption that takes everything; gives its port and what it was told.
pub(crate) async fn mail_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&told);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let heard = Arc::clone(&heard);
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut is_mail = false;
                let mut answer = Some("220 mail.example.com");
                loop {
                    if let Some(answer) = answer {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        stream.write_all(b"\r\n").await.unwrap();
                    }
                    let mut line = String::new();
                    if stream.read_line(&mut line).await.unwrap() == 0 {
                        return;
                    }
                    let line = line.trim_end();
                    is_mail = if is_mail { line != "." } else { line == "DATA" };
                    answer = match line {
                        "DATA" => Some("354 go on"),
                        _ if is_mail => None,
                        _ => Some("250 well"),
                    };
                    heard.lock().unwrap().push(line.to_owned());
                }
            });
        }
    });
    (port, told)
}
