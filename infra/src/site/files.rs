//! The files of the page as they are put up. Pure, but for reading them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::hash::hexadecimal;

/// Where files stand that have the name of their content: what is below never changes, which hosts can be told by the folder.
pub(super) const ASSETS: &str = "assets/";

/// How many digits of its hash a name has: more than enough to tell versions of a file apart.
pub(super) const NUM_HASH_DIGITS: usize = 16;

/// What the page reads the functions' address from.
const CONFIG: &str = "config.json";

/// A file as it is put up.
#[derive(Debug, PartialEq)]
pub(crate) struct SiteFile {
    pub(crate) kind: Kind,
    /// Its path below the site's address.
    pub(crate) key: String,
    pub(crate) content: Vec<u8>,
}

/// In which turn a file is put up, so that nothing refers to what is not there yet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    /// With the name of its content.
    Asset,
    /// Under a name of its own.
    Document,
    /// HTML, which refers to the others.
    Page,
}

impl Kind {
    /// For how long it is kept.
    pub(crate) fn cache_control(self) -> &'static str {
        match self {
            Self::Asset => "public, max-age=31536000, immutable",
            Self::Document | Self::Page => "no-cache",
        }
    }
}

impl SiteFile {
    /// SHA-256 of the content.
    pub(crate) fn sha256(&self) -> String {
        sha256(&self.content)
    }

    /// What it is, by its ending.
    pub(crate) fn content_type(&self) -> &'static str {
        match self.key.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "css" => "text/css; charset=utf-8",
            "html" => "text/html; charset=utf-8",
            "ico" => "image/x-icon",
            "jpg" => "image/jpeg",
            "js" => "text/javascript; charset=utf-8",
            "json" => "application/json",
            "png" => "image/png",
            "svg" => "image/svg+xml",
            "txt" => "text/plain; charset=utf-8",
            "webmanifest" => "application/manifest+json",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        }
    }
}

/// All files below a folder by their paths in it, but for hidden ones.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    read_below(folder, "", &mut found)?;
    Ok(found)
}

fn read_below(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let reading = || format!("could not read the folder {}", folder.display());
    for entry in fs::read_dir(folder).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            bail!("the name of {} is not UTF-8: rename it", path.display());
        };
        if name.starts_with('.') {
            continue;
        }
        let key = format!("{prefix}{name}");
        if path.is_dir() {
            read_below(&path, &format!("{key}/"), found)?;
        } else {
            let content = fs::read(&path);
            let content = content.with_context(|| format!("could not read {}", path.display()))?;
            found.insert(key, content);
        }
    }
    Ok(())
}

/// What is put up of the files of a folder, in the order in which it is; `api` is the functions' address, empty where they answer at the site's own.
pub(crate) fn files(mut found: BTreeMap<String, Vec<u8>>, api: &str) -> Result<Vec<SiteFile>> {
    let mut pages = BTreeMap::new();
    for key in found
        .keys()
        .filter(|key| is_page(key))
        .cloned()
        .collect::<Vec<_>>()
    {
        let content = found.remove(&key).unwrap_or_default();
        let text = String::from_utf8(content).with_context(|| format!("`{key}` is not UTF-8"))?;
        pages.insert(key, text);
    }
    if !pages.contains_key("index.html") {
        bail!("there is no `index.html` in the folder of the page: name another one by `--web`");
    }
    let config = json!({ "api": api });
    found.insert(CONFIG.to_owned(), format!("{config}\n").into_bytes());

    let mut files = Vec::new();
    let names: Vec<String> = found.keys().cloned().collect();
    for (key, content) in found {
        let quoted = format!("\"{key}\"");
        let is_named = key != CONFIG && pages.values().any(|page| page.contains(&quoted));
        if !is_named {
            let kind = Kind::Document;
            files.push(SiteFile { kind, key, content });
            continue;
        }
        if let Some(other) = names.iter().find(|other| names_file(&content, other)) {
            bail!(
                "`{key}` names `{other}`, which is not beside it where it is put up: name `{other}` in a page only"
            );
        }
        let asset = asset_key(&key, &content);
        for page in pages.values_mut() {
            *page = page.replace(&quoted, &format!("\"{asset}\""));
        }
        let kind = Kind::Asset;
        files.push(SiteFile {
            kind,
            key: asset,
            content,
        });
    }
    files.extend(pages.into_iter().map(|(key, page)| SiteFile {
        kind: Kind::Page,
        key,
        content: page.into_bytes(),
    }));
    files.sort_by(|left, right| (left.kind, &left.key).cmp(&(right.kind, &right.key)));
    Ok(files)
}

/// Whether a file is HTML.
pub(super) fn is_page(key: &str) -> bool {
    Path::new(key)
        .extension()
        .is_some_and(|ending| ending == "html")
}

/// Whether a script or a style sheet names a file relative to itself. What a script asks for goes by the page's address instead.
fn names_file(content: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(content);
    let forms = [
        format!("url({name})"),
        format!("url(\"{name}\")"),
        format!("from \"./{name}\""),
        format!("import \"./{name}\""),
        format!("import(\"./{name}\")"),
    ];
    forms.iter().any(|form| text.contains(form))
}

fn asset_key(key: &str, content: &[u8]) -> String {
    let (stem, ending) = key.rsplit_once('.').unwrap_or((key, "bin"));
    let hash = sha256(content);
    let digits = hash.get(..NUM_HASH_DIGITS).unwrap_or(&hash);
    format!("{ASSETS}{stem}.{digits}.{ending}")
}

fn sha256(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        r#"<link href="a.css"><script src="a.js"></script><link href="config.json">"#;

    fn folder(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        let files = files.iter();
        files
            .map(|(key, text)| ((*key).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn what_a_page_names_has_the_name_of_its_content_and_goes_first() {
        let found = folder(&[
            ("index.html", PAGE),
            ("a.js", "1"),
            ("a.css", "2"),
            ("robots.txt", "3"),
            ("config.json", "{}"),
        ]);
        let files = files(found, "https://api.example.org").unwrap();
        let keys: Vec<(Kind, &str)> = files
            .iter()
            .map(|file| (file.kind, file.key.as_str()))
            .collect();
        assert_eq!(
            keys,
            [
                (Kind::Asset, "assets/a.6b86b273ff34fce1.js"),
                (Kind::Asset, "assets/a.d4735e3a265e16ee.css"),
                (Kind::Document, "config.json"),
                (Kind::Document, "robots.txt"),
                (Kind::Page, "index.html"),
            ]
        );
        assert_eq!(files[2].content, b"{\"api\":\"https://api.example.org\"}\n");
        let page = String::from_utf8(files[4].content.clone()).unwrap();
        assert_eq!(
            page,
            r#"<link href="assets/a.d4735e3a265e16ee.css"><script src="assets/a.6b86b273ff34fce1.js"></script><link href="config.json">"#
        );
    }

    #[test]
    fn a_folder_that_would_not_work_is_refused() {
        let check = |found: &[(&str, &str)], expected: &str| {
            let error = files(folder(found), "").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&[("a.js", "")], "there is no `index.html`");
        check(
            &[
                ("index.html", PAGE),
                ("a.css", "b { src: url(a.woff2) }"),
                ("a.woff2", ""),
            ],
            "`a.css` names `a.woff2`, which is not beside it",
        );
    }

    /// The page of this repository is one that can be put up so.
    #[test]
    fn our_page_is_put_up_whole() {
        let web = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");
        let files = files(read(Path::new(web)).unwrap(), "").unwrap();
        let kinds: Vec<Kind> = files.iter().map(|file| file.kind).collect();
        assert_eq!(
            kinds,
            [Kind::Asset, Kind::Asset, Kind::Document, Kind::Page]
        );
    }
}
