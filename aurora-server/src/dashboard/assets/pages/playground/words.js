export const words = {
  en: {
    title: "Playground", about: "Ask a model and see who answers, how fast and for how much", clear: "New conversation", cleared: "The conversation was cleared.",
    emptyTitle: "Ask something", emptyText: "The answer streams in; below it stand the provider, the time, the tokens, the price, and whether it came from the cache.",
    "idea.1": "Explain a fallback in one sentence.", "idea.2": "Write a greeting for a clinic's reception.", "idea.3": "What is a CNPJ?",
    ideas: "Questions to begin with", question: "Your question", send: "Send", stop: "Stop", again: "Ask again", past: "Ask past the cache", you: "You", answer: "Answer", conversation: "Conversation",
    options: "Options", model: "Model", anyModel: "First in the order", system: "Instructions", systemHint: "What the model is told before the conversation.",
    temperature: "Temperature", temperatureHint: "At 0 the same question may be answered from the cache.", maxTokens: "Most tokens of the answer",
    thinking: "Waiting for the first word…", reasoning: "Reasoning", stopped: "stopped", noWords: "The answer has no text.",
    cache: "cache", cached: "from the cache", notCached: "not cached", madeUp: "simulated", tokens: { one: "{count} token", other: "{count} tokens" }, first: "first word after {time}",
    hint: "Enter sends, Shift+Enter makes a new line.", modelsFailed: "The models could not be loaded.", unpriced: "no price",
  },
  "pt-BR": {
    title: "Teste de modelos", about: "Pergunte a um modelo e veja quem responde, em quanto tempo e por quanto", clear: "Nova conversa", cleared: "A conversa foi limpa.",
    emptyTitle: "Pergunte alguma coisa", emptyText: "A resposta chega aos poucos; abaixo dela ficam o provedor, o tempo, os tokens, o preço e se veio do cache.",
    "idea.1": "Explique um fallback em uma frase.", "idea.2": "Escreva uma saudação para a recepção de uma clínica.", "idea.3": "O que é um CNPJ?",
    ideas: "Perguntas para começar", question: "Sua pergunta", send: "Enviar", stop: "Parar", again: "Perguntar de novo", past: "Perguntar sem o cache", you: "Você", answer: "Resposta", conversation: "Conversa",
    options: "Opções", model: "Modelo", anyModel: "O primeiro da ordem", system: "Instruções", systemHint: "O que o modelo ouve antes da conversa.",
    temperature: "Temperatura", temperatureHint: "Com 0, a mesma pergunta pode ser respondida pelo cache.", maxTokens: "Máximo de tokens da resposta",
    thinking: "Aguardando a primeira palavra…", reasoning: "Raciocínio", stopped: "interrompido", noWords: "A resposta não tem texto.",
    cache: "cache", cached: "do cache", notCached: "fora do cache", madeUp: "simulado", tokens: { one: "{count} token", other: "{count} tokens" }, first: "primeira palavra após {time}",
    hint: "Enter envia, Shift+Enter quebra a linha.", modelsFailed: "Não foi possível carregar os modelos.", unpriced: "sem preço",
  },
};
