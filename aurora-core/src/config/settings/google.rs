//! Google Calendar.

use crate::config::narrowing::{API_KEY, HTTP_URL};
use crate::config::setting::section;
use crate::secret::Secret;

section! {
    /// The application at Google with which people connect their calendars. Service accounts need none of it.
    Google at "google." {
        /// Client id of the OAuth application.
        client_id: Option<String>, from ["GOOGLE_CLIENT_ID"];
        /// Client secret of the OAuth application.
        client_secret: Option<Secret>, from ["GOOGLE_CLIENT_SECRET"], only API_KEY;
        /// Where Google sends people back to, as it is registered there; `/api/v1/calendar/oauth/callback` below
        /// `server.public_url` unless set.
        redirect_url: Option<String>, from ["GOOGLE_REDIRECT_URL"], only HTTP_URL;
        /// Where Google tells of changes, with https; `/webhook/google-calendar` below `server.public_url` unless set, and without
        /// either of them calendars are read every ten minutes alone.
        notification_url: Option<String>, from ["GOOGLE_NOTIFICATION_URL"], only HTTP_URL;
    }
}
