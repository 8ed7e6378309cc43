//! The body of an answer: whole, or still being written by the instance that gives it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::json;
use wasmtime_wasi_http::Error;

use crate::call::Stream;

/// An answer of this host.
pub(crate) type Answer = Response<AnswerBody>;

/// What an answer says.
pub(crate) enum AnswerBody {
    /// All of it, so that its length is known and it can be compressed.
    Whole(Bytes),
    /// The beginning, and an instance that writes the rest.
    Streamed(Box<Stream>),
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Streamed(stream) => stream.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Streamed(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Streamed(_) => SizeHint::default(),
        }
    }
}

/// An answer with a text, which may be empty.
pub(crate) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(AnswerBody::Whole(text.into()));
    *answer.status_mut() = status;
    answer
}

/// An answer of the host itself, as problem+json of no type beyond its status.
pub(crate) fn problem(status: StatusCode, detail: &str) -> Answer {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
    });
    let mut answer = plain(status, body.to_string());
    let content_type = HeaderValue::from_static("application/problem+json");
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}

/// The answer to a request that is not admitted. It costs as little as it can.
pub(crate) fn refusal() -> Answer {
    const BODY: &str = r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"more requests than can be served; try again"}"#;
    let mut answer = plain(StatusCode::SERVICE_UNAVAILABLE, BODY);
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}
