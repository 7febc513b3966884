//! A person's way through a page, and what holds at the end of each.

use std::cell::RefCell;

use serde_json::json;

use crate::{Aurora, Browser, View, axe, faults, too_wide};

/// Whoever signs in where a journey takes a person.
const ADDRESS: &str = "ana@example.com";
const PASSWORD: &str = "três pratos de trigo";

/// One server, one browser, one way of looking at it.
pub struct Journey {
    pub browser: Browser,
    pub aurora: Aurora,
    name: &'static str,
    view: View,
    /// Answers in which this journey was refused, as it wanted: the console tells them, too.
    refusals: Vec<&'static str>,
    /// What was wrong on the way.
    found: RefCell<Vec<String>>,
}

impl Journey {
    /// In front of the demonstration, where everybody may do everything.
    pub async fn demo(name: &'static str, view: View, pace: &[&str]) -> Option<Self> {
        let (browser, aurora) = tokio::join!(Browser::start(), Aurora::demo(pace));
        Some(Self::new(name, view, browser?, aurora?))
    }

    /// In front of a server of one's own, signed in as its first administrator.
    pub async fn signed_in(name: &'static str, view: View) -> Option<Self> {
        Self::signed_in_to(name, view, &[]).await
    }

    /// The same, of a server with settings of its own.
    pub async fn signed_in_to(name: &'static str, view: View, settings: &[(&str, &str)]) -> Option<Self> {
        let (browser, aurora) = tokio::join!(Browser::start(), Aurora::serve(settings));
        let journey = Self::new(name, view, browser?, aurora?);
        let browser = &journey.browser;
        let setup = journey.aurora.setup.as_deref().expect("a link to begin with");
        browser.driver.goto(setup).await.expect("the page of the link");
        browser.write("input[name=name]", "Ana Souza").await;
        browser.write("input[name=email]", ADDRESS).await;
        browser.write("input[name=password]", PASSWORD).await;
        browser.click("button[type=submit]").await;
        browser
            .until("return document.getElementById('form').hidden")
            .await;
        journey.go("clients").await;
        browser.write("input[name=email]", ADDRESS).await;
        browser.write("input[name=password]", PASSWORD).await;
        browser.click("button[type=submit]").await;
        browser
            .until("return !!document.querySelector('main h1') && !document.querySelector('input[name=password]')")
            .await;
        Some(journey)
    }

    /// Gives the account its second factor, as administration takes it.
    pub async fn second_factor(&self) {
        let begun = self.browser.post("/api/v1/auth/factors", json!({})).await;
        let secret = begun["secret"].as_str().expect("a secret");
        let code = self.browser.code(secret).await;
        let activate = json!({"code": code});
        self.browser.post("/api/v1/auth/factors/activate", activate).await;
    }

    fn new(name: &'static str, view: View, browser: Browser, aurora: Aurora) -> Self {
        Self {
            browser,
            aurora,
            name,
            view,
            refusals: Vec::new(),
            found: RefCell::default(),
        }
    }

    /// Opens a page of the dashboard anew, as by its address.
    pub async fn go(&self, page: &str) {
        self.go_as(page, self.view).await;
    }

    /// The same, looked at in another way.
    pub async fn go_as(&self, page: &str, view: View) {
        let address = format!("{}/dashboard/{page}", self.aurora.url);
        self.browser.open(&address, view).await;
    }

    /// Says that the server refuses something on this way, such as `422`.
    #[must_use]
    pub fn refused(mut self, status: &'static str) -> Self {
        self.refusals.push(status);
        self
    }

    /// Keeps what is seen at this place of the way, where nothing may reach beyond an edge.
    pub async fn keep(&self, moment: &str) {
        let View {
            language,
            theme,
            width,
        } = self.view;
        let name = format!("journey-{}-{moment}-{language}-{theme}-{width}", self.name);
        self.browser.keep(&name).await;
        let wide = too_wide(&self.browser).await;
        let told = wide.into_iter().map(|fault| format!("{moment}: {fault}"));
        self.found.borrow_mut().extend(told);
    }

    /// The end: nothing is wrong with what is open, the console is empty, and nobody else was asked for anything.
    pub async fn finish(self) {
        self.keep("end").await;
        let mut found = self.found.take();
        found.extend(self.browser.strangers(&self.aurora.url).await);
        if let Some(axe) = axe() {
            found.extend(faults(&self.browser, &axe, self.view).await);
        }
        let is_wanted = |fault: &String| {
            let refused = |status: &&str| fault.contains(&format!("status of {status}"));
            fault.starts_with("console") && self.refusals.iter().any(refused)
        };
        found.retain(|fault| !is_wanted(fault));
        self.browser.quit().await;
        assert!(found.is_empty(), "{}: {}", self.name, found.join("\n"));
    }
}
