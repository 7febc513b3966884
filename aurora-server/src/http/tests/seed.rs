//! A tenant that has something of everything, made through the API.

use serde_json::{Value, json};

use super::api::{Api, Ids};
use crate::http::testing::{Answer, House, Person};

/// A workspace, its owner, and the word that stands in every text of it.
pub(super) struct Tenant<'a> {
    pub(super) house: &'a House,
    pub(super) owner: Person,
    pub(super) workspace: String,
    pub(super) word: &'static str,
    /// All ids that its owner was told.
    pub(super) ids: Ids,
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Wednesday, within opening hours of whoever works around the clock.
const VISIT: &str = "2027-01-20T15:00:00Z";

impl<'a> Tenant<'a> {
    pub(super) async fn seeded(
        house: &'a House,
        owner: Person,
        workspace: &str,
        word: &'static str,
        api: &Api,
    ) -> Self {
        let mut tenant = Self {
            house,
            owner,
            workspace: workspace.to_owned(),
            word,
            ids: Ids::default(),
        };
        let client = tenant.people().await;
        tenant.desk().await;
        tenant.agenda(&client).await;
        tenant.library(&client).await;
        tenant.rest(&client).await;
        tenant.look_around(api).await;
        tenant
    }

    /// What its owner is told.
    pub(super) async fn ask(&self, method: &str, path: &str, more: &[(&str, &str)], body: &Value) -> Answer {
        let here = [("x-workspace-id", self.workspace.as_str())];
        let headers = [&here[..], more].concat();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.house.ask(&self.owner, method, path, &headers, &body).await
    }

    /// Makes something and gives its id.
    async fn make(&mut self, path: &str, body: Value) -> String {
        let made = self.ask("POST", path, &[], &body).await;
        assert!([200, 201, 202].contains(&made.status), "{path}: {}", made.body);
        self.ids.collect(&made.json());
        made.json()["id"].as_str().unwrap_or_default().to_owned()
    }

    async fn people(&mut self) -> String {
        let word = self.word;
        let new = json!({"kind": "person", "legal_name": format!("{word} Silva"), "phones": ["(11) 98765-4321"],
            "email": format!("{word}@example.com"), "tags": [word]});
        let client = self.make("/api/v1/clients", new).await;
        let at = format!("/api/v1/clients/{client}");
        self.make(&format!("{at}/notes"), json!({"text": word})).await;
        let lead = json!({"title": word, "client": client});
        let lead = self.make("/api/v1/leads", lead).await;
        for subject in [json!({"lead": lead}), json!({"client": client})] {
            let done = json!({"kind": "note", "subject": subject, "title": word, "text": word});
            self.make("/api/v1/activities", done).await;
            let task = json!({"title": word, "due_at": "2027-02-01T12:00:00Z", "subject": subject});
            self.make("/api/v1/tasks", task).await;
        }
        let field = json!({"applies_to": "client", "key": "size", "label": word, "kind": "text"});
        self.make("/api/v1/custom-fields", field).await;
        self.make("/api/v1/leads/lost-reasons", json!({"name": word}))
            .await;
        let gone = json!({"kind": "person", "legal_name": word});
        let gone = self.make("/api/v1/clients", gone).await;
        let deleted = self
            .ask(
                "DELETE",
                &format!("/api/v1/clients/{gone}"),
                &[("if-match", "\"v1\"")],
                &Value::Null,
            )
            .await;
        assert_eq!(deleted.status, 204, "{}", deleted.body);
        client
    }

    /// A chat on a page, and a visitor of it who has written.
    async fn desk(&mut self) {
        let word = self.word;
        let chat = self.make("/api/v1/webchats", json!({"name": word})).await;
        let key = self
            .ask("GET", &format!("/api/v1/webchats/{chat}/key"), &[], &Value::Null)
            .await;
        let visit = json!({"page_key": key.good(200)["page_key"]});
        let server = &self.house.server;
        let session = server.post("/api/v1/webchat/sessions", &visit).await.good(201);
        let bearer = format!("Bearer {}", session["token"].as_str().unwrap());
        let said = json!({"key": "m-1", "text": word, "name": word});
        let headers = [("authorization", bearer.as_str())];
        let said = server
            .send("POST", "/api/v1/webchat/messages", &headers, &said)
            .await;
        assert_eq!(said.status, 201, "{}", said.body);
        let page = self
            .ask("GET", "/api/v1/conversations", &[], &Value::Null)
            .await
            .good(200);
        self.ids.collect(&page);
        let conversation = page["items"][0]["id"].as_str().unwrap();
        let at = format!("/api/v1/conversations/{conversation}");
        self.make(&format!("{at}/messages"), json!({"text": word})).await;
        self.make(&format!("{at}/notes"), json!({"text": word})).await;
    }

    async fn agenda(&mut self, client: &str) {
        let word = self.word;
        let closes = json!({"closes": []});
        let rules = "/api/v1/schedule/holiday_rules";
        self.ask("PUT", rules, &[("if-match", "\"v0\"")], &closes)
            .await
            .good(200);
        let holiday = json!({"name": word, "kind": "own", "yearly": {"on": {"month": 7, "day": 9}}});
        self.make("/api/v1/schedule/holidays", holiday).await;
        self.make("/api/v1/rooms", json!({"name": word})).await;
        let professional = json!({"name": word, "time_zone": "America/Sao_Paulo"});
        let professional = self.make("/api/v1/professionals", professional).await;
        let week = DAYS.map(|day| json!({"weekday": day, "from": "00:00", "until": "24:00"}));
        let hours = format!("/api/v1/professionals/{professional}/hours");
        let set = self
            .ask("PUT", &hours, &[("if-match", "\"v1\"")], &json!({"hours": week}))
            .await;
        assert_eq!(set.status, 200, "{}", set.body);
        let service = json!({"name": word, "duration_minutes": 30, "professionals": [professional]});
        let service = self.make("/api/v1/services", service).await;
        let visit = json!({"client_id": client, "service_id": service, "professional_id": professional, "starts_at": VISIT});
        self.make("/api/v1/appointments", visit).await;
        let wish = json!({"client": client, "service": service, "wanted_from": "2027-01-21T00:00:00Z",
            "wanted_until": "2027-01-28T00:00:00Z", "part_of_day": "morning"});
        self.make("/api/v1/appointments/waiting", wish).await;
        self.make(
            "/api/v1/appointments/reminder_rules",
            json!({"minutes_before": 1440}),
        )
        .await;
    }

    async fn library(&mut self, client: &str) {
        let word = self.word;
        let bearer = self.owner.bearer();
        let name = format!("{word}.txt");
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-workspace-id", self.workspace.as_str()),
            ("x-filename", name.as_str()),
        ];
        let path = format!("/api/v1/files?subject={client}");
        let file = self.house.server.exchange("POST", &path, &headers, word).await;
        self.ids.collect(&file.good(201));
        let csv = [headers[0], headers[1], ("content-type", "text/csv")];
        let text = format!("tipo,nome\npessoa,{word} Souza\n");
        let import = self
            .house
            .server
            .exchange("POST", "/api/v1/clients/import", &csv, text)
            .await;
        assert_eq!(import.status, 200, "{}", import.body);
        self.ids.collect(&import.json());
        let document = json!({"title": word, "content": format!("O segredo é {word}.")});
        self.make("/api/v1/knowledge/documents", document).await;
        let question = json!({"question": word});
        self.make("/api/v1/knowledge/search", question.clone()).await;
        let chunk = self.ids.of("kch").remove(0);
        let rating = json!({"chunk_id": chunk, "question": word, "kind": "up"});
        self.make("/api/v1/knowledge/feedback", rating).await;
        let correction = json!({"question": word, "answer": word});
        self.make("/api/v1/knowledge/corrections", correction).await;
    }

    /// Privacy, webhooks, keys, people.
    async fn rest(&mut self, client: &str) {
        let word = self.word;
        let subject = format!("/api/v1/privacy/subjects/{client}");
        let consent =
            json!({"act": "given", "purpose": word, "channel": "form", "text_version": "1", "text": word});
        self.make(&format!("{subject}/consents"), consent).await;
        let share = json!({"recipient": word, "purpose": word, "categories": ["name"]});
        self.make(&format!("{subject}/shares"), share).await;
        let hold = json!({"class": "client", "basis": word});
        self.make(&format!("{subject}/holds"), hold).await;
        let request = json!({"subject": client, "kind": "access"});
        self.make("/api/v1/privacy/requests", request).await;
        let hook = json!({"url": format!("https://{word}.example.com/hook"), "event_types": ["client.*"], "description": word});
        let hook = self.make("/api/v1/webhooks", hook).await;
        self.make(&format!("/api/v1/webhooks/{hook}/test"), Value::Null)
            .await;
        let key = json!({"name": word, "scopes": ["client:read"]});
        self.make("/api/v1/api-keys", key).await;
        self.make("/api/v1/llm/keys", json!({"name": word})).await;
        let place = format!("/api/v1/workspaces/{}/invitations", self.workspace);
        let guest = json!({"email": format!("guest-{word}@example.com"), "roles": ["viewer"]});
        self.make(&place, guest).await;
    }

    /// Reads every list, for the ids in it.
    async fn look_around(&mut self, api: &Api) {
        for operation in api.operations() {
            if operation.method != "GET" || operation.has_ids() || operation.is_stream() {
                continue;
            }
            let path = operation.address(|_| self.workspace.clone());
            if path.starts_with("/api/v1/cnpj") {
                continue;
            }
            let answer = self.ask("GET", &path, &[], &Value::Null).await;
            let is_json = answer.header("content-type") == Some("application/json");
            if answer.status == 200 && is_json {
                self.ids.collect(&answer.json());
            }
        }
        let place = format!("/api/v1/workspaces/{}/members", self.workspace);
        for path in [place.as_str(), "/api/v1/auth/sessions"] {
            let answer = self.ask("GET", path, &[], &Value::Null).await;
            self.ids.collect(&answer.good(200));
        }
    }
}
