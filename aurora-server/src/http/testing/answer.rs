//! Answers, as a test looks at them.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::Value;

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    /// As text; bytes that are none are replaced.
    pub(crate) body: String,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// What has come of one so far.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = bytes.split_at(end.expect("no end of the head"));
        let (head, body) = (String::from_utf8(head.to_vec()).unwrap(), &body[4..]);
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.contains("transfer-encoding: chunked");
        let body = if chunked { unchunked(body) } else { body.to_vec() };
        Self {
            status,
            head,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes: body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    /// Every value of a header that can stand several times.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let start = format!("{name}: ");
        self.head
            .lines()
            .filter_map(|line| line.strip_prefix(start.as_str()))
            .collect()
    }

    /// The names and values of all headers but those that differ from one answer to the next.
    pub(crate) fn usual_headers(&self) -> Vec<&str> {
        let differs = |line: &&str| {
            !["x-request-id: ", "date: ", "ratelimit: "]
                .iter()
                .any(|name| line.starts_with(name))
        };
        self.head.lines().filter(differs).collect()
    }

    /// The body of an answer that came in gzip.
    pub(crate) fn unpacked(&self) -> String {
        assert_eq!(self.header("content-encoding"), Some("gzip"));
        let mut text = String::new();
        GzDecoder::new(self.bytes.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The body of a success.
    pub(crate) fn good(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.json()
    }

    /// The members of a problem, after a look at its status and code.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }

    /// The stable name of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The fields that a problem names.
    pub(crate) fn wrong_fields(&self) -> Vec<String> {
        let problem = self.json();
        let errors = problem["errors"].as_array().unwrap().iter();
        errors
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The names of the events in the body.
    pub(crate) fn events(&self) -> Vec<&str> {
        self.body
            .lines()
            .filter_map(|line| line.strip_prefix("event: "))
            .collect()
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).ok();
        let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(chunk) = size.and_then(|size| body.get(end + 2..end + 2 + size)) else {
            break;
        };
        whole.extend_from_slice(chunk);
        body = body.get(end + 2 + chunk.len() + 2..).unwrap_or_default();
    }
    whole
}
