//! What a deployment says: the Spin variables, read into checked types.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    cors::Origins,
    problem::Problem,
    storage::{Addressing, Credentials, Endpoint, S3Bucket, S3Limits, SealedStorage},
};

/// Where index files are mounted if the deployment does not say otherwise.
pub const DEFAULT_INDEX_FOLDER: &str = "/index";

/// How long a published generation may wait to be seen, if the deployment does not say otherwise.
const DEFAULT_POINTER_SECONDS: u32 = 5;

/// An hour: whoever wants a pointer to be kept longer wants a sealed function.
const MAXIMUM_POINTER_SECONDS: u32 = 3600;

/// 64 MiB of pages: all of some dozen small collections, and what is used of a large one.
const DEFAULT_BLOCK_CACHE_SLOTS: u32 = 4096;

/// 16 GiB of pages.
const MAXIMUM_BLOCK_CACHE_SLOTS: u32 = 1 << 20;

/// Five minutes: nobody waits longer for an answer.
const MAXIMUM_TIMEOUT_MILLISECONDS: u32 = 300_000;

/// Where settings come from: Spin's variables, or a map in tests.
pub trait Variables {
    /// The value of a variable, if there is one.
    fn get(&self, name: &str) -> Option<String>;
}

/// The settings of a deployment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the index files are.
    pub index_source: IndexSource,
    /// The collections that are served, in the order in which they are listed.
    pub collections: Vec<String>,
    /// The collection that the old aliases answer from.
    pub default_collection: String,
    /// The collection that the old alias of playlists answers from.
    pub playlist_collection: String,
    /// Who may read the answers from pages of other origins.
    pub cors_origins: Origins,
}

/// Where the index files are.
#[derive(Clone, Debug)]
pub enum IndexSource {
    /// In a bucket.
    S3(Box<S3Settings>),
    /// In a folder that is mounted into the component, laid out as the bucket is.
    Files {
        /// The folder.
        folder: String,
    },
    /// In the function itself.
    Sealed(SealedStorage),
}

/// A bucket, and how it is read.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// The bucket.
    pub bucket: S3Bucket,
    /// How long it is waited for.
    pub limits: S3Limits,
    /// How long a pointer is taken for the current one without asking.
    pub pointer_lifetime: Duration,
    /// How many pages of the index files are kept in the key-value store; none where the block cache is off.
    pub block_cache_slots: Option<u32>,
}

impl Settings {
    /// Reads the variables; one that is empty counts as absent, since Spin has no other way to leave one out. A sealed function answers from what it carries,
    /// whatever the variables say of other sources.
    ///
    /// | variable | meaning | if absent |
    /// |---|---|---|
    /// | `index_source` | `s3`; or `files`, the mounted folder [`DEFAULT_INDEX_FOLDER`]; or `files:` and another folder | `s3` |
    /// | `s3_endpoint` | `http://` or `https://`, a host, and maybe a path | AWS in `s3_region` |
    /// | `s3_bucket` | the bucket; absent where the endpoint itself is the bucket, as with a CDN | |
    /// | `s3_prefix` | what every key begins with | |
    /// | `s3_region` | the region | `us-east-1` |
    /// | `s3_addressing` | `path` or `virtual-host` | `path` |
    /// | `s3_access_key_id`, `s3_secret_access_key`, `s3_session_token` | credentials; without them requests are not signed | |
    /// | `s3_connect_timeout_ms`, `s3_first_byte_timeout_ms` | how long one GET waits for a connection, and for the head of its answer | 2000, 5000 |
    /// | `s3_total_timeout_ms` | how long all GETs of a batch may take together, second attempts included | 10000 |
    /// | `s3_hedge_after_ms` | an answer that is so late is asked for once more, and the first one counts; `0` for never | `0` |
    /// | `pointer_seconds` | how long a pointer is taken for the current one without asking | 5 |
    /// | `block_cache` | `on`: pages of index files are kept in the key-value store; or `off` | `on` |
    /// | `block_cache_slots` | how many pages of 15.5 KiB are kept | 4096 |
    /// | `collections` | names, separated by commas | none |
    /// | `default_collection` | the collection of the aliases | the first of `collections` |
    /// | `playlist_collection` | the collection of the alias `/api/recommend` | `default_collection` |
    /// | `cors_origins` | `*`, or origins separated by commas | none |
    pub fn read(variables: &dyn Variables, sealed: Option<SealedStorage>) -> Result<Self, Problem> {
        let get = |name| {
            variables
                .get(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let index_source = match sealed {
            Some(sealed) => IndexSource::Sealed(sealed),
            None => index_source(&get)?,
        };
        let collections: Vec<String> = get("collections")
            .unwrap_or_default()
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        if !collections.iter().all(|name| is_collection_name(name)) {
            return Err(misconfigured(
                "collections",
                "is to be names of lower-case letters, digits and hyphens, separated by commas",
            ));
        }
        let one_of_them = |variable| match get(variable) {
            Some(name) if !collections.contains(&name) => {
                Err(misconfigured(variable, "is to be one of `collections`"))
            }
            name => Ok(name),
        };
        let default_collection = one_of_them("default_collection")?;
        let default_collection =
            default_collection.unwrap_or_else(|| collections.first().cloned().unwrap_or_default());
        let playlist_collection = one_of_them("playlist_collection")?;
        let playlist_collection = playlist_collection.unwrap_or_else(|| default_collection.clone());
        let cors_origins =
            Origins::parse(&get("cors_origins").unwrap_or_default()).ok_or_else(|| {
                misconfigured(
                    "cors_origins",
                    "is to be `*`, or origins separated by commas, and not both",
                )
            })?;
        Ok(Self {
            index_source,
            collections,
            default_collection,
            playlist_collection,
            cors_origins,
        })
    }
}

/// The source that the variables name.
fn index_source(get: &dyn Fn(&'static str) -> Option<String>) -> Result<IndexSource, Problem> {
    match get("index_source").as_deref() {
        None | Some("s3") => Ok(IndexSource::S3(Box::new(s3_settings(get)?))),
        Some("files") => Ok(IndexSource::Files {
            folder: DEFAULT_INDEX_FOLDER.to_owned(),
        }),
        Some(other) => match other.strip_prefix("files:") {
            Some(folder) if !folder.is_empty() => Ok(IndexSource::Files {
                folder: folder.to_owned(),
            }),
            _ => Err(misconfigured(
                "index_source",
                "is to be `s3`, `files`, or `files:` and a folder",
            )),
        },
    }
}

fn s3_settings(get: &dyn Fn(&'static str) -> Option<String>) -> Result<S3Settings, Problem> {
    let defaults = S3Limits::default();
    let timeout = |name, default: Duration| {
        let default_ms = default.as_millis() as u32;
        whole_number(get, name, 1..=MAXIMUM_TIMEOUT_MILLISECONDS, default_ms)
            .map(|milliseconds| Duration::from_millis(milliseconds.into()))
    };
    let hedge_after_ms = whole_number(
        get,
        "s3_hedge_after_ms",
        0..=MAXIMUM_TIMEOUT_MILLISECONDS,
        0,
    )?;
    let hedge_after = Duration::from_millis(hedge_after_ms.into());
    let limits = S3Limits {
        connect_timeout: timeout("s3_connect_timeout_ms", defaults.connect_timeout)?,
        first_byte_timeout: timeout("s3_first_byte_timeout_ms", defaults.first_byte_timeout)?,
        total_timeout: timeout("s3_total_timeout_ms", defaults.total_timeout)?,
        hedge_after: Some(hedge_after).filter(|after| !after.is_zero()),
    };
    let slots = whole_number(
        get,
        "block_cache_slots",
        1..=MAXIMUM_BLOCK_CACHE_SLOTS,
        DEFAULT_BLOCK_CACHE_SLOTS,
    )?;
    let block_cache_slots = match get("block_cache").as_deref() {
        None | Some("on") => Some(slots),
        Some("off") => None,
        Some(_) => return Err(misconfigured("block_cache", "is to be `on` or `off`")),
    };
    let pointer_seconds = whole_number(
        get,
        "pointer_seconds",
        0..=MAXIMUM_POINTER_SECONDS,
        DEFAULT_POINTER_SECONDS,
    )?;
    Ok(S3Settings {
        bucket: bucket(get)?,
        limits,
        pointer_lifetime: Duration::from_secs(pointer_seconds.into()),
        block_cache_slots,
    })
}

fn whole_number(
    get: &dyn Fn(&'static str) -> Option<String>,
    name: &'static str,
    range: RangeInclusive<u32>,
    default: u32,
) -> Result<u32, Problem> {
    let Some(value) = get(name) else {
        return Ok(default);
    };
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (first, last) = (range.start(), range.end());
        misconfigured(
            name,
            &format!("is to be a whole number from {first} to {last}"),
        )
    })
}

fn bucket(get: &dyn Fn(&'static str) -> Option<String>) -> Result<S3Bucket, Problem> {
    let region = get("s3_region").unwrap_or_else(|| "us-east-1".to_owned());
    let endpoint =
        get("s3_endpoint").unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let endpoint = Endpoint::parse(&endpoint).ok_or_else(|| {
        misconfigured(
            "s3_endpoint",
            "is to be `http://` or `https://` and a host, maybe with a port and a path",
        )
    })?;
    let addressing = match get("s3_addressing").as_deref() {
        None | Some("path") => Addressing::Path,
        Some("virtual-host") => Addressing::VirtualHost,
        Some(_) => {
            return Err(misconfigured(
                "s3_addressing",
                "is to be `path` or `virtual-host`",
            ));
        }
    };
    // These are sent in headers, which cannot have everything.
    for name in ["s3_region", "s3_access_key_id", "s3_session_token"] {
        let fits = |value: &str| value.bytes().all(|byte| byte.is_ascii_graphic());
        if get(name).is_some_and(|value| !fits(&value)) {
            return Err(misconfigured(
                name,
                "is to have neither spaces nor line ends, and ASCII alone",
            ));
        }
    }
    let credentials = match (get("s3_access_key_id"), get("s3_secret_access_key")) {
        (Some(access_key_id), Some(secret_access_key)) => Some(Credentials {
            access_key_id,
            secret_access_key,
            session_token: get("s3_session_token"),
        }),
        (None, None) => None,
        (Some(_), None) => {
            return Err(misconfigured(
                "s3_secret_access_key",
                "is missing beside `s3_access_key_id`",
            ));
        }
        (None, Some(_)) => {
            return Err(misconfigured(
                "s3_access_key_id",
                "is missing beside `s3_secret_access_key`",
            ));
        }
    };
    Ok(S3Bucket {
        endpoint,
        bucket: get("s3_bucket").unwrap_or_default(),
        prefix: get("s3_prefix").unwrap_or_default(),
        region,
        addressing,
        credentials,
    })
}

/// Whether a name can be part of a key, as the job checks it too.
fn is_collection_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn misconfigured(variable: &'static str, what: &str) -> Problem {
    Problem::Misconfigured {
        variable,
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    impl Variables for BTreeMap<&str, &str> {
        fn get(&self, name: &str) -> Option<String> {
            BTreeMap::get(self, name).map(|&value| value.to_owned())
        }
    }

    fn read(variables: &[(&'static str, &'static str)]) -> Result<Settings, String> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        Settings::read(&variables, None).map_err(|problem| problem.to_string())
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let settings = read(&[("collections", "movies, books"), ("s3_endpoint", "")]).unwrap();
        assert_eq!(settings.collections, ["movies", "books"]);
        assert_eq!(settings.default_collection, "movies");
        assert_eq!(settings.cors_origins, Origins::Listed(Vec::new()));
        let IndexSource::S3(s3) = settings.index_source else {
            panic!("S3 is the default");
        };
        let S3Settings {
            bucket,
            limits,
            pointer_lifetime,
            block_cache_slots,
        } = *s3;
        assert_eq!(limits, S3Limits::default());
        assert_eq!(pointer_lifetime, Duration::from_secs(5));
        assert_eq!(block_cache_slots, Some(4096));
        let aws = Endpoint::parse("https://s3.us-east-1.amazonaws.com").unwrap();
        assert_eq!(bucket.endpoint, aws);
        assert!(bucket.credentials.is_none());
    }

    #[test]
    fn how_a_bucket_is_read_can_be_said() {
        let settings = read(&[
            ("s3_connect_timeout_ms", "100"),
            ("s3_first_byte_timeout_ms", "200"),
            ("s3_total_timeout_ms", "300"),
            ("s3_hedge_after_ms", "50"),
            ("pointer_seconds", "0"),
            ("block_cache", "off"),
        ]);
        let IndexSource::S3(settings) = settings.unwrap().index_source else {
            panic!("S3 is the default");
        };
        let limits = S3Limits {
            connect_timeout: Duration::from_millis(100),
            first_byte_timeout: Duration::from_millis(200),
            total_timeout: Duration::from_millis(300),
            hedge_after: Some(Duration::from_millis(50)),
        };
        assert_eq!(settings.limits, limits);
        assert_eq!(settings.pointer_lifetime, Duration::ZERO);
        assert_eq!(settings.block_cache_slots, None);
    }

    #[test]
    fn a_sealed_function_has_no_other_source() {
        let variables = BTreeMap::from([("index_source", "ftp"), ("s3_endpoint", "nowhere")]);
        let sealed = SealedStorage::new(0, &|_, _| ());
        let settings = Settings::read(&variables, Some(sealed)).unwrap();
        assert!(matches!(settings.index_source, IndexSource::Sealed(_)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_name() {
        let check = |name: &'static str, value: &'static str, expected: &str| {
            assert_eq!(read(&[(name, value)]).unwrap_err(), expected);
        };
        check(
            "index_source",
            "ftp",
            "the variable `index_source` is to be `s3`, `files`, or `files:` and a folder",
        );
        check(
            "collections",
            "../etc",
            "the variable `collections` is to be names of lower-case letters, digits and hyphens, separated by commas",
        );
        check(
            "default_collection",
            "movies",
            "the variable `default_collection` is to be one of `collections`",
        );
        check(
            "s3_endpoint",
            "localhost:9000",
            "the variable `s3_endpoint` is to be `http://` or `https://` and a host, maybe with a port and a path",
        );
        check(
            "cors_origins",
            "https://a.example,*",
            "the variable `cors_origins` is to be `*`, or origins separated by commas, and not both",
        );
        check(
            "block_cache",
            "yes",
            "the variable `block_cache` is to be `on` or `off`",
        );
        check(
            "s3_total_timeout_ms",
            "0",
            "the variable `s3_total_timeout_ms` is to be a whole number from 1 to 300000",
        );
        check(
            "pointer_seconds",
            "5s",
            "the variable `pointer_seconds` is to be a whole number from 0 to 3600",
        );
        check(
            "s3_session_token",
            "to\nken",
            "the variable `s3_session_token` is to have neither spaces nor line ends, and ASCII alone",
        );
        check(
            "s3_access_key_id",
            "AKIA",
            "the variable `s3_secret_access_key` is missing beside `s3_access_key_id`",
        );
    }
}
