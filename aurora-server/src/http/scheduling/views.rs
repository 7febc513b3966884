//! The JSON of what can be booked, as the domain writes and reads it.

#![expect(dead_code, reason = "describes what the domain writes and reads")]

use utoipa::ToSchema;

/// Something that can be booked (serviço, procedimento).
#[derive(Debug, ToSchema)]
#[schema(as = Service)]
pub(super) struct ServiceView {
    /// `svc_…`
    id: String,
    /// Up to 120 characters; unique among those that are active.
    name: String,
    /// What clients are told about it.
    description: Option<String>,
    /// 5 minutes to 24 hours.
    duration_minutes: u32,
    /// How long whoever does it, and the room, are not free before it.
    buffer_before_minutes: u32,
    /// And after it.
    buffer_after_minutes: u32,
    /// What it costs, in centavos of the real (BRL).
    price_cents: Option<i64>,
    /// At which times it begins: every so many minutes from midnight.
    granularity_minutes: u32,
    /// How long ahead it must be booked.
    min_notice_minutes: u32,
    /// How far ahead it can be booked.
    horizon_days: u32,
    /// Who does it, `pro_…`.
    professionals: Vec<String>,
    /// Where it is done, `rom_…`; empty when it needs no room.
    rooms: Vec<String>,
    /// Whether what a client books is confirmed at once.
    confirms_itself: bool,
    /// Whether it can be booked.
    active: bool,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A service to make.
#[derive(Debug, ToSchema)]
#[schema(as = NewService, example = json!({"name": "Consulta", "duration_minutes": 30, "professionals": [], "price_cents": 25000}))]
pub(super) struct NewServiceInput {
    /// Up to 120 characters.
    name: String,
    /// 5 to 1,440.
    duration_minutes: u32,
    /// Up to 1,000 characters.
    description: Option<String>,
    /// 0 to 240; 0 unless told.
    #[schema(required = false)]
    buffer_before_minutes: u32,
    /// 0 to 240; 0 unless told.
    #[schema(required = false)]
    buffer_after_minutes: u32,
    /// In centavos of the real (BRL).
    price_cents: Option<i64>,
    /// 5 to 240 and a divisor of 1,440; 15 unless told.
    #[schema(required = false)]
    granularity_minutes: u32,
    /// 0 minutes to 30 days; 0 unless told.
    #[schema(required = false)]
    min_notice_minutes: u32,
    /// 1 to 730; 90 unless told.
    #[schema(required = false)]
    horizon_days: u32,
    /// Who does it, `pro_…`.
    #[schema(required = false)]
    professionals: Vec<String>,
    /// Where, `rom_…`.
    #[schema(required = false)]
    rooms: Vec<String>,
    /// Whether what a client books is confirmed at once; it waits for a person unless told.
    #[schema(required = false)]
    confirms_itself: bool,
}

/// What to change in a service: a missing field keeps, `null` clears, a value sets; lists are set as a whole.
#[derive(Debug, ToSchema)]
#[schema(as = ServiceChange)]
pub(super) struct ServiceChangeInput {
    /// Cannot be cleared, like every field but description and price.
    #[schema(required = false)]
    name: String,
    description: Option<String>,
    #[schema(required = false)]
    duration_minutes: u32,
    #[schema(required = false)]
    buffer_before_minutes: u32,
    #[schema(required = false)]
    buffer_after_minutes: u32,
    price_cents: Option<i64>,
    #[schema(required = false)]
    granularity_minutes: u32,
    #[schema(required = false)]
    min_notice_minutes: u32,
    #[schema(required = false)]
    horizon_days: u32,
    #[schema(required = false)]
    professionals: Vec<String>,
    #[schema(required = false)]
    rooms: Vec<String>,
    #[schema(required = false)]
    confirms_itself: bool,
}

/// Somebody who does services (profissional).
#[derive(Debug, ToSchema)]
#[schema(as = Professional)]
pub(super) struct ProfessionalView {
    /// `pro_…`
    id: String,
    /// Up to 120 characters; unique among those that are active.
    name: String,
    /// The user that it is, `usr_…`.
    user_id: Option<String>,
    /// The zone that its hours are told in.
    #[schema(example = "America/Sao_Paulo")]
    time_zone: String,
    /// Whether it can be booked.
    active: bool,
    /// Grows by one with each change, also of its hours; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A professional to make.
#[derive(Debug, ToSchema)]
#[schema(as = NewProfessional, example = json!({"name": "Dra. Lima", "time_zone": "America/Sao_Paulo"}))]
pub(super) struct NewProfessionalInput {
    /// Up to 120 characters.
    name: String,
    /// The user that it is, `usr_…`.
    user: Option<String>,
    /// The IANA zone that its hours are told in; the workspace's unless told.
    time_zone: Option<String>,
}

/// What to change in a professional: a missing field keeps; `null` removes the user.
#[derive(Debug, ToSchema)]
#[schema(as = ProfessionalChange)]
pub(super) struct ProfessionalChangeInput {
    #[schema(required = false)]
    name: String,
    user: Option<String>,
    #[schema(required = false)]
    time_zone: String,
}

/// A place that one service at a time is done in (sala).
#[derive(Debug, ToSchema)]
#[schema(as = Room)]
pub(super) struct RoomView {
    /// `rom_…`
    id: String,
    /// Up to 120 characters; unique among those that are active.
    name: String,
    /// Whether it can be booked.
    active: bool,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A room: its name.
#[derive(Debug, ToSchema)]
#[schema(as = RoomName)]
pub(super) struct RoomInput {
    /// Up to 120 characters.
    name: String,
}

/// From when until when on the clock on the wall, within one day.
#[derive(Debug, ToSchema)]
#[schema(as = WallSpan, example = json!({"from": "08:00", "until": "12:00"}))]
pub(super) struct SpanView {
    /// `00:00` to `24:00`.
    from: String,
    /// The end does not belong to it.
    until: String,
}

/// One interval of the weekly hours of a professional (expediente).
#[derive(Debug, ToSchema)]
#[schema(as = WorkingHours, example = json!({"weekday": "Mon", "from": "08:00", "until": "12:00"}))]
pub(super) struct HoursView {
    /// `Mon` to `Sun`.
    weekday: String,
    /// `00:00` to `24:00`, where the professional is.
    from: String,
    /// The end does not belong to it.
    until: String,
    /// The first date that it is valid on; from ever unless told.
    #[schema(format = Date)]
    valid_from: Option<String>,
    /// The last date that it is valid on; for ever unless told.
    #[schema(format = Date)]
    valid_until: Option<String>,
}

/// Whose hours an exception is of.
#[derive(Debug, ToSchema)]
#[schema(as = Whose, example = json!({"kind": "professional", "id": "pro_0190a8b0c0de7000800000000000000a"}))]
pub(super) struct WhoseView {
    /// `workspace`, `professional` or `room`.
    kind: String,
    /// `pro_…` or `rom_…`; absent for the workspace.
    #[schema(required = false)]
    id: String,
}

/// Hours of one date that are not as usual.
#[derive(Debug, ToSchema)]
#[schema(as = HoursException)]
pub(super) struct ExceptionView {
    /// Whose.
    whose: WhoseView,
    /// On which date.
    #[schema(format = Date)]
    date: String,
    /// When it is open instead; closed when empty.
    open: Vec<SpanView>,
    /// Why.
    reason: Option<String>,
}

/// Dates that are not as usual: closed unless told (férias).
#[derive(Debug, ToSchema)]
#[schema(as = NewHoursException)]
pub(super) struct NewExceptionInput {
    /// Whose.
    whose: WhoseView,
    /// The first date.
    #[schema(format = Date)]
    from: String,
    /// The last date; at most 366 in all.
    #[schema(format = Date)]
    until: String,
    /// When it is open instead, up to 10 intervals.
    #[schema(required = false)]
    open: Vec<SpanView>,
    /// Up to 200 characters.
    reason: Option<String>,
}

/// One holiday on its date (feriado).
#[derive(Debug, ToSchema)]
#[schema(as = Holiday)]
pub(super) struct HolidayView {
    /// When it is.
    #[schema(format = Date)]
    date: String,
    /// Its name in Portuguese.
    name: String,
    /// Which of the nation's, such as `tiradentes`; null when the workspace has added it.
    national: Option<String>,
    /// Which of the workspace's, `hol_…`; null when it is the nation's.
    local: Option<String>,
    /// Whether the workspace closes.
    closes: bool,
}

/// A holiday that the workspace has added.
#[derive(Debug, ToSchema)]
#[schema(as = LocalHoliday)]
pub(super) struct LocalHolidayView {
    /// `hol_…`
    id: String,
    /// Its name for people.
    name: String,
    /// Who has made it: `state`, `municipal` or `own`.
    kind: String,
    /// When it is: `{"on": {"month": 7, "day": 9}}` or `{"once": "2027-03-08"}`.
    #[schema(value_type = Object)]
    yearly: String,
    /// Whether the workspace closes.
    closes: bool,
}

/// A holiday of the state, the town or the house.
#[derive(Debug, ToSchema)]
#[schema(as = NewHoliday, example = json!({"name": "Revolução Constitucionalista", "kind": "state", "yearly": {"on": {"month": 7, "day": 9}}}))]
pub(super) struct NewHolidayInput {
    /// Up to 120 characters.
    name: String,
    /// `state`, `municipal` or `own`.
    kind: String,
    /// `{"on": {"month": 7, "day": 9}}` or `{"once": "2027-03-08"}`.
    #[schema(value_type = Object)]
    yearly: String,
    /// Whether the workspace closes; it does unless told.
    #[schema(required = false)]
    closes: bool,
}

/// Which holidays a workspace closes on.
#[derive(Debug, ToSchema)]
#[schema(as = HolidayRules)]
pub(super) struct RulesView {
    /// Those of the nation that it closes on.
    closes: Vec<String>,
    /// Those that the workspace has added.
    local: Vec<LocalHolidayView>,
    /// Grows by one with each change of what it closes on; 0 before the first. Also in the header `ETag`.
    version: i64,
}
