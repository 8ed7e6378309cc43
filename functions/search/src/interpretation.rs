//! How a query was read, as the answer tells it.

use index::{AskedWord, Hit, Match, Reading, TextAnswer};
use serde::Serialize;

/// How a query was read.
#[derive(Default, Serialize)]
pub(crate) struct Interpretation {
    words: Vec<InterpretedWord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<InterpretedPlace>,
    /// How the items were found, in the order of the steps that were needed.
    #[serde(rename = "match")]
    matching: Vec<&'static str>,
    /// What it was widened to, where there was nothing else in the place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    broader: Vec<String>,
    /// The query with its words corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    did_you_mean: Option<String>,
    /// What an answer lacks, in sentences.
    pub(crate) notes: Vec<String>,
}

#[derive(Serialize)]
struct InterpretedWord {
    typed: String,
    #[serde(rename = "as")]
    reading: &'static str,
    terms: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    speaks_of: Vec<String>,
}

#[derive(Serialize)]
struct InterpretedPlace {
    name: String,
    field: String,
    #[serde(flatten)]
    circle: Option<InterpretedCircle>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<String>,
}

#[derive(Serialize)]
struct InterpretedCircle {
    latitude: f64,
    longitude: f64,
    radius_km: f64,
}

impl Interpretation {
    /// How an answer read the words.
    pub(crate) fn of(asked: &[AskedWord], answer: &TextAnswer, hits: &[Hit]) -> Self {
        let of_place = answer
            .place
            .as_ref()
            .map_or(0..0, |place| place.words.clone());
        let words = asked.iter().zip(&answer.words).enumerate();
        let words = words.map(|(number, (asked, found))| InterpretedWord {
            typed: asked.typed.clone(),
            reading: match found.reading {
                _ if of_place.contains(&number) => "place",
                Reading::AsTyped => "typed",
                Reading::Corrected => "corrected",
                Reading::Unknown => "unknown",
            },
            terms: found.terms.clone(),
            speaks_of: found.meanings.clone(),
        });
        let is_used = |step: &Match| hits.iter().any(|hit| hit.found_by == *step);
        let matching = Match::ALL.into_iter().filter(is_used);
        let is_corrected = answer
            .words
            .iter()
            .any(|word| word.reading == Reading::Corrected);
        let meant = asked.iter().zip(&answer.words).map(|(asked, found)| {
            let corrected = found.terms.first();
            let corrected = corrected.filter(|_| found.reading == Reading::Corrected);
            corrected.unwrap_or(&asked.typed).as_str()
        });
        let meant: Vec<&str> = meant.collect();
        let mut notes = Vec::new();
        if answer.is_partial {
            let note = "not everything was looked at: name rarer words too, or a smaller place";
            notes.push(note.to_owned());
        }
        if answer.is_total_partial {
            let note =
                "there may be more than is counted: very common words were not read to their end";
            notes.push(note.to_owned());
        }
        if answer.is_phrase_ignored {
            let note = "nothing has the words between the quotation marks in this order, so they count by themselves";
            notes.push(note.to_owned());
        }
        Self {
            words: words.collect(),
            place: answer.place.as_ref().map(|place| InterpretedPlace {
                name: place.name.clone(),
                field: place.field.clone(),
                circle: place.circle.map(|circle| InterpretedCircle {
                    latitude: circle.center.latitude_degrees(),
                    longitude: circle.center.longitude_degrees(),
                    radius_km: f64::from(circle.radius_m) / 1_000.0,
                }),
                others: place.others.clone(),
            }),
            matching: matching.map(Match::name).collect(),
            broader: if hits.iter().any(|hit| hit.found_by == Match::Broader) {
                answer.broader.clone()
            } else {
                Vec::new()
            },
            did_you_mean: is_corrected.then(|| meant.join(" ")),
            notes,
        }
    }
}
