use aurora_core::webhook;

use super::*;
use crate::error::ErrorKind;
use crate::testing::each_database;
use crate::webhooks::EndpointChange;

/// A listener of the own network that nobody must reach.
fn canary() -> std::net::TcpListener {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// A name of this machine that leads to its loopback address, and that only a lookup can tell.
fn local_name() -> Option<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let names = hosts.lines().filter(|line| line.starts_with("127."));
    let mut names = names.flat_map(|line| line.split_whitespace().skip(1));
    names
        .find(|name| !name.starts_with("localhost") && !name.starts_with('#'))
        .map(str::to_owned)
}

#[tokio::test]
async fn addresses_of_the_own_network_are_refused_when_they_are_given() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let guarded = house.crm.webhooks(house.sealer.clone()).build().unwrap();
        for url in [
            "http://example.com/",
            "ftp://example.com/",
            "https://",
            "no url",
            "https://user:password@example.com/",
            "https://example.com/#part",
            "https://localhost/",
            "https://api.localhost./",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://169.254.169.254/latest/meta-data",
            "https://168.63.129.16/",
            "https://10.0.0.1/",
            "https://100.64.0.1/",
            "https://192.168.0.1:8443/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fd00:ec2::254]/",
            &format!("https://example.com/{}", "x".repeat(2_048)),
        ] {
            let refused = guarded.create(&house.context, NewEndpoint::new(url)).await;
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Invalid, "{url}");
            assert_eq!(refused.fields()[0].field, "url");
            assert!(!format!("{refused} {refused:?}").contains("example"), "{refused}");
        }
        let new = NewEndpoint::new("https://hooks.example.com/T1");
        let made = guarded.create(&house.context, new).await.unwrap().endpoint;
        let moved = EndpointChange::new().url("https://10.0.0.1/");
        let refused = guarded.update(&house.context, made.id, 1, moved).await;
        assert_eq!(refused.unwrap_err().fields()[0].code, "not_allowed");
    })
    .await;
}

#[tokio::test]
async fn what_leads_into_the_own_network_is_not_sent_whoever_stored_it() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let canary = canary();
        let port = canary.local_addr().unwrap().port();
        // Stored while it was allowed: addresses, and names that lead to them, as after DNS rebinding.
        let mut urls = vec![
            format!("https://127.0.0.1:{port}/"),
            format!("https://localhost:{port}/"),
        ];
        urls.extend(local_name().map(|name| format!("https://{name}:{port}/")));
        for url in &urls {
            let new = NewEndpoint::new(url.as_str());
            house.webhooks.create(&house.context, new).await.unwrap();
        }
        let guarded = house.crm.webhooks(house.sealer.clone()).build().unwrap();
        house.event().await;
        let claimed = house.outbox().claim(QUEUE, 10, MINUTE).await.unwrap();
        assert_eq!(claimed.len(), urls.len());
        for message in claimed {
            guarded.attempts.handle(&message).await.unwrap();
        }
        for delivery in house.deliveries().await {
            assert_eq!(delivery.last_error.as_deref(), Some("blocked"));
        }
        assert!(canary.accept().is_err(), "the own network was reached");
    })
    .await;
}

#[tokio::test]
async fn neither_the_database_nor_debug_nor_the_audit_log_shows_secrets() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(200)).await;
        let new = NewEndpoint::new(format!("{}/canary-path", server.uri())).header("x-token", "canary-token");
        let shown = format!("{new:?}");
        let made = house.webhooks.create(&house.context, new).await.unwrap();
        let secret = made.secret.expose().to_owned();
        let rotated = house
            .webhooks
            .rotate_secret(&house.context, made.endpoint.id, 1)
            .await
            .unwrap();
        let shown = format!("{shown} {made:?} {rotated:?} {:?}", house.webhooks);
        for text in ["canary", "whsec_", secret.as_str()] {
            assert!(!shown.contains(text), "{text}: {shown}");
        }
        let columns = "select secret || ' ' || previous_secret || ' ' || headers from webhook_endpoints";
        let entries = "select action || detail || principal from audit_entries order by seq";
        for (sql, expected) in [(columns, "aurs1."), (entries, "webhook_endpoint.")] {
            let rows: Vec<String> = aurora_core::store::on_reader!(db.owner, |pool| sqlx::query_scalar(sql)
                .fetch_all(pool))
            .unwrap();
            let stored = rows.join("\n");
            assert!(stored.contains(expected), "{stored}");
            for text in ["canary", "whsec_", secret.strip_prefix("whsec_").unwrap()] {
                assert!(!stored.contains(text), "{text}: {stored}");
            }
        }
        // With other keys nothing can be signed, and nothing is sent unsigned.
        let other = Sealer::new(LocalKeys::generate("other").unwrap());
        let builder = house.crm.webhooks(other).egress(Egress::Any).allow_http();
        let lost = builder.build().unwrap();
        house.event().await;
        for message in house.outbox().claim(QUEUE, 10, MINUTE).await.unwrap() {
            lost.attempts.handle(&message).await.unwrap();
        }
        assert!(requests(&server).await.is_empty());
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!(delivery.last_error.as_deref(), Some("secret"));
        let endpoint = house.webhooks.get(&house.context, made.endpoint.id).await;
        assert_eq!(
            endpoint.unwrap().failing_since,
            None,
            "the endpoint is not charged with it"
        );
        house.clock.advance(MINUTE);
        house.work().await;
        let [request] = requests(&server).await.try_into().unwrap();
        assert!(request.headers.contains_key(webhook::SIGNATURE));
    })
    .await;
}
