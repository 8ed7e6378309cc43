use super::signature::Credentials;
use crate::query::percent_encode;

/// A bucket: where it is, and as whom we ask.
#[derive(Clone, Debug)]
pub struct S3Bucket {
    /// The service.
    pub endpoint: Endpoint,
    /// The bucket's name; empty where the endpoint itself is the bucket, as with a CDN in front of it.
    pub bucket: String,
    /// What every key begins with: empty, or a path with or without a closing slash.
    pub prefix: String,
    /// The region, which signatures name.
    pub region: String,
    /// How the bucket is named in a request.
    pub addressing: Addressing,
    /// Without them, requests are not signed.
    pub credentials: Option<Credentials>,
}

/// How a bucket is named in a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Addressing {
    /// As the first part of the path: `https://host/bucket/key`.
    Path,
    /// As the first part of the host: `https://bucket.host/key`.
    VirtualHost,
}

/// The address of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// Whether to use TLS.
    pub secure: bool,
    /// Host and, if it is not the scheme's usual one, port.
    pub authority: String,
    /// The path below which the service answers, without a closing slash; mostly empty.
    pub path: String,
}

impl Endpoint {
    /// Takes an address apart: `http://` or `https://`, a host, and maybe a port and a path.
    pub fn parse(url: &str) -> Option<Self> {
        let (secure, usual_port, rest) = match url.strip_prefix("http://") {
            Some(rest) => (false, ":80", rest),
            None => (true, ":443", url.strip_prefix("https://")?),
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        // The usual port is left out of the header `host`, and so of what is signed.
        let authority = authority.strip_suffix(usual_port).unwrap_or(authority);
        let is_plain = |text: &str| !text.contains(['?', '#', '@', ' ']);
        (!authority.is_empty() && is_plain(authority) && is_plain(path)).then(|| Self {
            secure,
            authority: authority.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }
}

/// Where an object is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Address {
    /// The host that is asked, as in the header `host`.
    pub(super) authority: String,
    /// The path, encoded as signatures want it.
    pub(super) path: String,
}

impl S3Bucket {
    /// The address of what all keys are below: a bucket that is another, or elsewhere, has another.
    pub fn url(&self) -> String {
        let scheme = if self.endpoint.secure {
            "https"
        } else {
            "http"
        };
        let Address { authority, path } = self.address("");
        format!("{scheme}://{authority}{path}")
    }

    /// Where the object of this key is.
    pub(super) fn address(&self, key: &str) -> Address {
        let Endpoint {
            authority, path, ..
        } = &self.endpoint;
        let prefix = match self.prefix.trim_end_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let key = percent_encode(&format!("{prefix}{key}"), b"/");
        match (self.bucket.as_str(), self.addressing) {
            ("", _) => Address {
                authority: authority.clone(),
                path: format!("{path}/{key}"),
            },
            (bucket, Addressing::Path) => Address {
                authority: authority.clone(),
                path: format!("{path}/{bucket}/{key}"),
            },
            (bucket, Addressing::VirtualHost) => Address {
                authority: format!("{bucket}.{authority}"),
                path: format!("{path}/{key}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(endpoint: &str, bucket: &str, prefix: &str, addressing: Addressing, expected: &str) {
        let bucket = S3Bucket {
            endpoint: Endpoint::parse(endpoint).unwrap(),
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            region: String::new(),
            addressing,
            credentials: None,
        };
        let address = bucket.address("movies/a b.kdx");
        assert_eq!(format!("{}{}", address.authority, address.path), expected);
        assert!(
            bucket
                .url()
                .ends_with(expected.trim_end_matches("movies/a%20b.kdx"))
        );
        assert!(bucket.url().starts_with(if bucket.endpoint.secure {
            "https://"
        } else {
            "http://"
        }));
    }

    #[test]
    fn a_bucket_is_named_in_the_path_in_the_host_or_not_at_all() {
        use Addressing::{Path, VirtualHost};
        check(
            "http://127.0.0.1:9000/",
            "b",
            "",
            Path,
            "127.0.0.1:9000/b/movies/a%20b.kdx",
        );
        check(
            "https://s3.eu-west-1.amazonaws.com:443",
            "b",
            "",
            VirtualHost,
            "b.s3.eu-west-1.amazonaws.com/movies/a%20b.kdx",
        );
        check(
            "http://proxy/s3/",
            "b",
            "",
            Path,
            "proxy/s3/b/movies/a%20b.kdx",
        );
        check(
            "https://cdn.example",
            "",
            "shops/eu/",
            VirtualHost,
            "cdn.example/shops/eu/movies/a%20b.kdx",
        );
    }

    #[test]
    fn what_is_no_address_is_none() {
        for url in [
            "",
            "s3.example",
            "ftp://s3",
            "http://",
            "http://a@b",
            "http://a?b",
        ] {
            assert_eq!(Endpoint::parse(url), None, "{url}");
        }
    }
}
