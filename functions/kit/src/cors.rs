//! Cross-origin requests: which pages of other origins may read the answers.

use crate::http::{Method, Request, Response};

/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_MAXIMUM_AGE_SECONDS: u32 = 600;

/// The request headers that a page may set: JSON bodies, signed-in users, and what it has already.
const ALLOWED_HEADERS: &str = "authorization, content-type, if-none-match";

/// The origins that may read the answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origins {
    /// All of them, without credentials: browsers refuse the two together, and so do we.
    Any,
    /// These, with credentials.
    Listed(Vec<String>),
}

impl Origins {
    /// Reads `*`, or origins separated by commas; `None` if it is both, since only one of them can be meant.
    pub fn parse(text: &str) -> Option<Self> {
        let origins: Vec<String> = text
            .split(',')
            .map(|origin| origin.trim().trim_end_matches('/').to_owned())
            .filter(|origin| !origin.is_empty())
            .collect();
        match origins.as_slice() {
            [only] if only == "*" => Some(Self::Any),
            several if several.iter().any(|origin| origin == "*") => None,
            _ => Some(Self::Listed(origins)),
        }
    }

    /// Adds the headers that let the request's origin read this response, if it may.
    ///
    /// The `Allow` of an answer to OPTIONS becomes what a preflight asked for.
    #[must_use]
    pub fn admit(&self, request: &Request, mut response: Response) -> Response {
        let admitted = match self {
            Self::Any => {
                response = response.with_header("access-control-allow-origin", "*");
                true
            }
            Self::Listed(origins) => {
                // The same address has different answers for different origins, and caches must know it.
                response = response.with_header("vary", "Origin");
                let origin = request
                    .header("origin")
                    .filter(|origin| origins.iter().any(|listed| listed == origin));
                if let Some(origin) = origin {
                    response = response
                        .with_header("access-control-allow-origin", origin)
                        .with_header("access-control-allow-credentials", "true");
                }
                origin.is_some()
            }
        };
        if !admitted {
            return response;
        }
        let is_preflight = request.method == Method::Options
            && request.header("access-control-request-method").is_some();
        match response.header("allow").map(str::to_owned) {
            Some(methods) if is_preflight => response
                .with_header("access-control-allow-methods", methods)
                .with_header("access-control-allow-headers", ALLOWED_HEADERS)
                .with_header(
                    "access-control-max-age",
                    PREFLIGHT_MAXIMUM_AGE_SECONDS.to_string(),
                ),
            _ => response.with_header("access-control-expose-headers", "etag, server-timing"),
        }
    }
}
