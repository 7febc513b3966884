//! Model providers.

use crate::config::narrowing::{API_KEY, HTTP_URL, OLLAMA};
use crate::config::setting::section;
use crate::secret::Secret;

section! {
    /// Model providers and the order in which they are asked.
    Llm at "llm." {
        /// Providers in the order in which they are asked; when it is empty, all that are configured.
        order: Vec<String> = "";
        /// Whether the simulated provider is the last fallback; when it is not set, it answers only outside production
        /// and only while no real provider is configured.
        simulated: Option<bool>, from ["AURORA_SIMULATED"];
        /// Key of the OpenAI API; setting it configures the provider `openai`.
        openai_api_key: Option<Secret>, from ["OPENAI_API_KEY"], only API_KEY;
        /// Base of the OpenAI API, with its version part.
        openai_base_url: String = "https://api.openai.com/v1", from ["OPENAI_BASE_URL"], only HTTP_URL;
        /// Model that `openai` uses when a request names none.
        openai_model: Option<String>;
        /// Key of the Anthropic API; setting it configures the provider `anthropic`.
        anthropic_api_key: Option<Secret>, from ["ANTHROPIC_API_KEY"], only API_KEY;
        /// Base of the Anthropic API, without its version part.
        anthropic_base_url: String = "https://api.anthropic.com", from ["ANTHROPIC_BASE_URL"], only HTTP_URL;
        /// Model that `anthropic` uses when a request names none.
        anthropic_model: Option<String>;
        /// Key of the Cohere API; of its two variables Cohere's own tools read `CO_API_KEY`.
        cohere_api_key: Option<Secret>, from ["COHERE_API_KEY", "CO_API_KEY"], only API_KEY;
        /// Base of the Cohere API, without its version part.
        cohere_base_url: String = "https://api.cohere.com", only HTTP_URL;
        /// Model that Cohere uses when a request names none.
        cohere_model: Option<String>;
        /// Key of the Gemini API; of its two variables Google's own tools too prefer `GOOGLE_API_KEY`.
        gemini_api_key: Option<Secret>, from ["GOOGLE_API_KEY", "GEMINI_API_KEY"], only API_KEY;
        /// Base of the Gemini API, without its version part.
        gemini_base_url: String = "https://generativelanguage.googleapis.com", only HTTP_URL;
        /// Model that Gemini uses when a request names none.
        gemini_model: Option<String>;
        /// Base of an Ollama server; `OLLAMA_HOST` can be a host alone, then with `http` and port 11434.
        ollama_base_url: Option<String>, from ["OLLAMA_HOST" as OLLAMA], only HTTP_URL;
        /// Model that Ollama uses when a request names none.
        ollama_model: Option<String>;
        /// Token of the Hugging Face API.
        huggingface_api_key: Option<Secret>, from ["HF_TOKEN"], only API_KEY;
        /// Base of the Hugging Face router, with its version part.
        huggingface_base_url: String = "https://router.huggingface.co/v1", only HTTP_URL;
        /// Model that Hugging Face uses when a request names none.
        huggingface_model: Option<String>;
    }
    named {
        /// Servers that speak the OpenAI dialect, under names of your choice in lower case.
        openai_compatible: CompatibleServer;
    }
}

section! {
    /// A server that speaks the OpenAI dialect, under a name of your choice in lower case.
    CompatibleServer at "llm.openai_compatible.*." {
        /// Base of its API, with its version part.
        base_url: String, only HTTP_URL;
        /// Its key, where it asks for one.
        api_key: Option<Secret>, only API_KEY;
        /// Model that it uses when a request names none.
        model: Option<String>;
    }
}
