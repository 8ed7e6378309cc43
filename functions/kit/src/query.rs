//! Query strings and percent-encoding.

use std::ops::RangeInclusive;

use crate::{json, limits::MAXIMUM_QUERY_LEN_BYTES, problem::Problem};

/// The decoded parameters of a query string, in their order.
#[derive(Clone, Debug, Default)]
pub struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Decodes a query string, as `application/x-www-form-urlencoded` does: `+` is a space.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        if MAXIMUM_QUERY_LEN_BYTES < query.len() {
            return Err(Problem::QueryTooLong);
        }
        let parameters = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let decode = |text: &str| percent_decode(&text.replace('+', " "));
                (decode(name), decode(value))
            })
            .collect();
        Ok(Self { parameters })
    }

    /// The same, when it has no parameters but these, and each at most once: a misspelt one is better refused than ignored, and of two values for one name
    /// neither is meant more than the other.
    pub fn only(self, known: &[&str]) -> Result<Self, Problem> {
        for (position, (name, _)) in self.parameters.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(Problem::UnknownField {
                    field: name.clone(),
                    known: known.iter().map(|&name| name.to_owned()).collect(),
                });
            }
            let mut earlier = self.parameters.iter().take(position);
            if earlier.any(|(earlier, _)| earlier == name) {
                return Err(Problem::InvalidValue {
                    field: name.clone(),
                    what: "is given twice".to_owned(),
                });
            }
        }
        Ok(self)
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(parameter, _)| parameter == name)
            .map(|(_, value)| value.as_str())
    }

    /// The comma-separated values of this name, at most `limit`; none if it is not there.
    pub fn list(&self, name: &str, limit: usize) -> Result<Vec<&str>, Problem> {
        let values: Vec<&str> = self
            .get(name)
            .unwrap_or_default()
            .split(',')
            .filter(|value| !value.is_empty())
            .collect();
        if limit < values.len() {
            return Err(Problem::TooMany {
                field: name.to_owned(),
                found: values.len(),
                limit,
            });
        }
        Ok(values)
    }

    /// A number.
    pub fn number(&self, name: &str) -> Result<Option<f64>, Problem> {
        self.parsed(name, "a number", json::number)
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.parsed(name, "`true` or `false`", |text| text.parse().ok())
    }

    fn parsed<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match parse(text) {
            Some(value) => Ok(Some(value)),
            None => Err(Problem::WrongType {
                field: name.to_owned(),
                expected: expected.to_owned(),
                found: format!("`{text}`"),
            }),
        }
    }

    /// A whole number within `range`.
    pub fn count(
        &self,
        name: &str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, Problem> {
        // Signed, so that a negative number is out of range and not of another type.
        let whole = |text: &str| text.parse::<i64>().ok();
        let Some(number) = self.parsed(name, "a whole number", whole)? else {
            return Ok(default);
        };
        match usize::try_from(number) {
            Ok(count) if range.contains(&count) => Ok(count),
            _ => Err(Problem::OutOfRange {
                field: name.to_owned(),
                minimum: *range.start() as f64,
                maximum: *range.end() as f64,
            }),
        }
    }
}

/// Replaces `%41` by `A`. A percent sign without two digits stays, and bytes that are no UTF-8 become replacement characters: nothing of ours has such names,
/// so they end as something unknown.
pub fn percent_decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        match (first, others) {
            (b'%', [high, low, others @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = others;
                }
                _ => decoded.push(b'%'),
            },
            (byte, _) => decoded.push(*byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Replaces everything but unreserved characters and those of `keep` by `%XX`.
pub fn percent_encode(text: &str, keep: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if unreserved || keep.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let digit = |nibble: u8| {
                char::from_digit(u32::from(nibble), 16)
                    .map_or('0', |digit| digit.to_ascii_uppercase())
            };
            encoded.push('%');
            encoded.push(digit(byte >> 4));
            encoded.push(digit(byte & 15));
        }
    }
    encoded
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_once() {
        let query = Query::parse("title=Toy+Story+%281995%29&ids=1,2,&empty&x=a%2Bb%25zz").unwrap();
        assert_eq!(query.get("title"), Some("Toy Story (1995)"));
        assert_eq!(query.list("ids", 2).unwrap(), ["1", "2"]);
        assert_eq!(query.get("empty"), Some(""));
        assert_eq!(query.get("x"), Some("a+b%zz"));
        assert_eq!(query.get("y"), None);
    }

    #[test]
    fn a_parameter_is_given_once() {
        let check = |query: &str, expected: Option<&str>| {
            let query = Query::parse(query).unwrap().only(&["count", "filter"]);
            let refused = query.err().map(|problem| problem.to_string());
            assert_eq!(refused.as_deref(), expected);
        };
        check("count=1&filter=1", None);
        check("count=1&count=1", Some("`count` is given twice"));
        check("count=1&%63ount", Some("`count` is given twice"));
    }

    #[test]
    fn any_text_survives_encoding_and_decoding() {
        for text in ["", "a b", "100 %", "Léon: the/professional?", "日本"] {
            assert_eq!(percent_decode(&percent_encode(text, b"")), text);
        }
        assert_eq!(percent_encode("a/b c", b"/"), "a/b%20c");
        assert_eq!(percent_decode("%"), "%");
        assert_eq!(percent_decode("%4"), "%4");
        assert_eq!(percent_decode("%ff"), "\u{fffd}");
    }
}
