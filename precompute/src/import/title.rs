//! Titles that carry a year: `Heat (1995)`.

/// A text on one line: line ends and runs of spaces become one space.
pub(crate) fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A title without its year, and the year. A year is four digits in brackets behind the title; of a span such as `(2006–2007)` the first counts.
/// Brackets without a year may follow, as in `The Land Before Time III (1995) (V)`, and stay. Line ends and runs of spaces become one space.
pub(crate) fn split_title(text: &str) -> (String, Option<i64>) {
    let title = on_one_line(text);
    let mut end = title.len();
    // Walks over the brackets from the last one, as long as nothing stands between them.
    while let Some(before_bracket) = title[..end].trim_end().strip_suffix(')') {
        let Some(open) = before_bracket.rfind('(') else {
            break;
        };
        if let Some(year) = year_of(&before_bracket[open + 1..]) {
            let head = title[..open].trim_end();
            let tail = title[before_bracket.len() + 1..].trim_start();
            if head.is_empty() {
                break;
            }
            let without_year = [head, tail].into_iter().filter(|part| !part.is_empty());
            return (without_year.collect::<Vec<_>>().join(" "), Some(year));
        }
        end = open;
    }
    (title, None)
}

/// The first year of `1995`, `2006–2007`, `2006-` and the like.
fn year_of(text: &str) -> Option<i64> {
    let mut years = text.split(['-', '–']).map(str::trim);
    let is_year = |year: &str| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let first = years.next().filter(|year| is_year(year))?;
    match (years.next(), years.next()) {
        (None, _) => first.parse().ok(),
        (Some(last), None) if last.is_empty() || is_year(last) => first.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::split_title;

    #[test]
    fn the_year_leaves_the_title() {
        for (text, title, year) in [
            ("Toy Story (1995)", "Toy Story", Some(1995)),
            ("Matrix, The (1999)", "Matrix, The", Some(1999)),
            ("Heidi: Madam (1995) ", "Heidi: Madam", Some(1995)),
            (
                "Seven (a.k.a. Se7en) (1995)",
                "Seven (a.k.a. Se7en)",
                Some(1995),
            ),
            ("Land III (1995) (V)", "Land III (V)", Some(1995)),
            ("Death Note (2006–2007)", "Death Note", Some(2006)),
            ("Show (2010-)", "Show", Some(2010)),
            (
                "2001: A Space Odyssey (1968)",
                "2001: A Space Odyssey",
                Some(1968),
            ),
            ("Two\nLines  (2000)", "Two Lines", Some(2000)),
            ("Babylon 5", "Babylon 5", None),
            ("Film (19956)", "Film (19956)", None),
            ("Film (the one)", "Film (the one)", None),
            ("(1999)", "(1999)", None),
            ("(1999) Film", "(1999) Film", None),
            ("Film)", "Film)", None),
            ("Film ()", "Film ()", None),
            ("", "", None),
        ] {
            assert_eq!(split_title(text), (title.to_owned(), year), "{text}");
        }
    }
}
