//! The names of artifacts.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use oci_client::Reference;

use crate::Error;

/// What an artifact is called: its registry, its repository, and a tag or digest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image(Reference);

impl Image {
    /// Parses `registry/repository`, with `:tag` or `@digest`. The registry has to be named: without one, what looks like a path within the current
    /// folder would be looked for at Docker's.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Name {
            text: text.to_owned(),
            problem,
        };
        let registry = text.split_once('/').map(|(registry, _)| registry);
        if !registry.is_some_and(is_registry) {
            return Err(wrong(
                "it has to begin with the registry, such as ghcr.io/ or localhost:5000/".to_owned(),
            ));
        }
        Reference::from_str(text)
            .map(Self)
            .map_err(|error| wrong(error.to_string()))
    }

    /// The same with the digest alone, which is always this artifact and no other.
    pub(crate) fn by_digest(&self, digest: &str) -> Self {
        let (registry, repository) = (self.0.registry(), self.0.repository());
        Self(Reference::with_digest(
            registry.to_owned(),
            repository.to_owned(),
            digest.to_owned(),
        ))
    }

    /// The same with the tag alone, which may be another artifact tomorrow; `None` if it has none.
    pub fn by_tag(&self) -> Option<Self> {
        let tag = self.0.tag()?.to_owned();
        let (registry, repository) = (self.0.registry(), self.0.repository());
        Some(Self(Reference::with_tag(
            registry.to_owned(),
            repository.to_owned(),
            tag,
        )))
    }

    /// The same with a digest beside its tag: for people the tag, and the digest for who pulls it.
    pub(crate) fn with_digest(&self, digest: &str) -> Self {
        let Some(tag) = self.0.tag() else {
            return self.by_digest(digest);
        };
        let (registry, repository) = (self.0.registry(), self.0.repository());
        Self(Reference::with_tag_and_digest(
            registry.to_owned(),
            repository.to_owned(),
            tag.to_owned(),
            digest.to_owned(),
        ))
    }

    /// The digest, which is always this artifact and no other.
    pub fn digest(&self) -> Option<&str> {
        self.0.digest()
    }

    pub(crate) fn reference(&self) -> &Reference {
        &self.0
    }

    /// Whether the registry is on this machine, where nobody stands between.
    pub(crate) fn is_on_loopback(&self) -> bool {
        let registry = self.0.registry();
        let host = match registry.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => registry.split(':').next(),
        };
        host.is_some_and(|host| {
            host == "localhost"
                || host
                    .parse()
                    .is_ok_and(|address: IpAddr| address.is_loopback())
        })
    }
}

/// Whether this is a registry and not the first name of a repository, by the rule of Docker
/// (<https://github.com/distribution/reference/blob/v0.6.0/normalize.go>).
fn is_registry(name: &str) -> bool {
    name == "localhost" || name.contains(['.', ':'])
}

impl fmt::Display for Image {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, bool)>) {
        let image = Image::parse(text).ok();
        let found = image.map(|image| (image.to_string(), image.is_on_loopback()));
        let expected = expected.map(|(name, is_on_loopback)| (name.to_owned(), is_on_loopback));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_name_begins_with_its_registry() {
        let digest = format!("@sha256:{}", "0".repeat(64));
        for (name, is_on_loopback) in [
            ("ghcr.io/example/kindred:1", false),
            ("127.0.0.1:5000/kindred:latest", true),
            ("localhost/kindred:a", true),
            ("127.0.0.1.example.org/kindred:a", false),
            (&format!("127.0.0.1:5000/kindred{digest}"), true),
        ] {
            check(name, Some((name, is_on_loopback)));
        }
        check("ghcr.io/kindred", Some(("ghcr.io/kindred:latest", false)));
        let both = format!("ghcr.io/example/kindred:1{digest}");
        check(&both, Some((&both, false)));
        for text in [
            "spin.toml",
            "example/kindred:1",
            "./ghcr.io/kindred",
            "/ghcr.io/kindred",
            "ghcr.io/Kindred",
            "ghcr.io/kindred@sha256:0",
            "",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_tag_and_a_digest_are_told_apart() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let image = |text: &str| Image::parse(text).unwrap();
        let tagged = image("ghcr.io/example/kindred:1");
        let pinned = tagged.with_digest(&digest);
        assert_eq!(
            pinned.to_string(),
            format!("ghcr.io/example/kindred:1@{digest}")
        );
        assert_eq!(pinned, image(&pinned.to_string()));
        assert_eq!((tagged.digest(), pinned.digest()), (None, Some(&*digest)));
        assert_eq!(pinned.by_tag(), Some(tagged.clone()));
        assert_eq!(tagged.by_tag(), Some(tagged));
        assert_eq!(pinned.by_digest(&digest).by_tag(), None);
    }
}
