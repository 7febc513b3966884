//! The kinds of problem, each with its status, code and texts.

use axum::http::StatusCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $status:ident $code:literal, $title:literal, $general:literal;)+) => {
        /// A kind of problem: fixes status, code and title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum ProblemKind { $($(#[$doc])* $name,)+ }

        impl ProblemKind {
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// The stable name, for programs.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// The detail where nothing more is known or may be told.
            pub(crate) const fn general(self) -> &'static str {
                match self { $(Self::$name => $general,)+ }
            }
        }
    };
}

kinds! {
    // What the client sent.
    BadRequest BAD_REQUEST "bad_request", "Bad request", "the request cannot be understood";
    InvalidJson BAD_REQUEST "invalid_json", "Invalid JSON", "the body is not valid JSON";
    InvalidParameter BAD_REQUEST "invalid_parameter", "Invalid parameter", "a parameter is not allowed";
    Unauthenticated UNAUTHORIZED "unauthenticated", "Not authenticated", "this needs credentials";
    StepUp UNAUTHORIZED "step_up_required", "Stronger login required", "this takes a login with a second factor that was shown recently";
    Forbidden FORBIDDEN "forbidden", "Forbidden", "this is not allowed";
    ForeignOrigin FORBIDDEN "foreign_origin", "Foreign origin", "pages of another origin may not change anything here";
    NotFound NOT_FOUND "not_found", "Not found", "nothing is to be found under this address";
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed", "Method not allowed", "this address does not know this method; the header allow lists what it knows";
    NotAcceptable NOT_ACCEPTABLE "not_acceptable", "Not acceptable", "no answer in an accepted form";
    BodyTimeout REQUEST_TIMEOUT "body_timeout", "Body too slow", "the body did not arrive in time";
    Conflict CONFLICT "conflict", "Conflict", "what is there already stands against it";
    AssistantOff CONFLICT "assistant_off", "Assistant off", "the assistant is off in this workspace";
    Duplicate CONFLICT "duplicate", "Duplicate", "the same exists already";
    IdempotencyUnderWay CONFLICT "idempotency_under_way", "Still under way", "a call with this idempotency-key is under way; ask again for its answer";
    IdempotencyReused UNPROCESSABLE_ENTITY "idempotency_key_reused", "Key used for another call", "this idempotency-key was used with another body";
    Stale PRECONDITION_FAILED "stale_version", "Stale version", "somebody changed it since it was read; read it again";
    BodyTooLarge PAYLOAD_TOO_LARGE "body_too_large", "Body too large", "the body is larger than this server takes";
    AddressTooLong URI_TOO_LONG "address_too_long", "Address too long", "the address is longer than this server takes";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type", "Unsupported media type", "this address takes bodies of type application/json";
    RangeNotSatisfiable RANGE_NOT_SATISFIABLE "range_not_satisfiable", "Range not satisfiable", "the range lies behind the end; content-range tells the size";
    WrongHost MISDIRECTED_REQUEST "wrong_host", "Wrong host", "this server answers only under localhost, 127.0.0.1 and [::1]";
    Invalid UNPROCESSABLE_ENTITY "invalid", "Invalid fields", "one or more fields are not allowed; errors lists every one";
    IfMatchRequired PRECONDITION_REQUIRED "if_match_required", "If-Match required", "send the etag that was read in the header if-match";
    TooManyRequests TOO_MANY_REQUESTS "too_many_requests", "Too many requests", "come back later";
    HeadersTooLarge REQUEST_HEADER_FIELDS_TOO_LARGE "headers_too_large", "Headers too large", "the headers are larger than this server takes";
    // Model calls.
    ModelNotFound NOT_FOUND "model_not_found", "Model not found", "no provider serves this model";
    ContextOverflow UNPROCESSABLE_ENTITY "context_too_long", "Context too long", "the conversation is longer than the model can take";
    ContentFiltered UNPROCESSABLE_ENTITY "content_filtered", "Content filtered", "the provider withheld the answer";
    Unsupported UNPROCESSABLE_ENTITY "unsupported", "Not supported", "no configured provider can do what the request needs";
    NoProvider SERVICE_UNAVAILABLE "no_provider", "No provider", "no model provider is configured";
    ProviderFailed BAD_GATEWAY "provider_failed", "Provider failed", "no provider answered";
    ProviderRefused BAD_GATEWAY "provider_refused", "Provider refused", "no provider accepted the configured credentials";
    ProviderTimeout GATEWAY_TIMEOUT "provider_timeout", "Provider too slow", "no provider answered in time";
    ProviderBusy SERVICE_UNAVAILABLE "provider_busy", "Provider busy", "no provider takes calls at the moment";
    // Registries of companies.
    RegistriesFailed BAD_GATEWAY "registries_failed", "Registries failed", "no registry of companies answered; attempts tells how each failed";
    RegistriesTimeout GATEWAY_TIMEOUT "registries_timeout", "Registries too slow", "no registry of companies answered in time";
    ModelNotAllowed FORBIDDEN "model_not_allowed", "Model not allowed", "the key may not use this model";
    BudgetExceeded TOO_MANY_REQUESTS "budget_exceeded", "Budget exceeded", "the budget does not cover the call";
    // Ours.
    Internal INTERNAL_SERVER_ERROR "internal", "Internal error", "the server failed; the request id finds the reason in its log";
    Unavailable SERVICE_UNAVAILABLE "unavailable", "Unavailable", "a part that this needs does not answer at the moment";
    RequestTimeout SERVICE_UNAVAILABLE "request_timeout", "Request too slow", "the request took longer than this server allows";
    NotReady SERVICE_UNAVAILABLE "not_ready", "Not ready", "the server does not take requests at the moment";
    NoSettings NOT_IMPLEMENTED "no_settings", "No settings here", "the settings belong to the program that this server is embedded in";
    NotConfigured NOT_IMPLEMENTED "not_configured", "Not configured", "the settings of this server do not have what this needs";
    NoMetrics NOT_IMPLEMENTED "no_metrics", "No metrics here", "this process records its metrics somewhere else";
}

impl ProblemKind {
    /// Whether the fault is on this side: then the client learns nothing beyond the general text.
    pub(crate) fn is_ours(self) -> bool {
        self.status().is_server_error()
    }

    /// What an answer of this status means when nobody said more.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Self::NotAcceptable,
            StatusCode::REQUEST_TIMEOUT => Self::BodyTimeout,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PRECONDITION_FAILED => Self::Stale,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::URI_TOO_LONG => Self::AddressTooLong,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Self::Invalid,
            StatusCode::PRECONDITION_REQUIRED => Self::IfMatchRequired,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::HeadersTooLarge,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_server_error() => Self::Internal,
            _ => Self::BadRequest,
        }
    }
}
