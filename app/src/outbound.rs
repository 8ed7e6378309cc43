//! Which hosts a component may call.

use crate::Error;

/// The hosts of one component's `allowed_outbound_hosts`. Empty means that it may call nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<AllowedHost>);

impl AllowedHosts {
    /// Parses entries whose variables are filled in already.
    pub fn parse<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        entries
            .into_iter()
            .map(|entry| AllowedHost::parse(entry.as_ref()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a call to `scheme://host:port` is allowed. `host` is without brackets, should it be an IPv6 address.
    pub fn allow(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.0
            .iter()
            .any(|allowed| allowed.allows(scheme, host, port))
    }

    /// The entries, in the order of the manifest.
    pub fn iter(&self) -> impl Iterator<Item = &AllowedHost> {
        self.0.iter()
    }
}

/// One entry: `scheme://host[:port]`, each part of which may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// `None` is any scheme.
    scheme: Option<String>,
    host: HostPattern,
    ports: PortPattern,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Any,
    Exact(String),
    /// Any name that ends with this, which begins with a dot.
    Below(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PortPattern {
    Any,
    /// From the first up to and without the last, as Spin reads `8000..8010`.
    Range {
        start: u16,
        end: u32,
    },
}

impl AllowedHost {
    /// Parses one entry whose variables are filled in already.
    pub fn parse(entry: &str) -> Result<Self, Error> {
        let wrong = |problem| Error::AllowedHost {
            entry: entry.to_owned(),
            problem,
        };
        let (scheme, rest) = entry
            .split_once("://")
            .ok_or_else(|| wrong("has no scheme; write scheme://host"))?;
        if scheme.is_empty() || !is_scheme(scheme) {
            return Err(wrong("has a scheme that is neither a name nor `*`"));
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(wrong("has a path; only scheme, host and port are compared"));
        }
        if authority.contains('@') {
            return Err(wrong(
                "has a user name; only scheme, host and port are compared",
            ));
        }
        let (host, port) = split_port(authority);
        let host = match host {
            "" => return Err(wrong("has no host")),
            "*" => HostPattern::Any,
            name => match name.strip_prefix('*') {
                Some(below) if below.starts_with('.') && !below.contains('*') => {
                    HostPattern::Below(below.to_ascii_lowercase())
                }
                None if !name.contains('*') => HostPattern::Exact(name.to_ascii_lowercase()),
                _ => {
                    return Err(wrong(
                        "has a `*` that does not stand for the whole host or its first labels",
                    ));
                }
            },
        };
        let ports = match (port, scheme) {
            (Some("*"), _) => PortPattern::Any,
            (Some(ports), _) => PortPattern::parse(ports).ok_or_else(|| {
                wrong("has a port that is neither a number, a range `a..b` nor `*`")
            })?,
            (None, "http") => PortPattern::only(80),
            (None, "https") => PortPattern::only(443),
            (None, _) => return Err(wrong("needs a port, since its scheme implies none")),
        };
        let scheme = (scheme != "*").then(|| scheme.to_owned());
        Ok(Self {
            scheme,
            host,
            ports,
        })
    }

    fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.scheme
            .as_deref()
            .is_none_or(|allowed| allowed == scheme)
            && self.host.matches(host)
            && self.ports.contains(port)
    }
}

impl HostPattern {
    fn matches(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match self {
            Self::Any => true,
            Self::Exact(name) => *name == host,
            Self::Below(suffix) => suffix.len() < host.len() && host.ends_with(suffix.as_str()),
        }
    }
}

impl PortPattern {
    fn only(port: u16) -> Self {
        Self::Range {
            start: port,
            end: u32::from(port) + 1,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once("..") {
            None => text.parse().ok().map(Self::only),
            Some((start, end)) => Some(Self::Range {
                start: start.parse().ok()?,
                end: end.parse::<u16>().ok()?.into(),
            }),
        }
    }

    fn contains(&self, port: u16) -> bool {
        match *self {
            Self::Any => true,
            Self::Range { start, end } => start <= port && u32::from(port) < end,
        }
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme == "*"
        || scheme
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
}

/// Splits `host:port`; an IPv6 address stands in brackets, which are taken off.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some(rest) = authority.strip_prefix('[')
        && let Some((address, rest)) = rest.split_once(']')
    {
        return (address, rest.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entry: &str, scheme: &str, host: &str, port: u16, expected: bool) {
        let allowed = AllowedHosts::parse([entry]).unwrap();
        assert_eq!(
            allowed.allow(scheme, host, port),
            expected,
            "{entry} for {scheme}://{host}:{port}"
        );
    }

    #[test]
    fn an_entry_allows_what_it_names_and_no_more() {
        check("http://127.0.0.1:9000", "http", "127.0.0.1", 9000, true);
        check("http://127.0.0.1:9000", "http", "127.0.0.1", 9001, false);
        check("http://127.0.0.1:9000", "https", "127.0.0.1", 9000, false);
        check("http://127.0.0.1:9000", "http", "127.0.0.10", 9000, false);
        check(
            "https://S3.example.com/",
            "https",
            "s3.Example.com",
            443,
            true,
        );
        check(
            "https://s3.example.com",
            "https",
            "s3.example.com",
            8443,
            false,
        );
        check("http://[::1]:9000", "http", "::1", 9000, true);
    }

    #[test]
    fn stars_stand_for_whole_parts() {
        check("*://*:*", "http", "anything", 1, true);
        check("http://*", "http", "anything", 80, true);
        check("http://*", "http", "anything", 81, false);
        check(
            "https://*.example.com",
            "https",
            "a.b.example.com",
            443,
            true,
        );
        check("https://*.example.com", "https", "example.com", 443, false);
        check(
            "https://*.example.com",
            "https",
            "badexample.com",
            443,
            false,
        );
        check("http://host:8000..8010", "http", "host", 8009, true);
        check("http://host:8000..8010", "http", "host", 8010, false);
        check("http://host:65535", "http", "host", 65535, true);
    }

    #[test]
    fn no_entry_allows_nothing() {
        assert!(!AllowedHosts::default().allow("http", "127.0.0.1", 80));
    }

    #[test]
    fn a_malformed_entry_is_an_error() {
        for entry in [
            "example.com",
            "http://",
            "http://a/b",
            "http://a*b",
            "http://*a.com",
            "ftp://host",
            "http://host:port",
            "http://host:70000",
            "http://user@host",
            "://host",
        ] {
            assert!(AllowedHosts::parse([entry]).is_err(), "{entry}");
        }
    }
}
