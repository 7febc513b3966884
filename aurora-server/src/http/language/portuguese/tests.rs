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
        "the id of a workspace",
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
        "has no place beside fingerprint",
        "is called a PDF and is none",
        "holds NUL bytes, which no text does",
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
        "there is no such alert",
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
        "the registry knows no company with this number",
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

/// As the parts of `aurora-alerts` say them.
const FINDINGS: &[&str] = &[
    "unknown key \"severty\"; did you mean \"severity\"?",
    "unknown key \"colour\"",
    "threshold must be a number, found \"20\"",
    "threshold must be a finite number",
    "recovery threshold must be a finite number",
    "recovery threshold 25 must be at or below the threshold of `> 20`",
    "recovery threshold 5 must be at or above the threshold of `< 20`",
    "recovery threshold has no meaning with the operator ==",
    "for must be a duration such as 30s, 5m, 1h30m or 1d, found 60",
    "cooldown_seconds must be a whole number, 0 or more, found 1.5",
    "cooldown_seconds has no place beside cooldown",
    "description must be text, found nothing",
    "labels.a must be text, found a list",
    "annotations must be a map, found \"text\"",
    "flapping must be true, false or a map, found \"never\"",
    "no_data must be one of resolve, fire, found \"ok\"",
    "severity: expected one of the severities info, warning and critical, found \"high\"",
    "operator: expected one of the operators >, >=, <, <=, == and !=, found \"=>\"",
    "the condition is missing: metric, operator and threshold, or one of when, change, absent",
    "condition is missing",
    "windows are missing, or a preset: page or ticket",
    "metric of the errors is missing",
    "metric of the total is missing",
    "metric: \"error rate\" is no name of a metric such as error_rate",
    "matchers: \"a\" has no operator; expected such as severity=\"critical\" or team=~\"a|b\"",
    "matchers: \"a \\\" b\" must be in quotation marks; expected such as severity=\"critical\" or team=~\"a|b\"",
    "matchers: \"b=c\" must come after a comma; expected such as severity=\"critical\" or team=~\"a|b\"",
    "matchers: \"b\" follows the matcher; expected such as severity=\"critical\" or team=~\"a|b\"",
    "matchers: {a=\"b\" is not closed by a brace; expected such as severity=\"critical\" or team=~\"a|b\"",
    "matchers: \"b is not closed by a quotation mark; expected such as severity=\"critical\" or team=~\"a|b\"",
    "matchers: the name of the label is missing; expected such as severity=\"critical\" or team=~\"a|b\"",
    "matchers: the pattern has more than 1024 bytes; expected such as severity=\"critical\" or team=~\"a|b\"",
    "names of labels must not be empty",
    "when: \"many\" is not a number",
    "when: \"5\" is not a duration such as 5m",
    "when: the aggregate needs a window, such as m[5m]",
    "when: the window needs an aggregate, such as mean",
    "window needs an aggregate, such as mean",
    "aggregate needs a window, such as 5m",
    "aggregate needs a window",
    "window must be longer than zero",
    "window of the baseline must not be longer than one hour",
    "window has no meaning with the baseline ewma",
    "time of absence must be longer than zero",
    "interval of the heartbeat must be longer than zero",
    "stale-after must be longer than zero",
    "half-life must be longer than zero",
    "warm-up must be at least one sample",
    "percentile must be from 0 to 100",
    "score must be a finite number above zero",
    "recovery score must be from zero to the score",
    "objective must be a share such as 0.999 or 99.9%, found \"99.9\"",
    "objective must be above 0 and below 1",
    "burn rate must have at least one pair of windows",
    "short window of a burn rate must not be shorter than one minute",
    "long window of a burn rate must not be shorter than its short one",
    "long window of a burn rate must not be longer than three days",
    "factor of a burn rate must be a finite number above zero",
    "minimum of events must be a finite number, zero or above",
    "combination must have at least one condition",
    "conditions must not be nested deeper than 8",
    "when and absent are two conditions; put several together with all or any",
    "a condition takes the place of metric, window and threshold",
    "all must be a list of conditions, found a map",
    "all needs at least one condition",
    "a step must be a map, found 5",
    "steps must not be an empty list",
    "escalation must have at least one step",
    "escalation: there is no receiver or channel \"night\"",
    "escalation_threshold needs an escalation with steps",
    "escalation_threshold has no place beside the threshold of the escalation",
    "no-data fire needs a stale-after or a window",
    "flapping needs a window, an interval for its digest, and a stop not above its start",
    "another rule has the same name",
    "the name is given twice, first on line 3",
    "\"rules\" is given twice, first on line 1",
    "mute_time_intervals: no time interval is named \"nigths\"; did you mean \"nights\"?",
    "source_matchers must have a matcher",
    "rules must be a list, found a date or time without quotation marks",
];

#[test]
fn findings_about_rules_are_portuguese_up_to_what_was_written() {
    for english in FINDINGS {
        assert_portuguese(english, &message("invalid", english));
    }
    let told = [
        (
            "unknown key \"severty\"; did you mean \"severity\"?",
            "chave desconhecida \"severty\"; você quis dizer \"severity\"?",
        ),
        ("name must not be empty", "name não pode ficar vazio"),
        (
            "labels.a must be text, found a list",
            "labels.a deve ser um texto, mas veio uma lista",
        ),
        (
            "matchers: \"a \\\" b\" has no operator; expected such as severity=\"critical\" or team=~\"a|b\"",
            "matchers: \"a \\\" b\" não tem operador; o esperado é algo como severity=\"critical\" ou team=~\"a|b\"",
        ),
        (
            "matchers: \"(\" is no pattern: found open group without closing ')'",
            "matchers: \"(\" não é uma expressão regular: found open group without closing ')'",
        ),
        (
            "a condition: \"m\" is not such as error_rate > 20 or mean(error_rate[5m]) > 20",
            "uma condição: \"m\" não é algo como error_rate > 20 ou mean(error_rate[5m]) > 20",
        ),
        (
            "when: \"avg\" is no aggregate; there are last, mean or percentile(n) with n from 0 to 100",
            "when: \"avg\" não é uma agregação; há last, mean ou percentile(n) com n de 0 a 100",
        ),
        (
            "aggregate must be one of last, mean or percentile(n) with n from 0 to 100, found \"avg\"",
            "aggregate deve ser um de last, mean ou percentile(n) com n de 0 a 100, mas veio \"avg\"",
        ),
        (
            "when and absent are two conditions; put several together with all or any",
            "when e absent são duas condições; várias se juntam com all ou any",
        ),
    ];
    for (english, portuguese) in told {
        assert_eq!(message("invalid", english), portuguese);
    }
    // What only looks like one stays what it was.
    assert_eq!(
        message("x", "the cow must be blue"),
        "não é permitido (the cow must be blue)"
    );
}
