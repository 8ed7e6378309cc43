//! Text with `{{ variable }}` in it.

use crate::{Error, Variables};

/// Text with the names of variables between double braces, checked when the manifest is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

impl Template {
    /// Parses `text`; `place` says in errors where it stands.
    pub fn parse(text: &str, place: &str) -> Result<Self, Error> {
        let wrong = |problem| Error::Template {
            place: place.to_owned(),
            template: text.to_owned(),
            problem,
        };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after
                .split_once("}}")
                .ok_or_else(|| wrong("opens `{{` and does not close it"))?;
            let name = name.trim();
            if !is_snake_case(name) {
                return Err(wrong(
                    "has something other than a variable's name in braces",
                ));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The variables it names, in order of appearance.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with every variable replaced by its value.
    pub fn render(&self, variables: &Variables) -> Result<String, Error> {
        let mut rendered = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => rendered.push_str(text),
                Part::Variable(name) => {
                    let value = variables.get(name).ok_or_else(|| Error::UnknownVariable {
                        place: "rendering".to_owned(),
                        template: self.text.clone(),
                        variable: name.clone(),
                    })?;
                    rendered.push_str(value);
                }
            }
        }
        Ok(rendered)
    }
}

/// Whether `name` is `lower_snake_case`: words of letters and digits that begin with a letter, joined by one underscore.
pub(crate) fn is_snake_case(name: &str) -> bool {
    name.split('_').all(|word| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

/// Whether `name` is kebab-case: words that begin with a letter, each wholly lower or wholly upper case, joined by one hyphen.
pub(crate) fn is_kebab_case(name: &str) -> bool {
    name.split('-').all(|word| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && (word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
                || word
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let variables =
            Variables::from_iter([("host", "127.0.0.1"), ("port", "9000"), ("empty", "")]);
        let rendered =
            Template::parse(template, "test").and_then(|template| template.render(&variables));
        let rendered = rendered.unwrap_or_else(|error| error.to_string());
        assert_eq!(rendered, expected);
    }

    #[test]
    fn variables_are_filled_in() {
        check("", "");
        check("plain {text}", "plain {text}");
        check("http://{{ host }}:{{port}}/", "http://127.0.0.1:9000/");
        check("{{empty}}", "");
    }

    #[test]
    fn a_broken_template_says_where_it_stands() {
        check(
            "{{ host",
            r#"test: the template "{{ host" opens `{{` and does not close it"#,
        );
        check(
            "{{ a b }}",
            r#"test: the template "{{ a b }}" has something other than a variable's name in braces"#,
        );
        check(
            "{{ absent }}",
            r#"rendering: the template "{{ absent }}" names "absent", which [variables] does not declare"#,
        );
    }

    #[test]
    fn names_have_one_form() {
        assert!(is_snake_case("s3_access_key_id"));
        assert!(!is_snake_case("S3") && !is_snake_case("a__b") && !is_snake_case("_a"));
        assert!(!is_snake_case("") && !is_snake_case("a-b") && !is_snake_case("1a"));
        assert!(is_kebab_case("recommend") && !is_kebab_case("get-HTTP-2x"));
        assert!(!is_kebab_case("a_b") && !is_kebab_case("aB") && !is_kebab_case("a--b"));
    }
}
