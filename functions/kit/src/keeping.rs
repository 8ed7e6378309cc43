//! What may be kept of an answer: by whom, for how long, and how it is asked for again (RFC 9111, and the conditions of RFC 9110).
//!
//! An answer to GET is the same for everybody as long as its generation is current. So its entity tag is known as soon as the pointer is read, and whoever has
//! the answer is told so before anything else is. What does not say that it may be kept is `no-store`: problems, answers to POST, chance, health, and answers
//! from an old pointer while the storage is away.

use xxhash_rust::xxh64::xxh64;

use crate::http::{Request, Response};

/// Counted up when the functions give another answer to the same request over the same generation: kept answers are asked for again then.
const ANSWERS_VERSION: u32 = 1;

/// Who may keep an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keeping {
    /// Everybody. A new generation is seen within a minute of its publication; meanwhile, and when we are away, a CDN gives what it has.
    Everybody,
    /// The one who asked: the address holds a history, which is nothing that others should keep or could use.
    Asker,
    /// Everybody, for an hour: it changes with the functions and not with what they serve.
    EverybodyForLonger,
}

impl Keeping {
    fn cache_control(self) -> &'static str {
        match self {
            Self::Everybody => {
                "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"
            }
            Self::Asker => "private, max-age=60",
            Self::EverybodyForLonger => "public, max-age=3600, stale-while-revalidate=86400",
        }
    }
}

/// What names one answer to one address.
///
/// It is a weak one: on the way to the reader somebody may compress the answer, and it stays the same answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct EntityTag(String);

impl EntityTag {
    /// The tag of what this generation answers to a request. The address is in it, so that only a tag that we gave to this very address is known here: that it
    /// was answered once means that the request was in order.
    pub(crate) fn of_generation(generation: &str, request: &Request) -> Self {
        let address = format!("{}?{}", request.path, request.query);
        Self::new(generation, address.as_bytes())
    }

    /// The tag of an answer that hangs on more than a generation.
    fn of_body(body: &[u8]) -> Self {
        Self::new("body", body)
    }

    fn new(what: &str, bytes: &[u8]) -> Self {
        let hash = xxh64(bytes, 0);
        Self(format!("W/\"{ANSWERS_VERSION}-{what}-{hash:016x}\""))
    }

    /// Whether the request says that its sender has the answer.
    ///
    /// A list is cut at every comma: other people's tags may hold some, but no quotation mark, so no part of such a tag is taken for one of ours.
    pub(crate) fn is_known_to(&self, request: &Request) -> bool {
        conditions(request).any(|tag| opaque(tag) == opaque(&self.0))
    }
}

/// A tag without the mark of the weak ones, which makes no difference here.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The tags of `if-none-match`.
fn conditions(request: &Request) -> impl Iterator<Item = &str> {
    let headers = request.headers.iter();
    headers
        .filter(|(name, _)| name == "if-none-match")
        .flat_map(|(_, value)| value.split(','))
        .map(str::trim)
}

impl Response {
    /// The same, which may be kept.
    #[must_use]
    pub fn kept(self, keeping: Keeping) -> Self {
        self.with_header("cache-control", keeping.cache_control())
    }

    /// The same under a tag.
    pub(crate) fn tagged(self, tag: EntityTag) -> Self {
        self.with_header("etag", tag.0)
    }
}

/// Says of every answer whether it may be kept, and only that of one that the sender has.
pub(crate) fn finish(request: &Request, response: Response) -> Response {
    let Some(cache_control) = response.header("cache-control") else {
        return response.with_header("cache-control", "no-store");
    };
    let given_tag = response.header("etag");
    let tag = match given_tag {
        Some(tag) => EntityTag(tag.to_owned()),
        None => EntityTag::of_body(&response.body),
    };
    // A star stands for any answer, and only now is it known that there is one.
    if tag.is_known_to(request) || conditions(request).any(|tag| tag == "*") {
        Response::empty(304)
            .with_header("cache-control", cache_control)
            .tagged(tag)
    } else if given_tag.is_none() {
        response.tagged(tag)
    } else {
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Method;

    #[test]
    fn tags_differ_by_address_and_generation() {
        let tag = |generation: &str, path: &str| {
            EntityTag::of_generation(generation, &Request::new(Method::Get, path)).0
        };
        let tags = [
            tag("a", "/x?y"),
            tag("b", "/x?y"),
            tag("a", "/x?z"),
            tag("a", "/y?y"),
        ];
        for (position, tag) in tags.iter().enumerate() {
            assert!(!tags[..position].contains(tag), "{tags:?}");
        }
        assert_eq!(tags[0], tag("a", "/x?y"));
    }
}
