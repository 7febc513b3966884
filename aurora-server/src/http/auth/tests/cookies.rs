use std::time::Duration;

use serde_json::json;

use crate::http::testing::{Answer, House, PASSWORD};

const OWN: [(&str, &str); 2] = [("origin", "http://localhost"), ("sec-fetch-site", "same-origin")];
const FOREIGN: [(&str, &str); 2] = [
    ("origin", "https://evil.example"),
    ("sec-fetch-site", "cross-site"),
];

/// Name and value of a cookie that an answer sets, and the rest of it.
fn cookie(answer: &Answer, name: &str) -> (String, String) {
    let all = answer.headers("set-cookie");
    let one = all
        .iter()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("{name}: {all:?}"));
    let (pair, rest) = one.split_once("; ").unwrap();
    (pair.to_owned(), rest.to_owned())
}

async fn signed_in(house: &House, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"email": "ana@example.com", "password": PASSWORD, "cookie": true}).to_string();
    house
        .server
        .send("POST", "/api/v1/auth/login", headers, &body)
        .await
}

#[tokio::test]
async fn browsers_get_cookies_that_no_script_and_no_foreign_page_can_use() {
    let house = House::new().await;
    house.founder().await;
    let refused = signed_in(&house, &FOREIGN).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (403, Some("foreign_origin"))
    );
    let answer = signed_in(&house, &OWN).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = answer.json();
    for kept in ["access_token", "refresh_token", "device"] {
        assert!(body.get(kept).is_none(), "{kept}");
    }
    let (access, rest) = cookie(&answer, "aurora_access=");
    assert_eq!(rest, "Path=/; Max-Age=900; HttpOnly; SameSite=Strict");
    let (refresh, rest) = cookie(&answer, "aurora_refresh=");
    assert!(
        rest.starts_with("Path=/api/v1/auth; ") && rest.ends_with("HttpOnly; SameSite=Strict"),
        "{rest}"
    );

    let send = async |method: &str, path: &str, cookie: &str, from: &[(&str, &str)], body: &str| {
        let mut headers = vec![("cookie", cookie)];
        headers.extend_from_slice(from);
        house.server.send(method, path, &headers, body).await
    };
    assert_eq!(send("GET", "/api/v1/clients", &access, &[], "").await.status, 200);
    let client = r#"{"kind":"person","legal_name":"Bia"}"#;
    for from in [&FOREIGN[..], &FOREIGN[..1], &[("origin", "null")], &[]] {
        let answer = send("POST", "/api/v1/clients", &access, from, client).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (403, Some("foreign_origin")),
            "{from:?}"
        );
        let answer = send("POST", "/api/v1/auth/refresh", &refresh, from, "{}").await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (403, Some("foreign_origin")),
            "{from:?}"
        );
    }
    assert_eq!(
        send("POST", "/api/v1/clients", &access, &OWN, client)
            .await
            .status,
        201
    );
    let next = send("POST", "/api/v1/auth/refresh", &refresh, &OWN, "{}").await;
    assert_eq!(next.status, 200, "{}", next.body);
    assert!(next.json().get("access_token").is_none());
    let (access, _) = cookie(&next, "aurora_access=");
    let out = send("POST", "/api/v1/auth/logout", &access, &OWN, "").await;
    assert_eq!(out.status, 204);
    for name in ["aurora_access=", "aurora_refresh="] {
        let (pair, rest) = cookie(&out, name);
        assert!(
            pair.ends_with('=') && rest.contains("Max-Age=0"),
            "{pair}; {rest}"
        );
    }
    assert_eq!(send("GET", "/api/v1/clients", &access, &[], "").await.status, 401);
}

#[tokio::test]
async fn behind_https_cookies_are_tied_to_it() {
    let house = House::with(&[("server.public_url", "https://aurora.example")]).await;
    house.founder().await;
    let answer = signed_in(&house, &[]).await;
    let (access, rest) = cookie(&answer, "__Host-aurora_access=");
    assert_eq!(rest, "Path=/; Max-Age=900; HttpOnly; SameSite=Strict; Secure");
    assert_eq!(
        house
            .server
            .send("GET", "/api/v1/clients", &[("cookie", &access)], "")
            .await
            .status,
        200
    );
    let (refresh, rest) = cookie(&answer, "__Secure-aurora_refresh=");
    assert!(rest.ends_with("; Secure"), "{rest}");
    let headers = [("cookie", refresh.as_str()), OWN[0], OWN[1]];
    assert_eq!(
        house
            .server
            .send("POST", "/api/v1/auth/refresh", &headers, "{}")
            .await
            .status,
        200
    );

    // the proxy's word counts only where a proxy is trusted
    let proxied = [("x-forwarded-proto", "https")];
    let trusting = House::with(&[("server.trusted_proxies", "1")]).await;
    trusting.founder().await;
    assert!(
        cookie(&signed_in(&trusting, &proxied).await, "__Host-aurora_access=")
            .1
            .contains("Secure")
    );
    let alone = House::new().await;
    alone.founder().await;
    assert!(
        !cookie(&signed_in(&alone, &proxied).await, "aurora_access=")
            .1
            .contains("Secure")
    );
}

#[tokio::test]
async fn behind_https_cookies_of_a_neighbour_count_for_nothing() {
    let house = House::with(&[("server.public_url", "https://aurora.example")]).await;
    house.founder().await;
    let answer = signed_in(&house, &[]).await;
    let (access, _) = cookie(&answer, "__Host-aurora_access=");
    let (refresh, _) = cookie(&answer, "__Secure-aurora_refresh=");
    let send = async |method: &str, path: &str, cookie: &str| {
        let headers = [("cookie", cookie), OWN[0], OWN[1]];
        house.server.send(method, path, &headers, "").await.status
    };
    let bare = access.trim_start_matches("__Host-");
    assert_eq!(send("GET", "/api/v1/clients", bare).await, 401);
    let both = format!("{}; {access}", "aurora_access=of-a-neighbour");
    assert_eq!(send("GET", "/api/v1/clients", &both).await, 200);
    let bare = refresh.trim_start_matches("__Secure-");
    let headers = [("cookie", bare), OWN[0], OWN[1]];
    let refused = house
        .server
        .send("POST", "/api/v1/auth/refresh", &headers, "{}")
        .await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn who_comes_back_after_the_access_token_has_ended_signs_out_all_the_same() {
    let house = House::new().await;
    house.founder().await;
    let answer = signed_in(&house, &OWN).await;
    let (access, _) = cookie(&answer, "aurora_access=");
    let (refresh, _) = cookie(&answer, "aurora_refresh=");
    house.clock.advance(Duration::from_secs(16 * 60));
    let both = format!("{access}; {refresh}");
    let send = async |path: &str, cookie: &str, from: &[(&str, &str)]| {
        let mut headers = vec![("cookie", cookie)];
        headers.extend_from_slice(from);
        house.server.send("POST", path, &headers, "{}").await
    };
    for cookie in [both.as_str(), refresh.as_str()] {
        let refused = send("/api/v1/auth/logout", cookie, &FOREIGN).await;
        refused.problem(403, "foreign_origin");
    }
    let out = send("/api/v1/auth/logout", &both, &OWN).await;
    assert_eq!((out.status, out.headers("set-cookie").len()), (204, 2));
    assert_eq!(send("/api/v1/auth/refresh", &refresh, &OWN).await.status, 401);
    let out = send("/api/v1/auth/logout", &both, &OWN).await;
    assert_eq!(
        (out.status, out.headers("set-cookie").len()),
        (204, 2),
        "once more"
    );
    // A form on a page of others reaches this without cookies, and takes none away.
    let form = house
        .server
        .send("POST", "/api/v1/auth/logout", &FOREIGN, "")
        .await;
    assert_eq!((form.status, form.headers("set-cookie").len()), (204, 0));
}
