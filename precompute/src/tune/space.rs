use config::{Collection, Model, PredictionModel, Setting, Similarity, Support, Train};

use super::Subject;

/// The settings of a model that are searched, and those that a collection has now.
#[derive(Clone, Debug)]
pub struct Space {
    /// What is tuned.
    pub subject: Subject,
    /// What is searched; at least one.
    pub parameters: Vec<Parameter>,
    configured: Collection,
}

/// A setting that is searched. All values are numbers; that of a choice is its place among the names.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Where `kindred.toml` has it below the collection, as in `train.clusters.dimensions`.
    pub key: &'static str,
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
    place: Place,
}

/// Where a setting is; `None` in a collection that has not the table.
#[derive(Clone, Copy, Debug)]
enum Place {
    Whole(fn(&mut Collection) -> Option<&mut u32>),
    Real(fn(&mut Collection) -> Option<&mut f64>),
    Similarity,
}

const SIMILARITIES: [(Similarity, &str); 3] = [
    (Similarity::Cosine, "cosine"),
    (Similarity::TfIdf, "tf-idf"),
    (Similarity::Bm25, "bm25"),
];

/// How many times the support that is configured may be searched, either way: half the support is many times the rules, and the time.
const SUPPORT_FACTOR: f64 = 4.0;

impl Space {
    /// What is searched of a subject of `collection`, which has `item_count` items.
    pub fn new(subject: Subject, collection: &Collection, item_count: usize) -> Self {
        let others = item_count.saturating_sub(1).max(1) as f64;
        let mut parameters = match subject {
            Subject::Neighbours => neighbours(collection.train.model, others),
            Subject::Clusters => clusters(others),
            Subject::Rules => rules(&collection.train),
            Subject::Content => content(others),
            Subject::Prediction => prediction(collection),
        };
        for parameter in &mut parameters {
            parameter.low = parameter.low.min(parameter.high);
        }
        Self {
            subject,
            parameters,
            configured: collection.clone(),
        }
    }

    /// The values that the collection has now, wherever they lie.
    pub fn configured(&self) -> Vec<f64> {
        let mut collection = self.configured.clone();
        let parameters = self.parameters.iter();
        parameters
            .map(|parameter| parameter.get(&mut collection))
            .collect()
    }

    /// The collection with these values, one for each parameter.
    pub fn with(&self, values: &[f64]) -> Collection {
        let mut collection = self.configured.clone();
        for (parameter, &value) in self.parameters.iter().zip(values) {
            parameter.set(&mut collection, value);
        }
        collection
    }

    /// Everything that decides a model of the subject but what is searched, as text.
    pub fn fixed(&self) -> String {
        let lowest: Vec<f64> = self
            .parameters
            .iter()
            .map(|parameter| parameter.low)
            .collect();
        let Collection { train, predict, .. } = self.with(&lowest);
        match self.subject {
            Subject::Neighbours => {
                let others = Train::default();
                let of_neighbours = Train {
                    rules: others.rules,
                    content: others.content,
                    clusters: others.clusters,
                    blend: others.blend,
                    ..train
                };
                format!("{of_neighbours:?}")
            }
            Subject::Clusters => format!("{:?}", train.clusters),
            Subject::Rules => format!("{:?}", train.rules),
            Subject::Content => format!("{:?}", train.content),
            Subject::Prediction => format!("{predict:?}"),
        }
    }
}

impl Parameter {
    fn whole(
        key: &'static str,
        low: f64,
        high: f64,
        place: fn(&mut Collection) -> Option<&mut u32>,
    ) -> Self {
        let place = Place::Whole(place);
        Self {
            key,
            low,
            high,
            place,
        }
    }

    fn real(
        key: &'static str,
        low: f64,
        high: f64,
        place: fn(&mut Collection) -> Option<&mut f64>,
    ) -> Self {
        let place = Place::Real(place);
        Self {
            key,
            low,
            high,
            place,
        }
    }

    /// The last part of its key, which people call it by.
    pub fn name(&self) -> &'static str {
        self.key.rsplit('.').next().unwrap_or(self.key)
    }

    /// A value as `kindred.toml` has it.
    pub fn setting(&self, value: f64) -> Setting {
        match self.place {
            Place::Whole(_) => Setting::Whole(value as i64),
            Place::Real(_) => Setting::Real(value),
            Place::Similarity => Setting::Text(self.shown(value)),
        }
    }

    /// A value for people.
    pub fn shown(&self, value: f64) -> String {
        match self.place {
            Place::Whole(_) | Place::Real(_) => value.to_string(),
            Place::Similarity => SIMILARITIES
                .get(value as usize)
                .map_or_else(String::new, |(_, name)| (*name).to_owned()),
        }
    }

    /// The value at a share of the range. Numbers lie on a logarithmic scale, and have two significant digits: nobody can tell 250 from 253 by what comes out.
    pub fn at(&self, share: f64) -> f64 {
        let share = share.clamp(0.0, 1.0);
        let number = || two_digits(self.low * (self.high / self.low).powf(share));
        let value = match self.place {
            Place::Whole(_) => number().round(),
            Place::Real(_) => number(),
            Place::Similarity => (share * SIMILARITIES.len() as f64).floor(),
        };
        value.clamp(self.low, self.high)
    }

    /// The share of the range at which a value is; one outside is at the nearer end.
    pub fn share_of(&self, value: f64) -> f64 {
        if self.high <= self.low {
            return 0.0;
        }
        let share = match self.place {
            Place::Whole(_) | Place::Real(_) => {
                (value / self.low).ln() / (self.high / self.low).ln()
            }
            Place::Similarity => (value + 0.5) / SIMILARITIES.len() as f64,
        };
        share.clamp(0.0, 1.0)
    }

    fn get(&self, collection: &mut Collection) -> f64 {
        let value = match self.place {
            Place::Whole(place) => place(collection).map(|number| f64::from(*number)),
            Place::Real(place) => place(collection).map(|number| *number),
            Place::Similarity => SIMILARITIES
                .iter()
                .position(|(similarity, _)| *similarity == collection.train.similarity)
                .map(|place| place as f64),
        };
        value.unwrap_or_default()
    }

    fn set(&self, collection: &mut Collection, value: f64) {
        match self.place {
            Place::Whole(place) => {
                if let Some(number) = place(collection) {
                    *number = value as u32;
                }
            }
            Place::Real(place) => {
                if let Some(number) = place(collection) {
                    *number = value;
                }
            }
            Place::Similarity => {
                if let Some((similarity, _)) = SIMILARITIES.get(value as usize) {
                    collection.train.similarity = *similarity;
                }
            }
        }
    }
}

/// By way of its text, which has no more digits than are meant.
fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

fn neighbours(model: Model, others: f64) -> Vec<Parameter> {
    let how = match model {
        Model::Ease => Parameter::real("train.regularization", 10.0, 5000.0, |collection| {
            Some(&mut collection.train.regularization)
        }),
        Model::ItemKnn => Parameter {
            key: "train.similarity",
            low: 0.0,
            high: (SIMILARITIES.len() - 1) as f64,
            place: Place::Similarity,
        },
    };
    let count = Parameter::whole("train.neighbours", 10.0, others.min(500.0), |collection| {
        Some(&mut collection.train.neighbours)
    });
    vec![how, count]
}

fn clusters(others: f64) -> Vec<Parameter> {
    vec![
        Parameter::whole(
            "train.clusters.dimensions",
            4.0,
            others.min(64.0),
            |collection| Some(&mut collection.train.clusters.dimensions),
        ),
        Parameter::real("train.clusters.confidence", 1.0, 50.0, |collection| {
            Some(&mut collection.train.clusters.confidence)
        }),
        Parameter::real("train.clusters.regularization", 0.0001, 0.1, |collection| {
            Some(&mut collection.train.clusters.regularization)
        }),
    ]
}

fn rules(train: &Train) -> Vec<Parameter> {
    let key = "train.rules.minimum_support";
    let configured = train.rules.clone().unwrap_or_default().minimum_support;
    let support =
        match configured {
            Support::Count(count) => {
                let count = f64::from(count);
                // A rule that holds in one basket is that basket.
                let low = (count / SUPPORT_FACTOR).ceil().max(2.0);
                Parameter::whole(key, low, count * SUPPORT_FACTOR, |collection| {
                    match &mut collection.train.rules.as_mut()?.minimum_support {
                        Support::Count(count) => Some(count),
                        Support::Share(_) => None,
                    }
                })
            }
            Support::Share(share) => {
                let high = (share * SUPPORT_FACTOR).min(0.5);
                Parameter::real(key, share / SUPPORT_FACTOR, high, |collection| {
                    match &mut collection.train.rules.as_mut()?.minimum_support {
                        Support::Count(_) => None,
                        Support::Share(share) => Some(share),
                    }
                })
            }
        };
    let confidence = Parameter::real("train.rules.minimum_confidence", 0.005, 0.5, |collection| {
        Some(&mut collection.train.rules.as_mut()?.minimum_confidence)
    });
    vec![support, confidence]
}

fn content(others: f64) -> Vec<Parameter> {
    vec![
        Parameter::whole(
            "train.content.neighbours",
            5.0,
            others.min(200.0),
            |collection| Some(&mut collection.train.content.as_mut()?.neighbours),
        ),
        Parameter::whole(
            "train.content.dimensions",
            16.0,
            others.clamp(16.0, 256.0),
            |collection| Some(&mut collection.train.content.as_mut()?.dimensions),
        ),
    ]
}

fn prediction(collection: &Collection) -> Vec<Parameter> {
    let model = collection.predict.as_ref().map(|predict| predict.model);
    if model == Some(PredictionModel::Logistic) {
        return vec![Parameter::real(
            "predict.penalty",
            0.001,
            1000.0,
            |collection| Some(&mut collection.predict.as_mut()?.penalty),
        )];
    }
    vec![
        Parameter::whole("predict.trees", 20.0, 400.0, |collection| {
            Some(&mut collection.predict.as_mut()?.trees)
        }),
        Parameter::whole("predict.maximum_depth", 2.0, 40.0, |collection| {
            Some(&mut collection.predict.as_mut()?.maximum_depth)
        }),
        Parameter::whole("predict.minimum_leaf", 1.0, 40.0, |collection| {
            Some(&mut collection.predict.as_mut()?.minimum_leaf)
        }),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use config::Config;

    use super::*;

    const TABLES: &str = "[collections.c]\ntitle = \"C\"\nsource = \"c\"\n[collections.c.train]\nregularization = 7\nsimilarity = \"tf-idf\"\n\
        [collections.c.train.content]\n[collections.c.train.rules]\nminimum_support = 0.01\n\
        [collections.c.predict]\nfile = \"f\"\ntarget = \"t\"\npositive = \"p\"\n";

    fn collection(text: &str) -> Collection {
        let config = Config::parse(text, Path::new("kindred.toml")).unwrap();
        config.collections.into_values().next().unwrap()
    }

    /// Every space that there is.
    fn spaces() -> Vec<Space> {
        let mut spaces = Vec::new();
        for (from, to) in [
            ("", ""),
            ("similarity", "model = \"item-knn\"\nsimilarity"),
            ("0.01", "3"),
            ("target", "model = \"logistic\"\ntarget"),
        ] {
            let collection = collection(&TABLES.replacen(from, to, 1));
            for subject in [
                Subject::Neighbours,
                Subject::Clusters,
                Subject::Rules,
                Subject::Content,
                Subject::Prediction,
            ] {
                spaces.push(Space::new(subject, &collection, 1000));
            }
        }
        spaces
    }

    #[test]
    fn what_is_set_is_what_the_configuration_then_says() {
        for space in spaces() {
            let name = space.subject.name();
            for share in [0.0, 0.3, 0.5, 1.0] {
                let values: Vec<f64> = space.parameters.iter().map(|p| p.at(share)).collect();
                let with = space.with(&values);
                let again = Space::new(space.subject, &with, 1000);
                assert_eq!(again.configured(), values, "{name}");
                assert_eq!(
                    Space {
                        configured: with.clone(),
                        ..space.clone()
                    }
                    .fixed(),
                    space.fixed(),
                    "{name}"
                );
                // By way of the file, too: every value within the ranges is one that may be configured.
                let settings: Vec<_> = space
                    .parameters
                    .iter()
                    .zip(&values)
                    .map(|(parameter, &value)| (parameter.key, parameter.setting(value)))
                    .collect();
                let text = if TABLES.contains("0.01")
                    && space.parameters[0].key.ends_with("support")
                    && matches!(settings[0].1, Setting::Whole(_))
                {
                    TABLES.replacen("0.01", "3", 1)
                } else {
                    TABLES.to_owned()
                };
                let text = config::with_settings(&text, Path::new("kindred.toml"), "c", &settings)
                    .unwrap();
                assert_eq!(
                    Space {
                        configured: collection(&text),
                        ..space.clone()
                    }
                    .configured(),
                    values,
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn values_and_shares_are_each_others_inverse() {
        for parameter in spaces().iter().flat_map(|space| &space.parameters) {
            let mut last = 0.0;
            for step in 0..=10 {
                let value = parameter.at(f64::from(step) / 10.0);
                assert!((parameter.low..=parameter.high).contains(&value) && last <= value);
                assert_eq!(
                    parameter.at(parameter.share_of(value)),
                    value,
                    "{}",
                    parameter.key
                );
                last = value;
            }
            if 0.0 < parameter.low {
                assert_eq!(parameter.share_of(parameter.low / 2.0), 0.0);
                assert_eq!(parameter.share_of(0.0), 0.0);
            }
            assert_eq!(parameter.share_of(parameter.high * 9.0), 1.0);
        }
        let regularization = &spaces()[0].parameters[0];
        assert_eq!(regularization.shown(regularization.at(0.5)), "220");
    }

    #[test]
    fn a_catalogue_of_one_item_has_a_space_of_one_point() {
        for item_count in [0, 1, 2] {
            let space = Space::new(Subject::Content, &collection(TABLES), item_count);
            assert_eq!(space.parameters[0].at(0.7), 1.0);
        }
    }
}
