//! What was probably meant, where a name is unknown.

use strsim::osa_distance;

/// Of the names that are known, the one that a slip makes the unknown one: a letter in three that is another, too many, missing, or swapped with its neighbour,
/// and in short names one.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (osa_distance(unknown, known), known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min()
        .map(|(_, nearest)| nearest)
}

/// The reader's message, with the nearest known name where a name is unknown, and without a text where none is to be: it may be a password that was written in the wrong place.
pub(crate) fn with_suggestion(message: &str) -> String {
    for wrong in ["invalid type: string", "invalid value: string"] {
        if let Some(rest) = message.strip_prefix(wrong)
            && let Some(at) = rest.rfind(", expected")
        {
            return format!("{wrong}{}", &rest[at..]);
        }
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let unknown = quoted.next().filter(|_| is_unknown);
    match unknown.and_then(|unknown| nearest(unknown, quoted)) {
        Some(nearest) => format!("{message}; did you mean `{nearest}`?"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{nearest, with_suggestion};

    #[test]
    fn a_text_in_the_place_of_something_else_is_not_repeated() {
        for (message, expected) in [
            (
                "invalid type: string \"hunter2, expected\", expected a map",
                "invalid type: string, expected a map",
            ),
            (
                "invalid type: integer `3`, expected a map",
                "invalid type: integer `3`, expected a map",
            ),
        ] {
            assert_eq!(with_suggestion(message), expected);
        }
    }

    #[test]
    fn a_slip_is_told_from_another_word() {
        let known = ["host", "spin-app", "image", "s3", "cors_origins"];
        for (unknown, expected) in [
            ("hots", Some("host")),
            ("imgae", Some("image")),
            ("spinapp", Some("spin-app")),
            ("cors_origin", Some("cors_origins")),
            ("corsorigin", Some("cors_origins")),
            ("s2", Some("s3")),
            ("gs", None),
            ("ghost-app", None),
            ("", None),
        ] {
            assert_eq!(nearest(unknown, known), expected, "{unknown}");
        }
    }
}
