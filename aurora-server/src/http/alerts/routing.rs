//! Who is told: routes, receivers, inhibition and named times, to see.

use aurora_alerts::Matchers;
use aurora_alerts::route::{GroupBy, Route};
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::SEE;
use super::rule_views::{StepView, steps};
use crate::http::Routes;
use crate::state::AppState;

pub(super) fn routes() -> Routes {
    Routes::new().route(SEE, routes!(routing))
}

/// A route of the tree.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRoute)]
struct RouteView {
    /// The receiver; null is that of the parent.
    receiver: Option<String>,
    /// What an alert must fulfil.
    matchers: Vec<String>,
    /// By which labels alerts are told together; `["..."]` is each on its own, null as the parent.
    group_by: Option<Vec<String>>,
    /// How long the first notification of a group waits for further alerts.
    group_wait_seconds: Option<u64>,
    /// The least time between two notifications of a group about changes.
    group_interval_seconds: Option<u64>,
    /// How often a group that fires and does not change is told again.
    repeat_interval_seconds: Option<u64>,
    /// Named times within which nothing is told.
    mute_time_intervals: Vec<String>,
    /// Named times within which alone something is told.
    active_time_intervals: Vec<String>,
    /// Who is told next if nobody acknowledges.
    escalation: Vec<StepView>,
    /// Whether siblings after it are looked at too.
    #[serde(rename = "continue")]
    #[schema(rename = "continue")]
    continues: bool,
    /// More special routes.
    #[schema(no_recursion)]
    routes: Vec<Self>,
}

impl RouteView {
    fn of(route: &Route) -> Self {
        let [wait, interval, repeat] = route.waits().map(|wait| wait.map(|it| it.as_secs()));
        let [mute, active] = route.times();
        Self {
            receiver: route.receiver().map(str::to_owned),
            matchers: texts(route.matchers()),
            group_by: route.grouping().map(|by| match by {
                GroupBy::Alert => vec!["...".to_owned()],
                GroupBy::Labels(labels) => labels.clone(),
            }),
            group_wait_seconds: wait,
            group_interval_seconds: interval,
            repeat_interval_seconds: repeat,
            mute_time_intervals: mute.to_vec(),
            active_time_intervals: active.to_vec(),
            escalation: steps(route.chain()),
            continues: route.continues(),
            routes: route.children().iter().map(Self::of).collect(),
        }
    }
}

fn texts(matchers: &Matchers) -> Vec<String> {
    matchers.iter().map(ToString::to_string).collect()
}

/// Channels under one name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertReceiver)]
struct ReceiverView {
    /// The name that routes and escalation steps use.
    name: String,
    /// Its channels.
    channels: Vec<String>,
}

/// Alerts that fire keep others back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InhibitRule)]
struct InhibitView {
    /// What keeps others back.
    source_matchers: Vec<String>,
    /// What is held back.
    target_matchers: Vec<String>,
    /// Labels that must be equal.
    equal: Vec<String>,
}

/// A named time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NamedTime)]
struct TimesView {
    /// The name that routes use.
    name: String,
    /// Active within one of these, as Alertmanager writes them.
    #[schema(value_type = Vec<Object>)]
    intervals: Vec<Value>,
}

/// Who is told of which alerts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRouting)]
struct RoutingView {
    /// The root of the tree; null tells every channel of every alert.
    route: Option<RouteView>,
    /// Channels under one name; the name of a channel is a receiver by itself.
    receivers: Vec<ReceiverView>,
    /// What keeps others back.
    inhibit: Vec<InhibitView>,
    /// Named times that routes use.
    time_intervals: Vec<TimesView>,
    /// The channels.
    channels: Vec<String>,
}

/// Who is told of which alerts: the tree of routes, receivers, inhibition, named times. They come from the file of
/// `alerts.file`.
#[utoipa::path(get, path = "/routes", tag = "alerts", operation_id = "alert_routes", responses(
    (status = 200, description = "Routes, receivers, inhibition, named times", body = RoutingView),
))]
async fn routing(State(state): State<AppState>) -> axum::Json<RoutingView> {
    let routing = state.alerts.routing();
    axum::Json(RoutingView {
        route: routing.root.as_ref().map(RouteView::of),
        receivers: routing
            .receivers
            .into_iter()
            .map(|it| ReceiverView {
                name: it.name,
                channels: it.channels,
            })
            .collect(),
        inhibit: routing
            .inhibit
            .iter()
            .map(|it| InhibitView {
                source_matchers: texts(&it.source),
                target_matchers: texts(&it.target),
                equal: it.equal.clone(),
            })
            .collect(),
        time_intervals: routing
            .times
            .into_iter()
            .map(|(name, intervals)| TimesView {
                name,
                intervals: intervals
                    .iter()
                    .map(|it| serde_json::to_value(it).unwrap_or_default())
                    .collect(),
            })
            .collect(),
        channels: state.alerts.channels().into_iter().map(|it| it.channel).collect(),
    })
}
