//! Requests and responses as plain values, so that everything above them runs in native tests.

use std::{fmt, io, mem};

use serde::Serialize;

use crate::{limits::MAXIMUM_BODY_LEN_BYTES, problem::Problem};

/// Room for most answers from the beginning, so that they are not moved while they grow.
const USUAL_BODY_LEN_BYTES: usize = 8 << 10;

/// A body in the making. JSON is written a few bytes at a time, which are faster appended one by one: to copy any number of them is a call out of WebAssembly.
struct Body(Vec<u8>);

impl Body {
    const FEW: usize = 16;

    #[inline(never)]
    fn append(&mut self, bytes: &[u8]) {
        if bytes.len() <= Self::FEW {
            self.0.extend(bytes.iter().copied());
        } else {
            self.0.extend_from_slice(bytes);
        }
    }
}

impl io::Write for Body {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes);
        Ok(bytes.len())
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "a sign of JSON becomes a byte that is pushed"
    )]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match bytes {
            [byte] => self.0.push(*byte),
            _ => self.append(bytes),
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a request wants done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Method {
    /// Read.
    Get,
    /// Read, without the body of the answer.
    Head,
    /// Ask with a body.
    Post,
    /// What is allowed here?
    Options,
    /// One that no route knows.
    Other(String),
}

impl Method {
    /// The method of this name.
    pub fn new(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "OPTIONS" => Self::Options,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Options => "OPTIONS",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is wanted.
    pub method: Method,
    /// The path, still percent-encoded.
    pub path: String,
    /// What follows the question mark, still encoded; empty if there is nothing.
    pub query: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body. Whoever reads it from a connection may stop one byte after [`MAXIMUM_BODY_LEN_BYTES`], since [`Self::checked_body`] refuses it then.
    pub body: Vec<u8>,
}

impl Request {
    /// A request for a path with its query, without headers or body.
    pub fn new(method: Method, path_with_query: &str) -> Self {
        let (path, query) = path_with_query
            .split_once('?')
            .unwrap_or((path_with_query, ""));
        Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The first header of this name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body, unless it is longer than allowed.
    pub fn checked_body(&self) -> Result<&[u8], Problem> {
        if self.body.len() <= MAXIMUM_BODY_LEN_BYTES {
            Ok(&self.body)
        } else {
            Err(Problem::BodyTooLarge)
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Plain text.
    pub fn text(text: &str) -> Self {
        Self::of_type("text/plain; charset=utf-8", text.as_bytes().to_vec())
    }

    /// JSON that is already written.
    pub fn json_text(json: &str) -> Self {
        Self::of_type("application/json", json.as_bytes().to_vec())
    }

    /// A value as JSON.
    pub fn json(value: impl Serialize) -> Result<Self, Problem> {
        let mut body = Body(Vec::with_capacity(USUAL_BODY_LEN_BYTES));
        serde_json::to_writer(&mut body, &value).map_err(|error| Problem::Internal {
            what: error.to_string(),
        })?;
        // It has done its work and its instance ends: to walk through it once more would give nothing back.
        mem::forget(value);
        Ok(Self::of_type("application/json", body.0))
    }

    fn of_type(content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", content_type.to_owned())],
            body,
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| *header == name)
            .map(|(_, value)| value.as_str())
    }
}
