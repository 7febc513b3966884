use std::collections::BTreeMap;
use std::time::Duration;

use aurora_alerts::silence::Silence;
use aurora_alerts::{Alert, Explanation, Labels, Matcher, Matchers, PostedAlert, Stage};
use aurora_core::time::Timestamp;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{CHANGE, SEE, filter, is_firing, receiver};
use crate::http::Routes;
use crate::http::alerts::matched;
use crate::http::alerts::views::active_since;
use crate::http::extract::{JsonList, Params};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// The most alerts that are posted at once.
const MOST: usize = 10_000;
/// Alertmanager shows an end of every alert. One of a rule of this server has none: as Prometheus does, it is looked at now
/// and would end by time-out.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(300);

pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(SEE, routes!(list)).route(CHANGE, routes!(post))
}

/// An alert as Alertmanager shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GettableAlert)]
pub(super) struct AlertView {
    #[schema(value_type = Object)]
    labels: Labels,
    #[schema(value_type = Object)]
    annotations: BTreeMap<String, String>,
    pub(super) receivers: Vec<ReceiverName>,
    fingerprint: String,
    #[schema(format = DateTime)]
    starts_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// A page that tells more, where whoever posted it named one.
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    #[schema(rename = "generatorURL")]
    generator_url: Option<String>,
    status: StatusView,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AlertmanagerReceiver)]
pub(super) struct ReceiverName {
    pub(super) name: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AlertmanagerAlertStatus)]
struct StatusView {
    /// `active`, `suppressed` or `unprocessed`.
    state: &'static str,
    silenced_by: Vec<String>,
    inhibited_by: Vec<String>,
    muted_by: Vec<String>,
}

/// Which alerts are asked for.
pub(super) struct Wanted {
    matchers: Matchers,
    pub(super) receiver: Option<Matcher>,
    active: bool,
    silenced: bool,
    inhibited: bool,
    muted: bool,
}

impl Wanted {
    pub(super) fn of(params: &mut Params) -> Self {
        let mut flag = |name| params.take::<bool>(name, "true or false").unwrap_or(true);
        let (active, silenced) = (flag("active"), flag("silenced"));
        let (inhibited, muted) = (flag("inhibited"), flag("muted"));
        flag("unprocessed");
        Self {
            matchers: filter(params),
            receiver: receiver(params),
            active,
            silenced,
            inhibited,
            muted,
        }
    }

    pub(super) fn wants(&self, alert: &Seen) -> bool {
        let status = &alert.view.status;
        self.matchers.matches(&alert.labels)
            && (self.active || status.state != "active")
            && (self.silenced || status.silenced_by.is_empty())
            && (self.inhibited || status.inhibited_by.is_empty())
            && (self.muted || status.muted_by.is_empty())
            && self.receiver.as_ref().is_none_or(|wanted| {
                let mut receivers = alert.view.receivers.iter();
                receivers.any(|it| wanted.matches(&Labels::from([("receiver", it.name.as_str())])))
            })
    }
}

/// An alert that fires, as it is shown, and where its routes lead it.
pub(super) struct Seen {
    pub(super) labels: Labels,
    pub(super) view: AlertView,
    pub(super) explanation: Option<Explanation>,
}

/// Every alert that fires.
pub(super) fn seen(state: &AppState) -> Vec<Seen> {
    let now = state.clock.now();
    let silences = state.alerts.silences();
    let alerts = state.alerts.active().into_iter().filter(is_firing);
    alerts.map(|alert| see(state, alert, &silences, now)).collect()
}

fn see(state: &AppState, alert: Alert, silences: &[Silence], now: Timestamp) -> Seen {
    let explanation = state.alerts.explain(alert.fingerprint);
    let labels = matched(&alert);
    let silenced_by: Vec<String> = silences
        .iter()
        .filter(|silence| silence.is_active(now) && silence.matches(&labels))
        .map(|silence| silence.id.uuid().to_string())
        .collect();
    let groups = explanation.iter().flat_map(|it| &it.groups);
    let (mut receivers, mut inhibited_by, mut muted_by) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups {
        receivers.push(group.receiver.clone());
        for target in &group.targets {
            match &target.stage {
                Stage::Inhibited { by } => inhibited_by.push(by.to_string()),
                Stage::Muted { by } => muted_by.extend(by.iter().cloned()),
                _ => {}
            }
        }
    }
    for names in [&mut receivers, &mut inhibited_by, &mut muted_by] {
        names.sort();
        names.dedup();
    }
    let is_held = !silenced_by.is_empty() || !inhibited_by.is_empty() || !muted_by.is_empty();
    let starts_at = active_since(&alert).unwrap_or(now);
    let mut annotations = alert.annotations;
    // Of a posted alert the description was taken from its annotations.
    if alert.posting.is_none() && !alert.description.is_empty() {
        annotations
            .entry("description".to_owned())
            .or_insert(alert.description);
    }
    let (ends_at, updated_at, generator_url) = match alert.posting {
        Some(posting) => (
            posting.expires_at,
            posting.at.unwrap_or(starts_at),
            posting.generator_url,
        ),
        None => (now + RESOLVE_TIMEOUT, now, None),
    };
    Seen {
        view: AlertView {
            labels: labels.clone(),
            annotations,
            receivers: receivers.into_iter().map(|name| ReceiverName { name }).collect(),
            fingerprint: alert.fingerprint.to_string(),
            starts_at: starts_at.to_string(),
            ends_at: ends_at.to_string(),
            updated_at: updated_at.to_string(),
            generator_url,
            status: StatusView {
                state: if is_held { "suppressed" } else { "active" },
                silenced_by,
                inhibited_by,
                muted_by,
            },
        },
        labels,
        explanation,
    }
}

/// The alerts that fire, in Alertmanager's form.
#[utoipa::path(get, path = "/alerts", tag = "alertmanager", operation_id = "alertmanager_alerts",
    params(
        ("filter" = Option<Vec<String>>, Query, description = "Matchers; may stand several times"),
        ("receiver" = Option<String>, Query, description = "A pattern that the name of a receiver fulfils"),
        ("active" = Option<bool>, Query, description = "Whether those that nothing keeps back are shown"),
        ("silenced" = Option<bool>, Query, description = "Whether those that a silence keeps back are shown"),
        ("inhibited" = Option<bool>, Query, description = "Whether those that another alert keeps back are shown"),
        ("muted" = Option<bool>, Query, description = "Whether those that a named time keeps back are shown"),
    ),
    responses(
        (status = 200, description = "The alerts", body = Vec<AlertView>),
    ))]
async fn list(
    State(state): State<AppState>,
    mut params: Params,
) -> Result<axum::Json<Vec<AlertView>>, Problem> {
    let wanted = Wanted::of(&mut params);
    params.finish_known()?;
    let alerts = seen(&state).into_iter().filter(|alert| wanted.wants(alert));
    Ok(axum::Json(alerts.map(|alert| alert.view).collect()))
}

/// An alert as Prometheus posts it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PostableAlert)]
struct PostedInput {
    #[schema(value_type = Object)]
    labels: Labels,
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    annotations: BTreeMap<String, String>,
    /// RFC 3339; the year 1 is none.
    starts_at: Option<Time>,
    /// RFC 3339; the year 1 is none.
    ends_at: Option<Time>,
    #[serde(rename = "generatorURL")]
    #[schema(rename = "generatorURL")]
    generator_url: Option<String>,
}

/// A time of Go, whose zero is no time.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(value_type = String, format = DateTime)]
struct Time(Timestamp);

impl Time {
    fn told(self) -> Option<Timestamp> {
        Some(self.0).filter(|at| *at > Timestamp::UNIX_EPOCH)
    }
}

/// Takes alerts in Alertmanager's form.
///
/// As there, a body that does not have this form is refused as a whole; of alerts in the right form, those that make sense
/// are taken even where others do not, such as one without a label, and the answer is 400.
#[utoipa::path(post, path = "/alerts", tag = "alertmanager", operation_id = "alertmanager_post_alerts",
    request_body = Vec<PostedInput>,
    responses(
        (status = 200, description = "Written down; they will be told"),
        (status = 400, description = "Some make no sense and were left out, or the body has not the form and nothing was taken", body = super::AlertmanagerError),
    ))]
async fn post(
    State(state): State<AppState>,
    JsonList(input): JsonList<PostedInput>,
) -> Result<StatusCode, Problem> {
    if input.len() > MOST {
        return Err(Problem::new(ProblemKind::BadRequest).detail("there can be at most 10000 alerts at once"));
    }
    let alerts = input.into_iter().map(|input| {
        let mut alert = PostedAlert::new(input.labels);
        alert.annotations = input.annotations;
        alert.starts_at = input.starts_at.and_then(Time::told);
        alert.ends_at = input.ends_at.and_then(Time::told);
        alert.generator_url = input.generator_url.filter(|url| !url.is_empty());
        alert
    });
    state.alerts.post(alerts).await?;
    Ok(StatusCode::OK)
}
