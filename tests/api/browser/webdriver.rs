//! Chromium without a screen, driven by `chromedriver` over the WebDriver protocol.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::blocking::Client;
use serde_json::{Value, json};

use crate::support::client::http;

/// WebDriver's name for the id of an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const PATIENCE: Duration = Duration::from_secs(10);

/// Windows take their turns, so that how long a page takes is not how busy the others are.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// One window. Closed, with the driver, when it is dropped.
pub struct Browser {
    driver: Child,
    http: Client,
    session: String,
    _profile: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    /// A window, or `None` where there is no browser: then the notice says what to install.
    pub fn start() -> Option<Browser> {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = driver else {
            eprintln!(
                "SKIPPED: no browser. Install chromedriver and Chromium (Debian: apt-get install chromium-driver)."
            );
            return None;
        };
        let said = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = said
            .filter_map(|line| {
                line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
            })
            .next();
        let root = format!("http://127.0.0.1:{}", port.unwrap());
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1300,1600",
            &format!("--user-data-dir={}", profile.path().display()),
        ]
        .map(str::to_owned);
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let http = http().timeout(Duration::from_secs(60)).build().unwrap();
        let answer: Value = http.post(format!("{root}/session")).json(&capabilities).send().unwrap().json().unwrap();
        let id = answer["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}"));
        Some(Browser { driver, session: format!("{root}/session/{id}"), http, _profile: profile, _turn: turn })
    }

    pub fn open(&self, url: &str) {
        self.command("url", &json!({"url": url}));
    }

    /// Runs a script; the value of its `return`.
    pub fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until the expression is true.
    pub fn wait(&self, patience: Duration, expression: &str) {
        let started = Instant::now();
        while self.run(&format!("return {expression}")) != Value::Bool(true) {
            if started.elapsed() > patience {
                self.screenshot("failed");
                let text = self.run("return document.body.innerText.slice(0, 2000)");
                panic!("not within {patience:?}: {expression}\n{text}");
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Clicks the element as soon as it is there.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.run(&format!("document.querySelector({selector:?}).scrollIntoView({{block: 'center'}})"));
        self.command(&format!("element/{element}/click"), &json!({}));
    }

    /// Types into the element as soon as it is there.
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command(&format!("element/{element}/value"), &json!({"text": text}));
    }

    /// Gives the page the size of another screen.
    pub fn resize(&self, width: u32, height: u32) {
        let params = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.command("goog/cdp/execute", &json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": params}));
    }

    /// Forgets every cookie.
    pub fn forget(&self) {
        self.command("goog/cdp/execute", &json!({"cmd": "Network.clearBrowserCookies", "params": {}}));
    }

    /// The windows that are open.
    pub fn windows(&self) -> Vec<String> {
        let answer: Value = self.http.get(format!("{}/window/handles", self.session)).send().unwrap().json().unwrap();
        serde_json::from_value(answer["value"].clone()).unwrap()
    }

    /// Goes on in that window.
    pub fn enter(&self, window: &str) {
        self.command("window", &json!({"handle": window}));
    }

    /// Goes on in the window that was opened since those.
    pub fn enter_new(&self, known: &[String]) {
        let started = Instant::now();
        loop {
            if let Some(window) = self.windows().iter().find(|window| !known.contains(window)) {
                return self.enter(window);
            }
            assert!(started.elapsed() < PATIENCE, "no window was opened");
            sleep(Duration::from_millis(50));
        }
    }

    /// Errors in the browser's log: scripts that failed, what its policy refused.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.command("se/log", &json!({"type": "browser"}));
        let entries = log.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Saves what the window shows.
    pub fn screenshot(&self, name: &str) {
        let answer: Value = self.http.get(format!("{}/screenshot", self.session)).send().unwrap().json().unwrap();
        let image = BASE64_STANDARD.decode(answer["value"].as_str().unwrap()).unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), image).unwrap();
    }

    fn element(&self, selector: &str) -> String {
        self.wait(PATIENCE, &format!("document.querySelector({selector:?}) !== null"));
        let found = self.command("element", &json!({"using": "css selector", "value": selector}));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        let answer = self.http.post(format!("{}/{path}", self.session)).json(body).send().unwrap();
        let ok = answer.status().is_success();
        let mut answer: Value = answer.json().unwrap();
        assert!(ok, "{path} {body}: {answer}");
        answer["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.http.delete(&self.session).send();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
