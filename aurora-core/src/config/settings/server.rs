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
        /// How many proxies stand before the server, each of which appends to `X-Forwarded-For`; with 0 that header is not
        /// looked at.
        trusted_proxies: u16 = "0";
        /// Address under which people reach the server, such as `https://aurora.example`: it stands in mails and links.
        public_url: Option<String>;
        /// Key that signs what the dashboard keeps in a browser.
        session_secret: Option<Secret>, from ["DASHBOARD_SECRET_KEY"], only SIGNING_SECRET;
        /// Web pages that may ask the API from a browser, by their origins; `*` stands for all. When it is empty, only
        /// those of the server itself.
        cors_origins: Vec<String> = "", from ["CORS_ORIGINS"], only ORIGINS;
        /// Whether those pages may send cookies along; never together with `*` (WHATWG Fetch, "CORS protocol and
        /// credentials").
        cors_credentials: bool = "false";
        /// Whether an administrator may end the process with `POST /admin/restart`, so that what supervises it starts it anew.
        allow_restart: bool = "false";
    }
}
