use aurora_core::config::Loader;
use aurora_core::time::SystemClock;

use super::*;

fn built(variables: &[(&str, &str)], toml: &str) -> Result<Vec<String>, Error> {
    let loaded = Loader::new()
        .toml("aurora.toml", toml)
        .environment(variables.iter().copied())
        .load()
        .unwrap();
    let settings = loaded.settings();
    let targets = targets(
        &settings.llm,
        settings.environment,
        &(Arc::new(SystemClock) as Arc<dyn Clock>),
    )?;
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let client = targets
        .into_iter()
        .fold(LlmClient::builder(), |builder, target| builder.target(target))
        .build()?;
    Ok(client.status().into_iter().map(|target| target.name).collect())
}

#[test]
fn every_provider_of_the_settings_becomes_a_target() {
    let variables = [
        ("OPENAI_API_KEY", "sk-1"),
        ("ANTHROPIC_API_KEY", "sk-2"),
        ("CO_API_KEY", "co"),
        ("GEMINI_API_KEY", "g"),
        ("HF_TOKEN", "hf"),
        ("OLLAMA_HOST", "127.0.0.1"),
    ];
    let local = "[llm.openai_compatible.local]\nbase_url = \"http://127.0.0.1:9/v1\"\nmodel = \"llama\"\n";
    assert_eq!(
        built(&variables, local).unwrap(),
        [
            "openai/gpt-5-mini",
            "anthropic/claude-haiku-4-5",
            "cohere/command-a-03-2025",
            "gemini/gemini-2.5-flash",
            "huggingface/openai/gpt-oss-20b",
            "ollama/llama3.2",
            "local/llama",
        ]
    );
    let ordered = format!("llm.order = [\"local\", \"gemini\"]\n{local}");
    assert_eq!(
        built(&variables, &ordered).unwrap(),
        ["local/llama", "gemini/gemini-2.5-flash"]
    );
}

#[test]
fn several_keys_are_several_ways_to_one_target() {
    let names = built(&[("OPENAI_API_KEY", "sk-1,sk-2,,sk-3")], "").unwrap();
    assert_eq!(
        names,
        [
            "openai/gpt-5-mini#1",
            "openai/gpt-5-mini#2",
            "openai/gpt-5-mini#3"
        ]
    );
    assert!(
        built(&[("OPENAI_API_KEY", ",")], "")
            .unwrap_err()
            .to_string()
            .contains("is empty")
    );
}

#[test]
fn simulated_answers_never_stand_in_for_real_ones_unasked() {
    assert_eq!(built(&[], "").unwrap(), ["simulated/simulated"]);
    assert!(built(&[("ENVIRONMENT", "production")], "").unwrap().is_empty());
    assert!(built(&[("AURORA_SIMULATED", "false")], "").unwrap().is_empty());
    let key = ("OPENAI_API_KEY", "sk-1");
    assert_eq!(built(&[key], "").unwrap(), ["openai/gpt-5-mini"]);
    assert_eq!(
        built(&[key, ("AURORA_SIMULATED", "true")], "").unwrap(),
        ["openai/gpt-5-mini", "simulated/simulated"]
    );
}

#[test]
fn what_cannot_be_followed_is_refused_by_name() {
    let taken = "[llm.openai_compatible.openai]\nbase_url = \"http://127.0.0.1:9/v1\"\n";
    for (toml, told) in [
        (
            "llm.order = [\"anthropic\"]",
            "names anthropic, which is not configured",
        ),
        ("llm.order = [\"openai\", \"openai\"]", "names openai twice"),
        (taken, "llm.openai_compatible.openai"),
    ] {
        let error = built(&[("OPENAI_API_KEY", "sk-1")], toml).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(told), "{error}");
        assert!(!format!("{error:?}").contains("sk-1"));
    }
}

#[test]
fn what_is_not_chat_has_targets_of_its_own() {
    let loaded = Loader::new()
        .environment([
            ("OPENAI_API_KEY", "sk-1"),
            ("CO_API_KEY", "co"),
            ("ANTHROPIC_API_KEY", "sk-2"),
        ])
        .load()
        .unwrap();
    let settings = loaded.settings();
    let clock = Arc::new(SystemClock) as Arc<dyn Clock>;
    let chat = targets(&settings.llm, settings.environment, &clock).unwrap();
    let others = targets_beside_chat(&settings.llm, settings.environment, &clock).unwrap();
    let client = chat
        .into_iter()
        .chain(others)
        .fold(LlmClient::builder(), |builder, target| builder.target(target))
        .build()
        .unwrap();
    let names: Vec<String> = client
        .targets()
        .filter(|target| target.task != Task::Chat)
        .map(|target| target.name)
        .collect();
    assert_eq!(names, ["openai/embeddings", "cohere/embeddings", "cohere/rerank"]);
    assert_eq!(
        client.models_for(Task::Embeddings).first().map(String::as_str),
        Some("embed-v4.0")
    );
}
