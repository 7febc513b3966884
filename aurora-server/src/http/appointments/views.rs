//! The JSON of appointments, as the domain writes and reads it.

#![expect(dead_code, reason = "describes what the domain writes and reads")]

use utoipa::ToSchema;

/// A client, a professional and a time.
#[derive(Debug, ToSchema)]
#[schema(as = Appointment)]
pub(crate) struct AppointmentView {
    /// `apt_` and 32 hexadecimal digits.
    id: String,
    /// Who comes, `cli_…`.
    client_id: String,
    /// To what, `svc_…`.
    service_id: String,
    /// With whom, `pro_…`.
    professional_id: String,
    /// Where, `rom_…`.
    room_id: Option<String>,
    /// From when. RFC 3339, UTC.
    #[schema(format = DateTime)]
    starts_at: String,
    /// Until when, without buffers.
    #[schema(format = DateTime)]
    ends_at: String,
    /// From when the professional and the room are taken.
    #[schema(format = DateTime)]
    blocked_from: String,
    /// Until when they are taken.
    #[schema(format = DateTime)]
    blocked_until: String,
    /// The zone that the time was agreed in.
    #[schema(example = "America/Sao_Paulo")]
    time_zone: String,
    /// Where it stands.
    status: StatusView,
    /// Until when a held time is kept.
    #[schema(format = DateTime)]
    hold_expires_at: Option<String>,
    /// When the client was last reminded.
    #[schema(format = DateTime)]
    reminded_at: Option<String>,
    /// When the client said that it comes.
    #[schema(format = DateTime)]
    acknowledged_at: Option<String>,
    /// Why it was cancelled or rejected.
    reason: Option<String>,
    /// What people wrote about it.
    note: Option<String>,
    /// Whether the client owes a fee for not coming. A flag alone: nothing is charged.
    fee_due: bool,
    /// How often it was moved.
    moves: i64,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Where an appointment stands.
#[derive(Debug, ToSchema)]
#[schema(as = AppointmentStatus, rename_all = "snake_case")]
pub(crate) enum StatusView {
    /// The time is kept for some minutes.
    Held,
    /// Asked for; a person has yet to agree.
    Requested,
    /// Agreed.
    Confirmed,
    /// The client is there.
    CheckedIn,
    /// Under way.
    InProgress,
    /// Over.
    Completed,
    /// Called off.
    Cancelled,
    /// The client did not come.
    NoShow,
    /// Not agreed to.
    Rejected,
    /// Nobody made it an appointment in time.
    Expired,
}

/// Who changed an appointment.
#[derive(Debug, ToSchema)]
#[schema(as = AppointmentChangeActor, example = json!({"kind": "client"}))]
pub(crate) struct ActorView {
    /// `client`, `staff`, `calendar` or `clock`.
    kind: String,
    /// The person, `usr_…`, of `staff` alone; all zeros when it was a program.
    #[schema(required = false)]
    id: String,
}

/// One change of an appointment.
#[derive(Debug, ToSchema)]
#[schema(as = AppointmentChange)]
pub(crate) struct ChangeView {
    /// The version that it led to.
    version: i64,
    /// When. RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// What happened, such as `appointment.rescheduled`.
    action: String,
    /// Who did it.
    actor: ActorView,
    /// Where it stood; null when it was made.
    from: Option<StatusView>,
    /// Where it stood then.
    to: StatusView,
    /// From when it was then.
    #[schema(format = DateTime)]
    starts_at: String,
    /// Until when.
    #[schema(format = DateTime)]
    ends_at: String,
    /// With whom.
    professional_id: String,
    /// Where.
    room_id: Option<String>,
    /// Why, where somebody said so.
    reason: Option<String>,
}

/// A time that is free.
#[derive(Debug, ToSchema)]
#[schema(as = Slot)]
pub(crate) struct SlotView {
    /// What can be booked, `svc_…`.
    service_id: String,
    /// With whom, `pro_…`.
    professional_id: String,
    /// Where, `rom_…`.
    room_id: Option<String>,
    /// From when. RFC 3339, UTC.
    #[schema(format = DateTime)]
    starts_at: String,
    /// Until when.
    #[schema(format = DateTime)]
    ends_at: String,
}

/// What a workspace allows its clients, and when it does not write to them.
#[derive(Debug, ToSchema)]
#[schema(as = AppointmentPolicy)]
pub(crate) struct PolicyView {
    /// Until how many hours before its beginning a client may cancel or move what is confirmed, 0 to 720.
    #[schema(required = false)]
    cancel_notice_hours: u32,
    /// How many minutes a time is held when the booking does not say, 1 to 1,440.
    #[schema(required = false)]
    hold_minutes: u32,
    /// How many minutes somebody of the waiting list has to take an offer, 5 to 1,440.
    #[schema(required = false)]
    offer_minutes: u32,
    /// Whether who does not come owes a fee. A flag alone.
    #[schema(required = false)]
    no_show_fee: bool,
    /// When nobody is reminded or offered anything.
    #[schema(required = false)]
    quiet: QuietView,
    /// The approved template by which a time is offered where free texts are not allowed.
    offer_template: Option<String>,
    /// Grows by one with each change; 0 as long as the workspace has none of its own. Not looked at in requests: `If-Match` is.
    #[schema(required = false)]
    version: i64,
}

/// Hours in which nobody is written to, in minutes from midnight; equal when there is none.
#[derive(Debug, ToSchema)]
#[schema(as = QuietHours)]
pub(crate) struct QuietView {
    /// The first quiet minute of the day, 0 to 1,439.
    from: u16,
    /// The first minute that is not quiet any more.
    until: u16,
}

/// When clients are reminded, and in which words.
#[derive(Debug, ToSchema)]
#[schema(as = ReminderRule)]
pub(crate) struct RuleView {
    /// `rrl_…`
    id: String,
    /// Of this service alone, `svc_…`; otherwise of every service that has no rules of its own.
    service_id: Option<String>,
    /// How many minutes before the beginning, 5 to 43,200.
    minutes_before: u32,
    /// Where it goes when that is in quiet hours: `earlier` or `later`.
    shift: String,
    /// The approved template that is sent when free texts are not allowed.
    template: Option<String>,
    /// The words in Portuguese.
    text_pt: Option<String>,
    /// The words in English.
    text_en: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A rule to make.
#[derive(Debug, ToSchema)]
#[schema(as = NewReminderRule, example = json!({"minutes_before": 1440, "template": "lembrete_consulta"}))]
pub(crate) struct NewRuleInput {
    /// 5 to 43,200.
    minutes_before: u32,
    /// Of this service alone, `svc_…`.
    service: Option<String>,
    /// `earlier` unless told, or `later`.
    #[schema(required = false)]
    shift: String,
    /// The approved template for when free texts are not allowed.
    template: Option<String>,
    /// Up to 900 characters, with `{client}`, `{service}`, `{professional}`, `{day}` and `{time}`.
    text_pt: Option<String>,
    /// The same in English.
    text_en: Option<String>,
}

/// Somebody who would come if a time became free.
#[derive(Debug, ToSchema)]
#[schema(as = WaitingEntry)]
pub(crate) struct WaitingView {
    /// `wai_…`
    id: String,
    /// Who waits, `cli_…`.
    client_id: String,
    /// For what, `svc_…`.
    service_id: String,
    /// With whom, `pro_…`; anybody unless told.
    professional_id: Option<String>,
    /// Beginning at this time or later. RFC 3339, UTC.
    #[schema(format = DateTime)]
    wanted_from: String,
    /// Beginning before this time.
    #[schema(format = DateTime)]
    wanted_until: String,
    /// `morning`, `afternoon` or `evening`; any unless told.
    part_of_day: Option<String>,
    /// Who comes first: 1 before 5.
    priority: u8,
    /// `waiting`, `offered`, `booked`, `removed` or `lapsed`.
    status: String,
    /// The time that is held as an offer, or that was taken, `apt_…`.
    appointment_id: Option<String>,
    /// Until when the offer stands.
    #[schema(format = DateTime)]
    offer_expires_at: Option<String>,
    /// Of how many offers the client was told.
    offers: i64,
    /// When it was told of the offer.
    #[schema(format = DateTime)]
    told_at: Option<String>,
    /// When it could not be told of one.
    #[schema(format = DateTime)]
    untold_at: Option<String>,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// Since when it waits. RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Somebody to put on the waiting list.
#[derive(Debug, ToSchema)]
#[schema(as = NewWaitingEntry)]
pub(crate) struct NewWaitingInput {
    /// Who waits, `cli_…`.
    client: String,
    /// For what, `svc_…`.
    service: String,
    /// Beginning at this time or later. RFC 3339.
    #[schema(format = DateTime)]
    wanted_from: String,
    /// Beginning before this time.
    #[schema(format = DateTime)]
    wanted_until: String,
    /// With this professional alone, `pro_…`.
    professional: Option<String>,
    /// `morning`, `afternoon` or `evening`.
    part_of_day: Option<String>,
    /// 1 to 5; 3 unless told.
    #[schema(required = false)]
    priority: u8,
}
