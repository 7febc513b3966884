//! A browser and its driver, both ended with their test.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{PATIENCE, provided};

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub language: &'static str,
    pub theme: &'static str,
    pub width: u32,
}

pub struct Browser {
    pub driver: WebDriver,
    port: String,
    _process: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// `None`, and a note, where no driver is provided.
    pub async fn start() -> Option<Self> {
        let program = provided("chromium", "AURORA_TEST_CHROMEDRIVER")?;
        let profile = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the driver starts");
        let mut output = BufReader::new(process.stdout.take().expect("piped")).lines();
        let port = timeout(PATIENCE, async {
            while let Some(line) = output.next_line().await.expect("text") {
                if let Some((_, port)) = line.split_once("successfully on port ") {
                    return port.trim_end_matches('.').to_owned();
                }
            }
            panic!("the driver ended before it told its port");
        });
        let port = port.await.expect("the driver tells its port");
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-prefers-reduced-motion",
            &format!("--user-data-dir={}", profile.path().display()),
        ] {
            wanted.add_arg(argument).expect("an argument");
        }
        for log in ["browser", "performance"] {
            wanted
                .set_logging_prefs(log, thirtyfour::LoggingPrefsLogLevel::All)
                .expect("a log");
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted)
            .await
            .expect("a browser");
        driver.set_script_timeout(PATIENCE).await.expect("a limit");
        Some(Self {
            driver,
            port,
            _process: process,
            _profile: profile,
        })
    }

    /// Opens an address as this view shows it, and waits until its page is drawn.
    pub async fn open(&self, url: &str, view: View) {
        let metrics =
            json!({"width": view.width, "height": 900, "deviceScaleFactor": 1, "mobile": view.width < 600});
        let cdp = self.driver.cdp();
        cdp.send_raw("Emulation.setDeviceMetricsOverride", metrics)
            .await
            .expect("a size");
        let keep = format!(
            "try {{ localStorage.setItem('aurora.theme', '{}') }} catch {{}}",
            view.theme
        );
        let script = json!({"source": keep});
        let kept = cdp
            .send_raw("Page.addScriptToEvaluateOnNewDocument", script)
            .await
            .expect("a script");
        let mark = if url.contains('?') { '&' } else { '?' };
        self.driver
            .goto(format!("{url}{mark}lang={}", view.language))
            .await
            .expect("the page opens");
        cdp.send_raw(
            "Page.removeScriptToEvaluateOnNewDocument",
            json!({"identifier": kept["identifier"]}),
        )
        .await
        .expect("taken back");
        self.until("return !!document.querySelector('h1') && ![...document.querySelectorAll('.bones')].some((it) => it.offsetParent)")
            .await;
    }

    /// Runs a script until it says true.
    pub async fn until(&self, script: &str) {
        let waiting = timeout(PATIENCE, async {
            let mut turns = tokio::time::interval(Duration::from_millis(50));
            while self.ask(script).await != Value::Bool(true) {
                turns.tick().await;
            }
        });
        if waiting.await.is_err() {
            let text = self.ask("return document.body.innerText").await;
            panic!("never came true: {script}\n{text}");
        }
    }

    /// What a script returns.
    pub async fn ask(&self, script: &str) -> Value {
        let answer = self
            .driver
            .execute(script, Vec::new())
            .await
            .expect("a script that runs");
        answer.json().clone()
    }

    /// Clicks what a selector finds, once it is there.
    pub async fn click(&self, selector: &str) {
        let found = self
            .driver
            .query(By::Css(selector))
            .first()
            .await
            .expect(selector);
        found.click().await.expect(selector);
    }

    /// Clicks the button or link with this text.
    pub async fn press(&self, text: &str) {
        let path = format!(
            "//*[self::button or self::a][normalize-space()='{text}' or @aria-label='{text}' or @title='{text}']"
        );
        let found = self
            .driver
            .query(By::XPath(path))
            .and_displayed()
            .first()
            .await
            .expect(text);
        found.click().await.expect(text);
    }

    /// Types into what a selector finds.
    pub async fn write(&self, selector: &str, text: &str) {
        let found = self
            .driver
            .query(By::Css(selector))
            .first()
            .await
            .expect(selector);
        found.send_keys(text).await.expect(selector);
    }

    /// Keeps what is seen, for people.
    pub async fn keep(&self, name: &str) {
        let folder = pictures();
        std::fs::create_dir_all(&folder).expect("a folder");
        let picture = self.driver.screenshot_as_png().await.expect("a picture");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("a file");
    }

    /// Keeps words beside the pictures.
    pub fn note(&self, name: &str, text: &str) {
        let folder = pictures();
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), text).expect("a file");
    }

    /// What was asked of others than the server at `home`, on every page since the start.
    pub async fn strangers(&self, home: &str) -> Vec<String> {
        let log = self.driver.get_log("performance").await.expect("a log");
        let asked = log.iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(&entry.message).ok()?;
            let event = &event["message"];
            (event["method"] == "Network.requestWillBeSent").then_some(())?;
            event["params"]["request"]["url"].as_str().map(str::to_owned)
        });
        // What the browser shows of its own, as in a new tab, is on no net.
        let is_strange = |url: &String| {
            !url.starts_with(home) && ["http", "ws"].iter().any(|scheme| url.starts_with(scheme))
        };
        asked
            .filter(is_strange)
            .map(|url| format!("asked elsewhere: {url}"))
            .collect()
    }

    pub async fn quit(self) {
        self.driver.clone().quit().await.expect("it ends");
    }
}

impl Drop for Browser {
    /// Ends the browser of a test that failed: left to itself, the driver waits two minutes for an answer.
    fn drop(&mut self) {
        let session = self.driver.session_id().to_string();
        if self.driver.clone().leak().is_err() {
            return;
        }
        let Ok(mut driver) = TcpStream::connect(format!("127.0.0.1:{}", self.port)) else {
            return;
        };
        let asked = write!(
            driver,
            "DELETE /session/{session} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n"
        );
        // Once it answers the browser has ended, and the driver may.
        let answered = driver.set_read_timeout(Some(Duration::from_secs(10)));
        if asked.is_ok() && answered.is_ok() {
            driver.read_exact(&mut [0; 1]).ok();
        }
    }
}

/// The folder for what people look at.
fn pictures() -> PathBuf {
    std::env::var_os("AURORA_TEST_PICTURES").map_or_else(|| PathBuf::from("target/pictures"), PathBuf::from)
}
