//! Serves a folder of static files: the right type, an entity tag, `index.html` for a folder, nothing outside and nothing hidden.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use hyper::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH,
};
use hyper::{HeaderMap, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;

use crate::Error;
use crate::answer::{Answer, AnswerBody};

/// A folder to serve.
pub(crate) struct StaticFiles {
    root: PathBuf,
}

impl StaticFiles {
    /// Serves `root`, which must be there.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let canonical = root.canonicalize().and_then(|root| {
            std::fs::read_dir(&root)?;
            Ok(root)
        });
        match canonical {
            Ok(root) => Ok(Self { root }),
            Err(source) => Err(Error::Folder {
                path: root.to_owned(),
                source,
            }),
        }
    }

    /// The answer for a path that is a file of the folder; `None` leaves the request to the application.
    pub(crate) async fn respond(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<Answer> {
        if *method != Method::GET && *method != Method::HEAD {
            return None;
        }
        let file = self.resolve(path)?;
        match read(&file).await {
            Ok((bytes, etag)) => Some(answer(method, &file, bytes, &etag, headers)),
            // It went away in the meantime, or cannot be read: the application says what that means.
            Err(error) => {
                tracing::warn!("cannot serve {}: {error}", file.display());
                None
            }
        }
    }

    /// The file that a request's path names. Links are followed and must end inside the folder.
    fn resolve(&self, path: &str) -> Option<PathBuf> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let mut file = self.root.clone();
        for segment in path.strip_prefix('/')?.split('/') {
            if segment.starts_with('.') || segment.contains(['\\', '\0']) {
                return None;
            }
            file.push(segment);
        }
        if path.ends_with('/') {
            file.push("index.html");
        }
        let file = file.canonicalize().ok()?;
        (file.starts_with(&self.root) && file.is_file()).then_some(file)
    }
}

/// A file's bytes, whole since a site's files are small, and its entity tag.
async fn read(file: &Path) -> io::Result<(Vec<u8>, String)> {
    let metadata = tokio::fs::metadata(file).await?;
    let modified = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .map_err(io::Error::other)?;
    let etag = format!("\"{:x}-{:x}\"", modified.as_nanos(), metadata.len());
    Ok((tokio::fs::read(file).await?, etag))
}

fn answer(method: &Method, file: &Path, bytes: Vec<u8>, etag: &str, request: &HeaderMap) -> Answer {
    let known = request
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .map(|tag| tag.trim().trim_start_matches("W/"))
                .any(|tag| tag == "*" || tag == etag)
        });
    let length = bytes.len();
    let body = if known || *method == Method::HEAD {
        Vec::new()
    } else {
        bytes
    };
    let mut response = Response::new(AnswerBody::Whole(body.into()));
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
    // Ask every time, and be told that nothing changed: right for pages under development.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(file)));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn content_type(file: &Path) -> &'static str {
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn site() -> (tempfile::TempDir, StaticFiles) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("web");
        std::fs::create_dir_all(root.join("a b")).unwrap();
        for file in [
            "web/index.html",
            "web/app.js",
            "web/a b/index.html",
            "web/.env",
            "secret",
        ] {
            std::fs::write(folder.path().join(file), file).unwrap();
        }
        std::os::unix::fs::symlink("../secret", root.join("link")).unwrap();
        (folder, StaticFiles::open(&root).unwrap())
    }

    #[tokio::test]
    async fn paths_name_files_of_the_folder_and_no_others() {
        let (_folder, site) = site();
        for (path, expected) in [
            ("/", Some("text/html; charset=utf-8")),
            ("/index.html", Some("text/html; charset=utf-8")),
            ("/app.js", Some("text/javascript; charset=utf-8")),
            ("/a%20b/", Some("text/html; charset=utf-8")),
            ("/a%20b", None),
            ("/absent", None),
            ("/.env", None),
            ("/../secret", None),
            ("/%2e%2e/secret", None),
            ("/..%2fsecret", None),
            ("/a b/../../secret", None),
            ("//etc/passwd", None),
            ("/link", None),
            ("/%00", None),
            ("/%ff", None),
        ] {
            let response = site.respond(&Method::GET, path, &HeaderMap::new()).await;
            let found = response
                .as_ref()
                .map(|response| response.headers()[CONTENT_TYPE].to_str().unwrap());
            assert_eq!(found, expected, "{path}");
        }
        assert!(
            site.respond(&Method::POST, "/", &HeaderMap::new())
                .await
                .is_none()
        );
    }

    #[tokio::test]
    async fn an_unchanged_file_is_not_sent_again() {
        let (_folder, site) = site();
        let first = site
            .respond(&Method::GET, "/app.js", &HeaderMap::new())
            .await
            .unwrap();
        let etag = first.headers()[ETAG].clone();
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, etag.clone());
        let second = site
            .respond(&Method::GET, "/app.js", &headers)
            .await
            .unwrap();
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(second.headers()[ETAG], etag);
        let head = site
            .respond(&Method::HEAD, "/app.js", &HeaderMap::new())
            .await
            .unwrap();
        assert_eq!(head.headers()[CONTENT_LENGTH], "10");
        assert_eq!(
            head.into_body().collect().await.unwrap().to_bytes().len(),
            0
        );
    }
}
