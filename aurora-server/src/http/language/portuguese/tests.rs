use super::*;

#[test]
fn messages_keep_their_numbers() {
    assert_eq!(
        message("too_long", "must have at most 200 characters"),
        "deve ter no máximo 200 caracteres"
    );
    assert_eq!(
        message("invalid", "must be a whole number from 1 to 200"),
        "deve ser um número inteiro de 1 a 200"
    );
    assert_eq!(
        message("invalid", "must be company or person"),
        "deve ser company ou person"
    );
    assert_eq!(message("required", "is required"), "é obrigatório");
    assert_eq!(
        message("slot_taken", "the professional or the room is taken at that time"),
        "o profissional ou a sala já tem outro agendamento nesse horário"
    );
    assert_eq!(message("x", "has a hat"), "não é permitido (has a hat)");
}

/// Looks for words that no Portuguese sentence has.
fn assert_portuguese(english: &str, told: &str) {
    const ENGLISH: [&str; 20] = [
        "to", "the", "of", "or", "such", "is", "must", "with", "and", "be", "not", "are", "there", "has",
        "name", "beside", "time", "under", "way", "cannot",
    ];
    let words: Vec<&str> = told
        .split(|letter: char| letter.is_whitespace() || ";,()".contains(letter))
        .collect();
    let left: Vec<_> = words.iter().filter(|word| ENGLISH.contains(word)).collect();
    assert!(left.is_empty() && !told.contains('('), "{english}: {told}");
}

#[test]
fn nothing_of_what_routes_tell_stays_english() {
    let allowed = [
        "a time such as 2026-07-01T12:00:00Z",
        "an RFC 3339 time such as 2026-07-01T12:00:00Z",
        "a date such as 2027-03-08",
        "matchers such as {team=\"ops\"}",
        "hidden or shown beside q",
        "words of a title, 200 characters together at most",
        "the text that the page before gave as next",
        "alert, delivery, acknowledged, unacknowledged, escalated, silence, channel or flapping",
        "16 hexadecimal digits",
        "the name of a rule",
        "the name of a channel",
        "the name of a model",
        "the name of a target",
        "the id of a key",
        "the id of a user",
        "the token of the link",
        "csv or json",
        "pending, active, waiting or expired",
        "info, warning or critical",
        "true or false",
        "before `to`, by at most 366 days",
        "before to",
        "given together with the other",
        "delivered, retrying, failed, superseded or redirected",
        "served, failed or given_up",
        "day, model, provider, key or user",
        "a whole number from 1 to 200",
        "an amount such as 5.00",
        "a text of 1 to 64 bytes",
        "chat or cancel",
        "1 to 65536",
        "1 or more",
        "from 1 to 60",
        "later than starts_at",
        "at most ten years",
        "a pattern",
    ];
    for english in allowed {
        let english = format!("must be {english}");
        assert_portuguese(&english, &message("invalid", &english));
    }
    let whole = [
        "operator is missing",
        "must have 1 to 100 entries",
        "must have 1 to 200 characters",
        "must have at most 10000 characters",
        "must hold 1 to 2048 texts",
        "must not be empty",
        "there is no such channel",
        "a chat of this id is under way",
        "give either messages or prompt, not both",
        "messages or prompt is required",
        "has no place beside lasts_seconds",
        "the professional or the room is taken at that time",
        "another booking was made under this key",
        "is not within the working hours",
        "is not open at that time",
        "does not do this service",
        "the service cannot be done there",
        "cannot be booked any more",
        "must be booked longer ahead, and not in the past",
        "cannot be booked so far ahead",
        "must be at most 366 days away",
        "must be within 1 minute and 24 hours",
        "persons of the workspace alone",
        "clients and persons of the workspace book",
        "it has not expired: its hold goes on, or nobody answered and it has not begun",
        "nobody can be missed before the beginning",
        "the hold has expired: the time may be another's by now",
        "the clock moves nothing",
        "a client says that it comes, or a person for it",
        "only what is confirmed can be acknowledged",
        "it has begun already",
        "a client changes it up to 24 hours before it begins",
        "cancelled is never followed by confirmed",
        "cancelled is never put to another time",
        "completed is not corrected to held",
        "the client may not make it confirmed",
        "the calendar may not make it confirmed",
        "the clock may not make it confirmed",
        "it has an offer: cancel that first",
        "it is not on the list any more",
    ];
    for english in whole {
        assert_portuguese(english, &message("invalid", english));
    }
    let details = [
        "there is no such provider; there are sim-a, sim-b, sim-c",
        "there is no such rule",
        "there is no such channel",
        "there is no such target",
        "there is no such silence",
        "there is no such workspace",
        "there is a rule of this name already",
        "the server begins with this rule; it can be disabled or changed, not deleted",
        "another preview is under way",
        "it has ended; make a new one",
        "the form cannot be read",
        "the body must be an object of texts",
        "the link is not valid or has expired",
        "no channel is configured, or none was named",
        "this address takes WebSocket connections",
        "pages of another origin may not connect",
        "the key carries more than llm:use; it is taken back at ",
        "the query of the address cannot be read",
        "the key does not carry client:read",
        "your roles do not grant client:read",
        "the key may not use this model",
        "the request must name a model",
        "the limit of requests or tokens in a minute is used up",
        "the limits of the caller cannot be looked up at the moment",
        "the limits of the registries of companies are used up",
        "8 chats of one socket may be under way",
        "key:write takes a person with a second factor, and this is a program",
    ];
    for english in details {
        assert_portuguese(english, &detail(english).unwrap_or_else(|| english.to_owned()));
    }
    assert_eq!(
        detail("there is no such provider; there are sim-a, sim-b").as_deref(),
        Some("não há tal provedor; há sim-a, sim-b")
    );
    assert_eq!(message("invalid", "operator is missing"), "falta operator");
    assert_eq!(detail("the cow is missing"), None);
}
