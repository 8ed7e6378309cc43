//! Which old files nobody needs any more.

use super::bucket::Listed;
use super::files::{ASSETS, NUM_HASH_DIGITS, SiteFile, is_page};

const DAY_S: i64 = 86_400;

/// The keys of what is not put up any more and was replaced more than so many days ago: who has a page open since then has the names of that page.
///
/// A file was replaced when another version of it was put up, or else a page. What nothing followed is left.
pub(crate) fn superseded<'a>(
    there: &'a [Listed],
    files: &[SiteFile],
    days: u32,
    now_s: i64,
) -> Vec<&'a str> {
    let is_put_up = |key: &str| files.iter().any(|file| file.key == key);
    let replaced_s = |old: &Listed| {
        let followers = there.iter().filter(|other| {
            let is_later = old.modified_s < other.modified_s;
            is_later && (is_page(&other.key) || is_other_version(&old.key, &other.key))
        });
        followers.map(|other| other.modified_s).min()
    };
    let old = there.iter().filter(|object| !is_put_up(&object.key));
    old.filter(|object| {
        replaced_s(object).is_some_and(|replaced_s| replaced_s + i64::from(days) * DAY_S <= now_s)
    })
    .map(|object| object.key.as_str())
    .collect()
}

fn is_other_version(left: &str, right: &str) -> bool {
    let versions = [left, right].map(without_hash);
    matches!(versions, [Some(left), Some(right)] if left == right)
}

/// What an asset was called before.
fn without_hash(key: &str) -> Option<(&str, &str)> {
    let (name, ending) = key.strip_prefix(ASSETS)?.rsplit_once('.')?;
    let (stem, hash) = name.rsplit_once('.')?;
    (hash.len() == NUM_HASH_DIGITS).then_some((stem, ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Kind;

    #[test]
    fn what_was_replaced_long_ago_goes() {
        let object = |key: &str, day: i64| Listed {
            key: key.to_owned(),
            modified_s: day * DAY_S,
        };
        let version = |digit: char| format!("assets/a.{}.js", digit.to_string().repeat(16));
        let there = [
            object(&version('1'), 1),
            object(&version('2'), 10),
            object(&version('3'), 20),
            object("assets/b.0000000000000000.css", 2),
            object("robots.txt", 25),
            object("index.html", 20),
        ];
        let file = |key: &str| SiteFile {
            kind: Kind::Asset,
            key: key.to_owned(),
            content: Vec::new(),
        };
        let files = [file(&version('3')), file("index.html")];
        let check = |days: u32, today: i64, expected: &[&str]| {
            let found = superseded(&there, &files, days, today * DAY_S);
            assert_eq!(found, expected, "{days} days on day {today}");
        };
        // The second version was in use until the third came, however old it is.
        check(7, 26, &[&version('1')]);
        check(
            7,
            27,
            &[
                &version('1'),
                &version('2'),
                "assets/b.0000000000000000.css",
            ],
        );
        check(30, 27, &[]);
        check(
            0,
            27,
            &[
                &version('1'),
                &version('2'),
                "assets/b.0000000000000000.css",
            ],
        );
    }
}
