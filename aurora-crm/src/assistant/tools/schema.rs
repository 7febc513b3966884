//! The tools as a model is told of them. Schemas are written for strict mode: every property is required, what may be absent
//! is null, nothing else is allowed.

use aurora_llm::chat::Tool;
use serde_json::{Map, Value, json};

use super::ToolName;

pub(super) fn of(tool: ToolName) -> Tool {
    let (description, properties) = told(tool);
    let required: Vec<Value> = properties.keys().cloned().map(Value::String).collect();
    let parameters = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let mut told = Tool::new(tool.as_str(), description, parameters);
    told.strict = Some(true);
    told
}

fn told(tool: ToolName) -> (&'static str, Map<String, Value>) {
    match tool {
        ToolName::FindSlots => (
            "Finds free times of a service and offers them to the contact. Each gets a ref such as s1, by which alone it can be \
             booked. To move an appointment, name it in `moves`.",
            properties([
                ("service", text("name of the service, as in the list of services")),
                (
                    "professional",
                    optional("name of the professional, if the contact asks for one"),
                ),
                ("from", text("first day, YYYY-MM-DD")),
                (
                    "until",
                    optional("last day, YYYY-MM-DD, at most 50 days later; one week when null"),
                ),
                ("part_of_day", part_of_day()),
                (
                    "moves",
                    optional("ref of the appointment that is to be moved, such as apt-1a2b3c"),
                ),
            ]),
        ),
        ToolName::BookAppointment => (
            "Books a time that was offered in this conversation, once the contact has agreed to it.",
            properties([("slot", text("ref of the offered time, such as s1"))]),
        ),
        ToolName::MyAppointments => (
            "Lists the appointments of the contact, each with a ref such as apt-1a2b3c.",
            properties([]),
        ),
        ToolName::RescheduleAppointment => (
            "Moves an appointment of the contact to a time that was offered in this conversation.",
            properties([
                ("appointment", text("ref of the appointment, such as apt-1a2b3c")),
                ("slot", text("ref of the offered time, such as s1")),
            ]),
        ),
        ToolName::CancelAppointment => (
            "Calls off an appointment of the contact, once the contact has said that it is to be called off.",
            properties([
                ("appointment", text("ref of the appointment, such as apt-1a2b3c")),
                ("reason", optional("why, in the contact's words")),
            ]),
        ),
        ToolName::ConfirmAppointment => (
            "Writes down that the contact says it will come to an appointment.",
            properties([("appointment", text("ref of the appointment, such as apt-1a2b3c"))]),
        ),
        ToolName::JoinWaitingList => (
            "Puts the contact on the waiting list, when no free time suits.",
            properties([
                ("service", text("name of the service, as in the list of services")),
                (
                    "professional",
                    optional("name of the professional, if the contact asks for one"),
                ),
                ("from", text("first day, YYYY-MM-DD")),
                (
                    "until",
                    optional("last day, YYYY-MM-DD, at most 50 days later; one week when null"),
                ),
                ("part_of_day", part_of_day()),
            ]),
        ),
        ToolName::LookupClient => (
            "Tells whether the contact is registered, and under which name.",
            properties([]),
        ),
        ToolName::RegisterClient => (
            "Registers the contact as a client, which is needed before booking. Ask for the full name first.",
            properties([
                ("name", text("full name, as the contact has written it")),
                (
                    "agrees",
                    json!({"type": "boolean", "description": "whether the contact has agreed to the text on data protection, if there is one"}),
                ),
            ]),
        ),
        ToolName::SearchKnowledge => (
            "Looks something up in the documents of the house: prices, preparation, insurance, addresses, rules. Answer only \
             from what it finds.",
            properties([("query", text("what is to be found, in a few words"))]),
        ),
        ToolName::HandOver => (
            "Hands the conversation over to a person: when the contact asks for one, when you are unsure, for complaints and for \
             anything medical.",
            properties([
                (
                    "reason",
                    json!({"type": "string", "enum": ["asked", "unsure", "complaint", "medical", "other"]}),
                ),
                ("note", optional("what the person should know, in one sentence")),
            ]),
        ),
    }
}

fn properties<const N: usize>(properties: [(&str, Value); N]) -> Map<String, Value> {
    properties
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn optional(description: &str) -> Value {
    json!({"type": ["string", "null"], "description": description})
}

fn part_of_day() -> Value {
    json!({"type": "string", "enum": ["any", "morning", "afternoon", "evening"]})
}
