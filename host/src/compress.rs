//! Compresses answers where that pays: text of at least a kilobyte, whole, for a client that takes gzip.
//!
//! What streams is left as it is: it is mostly large and mostly compressed already.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, HeaderMap, HeaderValue, VARY,
};
use hyper::{Response, StatusCode};

/// Less than this fits a packet with its headers, and would arrive no sooner.
const COMPRESSED_FROM_BYTES: usize = 1 << 10;

/// The fastest level: about twice the speed of zlib's default, for answers a tenth larger.
const LEVEL: u32 = 1;

/// Magic number, deflate, no flags, no time, fastest, unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

thread_local! {
    /// A compressor's tables are hundreds of kilobytes, so each thread keeps one. Raw deflate: the header and trailer of gzip are ours.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// Whether a request's client takes gzip.
pub(crate) fn accepts_gzip(request: &HeaderMap) -> bool {
    let mut accepted = false;
    for offer in request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let (coding, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|weight| weight.parse() == Ok(0.0_f32));
        match coding.trim() {
            // What is said of gzip itself counts more than what is said of all.
            name if name.eq_ignore_ascii_case("gzip") => return !refused,
            "*" => accepted = !refused,
            _ => {}
        }
    }
    accepted
}

/// The answer as it is sent: compressed if it is worth it and the client takes gzip, and in any case marked as one that depends on that.
/// An answer without the content that it stands for (to HEAD, or that the client has it already) is marked as the one with it is.
pub(crate) fn compress(
    is_head: bool,
    accepted: bool,
    response: Response<Bytes>,
) -> Response<Bytes> {
    if !is_worth_it(is_head, &response) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    vary(&mut head.headers);
    let compressed = if accepted && !body.is_empty() {
        gzip(&body)
    } else {
        None
    };
    let Some(compressed) = compressed else {
        return Response::from_parts(head, body);
    };
    head.headers.remove(CONTENT_LENGTH);
    head.headers
        .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    weaken_etag(&mut head.headers);
    Response::from_parts(head, compressed.into())
}

/// Whether the content is worth it, or may be where that is not known.
fn is_worth_it(is_head: bool, response: &Response<Bytes>) -> bool {
    let headers = response.headers();
    let is_unchanged = response.status() == StatusCode::NOT_MODIFIED;
    let body_len_bytes = response.body().len();
    let length_bytes = if body_len_bytes == 0 && (is_head || is_unchanged) {
        let told = headers.get(CONTENT_LENGTH);
        told.and_then(|length| length.to_str().ok()?.parse().ok())
    } else {
        Some(body_len_bytes)
    };
    let transformable = |value: &HeaderValue| {
        value
            .to_str()
            .is_ok_and(|value| !value.contains("no-transform"))
    };
    length_bytes.is_none_or(|length_bytes| COMPRESSED_FROM_BYTES <= length_bytes)
        && response.status() != StatusCode::PARTIAL_CONTENT
        && !headers.contains_key(CONTENT_RANGE)
        && !headers.contains_key(CONTENT_ENCODING)
        && headers.get_all(CACHE_CONTROL).iter().all(transformable)
        && headers.get(CONTENT_TYPE).map_or(is_unchanged, is_text)
}

fn is_text(content_type: &HeaderValue) -> bool {
    let Ok(content_type) = content_type.to_str() else {
        return false;
    };
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind.as_str(),
            "application/json" | "application/xml" | "application/javascript"
        )
}

/// Says to caches that the answer depends on what the client accepts.
fn vary(headers: &mut HeaderMap) {
    let said = headers
        .get_all(VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| {
            name.trim() == "*" || name.trim().eq_ignore_ascii_case(ACCEPT_ENCODING.as_str())
        });
    if !said {
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
}

/// The compressed bytes are not those that the tag was made for, only the same in meaning: that is what a weak tag says.
fn weaken_etag(headers: &mut HeaderMap) {
    let Some(etag) = headers.get(ETAG).map(HeaderValue::as_bytes) else {
        return;
    };
    if etag.starts_with(b"W/") {
        return;
    }
    if let Ok(weak) = HeaderValue::from_bytes(&[b"W/", etag].concat()) {
        headers.insert(ETAG, weak);
    }
}

/// `None` if it does not get smaller.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut crc = Crc::new();
    crc.update(bytes);
    // Room for less than there is: what does not fit is not worth it.
    let mut compressed = Vec::with_capacity(bytes.len());
    compressed.extend_from_slice(&GZIP_HEADER);
    let status = DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        deflate.compress_vec(bytes, &mut compressed, FlushCompress::Finish)
    });
    let trailer_len_bytes = 8;
    if !matches!(status, Ok(Status::StreamEnd))
        || bytes.len() <= compressed.len() + trailer_len_bytes
    {
        return None;
    }
    compressed.extend_from_slice(&crc.sum().to_le_bytes());
    compressed.extend_from_slice(&crc.amount().to_le_bytes());
    Some(compressed)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn what_a_client_accepts_is_understood() {
        for (header, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("deflate, br", false),
            ("gzip;q=0", false),
            ("*, gzip; q=0.0", false),
            ("*;q=0, gzip", true),
            ("identity", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(accepts_gzip(&headers), expected, "{header}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    fn answer(body: &[u8], headers: &[(&'static str, &'static str)]) -> Response<Bytes> {
        let mut response = Response::new(Bytes::copy_from_slice(body));
        for (name, value) in headers {
            response
                .headers_mut()
                .append(*name, HeaderValue::from_static(value));
        }
        response
    }

    #[test]
    fn a_compressed_answer_unpacks_to_the_same() {
        let body: Vec<u8> = (0..3000_u32)
            .flat_map(|number| format!("{{\"id\":{number}}},").into_bytes())
            .collect();
        // Twice, since the thread's compressor is used again.
        for _ in 0..2 {
            let response = answer(
                &body,
                &[
                    ("content-type", "application/json; charset=utf-8"),
                    ("etag", "\"a\""),
                    ("vary", "origin"),
                    ("content-length", "1"),
                ],
            );
            let sent = compress(false, true, response);
            assert!(sent.body().len() < body.len() / 2);
            assert_eq!(sent.headers()[CONTENT_ENCODING], "gzip");
            assert_eq!(sent.headers()[ETAG], "W/\"a\"");
            assert!(!sent.headers().contains_key(CONTENT_LENGTH));
            let vary: Vec<_> = sent.headers().get_all(VARY).iter().collect();
            assert_eq!(vary, ["origin", "accept-encoding"]);
            let mut unpacked = Vec::new();
            GzDecoder::new(&sent.body()[..])
                .read_to_end(&mut unpacked)
                .unwrap();
            assert_eq!(unpacked, body);
        }
    }

    #[test]
    fn what_does_not_pay_or_must_not_be_is_left_alone() {
        let text = [b'x'; COMPRESSED_FROM_BYTES];
        let json = ("content-type", "application/json");
        for (body, headers) in [
            (&text[1..], vec![json]),
            (&text, vec![]),
            (&text, vec![("content-type", "image/png")]),
            (&text, vec![json, ("content-encoding", "br")]),
            (
                &text,
                vec![json, ("cache-control", "no-cache, no-transform")],
            ),
            (&text, vec![json, ("content-range", "bytes 0-1023/4096")]),
        ] {
            let sent = compress(false, true, answer(body, &headers));
            assert_eq!(sent.body(), body, "{headers:?}");
            assert!(!sent.headers().contains_key(VARY), "{headers:?}");
        }
        // Another client's answer would be compressed, and a cache between has to know.
        let sent = compress(false, false, answer(&text, &[json, ("etag", "\"a\"")]));
        assert_eq!(sent.body(), &text[..]);
        assert_eq!(sent.headers()[VARY], "accept-encoding");
        assert_eq!(sent.headers()[ETAG], "\"a\"");
    }

    #[test]
    fn an_answer_without_its_content_is_marked_as_the_one_with_it() {
        let json = ("content-type", "application/json");
        let picture = ("content-type", "image/png");
        for (is_head, status, headers, expected) in [
            (true, 200, vec![json], true),
            (true, 200, vec![json, ("content-length", "1024")], true),
            (true, 200, vec![json, ("content-length", "1023")], false),
            (true, 200, vec![picture], false),
            (true, 200, vec![], false),
            (false, 304, vec![], true),
            (false, 304, vec![json], true),
            (false, 304, vec![picture], false),
            (false, 204, vec![json], false),
        ] {
            let mut response = answer(b"", &headers);
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            let sent = compress(is_head, true, response);
            let case = format!("{is_head} {status} {headers:?}");
            assert_eq!(sent.headers().contains_key(VARY), expected, "{case}");
            assert!(!sent.headers().contains_key(CONTENT_ENCODING), "{case}");
        }
    }

    #[test]
    fn what_would_grow_is_sent_as_it_is() {
        // A generator of noise: what is next cannot be told from what was.
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .take(4096)
        .collect();
        assert_eq!(gzip(&noise), None);
    }
}
