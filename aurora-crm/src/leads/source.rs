use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a lead comes from; what it is in detail is the lead's `source_detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeadSource {
    /// A form or chat on the site.
    Website,
    /// A message on WhatsApp.
    Whatsapp,
    /// A call that came in.
    InboundCall,
    /// A call that was made (`prospecção ativa`).
    OutboundCall,
    /// An e-mail that came in.
    Email,
    /// Somebody who knows the house (`indicação`).
    Referral,
    /// A partner.
    Partner,
    /// A customer already.
    ExistingCustomer,
    /// Paid advertising.
    Advertisement,
    /// A social network.
    SocialMedia,
    /// A campaign.
    Campaign,
    /// A fair or another event.
    Event,
    /// Somebody who came in.
    WalkIn,
    /// A file that was imported.
    Import,
    /// Something else, or not known.
    #[default]
    Other,
}

impl LeadSource {
    const ALL: [Self; 15] = [
        Self::Website,
        Self::Whatsapp,
        Self::InboundCall,
        Self::OutboundCall,
        Self::Email,
        Self::Referral,
        Self::Partner,
        Self::ExistingCustomer,
        Self::Advertisement,
        Self::SocialMedia,
        Self::Campaign,
        Self::Event,
        Self::WalkIn,
        Self::Import,
        Self::Other,
    ];

    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Website => "website",
            Self::Whatsapp => "whatsapp",
            Self::InboundCall => "inbound_call",
            Self::OutboundCall => "outbound_call",
            Self::Email => "email",
            Self::Referral => "referral",
            Self::Partner => "partner",
            Self::ExistingCustomer => "existing_customer",
            Self::Advertisement => "advertisement",
            Self::SocialMedia => "social_media",
            Self::Campaign => "campaign",
            Self::Event => "event",
            Self::WalkIn => "walk_in",
            Self::Import => "import",
            Self::Other => "other",
        }
    }
}

impl FromStr for LeadSource {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|source| source.as_str() == text);
        found.ok_or("this is no source of leads")
    }
}

#[cfg(test)]
mod tests {
    use super::LeadSource;

    #[test]
    fn json_and_database_use_one_name() {
        for source in LeadSource::ALL {
            assert_eq!(
                serde_json::to_value(source).unwrap(),
                serde_json::json!(source.as_str())
            );
            assert_eq!(source.as_str().parse(), Ok(source));
        }
    }
}
