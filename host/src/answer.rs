//! The answers of this host, and those that it gives itself.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::body::MaybeWhole;
use crate::call::Stream;

/// An answer of this host.
pub(crate) type Answer = Response<AnswerBody>;

/// What an answer says: all of it, so that its length is known and it can be compressed, or the beginning and an instance that writes the rest.
pub(crate) type AnswerBody = MaybeWhole<Stream>;

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
