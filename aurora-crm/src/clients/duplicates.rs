//! How likely it is that two clients are the same.

use serde::Serialize;

use super::similarity::{similarity, trigrams};
use super::{Client, ClientId, reach};

/// Below this, names say nothing.
const ALIKE: f64 = 0.45;
/// Below this, a client is not named.
const LEAST: f64 = 0.55;
const MAX_CANDIDATES: usize = 20;

/// A client that may be the same as another.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// Which.
    pub id: ClientId,
    /// How likely it is the same, 0 to 1: an order, not a measured probability.
    pub score: f64,
    /// Why, the weightiest first.
    pub reasons: Vec<DuplicateReason>,
}

/// What two clients have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DuplicateReason {
    /// The same CNPJ or CPF.
    SameDocument,
    /// An e-mail address, without regard to case.
    SameEmail,
    /// A phone number.
    SamePhone,
    /// The first 8 characters of the CNPJ: branches of one company.
    SameCnpjRoot,
    /// Names that differ little, without regard to case, accents, legal forms and the order of words.
    SimilarName,
    /// The day of birth; counts only beside something else.
    SameBirthDate,
}

/// Weighs everything that `client` has in common with each of the others.
pub(super) fn candidates(client: &Client, others: &[Client]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = others.iter().filter_map(|other| compare(client, other)).collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    found.truncate(MAX_CANDIDATES);
    found
}

fn compare(client: &Client, other: &Client) -> Option<Candidate> {
    use DuplicateReason::{SameBirthDate, SameCnpjRoot, SameDocument, SameEmail, SamePhone, SimilarName};

    let mut weighed: Vec<(DuplicateReason, f64)> = Vec::new();
    let both = |a: Option<&str>, b: Option<&str>| a.zip(b).map(|(a, b)| a == b);
    let same_cnpj = both(
        client.cnpj.as_ref().map(|n| n.plain()),
        other.cnpj.as_ref().map(|n| n.plain()),
    );
    let same_root = both(
        client.cnpj.as_ref().map(|n| n.root()),
        other.cnpj.as_ref().map(|n| n.root()),
    );
    let same_cpf = both(
        client.cpf.as_ref().map(|n| n.plain()),
        other.cpf.as_ref().map(|n| n.plain()),
    );
    if same_cnpj == Some(true) || same_cpf == Some(true) {
        weighed.push((SameDocument, 1.0));
    } else if same_root == Some(true) {
        weighed.push((SameCnpjRoot, 0.6));
    }
    let (ours, theirs) = (reach::of_client(client), reach::of_client(other));
    let shares = |channel: &str| {
        ours.iter()
            .any(|a| a.channel == channel && theirs.iter().any(|b| a.key == b.key))
    };
    if shares("email") {
        weighed.push((SameEmail, 0.7));
    }
    if shares("phone") {
        weighed.push((SamePhone, 0.6));
    }
    let alike = name_similarity(client, other);
    if alike >= ALIKE {
        weighed.push((SimilarName, 0.9 * alike));
    }
    if !weighed.is_empty() && client.birth_date.is_some() && client.birth_date == other.birth_date {
        weighed.push((SameBirthDate, 0.4));
    }
    // Independent hints: how unlikely it is that each of them misleads.
    let mut score = 1.0 - weighed.iter().map(|(_, weight)| 1.0 - weight).product::<f64>();
    // Two numbers that differ belong to two people, or to two companies.
    if same_cpf == Some(false) || same_root == Some(false) {
        score *= 0.3;
    } else if client.kind != other.kind
        || (client.birth_date.is_some()
            && other.birth_date.is_some()
            && client.birth_date != other.birth_date)
    {
        score *= 0.6;
    }
    weighed.sort_by(|a, b| b.1.total_cmp(&a.1));
    let reasons = weighed.into_iter().map(|(reason, _)| reason).collect();
    (score >= LEAST).then_some(Candidate {
        id: other.id,
        score,
        reasons,
    })
}

/// Of either name with either name.
fn name_similarity(client: &Client, other: &Client) -> f64 {
    let names = |client: &Client| -> Vec<_> {
        let names = std::iter::once(client.legal_name.as_str()).chain(client.trade_name.as_deref());
        names.map(trigrams).collect()
    };
    let (ours, theirs) = (names(client), names(other));
    let pairs = ours
        .iter()
        .flat_map(|a| theirs.iter().map(move |b| similarity(a, b)));
    pairs.fold(0.0, f64::max)
}
