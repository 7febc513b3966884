//! A CRM that tells of a new client, and a receiver that accepts what is signed and new: a forged and a recorded request
//! are refused.
//!
//! Everything on this machine, ends by itself: `cargo run --example webhook_receiver --features access,http`

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use aurora::core::access::seal::{LocalKeys, Sealer};
use aurora::core::http::{Egress, HttpClient, Url};
use aurora::core::page::PageRequest;
use aurora::core::webhook::{RecentIds, ReplayGuard as _, SigningKey, Verifier};
use aurora::crm::clients::NewClient;
use aurora::crm::webhooks::{DeliveryFilter, NewEndpoint};
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

type AnyError = Box<dyn Error + Send + Sync>;

/// A request as it came: its headers, and its body before anybody has parsed it.
#[derive(Debug, Clone, Default)]
struct Recorded {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// What a web framework does. It reads no more than it must.
async fn read(stream: &mut TcpStream) -> Result<Recorded, AnyError> {
    const MOST: usize = 64 * 1024;
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MOST || stream.read_buf(&mut bytes).await? == 0 {
            return Err("no whole request".into());
        }
    };
    let body = bytes.split_off(head_end + 4);
    let headers: BTreeMap<String, String> = String::from_utf8(bytes)?
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .map_or(Ok(0), |length| length.parse())?;
    let mut recorded = Recorded { headers, body };
    while recorded.body.len() < length.min(MOST) {
        if stream.read_buf(&mut recorded.body).await? == 0 {
            break;
        }
    }
    Ok(recorded)
}

/// Whoever wants events. The application of somebody else does the same with any library of Standard Webhooks.
struct Receiver {
    verifier: Verifier,
    seen: RecentIds,
    accepted: UnboundedSender<Recorded>,
}

impl Receiver {
    async fn answer(&self, request: Recorded) -> (&'static str, String) {
        let verified = match self.verifier.verify(&request.headers, request.body.clone()) {
            Ok(verified) => verified,
            // What exactly is wrong is for our log alone.
            Err(refusal) => return ("401 Unauthorized", refusal.to_string()),
        };
        match self.seen.first(&verified.id).await {
            // 200, or the sender would try again.
            Ok(false) => ("200 OK", "known already, nothing done".to_owned()),
            Ok(true) => {
                let said = String::from_utf8_lossy(&verified.body).into_owned();
                drop(self.accepted.send(request));
                ("200 OK", said)
            }
            Err(error) => ("503 Service Unavailable", error.to_string()),
        }
    }

    async fn serve(self: Arc<Self>, listener: TcpListener) -> Result<(), AnyError> {
        loop {
            let (mut stream, _) = listener.accept().await?;
            let request = read(&mut stream).await?;
            let (status, said) = self.answer(request).await;
            println!("  receiver: {status}: {said}");
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

/// Somebody on the way sends what they have recorded.
async fn send(url: &Url, request: &Recorded) -> Result<u16, AnyError> {
    let mut sending = HttpClient::new()?.post(url);
    for (name, value) in &request.headers {
        if name.starts_with("webhook-") {
            sending = sending.header(name.as_str(), value);
        }
    }
    Ok(sending.body(request.body.clone()).send().await?.status().as_u16())
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let crm = Crm::open("sqlite::memory:").await?;
    let house = NewWorkspace::new(WorkspaceKind::Company, "Vendas Sul");
    let context = Context::new(crm.workspaces().create(house).await?.id, "example");
    // The key that secrets are sealed with comes from the settings; addresses of the own network are allowed here alone.
    let sealer = Sealer::new(LocalKeys::generate("example")?);
    let webhooks = crm.webhooks(sealer).egress(Egress::Any).allow_http().build()?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = Url::parse(&format!("http://{}/hook", listener.local_addr()?))?;
    let endpoint = NewEndpoint::new(url.as_str()).event_types(vec!["client.*".to_owned()].try_into()?);
    let made = webhooks.create(&context, endpoint).await?;
    println!("endpoint {} wants client.*", made.endpoint.id);

    let (accepted, mut arrivals) = unbounded_channel();
    let receiver = Arc::new(Receiver {
        // Whoever made the endpoint gives its secret to the receiver.
        verifier: Verifier::new(SigningKey::parse(&made.secret)?),
        seen: RecentIds::new(10_000),
        accepted,
    });
    let serving = tokio::spawn(receiver.serve(listener));

    println!("a client is made");
    let mut recorded = Recorded::default();
    let worker = webhooks.worker()?;
    let client = NewClient::company("Padaria Pão Quente Ltda").cnpj("12.ABC.345/01DE-35");
    crm.clients().create(&context, client).await?;
    worker
        .run(async {
            if let Some(request) = arrivals.recv().await {
                recorded = request;
            }
        })
        .await;

    println!("the same request once more");
    let again = send(&url, &recorded).await?;
    println!("the same with another body");
    let mut forged = recorded.clone();
    forged.body = br#"{"type":"client.deleted"}"#.to_vec();
    let refused = send(&url, &forged).await?;
    assert_eq!((again, refused), (200, 401));
    assert!(arrivals.try_recv().is_err(), "neither was worked on");

    let (all, first) = (DeliveryFilter::all(), PageRequest::default());
    for delivery in webhooks.deliveries(&context, &all, &first).await?.items {
        let (state, attempts) = (delivery.state.as_str(), delivery.attempts);
        println!(
            "{} {}: {state} after {attempts} attempt",
            delivery.id, delivery.event_type
        );
    }
    serving.abort();
    Ok(())
}
