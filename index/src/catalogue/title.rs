//! Titles as people write them, brought to one form.

/// A title to look up: the form under which it is filed and, where it was given, the year.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TitleQuery {
    /// The normalized title.
    pub key: String,
    /// The year at the end of the title, as in `Heat (1995)`.
    pub year: Option<i64>,
}

impl TitleQuery {
    /// Takes a title with or without its year.
    ///
    /// ```
    /// use index::catalogue::TitleQuery;
    ///
    /// let query = TitleQuery::new("  the matrix (1999)");
    /// assert_eq!(query, TitleQuery::new("Matrix, The (1999)"));
    /// assert_eq!((query.key.as_str(), query.year), ("the matrix", Some(1999)));
    /// assert_eq!(TitleQuery::new("1984").year, None);
    /// ```
    pub fn new(title: &str) -> Self {
        let title = title.trim();
        match split_year(title) {
            Some((name, year)) => Self {
                key: normalize_title(name),
                year: Some(year),
            },
            None => Self {
                key: normalize_title(title),
                year: None,
            },
        }
    }
}

/// Splits `Heat (1995)` into the name and the year.
fn split_year(title: &str) -> Option<(&str, i64)> {
    let (name, digits) = title.strip_suffix(')')?.rsplit_once('(')?;
    let is_year = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let name = name.trim_end();
    (is_year && !name.is_empty()).then(|| digits.parse().ok().map(|year| (name, year)))?
}

/// The form under which a title is filed: lower case, single spaces, and an article that was moved to the end in front again.
fn normalize_title(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    for article in ["the", "an", "a"] {
        let name = words
            .strip_suffix(article)
            .and_then(|rest| rest.strip_suffix(", "));
        if let Some(name) = name {
            return format!("{article} {name}");
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_come_to_one_form() {
        let check = |title: &str, key: &str, year: Option<i64>| {
            assert_eq!(
                TitleQuery::new(title),
                TitleQuery {
                    key: key.to_owned(),
                    year
                },
                "{title}"
            );
        };
        check("Toy Story (1995)", "toy story", Some(1995));
        check("toy  story", "toy story", None);
        check(
            "American President, The (1995)",
            "the american president",
            Some(1995),
        );
        check("Beautiful Mind, A", "a beautiful mind", None);
        check(
            "Léon: The Professional (1994)",
            "léon: the professional",
            Some(1994),
        );
        check("(1995)", "(1995)", None);
        check("Movie (19955)", "movie (19955)", None);
        check("Movie (19é)", "movie (19é)", None);
        check("", "", None);
        check(
            "Ocean's Eleven (a.k.a. Ocean's 11) (1960)",
            "ocean's eleven (a.k.a. ocean's 11)",
            Some(1960),
        );
    }
}
