//! The WhatsApp Business Platform of Meta.

use crate::config::narrowing::{API_KEY, HTTP_URL};
use crate::config::setting::section;
use crate::secret::Secret;

section! {
    /// The app at Meta through which WhatsApp is reached, and that signs what comes in.
    Whatsapp at "whatsapp." {
        /// The app at Meta by its id, or any other name: numbers that are added belong to it.
        app_id: String = "main", from ["WHATSAPP_APP_ID"];
        /// Secret of the app, which signs webhooks. Without it no webhook is taken.
        app_secret: Option<Secret>, from ["WHATSAPP_APP_SECRET"], only API_KEY;
        /// The secret before, which signs as well while one is exchanged for another.
        former_app_secret: Option<Secret>, from ["WHATSAPP_FORMER_APP_SECRET"], only API_KEY;
        /// Text that is entered at Meta together with the address of the webhook.
        verify_token: Option<Secret>, from ["WHATSAPP_VERIFY_TOKEN"], only API_KEY;
        /// Base of the Graph API. Another than Meta's may lead to an address of the own network.
        graph_url: String = "https://graph.facebook.com", from ["WHATSAPP_GRAPH_URL"], only HTTP_URL;
        /// Version of the Graph API.
        graph_version: String = "v26.0", from ["WHATSAPP_GRAPH_VERSION"];
    }
}
