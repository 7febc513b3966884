//! The code that each page shows, compiled: what is not true of the crates fails as a doctest.

macro_rules! snippets {
    ($($name:ident $page:literal),+ $(,)?) => {
        $(
            #[doc = concat!(
                "```no_run\n# async fn page() -> Result<(), Box<dyn std::error::Error>> {\n",
                include_str!(concat!("assets/pages/", $page, "/code.rs")),
                "\n# Ok(())\n# }\n# fn main() {}\n```",
            )]
            struct $name;
        )+
    };
}

snippets! {
    Overview "overview",
    Providers "providers",
    Playground "playground",
    Alerts "alerts",
    Notifications "notifications",
    Usage "usage",
    Events "events",
    Clients "clients",
    Leads "leads",
    Conversations "conversations",
    Appointments "appointments",
    Knowledge "knowledge",
    Users "users",
    Settings "settings",
}
