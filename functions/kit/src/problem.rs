//! Everything that can be wrong with a request or with us, as the answers say it (RFC 9457).

use index::{FileKind, SortedMap};
use pointer::ManifestError;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Number;

use crate::{
    http::{Method, Response},
    limits::{MAXIMUM_BODY_LEN_BYTES, MAXIMUM_QUERY_LEN_BYTES},
    storage::StorageError,
};

/// What the `type` of a problem begins with; the rest is its slug.
pub const TYPE_PREFIX: &str = "https://kindred.example/problems/";

/// Why a request is not answered.
///
/// The text is for people and may change; the slug is for programs and may not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No route has this path.
    #[error("there is nothing at {path}")]
    NoSuchRoute {
        /// The path of the request.
        path: String,
    },

    /// The path is there, for other methods.
    #[error("{method} is not possible here, only {}", names(allowed))]
    MethodNotAllowed {
        /// The method of the request.
        method: Method,
        /// The methods of the path.
        allowed: Vec<Method>,
    },

    /// The deployment does not serve this collection.
    #[error("there is no collection `{collection}` here; there is {}", list(known))]
    UnknownCollection {
        /// The name in the request.
        collection: String,
        /// The collections that are served.
        known: Vec<String>,
    },

    /// There is no cluster of this number.
    #[error(
        "there are {cluster_count} clusters and no cluster number {cluster}; they are counted from 0"
    )]
    UnknownCluster {
        /// The number.
        cluster: u32,
        /// How many there are.
        cluster_count: u32,
    },

    /// The collection has no item of this id.
    #[error("the collection `{collection}` has no item `{id}`")]
    UnknownItem {
        /// The collection.
        collection: String,
        /// The id in the request.
        id: String,
    },

    /// The body or a parameter cannot be read as JSON.
    #[error("{what} is no JSON: {message}")]
    MalformedJson {
        /// The body, or the parameter.
        what: String,
        /// What the parser says, with the position.
        message: String,
        /// Where it stopped, counted from 1.
        line: usize,
        /// Where it stopped, counted from 1.
        column: usize,
    },

    /// A value is of another type than it should be.
    #[error("`{field}` is to be {expected}, not {found}")]
    WrongType {
        /// Where in the request, such as `history[2].value`.
        field: String,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },

    /// A member or a parameter that means nothing here.
    #[error("`{field}` is not known here; known are {}", list(known))]
    UnknownField {
        /// Where in the request.
        field: String,
        /// What could have been meant.
        known: Vec<String>,
    },

    /// A value of the right type that cannot be used.
    #[error("`{field}` {what}")]
    InvalidValue {
        /// Where in the request.
        field: String,
        /// What is wrong with it; follows the field's name in the sentence.
        what: String,
    },

    /// A number outside of its bounds.
    #[error("`{field}` is to be between {} and {}", plain(*minimum), plain(*maximum))]
    OutOfRange {
        /// Where in the request.
        field: String,
        /// The least that is allowed.
        minimum: f64,
        /// The most that is allowed.
        maximum: f64,
    },

    /// A list is longer than allowed.
    #[error("`{field}` has {found} entries, and at most {limit} are allowed")]
    TooMany {
        /// Where in the request.
        field: String,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },

    /// The body is longer than allowed.
    #[error("the body of a request has at most {MAXIMUM_BODY_LEN_BYTES} bytes")]
    BodyTooLarge,

    /// The query string is longer than allowed.
    #[error(
        "the query of a request has at most {MAXIMUM_QUERY_LEN_BYTES} bytes; ask with POST where that is possible"
    )]
    QueryTooLong,

    /// The collection is served and nothing has been published to it yet.
    #[error(
        "nothing has been published to the collection `{collection}` yet: `precompute run` builds and publishes it"
    )]
    NotPublished {
        /// The collection.
        collection: String,
    },

    /// The default collection cannot be served.
    #[error("the default collection cannot be served: {why}")]
    NotReady {
        /// What a question to it would be told.
        why: Box<Problem>,
        /// How each collection does, in a word.
        collections: SortedMap<String, &'static str>,
    },

    /// The current generation does not have what the question needs.
    #[error("the current generation has no {file} index, which this question needs")]
    NotInGeneration {
        /// The kind of file that is missing.
        file: FileKind,
    },

    /// The index cannot be read at the moment.
    #[error("the index cannot be read: {0}")]
    Storage(StorageError),

    /// What was published is of a format that this function does not know yet.
    #[error("what was published is newer than this function: {what}")]
    NewerFormat {
        /// What the reader says, and what to do.
        what: String,
    },

    /// What was published is damaged.
    #[error("what was published is damaged: {what}; publish the collection again")]
    CorruptIndex {
        /// What the reader says.
        what: String,
    },

    /// The deployment's settings cannot be used.
    #[error("the variable `{variable}` {what}")]
    Misconfigured {
        /// The Spin variable.
        variable: &'static str,
        /// What is wrong with it; follows the variable's name in the sentence.
        what: String,
    },

    /// An error of this program.
    #[error("an error of ours: {what}")]
    Internal {
        /// What happened.
        what: String,
    },
}

impl Problem {
    /// The stable name.
    pub fn slug(&self) -> &'static str {
        self.kind().1
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.kind().0
    }

    /// Status, slug and title. What a program should treat alike has one slug.
    fn kind(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NoSuchRoute { .. } => (404, "no-such-route", "Nothing here"),
            Self::MethodNotAllowed { .. } => (405, "method-not-allowed", "Method not allowed"),
            Self::UnknownCollection { .. } => (404, "unknown-collection", "Unknown collection"),
            Self::UnknownItem { .. } => (404, "unknown-item", "Unknown item"),
            Self::UnknownCluster { .. } => (404, "unknown-cluster", "Unknown cluster"),
            Self::MalformedJson { .. } => (400, "malformed-json", "Malformed JSON"),
            Self::WrongType { .. } => (422, "wrong-type", "Wrong type"),
            Self::UnknownField { .. } => (422, "unknown-field", "Unknown field"),
            Self::InvalidValue { .. } => (422, "invalid-value", "Invalid value"),
            Self::OutOfRange { .. } => (422, "out-of-range", "Out of range"),
            Self::TooMany { .. } => (422, "too-many", "Too many"),
            Self::BodyTooLarge => (413, "body-too-large", "Body too large"),
            Self::QueryTooLong => (414, "query-too-long", "Query too long"),
            Self::NotPublished { .. } => (503, "not-published", "Not published yet"),
            Self::NotReady { .. } => (503, "not-ready", "Not ready"),
            Self::NotInGeneration { .. } => (404, "not-in-generation", "Not in this generation"),
            Self::Storage(_) => (503, "storage", "Storage unavailable"),
            Self::NewerFormat { .. } => (503, "newer-format", "Newer format"),
            Self::CorruptIndex { .. } => (500, "corrupt-index", "Corrupt index"),
            Self::Misconfigured { .. } => (500, "misconfigured", "Misconfigured"),
            Self::Internal { .. } => (500, "internal", "Internal error"),
        }
    }

    /// The answer.
    pub fn response(&self) -> Response {
        let mut response = Response {
            status: self.status(),
            headers: vec![("content-type", "application/problem+json".to_owned())],
            // Texts as keys and plain values: nothing that could fail.
            body: serde_json::to_vec(&Document(self)).unwrap_or_default(),
        };
        if let Self::MethodNotAllowed { allowed, .. } = self {
            response = response.with_header("allow", names(allowed));
        }
        response
    }
}

/// A problem as the body of its answer.
struct Document<'a>(&'a Problem);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(problem) = self;
        let (status, slug, title) = problem.kind();
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("type", &format!("{TYPE_PREFIX}{slug}"))?;
        members.serialize_entry("title", title)?;
        members.serialize_entry("status", &usize::from(status))?;
        members.serialize_entry("detail", &problem.to_string())?;
        // What a program may want to know beside the slug.
        match problem {
            Problem::MethodNotAllowed { allowed, .. } => {
                let allowed: Vec<&str> = allowed.iter().map(Method::name).collect();
                members.serialize_entry("allowed", &allowed)?;
            }
            Problem::UnknownCollection { known, .. } => {
                members.serialize_entry("known", known)?;
            }
            Problem::MalformedJson { line, column, .. } => {
                let (line, column) = (*line, *column);
                let position = Position { line, column };
                members.serialize_entry("position", &position)?;
            }
            Problem::WrongType {
                field, expected, ..
            } => {
                members.serialize_entry("field", field)?;
                members.serialize_entry("expected", expected)?;
            }
            Problem::UnknownField { field, known } => {
                members.serialize_entry("field", field)?;
                members.serialize_entry("known", known)?;
            }
            Problem::InvalidValue { field, .. } => members.serialize_entry("field", field)?,
            Problem::OutOfRange {
                field,
                minimum,
                maximum,
            } => {
                members.serialize_entry("field", field)?;
                members.serialize_entry("minimum", &plain(*minimum))?;
                members.serialize_entry("maximum", &plain(*maximum))?;
            }
            Problem::TooMany { field, limit, .. } => {
                members.serialize_entry("field", field)?;
                members.serialize_entry("limit", limit)?;
            }
            Problem::NotReady { collections, .. } => {
                members.serialize_entry("collections", &AsObject(collections))?;
            }
            Problem::BodyTooLarge => members.serialize_entry("limit", &MAXIMUM_BODY_LEN_BYTES)?,
            Problem::QueryTooLong => members.serialize_entry("limit", &MAXIMUM_QUERY_LEN_BYTES)?,
            _ => {}
        }
        members.end()
    }
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

impl From<index::Error> for Problem {
    fn from(error: index::Error) -> Self {
        use index::Error as E;
        match error {
            E::UnknownFilterField { field, known } => Self::UnknownField {
                field: format!("filter.{field}"),
                known,
            },
            E::WrongFilterKind { field, expected } => Self::WrongType {
                field: format!("filter.{field}"),
                expected: expected.to_owned(),
                // A condition is on texts or on numbers, so it is the other one.
                found: if expected.contains("number") {
                    "a text"
                } else {
                    "a number"
                }
                .to_owned(),
            },
            // Nothing can be asked of a generation without it, so it was not left out on purpose.
            E::MissingFile {
                file: FileKind::Catalogue,
            } => Self::CorruptIndex {
                what: "its manifest names no catalogue".to_owned(),
            },
            E::MissingFile { file } => Self::NotInGeneration { file },
            E::NoSuchCluster {
                cluster,
                cluster_count,
            } => Self::UnknownCluster {
                cluster,
                cluster_count,
            },
            E::NotFetched { .. } | E::NoSuchItem { .. } => Self::Internal {
                what: error.to_string(),
            },
            E::Source { source, .. } => match source.downcast::<StorageError>() {
                Ok(error) => (*error).into(),
                Err(source) => Self::Internal {
                    what: source.to_string(),
                },
            },
            _ => Self::CorruptIndex {
                what: error.to_string(),
            },
        }
    }
}

impl From<StorageError> for Problem {
    /// The pointer named this object, or its manifest gave the range, so an object that is absent or too short was not published in full.
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Absent { .. } | StorageError::TooShort { .. } => Self::CorruptIndex {
                what: error.to_string(),
            },
            error => Self::Storage(error),
        }
    }
}

impl From<ManifestError> for Problem {
    fn from(error: ManifestError) -> Self {
        let mut what = error.to_string();
        if let Some(cause) = std::error::Error::source(&error) {
            what = format!("{what}: {cause}");
        }
        match error {
            ManifestError::NewerVersion { .. } => Self::NewerFormat { what },
            _ => Self::CorruptIndex { what },
        }
    }
}

/// A number as people write it, without a fraction where there is none. JSON's way to write numbers is in a function anyway; that of `core` would be 15 kB more.
fn plain(number: f64) -> Number {
    let whole = number as i64;
    if whole as f64 == number {
        return whole.into();
    }
    // Only what is finite bounds a range.
    Number::from_f64(number).unwrap_or_else(|| whole.into())
}

/// `GET, HEAD`: for the header and for people.
/// A map as an object.
struct AsObject<'a>(&'a SortedMap<String, &'static str>);

impl Serialize for AsObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        pointer::as_object(self.0, serializer)
    }
}

pub(crate) fn names(methods: &[Method]) -> String {
    methods
        .iter()
        .map(Method::name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
