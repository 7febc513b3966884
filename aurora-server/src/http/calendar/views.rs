//! The JSON of calendars.

use aurora_core::secret::Secret;
use aurora_crm::channels::google_calendar::{Direction, Titles};
use aurora_crm::scheduling::ProfessionalId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The calendar of a professional: what is known of it, without its credentials.
#[derive(Debug, ToSchema)]
#[schema(as = CalendarLink)]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) struct LinkView {
    /// `clk_…`
    id: String,
    /// Whose calendar it is, `pro_…`.
    professional_id: String,
    /// How Google calls the calendar: `primary`, or an address.
    calendar_id: String,
    /// Which way changes go.
    direction: DirectionView,
    /// What stands as the title of an event.
    titles: TitlesView,
    /// `active`, `refused` (only a person can repair it) or `ended`.
    state: String,
    /// Why Google refuses, by its code; of a refused link alone.
    problem: Option<String>,
    /// When the calendar was last read to its end. RFC 3339, UTC.
    #[schema(format = DateTime)]
    synced_at: Option<String>,
    /// How often a change at Google was put back, because what is booked here forbids it.
    conflicts: i64,
    /// When that happened last.
    #[schema(format = DateTime)]
    conflict_at: Option<String>,
    /// Grows by one with each change by a person; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Which way changes go.
#[derive(Debug, ToSchema)]
#[schema(as = CalendarDirection, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) enum DirectionView {
    /// Both ways.
    Both,
    /// Appointments are written into the calendar; nothing is read from it.
    Out,
    /// What stands in the calendar takes time; nothing is written into it.
    In,
}

/// What stands as the title of an event. Never a client.
#[derive(Debug, ToSchema)]
#[schema(as = CalendarTitles, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) enum TitlesView {
    /// That the time is taken.
    Busy,
    /// The name of the service.
    Service,
}

/// A calendar that is reached by a service account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCalendarLink)]
pub(super) struct NewLinkInput {
    /// Whose, `pro_…`.
    #[schema(value_type = String)]
    pub(super) professional_id: ProfessionalId,
    /// How Google calls the calendar: an address, which was shared with the service account.
    pub(super) calendar_id: String,
    /// The whole JSON key file of the service account, as a text; sealed in the database and never shown.
    #[schema(value_type = String, format = Password)]
    pub(super) key_file: Secret,
    /// Whom it acts for with domain-wide delegation.
    pub(super) acting_for: Option<String>,
    /// Both ways unless told.
    #[serde(default)]
    #[schema(value_type = DirectionView, required = false)]
    pub(super) direction: Direction,
    /// That the time is taken unless told.
    #[serde(default)]
    #[schema(value_type = TitlesView, required = false)]
    pub(super) titles: Titles,
}

/// Other credentials for a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarCredentials)]
pub(super) struct CredentialsInput {
    /// The whole JSON key file of the service account, as a text.
    #[schema(value_type = String, format = Password)]
    pub(super) key_file: Secret,
    /// Whom it acts for with domain-wide delegation.
    pub(super) acting_for: Option<String>,
}

/// Whose calendar a person connects.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarConnection)]
pub(super) struct ConnectInput {
    /// Whose, `pro_…`.
    #[schema(value_type = String)]
    pub(super) professional_id: ProfessionalId,
    /// How Google calls the calendar; that of the account itself (`primary`) unless told.
    pub(super) calendar_id: Option<String>,
    /// Both ways unless told.
    #[serde(default)]
    #[schema(value_type = DirectionView, required = false)]
    pub(super) direction: Direction,
    /// That the time is taken unless told.
    #[serde(default)]
    #[schema(value_type = TitlesView, required = false)]
    pub(super) titles: Titles,
    /// The address of the account to suggest.
    pub(super) hint: Option<String>,
}

/// Where the browser goes to give access.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarAuthorization)]
pub(super) struct AuthorizationView {
    /// At Google. The cookie that comes with this answer has to be there when the person comes back.
    pub(super) url: String,
}

/// Whether a time is free in a calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarAvailability)]
pub(super) struct AvailabilityView {
    /// `free`, `taken`, or `unknown` where there is no calendar or Google does not tell in time.
    pub(super) availability: &'static str,
}
