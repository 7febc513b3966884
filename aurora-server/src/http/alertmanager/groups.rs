use std::collections::BTreeMap;

use aurora_alerts::Labels;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::SEE;
use super::alerts::{AlertView, ReceiverName, Wanted, seen};
use crate::http::Routes;
use crate::http::extract::Params;
use crate::http::problem::Problem;
use crate::state::AppState;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(SEE, routes!(list))
}

/// Alerts that are told together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertmanagerGroup)]
struct GroupView {
    /// The labels by which the group was formed.
    #[schema(value_type = Object)]
    labels: Labels,
    receiver: ReceiverName,
    alerts: Vec<AlertView>,
}

/// The groups in which alerts are told, in Alertmanager's form.
#[utoipa::path(get, path = "/alerts/groups", tag = "alertmanager", operation_id = "alertmanager_groups",
    params(
        ("filter" = Option<Vec<String>>, Query, description = "Matchers; may stand several times"),
        ("receiver" = Option<String>, Query, description = "A pattern that the name of a receiver fulfils"),
    ),
    responses(
        (status = 200, description = "The groups", body = Vec<GroupView>),
    ))]
async fn list(
    State(state): State<AppState>,
    mut params: Params,
) -> Result<axum::Json<Vec<GroupView>>, Problem> {
    let wanted = Wanted::of(&mut params);
    params.finish_known()?;
    let mut groups: BTreeMap<(String, String), GroupView> = BTreeMap::new();
    let is_wanted = |receiver: &str| {
        let named = Labels::from([("receiver", receiver)]);
        wanted
            .receiver
            .as_ref()
            .is_none_or(|wanted| wanted.matches(&named))
    };
    for alert in seen(&state).into_iter().filter(|alert| wanted.wants(alert)) {
        let of_alert = alert.explanation.map(|it| it.groups).unwrap_or_default();
        for group in of_alert.into_iter().filter(|group| is_wanted(&group.receiver)) {
            let key = (group.receiver.clone(), group.group_key);
            let view = groups.entry(key).or_insert_with(|| GroupView {
                labels: group.group_labels,
                receiver: ReceiverName { name: group.receiver },
                alerts: Vec::new(),
            });
            // An alert is in as many groups as routes lead it to, and is shown whole in each.
            view.alerts.push(alert.view.clone());
        }
    }
    Ok(axum::Json(groups.into_values().collect()))
}
