//! W3C trace context: a request's `traceparent` goes on to the component, and one without gets a new one.
//!
//! The host is no span of its own, so it passes a valid header on as it came.

use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `00-`, the trace's id, `-`, the parent's id, `-`, two digits of flags.
const VERSION_0_LEN_BYTES: usize = 55;

/// The id of a trace: 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceId([u8; 32]);

impl TraceId {
    pub(crate) fn as_str(&self) -> &str {
        // Only digits are ever put in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The id of the trace that a request belongs to. A header that is absent or malformed is replaced by that of a new trace; what a vendor
/// had to say about the old one (`tracestate`) goes with it.
pub(crate) fn ensure(headers: &mut HeaderMap) -> TraceId {
    if let Some(id) = headers
        .get(TRACEPARENT)
        .and_then(|value| parse(value.as_bytes()))
    {
        return id;
    }
    headers.remove(TRACESTATE);
    let [high, low, parent] = random_numbers();
    let mut text = String::with_capacity(VERSION_0_LEN_BYTES);
    // Writing to a String cannot fail. An id of zeros would be invalid; the lowest bit keeps it from being one.
    let _ = write!(
        text,
        "00-{high:016x}{low:016x}-{parent:016x}-00",
        low = low | 1,
        parent = parent | 1
    );
    let id = parse(text.as_bytes()).unwrap_or(TraceId([b'0'; 32]));
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(TRACEPARENT, value);
    }
    id
}

/// The trace's id of a valid header. Later versions may be longer and begin the same way.
fn parse(header: &[u8]) -> Option<TraceId> {
    let digits = |bytes: &[u8]| {
        bytes
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zeros = |bytes: &[u8]| bytes.iter().all(|byte| *byte == b'0');
    let (version_0, rest) = header.split_at_checked(VERSION_0_LEN_BYTES)?;
    let mut fields = version_0.split(|byte| *byte == b'-');
    let (version, trace, parent, flags) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let valid = version.len() == 2
        && version != b"ff"
        && digits(version)
        && digits(trace)
        && !zeros(trace)
        && parent.len() == 16
        && digits(parent)
        && !zeros(parent)
        && digits(flags)
        && match rest {
            [] => true,
            [next, ..] => version != b"00" && *next == b'-',
        };
    let id = trace.try_into().ok()?;
    valid.then_some(TraceId(id))
}

/// Numbers that no two processes share and nobody guesses: a counter under a hash function whose key is the process's own.
fn random_numbers() -> [u64; 3] {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(3, Ordering::Relaxed);
    [0, 1, 2].map(|offset| KEY.hash_one(count + offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_valid_header_is_kept() {
        for header in [
            format!("00-{TRACE}-00f067aa0ba902b7-01"),
            format!("01-{TRACE}-00f067aa0ba902b7-00-what-a-later-version-adds"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, header.parse().unwrap());
            headers.insert(TRACESTATE, HeaderValue::from_static("vendor=1"));
            assert_eq!(ensure(&mut headers).as_str(), TRACE);
            assert_eq!(headers[TRACEPARENT], header);
            assert_eq!(headers[TRACESTATE], "vendor=1");
        }
    }

    #[test]
    fn an_absent_or_malformed_header_is_made_anew() {
        let zeros = "0".repeat(32);
        for header in [
            String::new(),
            "nonsense".to_owned(),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("00-{TRACE}-00f067aa0ba902b7-0"),
        ] {
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert(TRACEPARENT, header.parse().unwrap());
            }
            headers.insert(TRACESTATE, HeaderValue::from_static("vendor=1"));
            let id = ensure(&mut headers);
            let made = headers[TRACEPARENT].as_bytes();
            assert_eq!(parse(made), Some(id), "{header}");
            assert_ne!(id.as_str(), TRACE, "{header}");
            assert!(!headers.contains_key(TRACESTATE), "{header}");
        }
        assert_ne!(ensure(&mut HeaderMap::new()), ensure(&mut HeaderMap::new()));
    }
}
