//! Who asks a registry: what `docker login` wrote, which Kubernetes keeps in Secrets of type `kubernetes.io/dockerconfigjson`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oci_client::secrets::RegistryAuth;
use serde::Deserialize;

use crate::Error;
use crate::error::Cause;

/// What Docker calls its file, and what Kubernetes calls it in a Secret that is mounted.
const FILE_NAMES: [&str; 2] = ["config.json", ".dockerconfigjson"];

/// The part of Docker's file that has credentials in it (<https://docs.docker.com/reference/cli/docker/login/>). Helper programs are not asked.
#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    /// `username:password` in Base64.
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// The credentials for `registry` of the file that `DOCKER_CONFIG` names or has in it, or else of the user's; nobody where there are none.
pub(crate) fn of(registry: &str) -> Result<RegistryAuth, Error> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let place = folder("DOCKER_CONFIG").or_else(|| folder("HOME").map(|home| home.join(".docker")));
    match place {
        Some(place) => read(&place, registry),
        None => Ok(RegistryAuth::Anonymous),
    }
}

fn read(place: &Path, registry: &str) -> Result<RegistryAuth, Error> {
    let path = if place.is_file() {
        Some(place.to_owned())
    } else {
        let candidates = FILE_NAMES.map(|name| place.join(name));
        candidates.into_iter().find(|path| path.is_file())
    };
    let Some(path) = path else {
        return Ok(RegistryAuth::Anonymous);
    };
    let found = || -> Result<RegistryAuth, Cause> {
        let config: DockerConfig = serde_json::from_slice(&std::fs::read(&path)?)?;
        find(config, registry)
    };
    found().map_err(|source| Error::Credentials { path, source })
}

fn find(config: DockerConfig, registry: &str) -> Result<RegistryAuth, Cause> {
    let mut entries = config.auths.into_iter();
    let Some((_, entry)) = entries.find(|(key, _)| host_of(key) == registry) else {
        return Ok(RegistryAuth::Anonymous);
    };
    if let (Some(username), Some(password)) = (entry.username, entry.password) {
        return Ok(RegistryAuth::Basic(username, password));
    }
    let Some(auth) = entry.auth.filter(|auth| !auth.is_empty()) else {
        return Ok(RegistryAuth::Anonymous);
    };
    let malformed = || format!("`auth` of {registry} is not a name and a password in Base64");
    let pair = BASE64_STANDARD.decode(auth).map_err(|_| malformed())?;
    let pair = String::from_utf8(pair).map_err(|_| malformed())?;
    let (username, password) = pair.split_once(':').ok_or_else(malformed)?;
    Ok(RegistryAuth::Basic(
        username.to_owned(),
        password.to_owned(),
    ))
}

/// The registry of a key, which for Docker's own is a URL.
fn host_of(key: &str) -> &str {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest);
    key.split('/').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{
        "auths": {
            "ghcr.io": { "auth": "bmFtZTpwYXNzOndvcmQ=" },
            "https://index.docker.io/v1/": { "username": "a", "password": "b", "email": "" },
            "127.0.0.1:5000": {},
            "broken.example": { "auth": "!" }
        },
        "credsStore": "desktop"
    }"#;

    #[track_caller]
    fn check(registry: &str, expected: Result<Option<(&str, &str)>, &str>) {
        for name in FILE_NAMES {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), CONFIG).unwrap();
            for place in [folder.path().to_owned(), folder.path().join(name)] {
                let found = read(&place, registry);
                let found = found.map_err(|error| match error {
                    Error::Credentials { source, .. } => source.to_string(),
                    other => panic!("{other}"),
                });
                let expected = match expected {
                    Ok(None) => Ok(RegistryAuth::Anonymous),
                    Ok(Some((name, password))) => {
                        Ok(RegistryAuth::Basic(name.to_owned(), password.to_owned()))
                    }
                    Err(message) => Err(message.to_owned()),
                };
                assert_eq!(found, expected, "{registry}");
            }
        }
    }

    #[test]
    fn credentials_are_those_of_the_registry() {
        check("ghcr.io", Ok(Some(("name", "pass:word"))));
        check("index.docker.io", Ok(Some(("a", "b"))));
        check("127.0.0.1:5000", Ok(None));
        check("127.0.0.1", Ok(None));
        check(
            "broken.example",
            Err("`auth` of broken.example is not a name and a password in Base64"),
        );
    }

    #[test]
    fn nobody_asks_where_there_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let found = read(folder.path(), "ghcr.io").unwrap();
        assert_eq!(found, RegistryAuth::Anonymous);
    }
}
