//! What is learnt beside neighbours, each in a table of its own below `train`, and only where that is written.

use serde::{Deserialize, Deserializer, de};

use crate::checks;

/// Association rules between items that are in one basket.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// In how many baskets all of a rule has to be. Default: 2.
    pub minimum_support: Support,
    /// How many items a rule has at most, its consequent included: 2 to 6. Default: 3.
    #[serde(deserialize_with = "checks::rule_len")]
    pub maximum_items: u32,
    /// The least share of the antecedent's baskets that have the consequent. Default: 0.05.
    #[serde(deserialize_with = "checks::share")]
    pub minimum_confidence: f64,
    /// How much more often than by chance the consequent is there at least. Default: 1.
    #[serde(deserialize_with = "checks::not_negative")]
    pub minimum_lift: f64,
    /// How many rules are kept at most: those with the highest leverage. Default: 100000, about a megabyte.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub maximum_rules: u32,
    /// Whether the baskets themselves are published, to be found by what is in them. Absent: where the source gives them names, as it does to playlists.
    pub publish_baskets: Option<bool>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            minimum_support: Support::Count(2),
            maximum_items: 3,
            minimum_confidence: 0.05,
            minimum_lift: 1.0,
            maximum_rules: 100_000,
            publish_baskets: None,
        }
    }
}

/// How often something has to be there: a whole number of baskets from 1, or a share of all of them, above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Support {
    /// In so many.
    Count(u32),
    /// In this share of all.
    Share(f64),
}

impl<'de> Deserialize<'de> for Support {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SupportVisitor;

        impl de::Visitor<'_> for SupportVisitor {
            type Value = Support;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(
                    "a whole number of baskets from 1, or a share of them above 0 and below 1",
                )
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<Support, E> {
                let number = u32::try_from(count).ok().filter(|count| 1 <= *count);
                number.map(Support::Count).ok_or_else(|| {
                    E::custom(format!(
                        "{count} is no support: write in how many baskets, from 1, or a share above 0 and below 1"
                    ))
                })
            }

            fn visit_f64<E: de::Error>(self, share: f64) -> Result<Support, E> {
                if 0.0 < share && share < 1.0 {
                    Ok(Support::Share(share))
                } else {
                    Err(E::custom(format!(
                        "{share} is no support: write a share above 0 and below 1, or in how many baskets"
                    )))
                }
            }
        }

        deserializer.deserialize_any(SupportVisitor)
    }
}

/// Neighbours by what is said of the items.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Content {
    /// The fields that are read beside the title; empty: all with texts but `type`. Default: empty.
    pub fields: Vec<String>,
    /// How many dimensions the latent space has, at most 1000, in which items without a common term may be near each other; 0: none, terms alone. Default: 64.
    #[serde(deserialize_with = "checks::latent_dimensions")]
    pub dimensions: u32,
    /// How many neighbours an item keeps at most. Default: 50.
    #[serde(deserialize_with = "checks::at_least_one")]
    pub neighbours: u32,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            dimensions: 64,
            neighbours: 50,
        }
    }
}

/// What `auto` goes by, learnt on people whom a training of its own did not see.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Blend {
    /// By what share of itself another algorithm has to lift the quality to be read as well. Default: 0.005.
    #[serde(deserialize_with = "checks::share")]
    pub minimum_gain: f64,
}

impl Default for Blend {
    fn default() -> Self {
        Self {
            minimum_gain: 0.005,
        }
    }
}
