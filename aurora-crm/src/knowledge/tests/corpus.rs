//! A small corpus made for this: what a clinic and a furniture shop say of themselves in Portuguese and English, and what
//! people ask them, judged. Some documents are old, and say so only inside.

use std::collections::BTreeMap;

use super::World;
use crate::knowledge::evaluation::Judged;
use crate::knowledge::{Content, Language, NewDocument, Query};

const DOCUMENTS: &str = include_str!("../../../tests/data/knowledge/documents.txt");
const QUERIES: &str = include_str!("../../../tests/data/knowledge/queries.txt");

pub(super) struct Asked {
    /// `a` to learn from, `b` to measure with.
    pub(super) half: char,
    pub(super) text: String,
    pub(super) grades: BTreeMap<String, u32>,
}

impl Asked {
    pub(super) fn judged(&self) -> Judged {
        Judged {
            query: Query::new(self.text.as_str()),
            grades: self.grades.clone(),
        }
    }
}

pub(super) fn documents() -> Vec<NewDocument> {
    let parts = DOCUMENTS.split("== ").filter(|part| !part.trim().is_empty());
    let documents = parts.map(|part| {
        let (head, text) = part.split_once('\n').unwrap();
        let [id, language, title] = head.split(" | ").collect::<Vec<_>>().try_into().unwrap();
        let language: Language = language.parse().unwrap();
        NewDocument::new(title, Content::Text(text.to_owned()))
            .external_id(id)
            .language(language)
    });
    documents.collect()
}

pub(super) fn queries() -> Vec<Asked> {
    let asked = QUERIES.lines().map(|line| {
        let [half, text, grades] = line.split(" | ").collect::<Vec<_>>().try_into().unwrap();
        let grades = grades.split(' ').map(|grade| {
            let (id, grade) = grade.split_once(':').unwrap();
            (id.to_owned(), grade.parse().unwrap())
        });
        Asked {
            half: half.parse().unwrap(),
            text: text.to_owned(),
            grades: grades.collect(),
        }
    });
    asked.collect()
}

pub(super) async fn ingest(world: &World) {
    for document in documents() {
        world.knowledge.ingest(&world.context, document).await.unwrap();
    }
}
