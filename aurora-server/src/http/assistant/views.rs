//! The JSON of the assistant, as the domain writes and reads it.

#![expect(dead_code, reason = "describes what the domain writes and reads")]

use utoipa::ToSchema;

/// How the assistant behaves.
#[derive(Debug, ToSchema)]
#[schema(as = AssistantSettings, example = json!({"enabled": true, "name": "Lia", "house": "Clínica Sol",
    "persona": "Calorosa e breve; trata por você."}))]
pub(super) struct SettingsView {
    /// Whether it answers at all; without, conversations wait for a person.
    #[schema(required = false)]
    enabled: bool,
    /// What it calls itself, up to 60 characters.
    #[schema(required = false)]
    name: String,
    /// The house that it answers for, up to 120 characters.
    #[schema(required = false)]
    house: String,
    /// How it speaks and what it should know in general, up to 2,000 characters.
    #[schema(required = false)]
    persona: String,
    /// In which language: `portuguese`, `english` or `follow` (as the contact writes).
    #[schema(required = false)]
    speech: String,
    /// When it answers; always when empty.
    #[schema(required = false)]
    hours: Vec<OpeningView>,
    /// What happens outside of its hours: `"wait"`, or `{"say": "…"}`.
    #[schema(required = false, value_type = Value)]
    away: String,
    /// The model or alias; the first that is configured when absent.
    model: Option<String>,
    /// What it may do, such as `find_slots` and `book_appointment`; everything unless told.
    #[schema(required = false)]
    tools: Vec<String>,
    /// Whether it looks things up in the workspace's knowledge.
    #[schema(required = false)]
    knowledge: bool,
    /// When a person takes over.
    #[schema(required = false)]
    hand_over: HandOverView,
    /// What a turn may use.
    #[schema(required = false)]
    limits: LimitsView,
    /// Addresses that it may name in answers, up to 20.
    #[schema(required = false)]
    links: Vec<String>,
    /// What a person agrees to when it is registered (LGPD), up to 2,000 characters.
    consent: Option<String>,
}

/// From a minute of a day up to another one.
#[derive(Debug, ToSchema)]
#[schema(as = AssistantOpening)]
pub(super) struct OpeningView {
    /// 1 is Monday, 7 Sunday.
    weekday: u32,
    /// Minutes since midnight.
    from: u32,
    /// Minutes since midnight, up to 1,440.
    until: u32,
}

/// When a person takes over.
#[derive(Debug, ToSchema)]
#[schema(as = HandOverRules)]
pub(super) struct HandOverView {
    /// When the contact asks for a person.
    #[schema(required = false)]
    on_request: bool,
    /// After so many failed tool calls of one turn, 1 to 8.
    #[schema(required = false)]
    failed_tools: u32,
    /// After so many answers without a person, 2 to 200.
    #[schema(required = false)]
    answers: u32,
    /// Topics with a fixed answer, up to 20; emergencies unless told.
    #[schema(required = false)]
    topics: Vec<TopicView>,
}

/// Something that is answered with a fixed text before any model is asked.
#[derive(Debug, ToSchema)]
#[schema(as = AssistantTopic)]
pub(super) struct TopicView {
    /// A word for records.
    name: String,
    /// Words or phrases that show that it is meant, up to 100.
    phrases: Vec<String>,
    /// What is said in Portuguese.
    reply_pt: String,
    /// What is said in English.
    reply_en: String,
    /// Whether a person takes over then.
    hands_over: bool,
}

/// What one turn may use.
#[derive(Debug, ToSchema)]
#[schema(as = AssistantLimits)]
pub(super) struct LimitsView {
    /// Tokens of all answers of the model, 1,000 to 200,000.
    #[schema(required = false)]
    tokens: u64,
    /// Tool calls, 1 to 8.
    #[schema(required = false)]
    tool_calls: u32,
    /// Turns of one conversation within an hour, 1 to 120.
    #[schema(required = false)]
    turns_per_hour: u32,
    /// Seconds for one answer of the model, 5 to 60.
    #[schema(required = false)]
    answer_seconds: u32,
    /// Tokens of one answer, 64 to 4,096.
    #[schema(required = false)]
    answer_tokens: u32,
    /// Characters of a reply, 100 to 4,096.
    #[schema(required = false)]
    reply_chars: u32,
    /// How long a contact is waited for after its latest message, 0 to 15 seconds.
    #[schema(required = false)]
    gather_seconds: u32,
}

/// One step of a turn.
#[derive(Debug, ToSchema)]
#[schema(as = AssistantStep)]
pub(super) struct StepView {
    /// The turn, `trn_…`.
    turn_id: String,
    /// The position of the last message that the turn answers.
    through_position: i64,
    /// Its place in the turn, from 0.
    ordinal: i64,
    /// `understood`, `answered`, `ran` or `decided`.
    kind: String,
    /// The tools that were called, or the one that has run.
    tools: Vec<String>,
    /// What each of them was called with, in their order: JSON text as the model wrote it. Empty of one that has run.
    arguments: Vec<String>,
    /// The model's words, the arguments of what was understood, the tool's result, or the reply.
    text: String,
    /// Whether the tool failed.
    failed: bool,
    /// Why the turn ended as it did.
    reason: Option<String>,
    /// Where the reply took its words from.
    citations: Vec<CitationView>,
    /// What was taken out of the model's words before they were sent.
    withheld: Vec<String>,
    /// Provider and model that answered.
    model: Option<String>,
    /// Tokens that the model has read.
    input_tokens: i64,
    /// Tokens that the model has written.
    output_tokens: i64,
    /// What the answer cost, in nano-dollars (10⁻⁹ USD).
    cost_nanos: Option<i64>,
    /// When. RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
}

/// A passage of a document.
#[derive(Debug, ToSchema)]
#[schema(as = Citation)]
pub(super) struct CitationView {
    /// The document, `doc_…`.
    document_id: String,
    /// The version that was read.
    version: i64,
    /// The passage.
    chunk_id: String,
    /// What the document is called.
    title: String,
    /// Where the document is from.
    #[schema(value_type = Object)]
    source: String,
    /// The headings that the passage stands under.
    headings: Vec<String>,
    /// Where it begins in the text of that version, in bytes.
    start: u64,
    /// Where it ends there.
    end: u64,
    /// What it says.
    quote: String,
}
