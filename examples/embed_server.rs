//! The whole server inside your own program: build it, let it listen, ask it something, stop it in order.
//!
//! ```sh
//! cargo run --example embed_server
//! ```
//!
//! It needs no key, no network and no database: the data is in memory, the answer is simulated, the port is a free one.

use std::error::Error;

use aurora_core::config::Loader;
use aurora_server::App;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Your own settings; nothing is read from the environment unless you say so. The doors stand open for this one question:
    // without that, `app.first_link()` makes the first administrator, and callers show a token or a key.
    let loaded = Loader::new()
        .environment([("DATABASE_URL", "sqlite::memory:")])
        .overrides([("access.open", "true")])
        .load()?;
    let app = App::build(loaded.settings().clone()).await?;

    let bound = app.listen("127.0.0.1:0".parse()?).await?;
    let address = bound.local_addr();
    println!("serving on http://{address}");

    let (stop, stopped) = oneshot::channel::<()>();
    let serving = bound.run(async {
        stopped.await.ok();
    });
    let asking = async {
        let body = r#"{"prompt": "Why is the sky blue?"}"#;
        let answer = post(&address.to_string(), "/llm/chat", body).await;
        stop.send(()).ok();
        answer
    };
    let (served, answer) = tokio::join!(serving, asking);
    served?;
    println!("{}", answer?);
    Ok(())
}

/// One request by hand, so that the example needs no HTTP client; in your program use the one you have.
async fn post(address: &str, path: &str, body: &str) -> Result<String, Box<dyn Error>> {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("refused: {head}").into());
    }
    Ok(body.to_owned())
}
