//! The commands of the program, each in a folder of its own.

mod accounts;
mod alerts;
mod backups;
mod chat;
mod check;
mod clients;
pub(crate) mod postgres;
mod setup;
mod shape;
mod systemd;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::program::aurora;

/// What came of a command.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    /// The result, of a command that went well.
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The text, of a command that went well.
    pub(super) fn text(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.out
    }

    /// The error, of a command that failed with `--json`.
    pub(super) fn error(&self, kind: &str) -> String {
        let error: Value = serde_json::from_str(&self.err).unwrap_or_else(|_| panic!("no JSON: {self:?}"));
        assert_eq!(error["error"]["kind"], kind, "{self:?}");
        assert_eq!(error["error"]["exit_code"], self.code.unwrap(), "{self:?}");
        assert!(error["error"]["causes"].is_array(), "{self:?}");
        error["error"]["message"].as_str().unwrap().to_owned()
    }

    /// What is said of a command that something outside keeps from going well.
    pub(super) fn refused(&self) -> &str {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.err.contains("error: "), "{self:?}");
        &self.err
    }
}

/// Runs a command to its end, with `input` on its standard input.
pub(super) fn run_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
    let mut command = aurora(folder, arguments);
    command.envs(variables.iter().copied()).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A command that fails early does not read it.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(super) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    run_with(folder, arguments, &[], "")
}

/// A server on the data of `folder`; the first line of its output, which says where it is.
pub(super) fn serving(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (Running, Value) {
    let mut all = vec!["serve", "--json", "--listen", "127.0.0.1:0"];
    all.extend(arguments);
    let child = aurora(folder, &all).envs(variables.iter().copied()).spawn();
    // From here on it ends with its owner, also when this test stops.
    let mut running = Running(child.unwrap());
    let mut out = BufReader::new(running.0.stdout.take().unwrap());
    loop {
        let mut line = String::new();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before it served");
        let told: Value = serde_json::from_str(&line).expect("a line that is no JSON");
        if told["event"] == "listening" {
            // Nobody else reads it, and it must not fill up.
            std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
            return (running, told);
        }
    }
}

/// A server that ends with its owner.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Somebody who answers every request with `answer`, and hands on what was asked.
pub(super) fn sink(answer: &'static str) -> (SocketAddr, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            if sender.send(head + &String::from_utf8_lossy(&body)).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
pub(super) const REFUSED: &str =
    "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
