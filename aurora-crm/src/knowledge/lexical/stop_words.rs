//! Words that say nothing of what a text is about, folded. A word of a list that means something in the other language is
//! not looked for in either: texts and questions are read alike.

/// After Snowball's list, without accents, with what people write to a reception.
const PORTUGUESE: &[&str] = &[
    "a", "ao", "aos", "aquela", "aquelas", "aquele", "aqueles", "aquilo", "as", "ate", "com", "como", "da",
    "das", "de", "dela", "delas", "dele", "deles", "depois", "do", "dos", "e", "ela", "elas", "ele", "eles",
    "em", "entre", "era", "eram", "essa", "essas", "esse", "esses", "esta", "estamos", "estao", "estas",
    "estava", "este", "estes", "estou", "eu", "foi", "for", "fora", "foram", "ha", "isso", "isto", "ja",
    "lhe", "lhes", "mais", "mas", "me", "mesmo", "meu", "meus", "minha", "minhas", "muito", "na", "nao",
    "nas", "nem", "no", "nos", "nossa", "nossas", "nosso", "nossos", "num", "numa", "o", "os", "ou", "para",
    "pela", "pelas", "pelo", "pelos", "pode", "por", "pra", "pro", "qual", "quais", "quando", "que", "quem",
    "queria", "quero", "sao", "se", "sem", "ser", "sera", "seu", "seus", "sou", "sua", "suas", "tambem",
    "te", "tem", "temos", "tenho", "ter", "teu", "tua", "tudo", "um", "uma", "umas", "uns", "vai", "vcs",
    "vc", "voce", "voces", "vou", "gostaria", "oi", "ola",
];

/// After Snowball's list.
const ENGLISH: &[&str] = &[
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by", "can",
    "could", "did", "do", "does", "doing", "for", "from", "had", "has", "have", "having", "he", "her",
    "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "no", "nor", "not",
    "of", "on", "or", "our", "ours", "she", "should", "so", "some", "such", "than", "that", "the", "their",
    "them", "then", "there", "these", "they", "this", "those", "to", "too", "very", "was", "we", "were",
    "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with", "would", "you", "your",
    "yours", "hi", "hello", "please",
];

pub(super) fn is_any(word: &str) -> bool {
    is_portuguese(word) || is_english(word)
}

pub(super) fn is_portuguese(word: &str) -> bool {
    PORTUGUESE.contains(&word)
}

pub(super) fn is_english(word: &str) -> bool {
    ENGLISH.contains(&word)
}
