//! Nobody reaches what belongs to another workspace: every operation is tried with its ids, as everybody.

use serde_json::{Value, json};

use super::api::{Api, Ids, Operation, Parameter};
use super::seed::Tenant;
use crate::http::testing::{Answer, House, Person, token_of};

/// In every text of the tenant that is attacked.
const THEIRS: &str = "zarabatanaxq";
const OWN: &str = "berimbauxq";
const ROLES: [&str; 6] = ["owner", "admin", "manager", "agent", "professional", "viewer"];
/// Kinds of ids that belong to the installation, or that only Google and Meta cause.
const NOBODYS: [&str; 3] = ["sil", "clk", "win"];
/// They speak to registries outside.
const OUTSIDE: &str = "/api/v1/cnpj";

/// Somebody who tries, and what they show.
struct Attacker {
    name: String,
    authorization: Option<String>,
}

impl Attacker {
    async fn try_out(&self, house: &House, operation: &Operation<'_>, path: &str, body: &Value) -> Answer {
        let shown = self.authorization.iter().map(|it| ("authorization", it.as_str()));
        let headers: Vec<_> = operation.headers().into_iter().chain(shown).collect();
        house.server.send(&operation.method, path, &headers, body).await
    }

    fn check(&self, operation: &Operation<'_>, path: &str, answer: &Answer) {
        let place = format!("{} as {}: {} {path}", operation.method, self.name, answer.status);
        assert!(
            answer.status < 500 || answer.status == 501 || answer.status == 503,
            "{place}: {}",
            answer.body
        );
        let text = format!("{:?}{}", answer.usual_headers(), answer.body).to_lowercase();
        assert!(!text.contains(THEIRS), "{place} tells what is another's: {text}");
    }
}

/// Somebody in a workspace of their own.
async fn member(house: &House, inviter: &Person, workspace: &str, role: &str) -> Person {
    let place = format!("/api/v1/workspaces/{workspace}/invitations");
    let email = format!("{role}@example.com");
    let invited = house
        .post(inviter, &place, &json!({"email": email, "roles": [role]}))
        .await;
    let body = json!({"token": token_of(&invited.good(201)), "name": "Somebody", "password": crate::http::testing::PASSWORD});
    house.server.post("/api/v1/auth/register", &body).await.good(201);
    house.signed_in(&email).await
}

/// Every role of the second workspace, and a key that carries all that its owner may give.
async fn attackers(house: &House, ana: &Person, workspace: &str) -> (Person, Vec<Attacker>) {
    let owner = member(house, ana, workspace, "owner").await;
    let owner = house.with_factor(owner).await;
    let mine = house.get(&owner, "/api/v1/auth/me").await.good(200);
    let scopes = mine["permissions"].as_array().unwrap().iter();
    let scopes: Vec<&Value> = scopes
        .filter(|scope| {
            let area = scope.as_str().unwrap().split(':').next().unwrap();
            !["operation", "metrics", "alert", "notification", "status"].contains(&area)
        })
        .collect();
    let key = json!({"name": "all", "scopes": scopes});
    let key = house.post(&owner, "/api/v1/api-keys", &key).await.good(201);
    let mut all = vec![
        Attacker {
            name: "a key".to_owned(),
            authorization: Some(format!("Bearer {}", key["key"].as_str().unwrap())),
        },
        Attacker {
            name: "owner".to_owned(),
            authorization: Some(owner.bearer()),
        },
    ];
    for role in ROLES.iter().skip(1) {
        let person = member(house, &owner, workspace, role).await;
        all.push(Attacker {
            name: (*role).to_owned(),
            authorization: Some(person.bearer()),
        });
    }
    (owner, all)
}

async fn house() -> House {
    House::with(&[("limits.api_per_hour", "0"), ("limits.request_timeout", "30s")]).await
}

#[tokio::test]
async fn nobody_reaches_what_belongs_to_another_workspace() {
    let house = house().await;
    let api = Api::of(&house.server).await;
    let ana = house.administrator().await;
    let first = house.server.state.workspace.to_string();
    house.member(&ana, "vera@example.com", "viewer").await;
    let theirs = Tenant::seeded(&house, ana.clone(), &first, THEIRS, &api).await;
    let second = json!({"kind": "clinic", "name": "Segunda"});
    let second = house.post(&ana, "/api/v1/workspaces", &second).await.good(201)["id"].clone();
    let second = second.as_str().unwrap();
    let (owner, attackers) = attackers(&house, &ana, second).await;
    let own = Tenant::seeded(&house, owner, second, OWN, &api).await;
    let theirs = theirs.ids.without(&own.ids);

    let (mut missing, mut reached) = (Vec::new(), Vec::new());
    for operation in api.operations() {
        let is_outside = operation.path.starts_with(OUTSIDE);
        let parameters = operation.in_path();
        for kind in parameters.iter().flat_map(Parameter::kinds) {
            if !theirs.has(kind) && !NOBODYS.contains(&kind) {
                missing.push(format!("{} {}: {kind}", operation.method, operation.path));
            }
        }
        let mut body = api.body(&operation).unwrap_or_default();
        let is_placed = theirs.place(&mut body);
        if is_outside || !(operation.has_ids() || is_placed) {
            continue;
        }
        let mut paths = foreign(&operation, &theirs, &own.ids);
        if is_placed {
            paths.push(at_home(&operation, &own.ids));
        }
        for path in paths {
            for attacker in &attackers {
                let answer = attacker.try_out(&house, &operation, &path, &body).await;
                attacker.check(&operation, &path, &answer);
                if (200..300).contains(&answer.status) && !is_empty(&operation, &answer) {
                    let (method, name) = (&operation.method, &attacker.name);
                    reached.push(format!(
                        "{method} {path} {body} as {name}: {} {}",
                        answer.status, answer.body
                    ));
                }
            }
        }
    }
    assert!(reached.is_empty(), "{reached:#?}");
    assert!(missing.is_empty(), "nothing was seeded for {missing:#?}");
    lists(&api, &attackers, &theirs, &first, &own).await;
    house.server.stop().await.unwrap();
}

/// What a list says of an id that nobody has, too.
fn is_empty(operation: &Operation<'_>, answer: &Answer) -> bool {
    operation.method == "GET" && answer.json()["items"] == json!([])
}

/// The addresses that name something of another's: in each place, and everything else one's own.
fn foreign(operation: &Operation<'_>, theirs: &Ids, own: &Ids) -> Vec<String> {
    let parameters = operation.in_path();
    let named = parameters.iter().filter(|it| !it.kinds().is_empty());
    let mut all = Vec::new();
    for target in named {
        for kind in target.kinds() {
            for id in theirs.of(kind).iter().take(2) {
                all.push(operation.address(|it| {
                    let own_kind = it.kinds().first().map(|kind| own.of(kind).remove(0));
                    match own_kind {
                        _ if it.name == target.name => id.clone(),
                        Some(id) => id,
                        None => "x".to_owned(),
                    }
                }));
            }
        }
    }
    if parameters.len() > 1 {
        all.push(operation.address(|it| match it.kinds().first() {
            Some(kind) => theirs.of(kind).remove(0),
            None => "x".to_owned(),
        }));
    }
    all
}

/// The address of what is one's own, for a body that names something of another's.
fn at_home(operation: &Operation<'_>, own: &Ids) -> String {
    operation.address(|it| match it.kinds().first() {
        Some(kind) => own.of(kind).remove(0),
        None => "x".to_owned(),
    })
}

/// Lists, searches, exports and figures hold nothing of another's, whatever is asked for; and another's workspace cannot be
/// selected.
async fn lists(api: &Api, attackers: &[Attacker], theirs: &Ids, first: &str, own: &Tenant<'_>) {
    let house = own.house;
    for operation in api.operations() {
        let reads = operation.method == "GET" && !operation.has_ids() && !operation.is_stream();
        if !reads || operation.permission.is_none() || operation.path.starts_with(OUTSIDE) {
            continue;
        }
        let path = operation.address(|_| "x".to_owned());
        let mut paths = vec![path.clone()];
        for parameter in operation.in_query() {
            let ids = parameter.kinds().into_iter().flat_map(|kind| theirs.of(kind));
            paths.extend(ids.take(1).map(|id| format!("{path}?{}={id}", parameter.name)));
            if parameter.name == "q" {
                paths.push(format!("{path}?q={}", THEIRS.get(..6).unwrap()));
            }
        }
        for attacker in attackers {
            for path in &paths {
                let answer = attacker.try_out(house, &operation, path, &Value::Null).await;
                attacker.check(&operation, path, &answer);
            }
            let shown = attacker.authorization.as_deref().unwrap_or_default();
            let headers = [("authorization", shown), ("x-workspace-id", first)];
            let answer = house.server.send("GET", &path, &headers, "").await;
            attacker.check(&operation, &path, &answer);
            assert!(answer.status >= 400, "{} selects {first}: {path}", attacker.name);
        }
    }
    let person = json!({"kind": "person", "legal_name": "Outra", "phones": ["(11) 98765-4321"],
        "email": format!("{THEIRS}@example.com")});
    let alike = own
        .ask("POST", "/api/v1/clients/duplicates", &[], &person)
        .await
        .good(200);
    assert!(
        !alike.to_string().contains(theirs.of("cli")[0].as_str()),
        "{alike}"
    );
    let question = json!({"question": &THEIRS});
    let found = own.ask("POST", "/api/v1/knowledge/search", &[], &question).await;
    assert!(!found.body.contains(THEIRS), "{}", found.body);
}

#[tokio::test]
async fn whoever_shows_nothing_is_let_in_nowhere_but_where_it_is_said() {
    let house = house().await;
    let api = Api::of(&house.server).await;
    let nobody = Attacker {
        name: "nobody".to_owned(),
        authorization: None,
    };
    for operation in api.operations() {
        // Open to this machine.
        if operation.permission.is_none() || operation.path == "/metrics" {
            continue;
        }
        let path = operation.address(|it| match it.kinds().first() {
            Some(kind) => Ids::default().of(kind).remove(0),
            None => "x".to_owned(),
        });
        let body = api.body(&operation).unwrap_or_default();
        let answer = nobody.try_out(&house, &operation, &path, &body).await;
        assert_eq!(answer.status, 401, "{} {path}: {}", operation.method, answer.body);
    }
    house.server.stop().await.unwrap();
}
