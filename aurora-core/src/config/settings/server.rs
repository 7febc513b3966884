//! The HTTP server.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::config::narrowing::{ORIGINS, SIGNING_SECRET};
use crate::config::setting::section;
use crate::secret::Secret;

section! {
    /// Where the server listens, keeps its files, and which web pages may ask it.
    Server at "server." {
        /// Address to listen on.
        host: IpAddr = "127.0.0.1", from ["DASHBOARD_HOST"];
        /// TCP port to listen on; 0 takes a free one.
        port: u16 = "8080", from ["DASHBOARD_PORT"];
        /// Folder of the SQLite database and of everything else that the server keeps.
        data_dir: PathBuf = "data";
        /// Key that signs what the dashboard keeps in a browser.
        session_secret: Option<Secret>, from ["DASHBOARD_SECRET_KEY"], only SIGNING_SECRET;
        /// Web pages that may ask the API from a browser, by their origins; `*` stands for all. When it is empty, only
        /// those of the server itself.
        cors_origins: Vec<String> = "", from ["CORS_ORIGINS"], only ORIGINS;
        /// Whether those pages may send cookies along; never together with `*` (WHATWG Fetch, "CORS protocol and
        /// credentials").
        cors_credentials: bool = "false";
    }
}
