//! Tools: what may be called, and how.

use serde_json::{Map, Value, json};

use crate::chat::{ChatRequest, Tool, ToolChoice};
use crate::error::Error;
use crate::wire::json::unsupported;

pub(super) fn write(body: &mut Map<String, Value>, request: &ChatRequest) -> Result<(), Error> {
    if request.tools.is_empty() {
        return Ok(());
    }
    if request.parallel_tool_calls == Some(false) && request.tool_choice != ToolChoice::None {
        return Err(unsupported("one tool call at a time"));
    }
    let declared: Vec<Value> = request.tools.iter().map(declaration).collect();
    body.insert("tools".to_owned(), json!([{"functionDeclarations": declared}]));
    let strict = request.tools.iter().any(|tool| tool.strict == Some(true));
    let config = match &request.tool_choice {
        ToolChoice::Auto if strict => json!({"mode": "VALIDATED"}),
        ToolChoice::Auto => return Ok(()),
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Required => json!({"mode": "ANY"}),
        ToolChoice::Tool(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    };
    let config = json!({"functionCallingConfig": config});
    body.insert("toolConfig".to_owned(), config);
    Ok(())
}

fn declaration(tool: &Tool) -> Value {
    let mut out = Map::new();
    out.insert("name".to_owned(), json!(tool.name));
    if let Some(description) = &tool.description {
        out.insert("description".to_owned(), json!(description));
    }
    out.insert("parametersJsonSchema".to_owned(), tool.parameters.clone());
    Value::Object(out)
}
