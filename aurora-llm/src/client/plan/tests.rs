use super::*;

/// Every kind that there is; the match makes a forgotten one an error of the compiler.
fn kinds() -> Vec<ErrorKind> {
    use ErrorKind as Kind;
    use TimeoutStage as At;
    let next = |kind: Kind| match kind {
        Kind::RateLimited => Some(Kind::QuotaExhausted),
        Kind::QuotaExhausted => Some(Kind::Authentication),
        Kind::Authentication => Some(Kind::Permission),
        Kind::Permission => Some(Kind::ModelNotFound),
        Kind::ModelNotFound => Some(Kind::RegionBlocked),
        Kind::RegionBlocked => Some(Kind::Overloaded),
        Kind::Overloaded => Some(Kind::ServerError),
        Kind::ServerError => Some(Kind::Connect),
        Kind::Connect => Some(Kind::Timeout(At::Connect)),
        Kind::Timeout(At::Connect) => Some(Kind::Timeout(At::FirstToken)),
        Kind::Timeout(At::FirstToken) => Some(Kind::Timeout(At::Idle)),
        Kind::Timeout(At::Idle) => Some(Kind::Timeout(At::Throughput)),
        Kind::Timeout(At::Throughput) => Some(Kind::Timeout(At::Total)),
        Kind::Timeout(At::Total) => Some(Kind::StreamTruncated),
        Kind::StreamTruncated => Some(Kind::Malformed),
        Kind::Malformed => Some(Kind::ContextOverflow),
        Kind::ContextOverflow => Some(Kind::ContentFiltered),
        Kind::ContentFiltered => Some(Kind::Unsupported),
        Kind::Unsupported => Some(Kind::Config),
        Kind::Config => Some(Kind::CircuitOpen),
        Kind::CircuitOpen => Some(Kind::InvalidRequest),
        Kind::InvalidRequest => Some(Kind::LocalRateLimited),
        Kind::LocalRateLimited => Some(Kind::BudgetExceeded),
        Kind::BudgetExceeded => Some(Kind::ToolLimit),
        Kind::ToolLimit => Some(Kind::NotCached),
        Kind::NotCached => Some(Kind::Cancelled),
        Kind::Cancelled => None,
    };
    std::iter::successors(Some(Kind::RateLimited), |kind| next(*kind)).collect()
}

fn table() -> String {
    let mut rows = vec![
        "| error | same key again | another key | another target | holds back | concerns | after a part was handed out |"
            .to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for kind in kinds() {
        let (before, after) = (row(kind, Said::Nothing), row(kind, Said::Part));
        let again = match before.again {
            Again::Never => "no",
            Again::Once => "once",
            Again::Backoff => "with backoff",
            Again::AfterWait => "after `Retry-After`",
        };
        let next = |next| match next {
            Next::Nobody => "no",
            Next::Anybody => "yes",
            Next::Larger => "one with a larger context",
            Next::IfTold => "if told so",
            Next::ToGoOn => "one that can go on",
        };
        let holds = match before.holds {
            Holds::Nothing => "–",
            Holds::Target => "target",
            Holds::Model => "model",
            Holds::Key => "key",
            Holds::KeyForModel => "key for the model",
        };
        let scope = match before.scope {
            Scope::Request => "request",
            Scope::Key => "key",
            Scope::Model => "model",
            Scope::Region => "region",
            Scope::Provider => "provider",
        };
        rows.push(format!(
            "| `{}` | {again} | {} | {} | {holds} | {scope} | {} |",
            kind.as_str(),
            if before.rotate { "yes" } else { "no" },
            next(before.next),
            next(after.next),
        ));
    }
    rows.join("\n")
}

#[test]
fn the_page_of_the_guide_has_the_table_as_it_is() {
    let page = include_str!("../../../../docs/llm/resilience.md");
    let table = table();
    assert!(
        page.contains(&table),
        "docs/llm/resilience.md should have:\n{table}"
    );
}

#[test]
fn every_kind_has_its_row() {
    let rows = [
        (ErrorKind::RateLimited, Action::Retry, true),
        (ErrorKind::QuotaExhausted, Action::Next, true),
        (ErrorKind::Authentication, Action::Next, true),
        (ErrorKind::Permission, Action::Next, true),
        (ErrorKind::ModelNotFound, Action::Next, true),
        (ErrorKind::RegionBlocked, Action::Next, true),
        (ErrorKind::Overloaded, Action::Retry, false),
        (ErrorKind::ServerError, Action::Retry, false),
        (ErrorKind::Connect, Action::Retry, false),
        (ErrorKind::Timeout(TimeoutStage::Connect), Action::Retry, false),
        (ErrorKind::Timeout(TimeoutStage::FirstToken), Action::Next, false),
        (ErrorKind::Timeout(TimeoutStage::Idle), Action::Next, false),
        (ErrorKind::Timeout(TimeoutStage::Throughput), Action::Next, false),
        (ErrorKind::Timeout(TimeoutStage::Total), Action::Next, false),
        (ErrorKind::StreamTruncated, Action::RetryOnce, false),
        (ErrorKind::Malformed, Action::RetryOnce, false),
        (ErrorKind::ContextOverflow, Action::Next, false),
        (ErrorKind::ContentFiltered, Action::Surface, false),
        (ErrorKind::Unsupported, Action::Next, false),
        (ErrorKind::Config, Action::Next, false),
        (ErrorKind::CircuitOpen, Action::Next, false),
        (ErrorKind::InvalidRequest, Action::Surface, false),
        (ErrorKind::LocalRateLimited, Action::Surface, false),
        (ErrorKind::BudgetExceeded, Action::Surface, false),
        (ErrorKind::ToolLimit, Action::Surface, false),
        (ErrorKind::NotCached, Action::Surface, false),
        (ErrorKind::Cancelled, Action::Surface, false),
    ];
    assert!(kinds().iter().eq(rows.iter().map(|(kind, ..)| kind)));
    for (kind, wanted, rotate) in rows {
        assert_eq!(action(kind), wanted, "{kind:?}");
        assert_eq!(row(kind, Said::Nothing).rotate, rotate, "{kind:?}");
    }
}

#[test]
fn after_a_part_was_handed_out_nobody_begins_anew() {
    for kind in kinds() {
        let (before, after) = (row(kind, Said::Nothing), row(kind, Said::Part));
        assert_eq!((after.again, after.rotate), (Again::Never, false), "{kind:?}");
        let has_time = kind != ErrorKind::Timeout(TimeoutStage::Total);
        let goes_on = if before.next == Next::Anybody && has_time {
            Next::ToGoOn
        } else {
            Next::Nobody
        };
        assert_eq!(after.next, goes_on, "{kind:?}");
        assert_eq!(
            (after.holds, after.scope),
            (before.holds, before.scope),
            "{kind:?}"
        );
    }
}

#[test]
fn whoever_may_be_asked_again_may_be_held_back() {
    for kind in kinds() {
        let row = row(kind, Said::Nothing);
        if row.again != Again::Never || row.rotate {
            assert_ne!(
                row.holds,
                Holds::Nothing,
                "{kind:?} could be repeated without end"
            );
        }
        assert_eq!(row.again == Again::AfterWait, kind == ErrorKind::RateLimited);
    }
}

#[test]
fn a_model_that_a_caller_named_says_nothing_about_the_whole_target() {
    for kind in kinds() {
        let error = Error::new(kind);
        assert_eq!(
            tells(&error, true),
            if kind == ErrorKind::ContentFiltered {
                FailureClass::Rejected
            } else {
                error.class()
            },
            "{kind:?}"
        );
        let concerns_all = matches!(
            kind,
            ErrorKind::Connect
                | ErrorKind::ServerError
                | ErrorKind::CircuitOpen
                | ErrorKind::Timeout(TimeoutStage::Connect)
                | ErrorKind::Authentication
                | ErrorKind::QuotaExhausted
                | ErrorKind::Cancelled
        );
        let told = tells(&error, false);
        assert_eq!(told != FailureClass::Rejected, concerns_all, "{kind:?}: {told:?}");
    }
}
