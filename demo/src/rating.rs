//! The recipe. A user is one or more **loved films**, drawn by popularity. What they watch is mostly like one of those (genres, director, years, country),
//! the rest is what everybody watches. How they rate grows with that likeness and with the film's reviews, and with chance.

use std::collections::BTreeMap;

use crate::Film;
use crate::random::SplitMix64;

/// What the ratings are made from. The same recipe over the same films gives the same ratings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Where chance starts.
    pub seed: u64,
    /// How many people rate. The ratings of the first thousand do not change when there are more.
    pub user_count: u32,
}

impl Recipe {
    /// The recipe of the demo: about 100,000 ratings.
    pub const DEMO: Self = Self {
        seed: 20_261_121,
        user_count: 1500,
    };
}

/// A made-up person rated a real film.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rating {
    /// From 1.
    pub user_id: u32,
    /// [`Film::id`].
    pub film_id: u32,
    /// 1 to 10: half a star to five stars.
    pub half_stars: u8,
    /// Seconds since 1970.
    pub time_s: i64,
}

/// Everybody rates at least so many films, as in MovieLens.
const FEWEST_RATINGS: usize = 20;
/// Nobody rates more; MovieLens has people with thousands, who would only be slow to make up.
const MOST_RATINGS: usize = 400;
/// Scales the long tail between the two: half of the users rate at most this many films beyond the fewest.
const TAIL_RATINGS: f64 = 17.0;

/// A loved film more for every so many films that a user rates.
const RATINGS_A_LOVED_FILM: usize = 40;

/// Flattens the top of the popularity curve `1 / (rank + FLATTENING)`: about a fifth of the users rate the most famous films.
const FLATTENING: f64 = 80.0;
/// The share of films watched because everybody watches them.
const WATCHED_BY_EVERYBODY: f64 = 0.1;
/// How much a film that is like nothing a user loves still draws them.
const CURIOSITY: f64 = 0.000_1;

/// 1 January 2016 and the ten years after it: later than every film of the catalogue.
const FIRST_TIME_S: i64 = 1_451_606_400;
const PERIOD_S: f64 = 315_360_000.0;

/// Makes up who rated what, sorted by user and film. Takes about half a second for the demo.
///
/// Fewer than [`FEWEST_RATINGS`] films give fewer ratings a user; no films give none.
pub fn ratings(films: &[Film], recipe: Recipe) -> Vec<Rating> {
    let traits = Traits::of(films);
    let popularity = popularity(films);
    let by_popularity = Urn::new(&popularity);
    let mut ratings = Vec::new();
    for user_id in 1..=recipe.user_count {
        let mut random = SplitMix64::stream(recipe.seed, u64::from(user_id));
        let rating_count = rating_count(&mut random).min(films.len());
        let loved: Vec<usize> = (0..=rating_count / RATINGS_A_LOVED_FILM)
            .filter_map(|_| by_popularity.draw(&mut random))
            .collect();
        let likeness = traits.likeness_to_nearest(&loved);
        let appeal: Vec<f64> = std::iter::zip(&likeness, &popularity)
            .map(|(&likeness, popularity)| popularity * (CURIOSITY + eighth_power(likeness)))
            .collect();
        let by_appeal = Urn::new(&appeal);

        // A generous or a strict person, on the scale of stars.
        let generosity = 0.35 * random.bell();
        let mut rated = vec![false; films.len()];
        let mut time_s = FIRST_TIME_S + (random.unit() * PERIOD_S) as i64;
        let enough = ratings.len() + rating_count;
        while ratings.len() < enough {
            let urn = match random.unit() {
                chance if chance < WATCHED_BY_EVERYBODY => &by_popularity,
                _ => &by_appeal,
            };
            let Some(film) = urn.draw(&mut random) else {
                break;
            };
            if std::mem::replace(&mut rated[film], true) {
                continue;
            }
            // Some evenings of many ratings, days apart.
            let longest_pause_s = if random.unit() < 0.9 { 20.0 } else { 400_000.0 };
            time_s += (longest_pause_s * random.unit()) as i64;
            let quality = (f64::from(films[film].review_percent) - 75.0) / 40.0;
            let stars =
                2.8 + 1.7 * likeness[film] + 0.6 * quality + generosity + 0.6 * random.bell();
            ratings.push(Rating {
                user_id,
                film_id: films[film].id,
                half_stars: (2.0 * stars).round().clamp(1.0, 10.0) as u8,
                time_s,
            });
        }
    }
    ratings.sort_unstable();
    ratings
}

/// In multiplications, since the precision of `powi` is left to the platform.
fn eighth_power(number: f64) -> f64 {
    let square = number * number;
    let fourth = square * square;
    fourth * fourth
}

/// How many films a user rates: at least [`FEWEST_RATINGS`], with a long tail up to [`MOST_RATINGS`].
fn rating_count(random: &mut SplitMix64) -> usize {
    // 1 - unit is above 0, so that this is finite.
    let beyond = TAIL_RATINGS * (1.0 / (1.0 - random.unit()) - 1.0);
    (FEWEST_RATINGS + beyond as usize).min(MOST_RATINGS)
}

/// How likely a film is to be watched at all, by its rank in fame: Zipf's law with a flattened top.
fn popularity(films: &[Film]) -> Vec<f64> {
    let mut by_fame: Vec<usize> = (0..films.len()).collect();
    by_fame.sort_by_key(|&film| (std::cmp::Reverse(fame(&films[film])), films[film].id));
    let mut popularity = vec![0.0; films.len()];
    for (rank, film) in by_fame.into_iter().enumerate() {
        popularity[film] = 1.0 / (rank as f64 + FLATTENING);
    }
    popularity
}

/// Much reviewed, well reviewed, awarded. Reviews are counted on the web, so those of older films count twice.
fn fame(film: &Film) -> u32 {
    let noticed = u32::from(film.review_count) + 10 * u32::from(film.oscars);
    let older = if film.year < 2000 { 2 } else { 1 };
    noticed * (50 + u32::from(film.review_percent)) * older
}

/// What films can have in common, as numbers.
struct Traits {
    years: Vec<f64>,
    genres: Vec<Vec<usize>>,
    /// How much a genre tells of a film, by its number: a Western is more telling than a drama.
    weights: Vec<f64>,
    directors: Vec<Vec<usize>>,
    countries: Vec<Vec<usize>>,
}

impl Traits {
    fn of(films: &[Film]) -> Self {
        let genres = numbered(films, |film| &film.genres);
        let mut counts = vec![0.0; genres.iter().flatten().max().map_or(0, |last| last + 1)];
        for &genre in genres.iter().flatten() {
            counts[genre] += 1.0;
        }
        Self {
            years: films.iter().map(|film| f64::from(film.year)).collect(),
            genres,
            weights: counts
                .iter()
                .map(|count: &f64| 1.0 / count.sqrt())
                .collect(),
            directors: numbered(films, |film| &film.directors),
            countries: numbered(films, |film| &film.countries),
        }
    }

    /// The weight of the genres that two films share, as a part of all that either has.
    fn genres(&self, one: usize, other: usize) -> f64 {
        let (left, right) = (&self.genres[one], &self.genres[other]);
        let weight = |genre: &usize| self.weights[*genre];
        let shared: f64 = left
            .iter()
            .filter(|genre| right.contains(genre))
            .map(weight)
            .sum();
        let all = left.iter().chain(right).map(weight).sum::<f64>() - shared;
        if all == 0.0 { 0.0 } else { shared / all }
    }

    /// For every film, how much it is like the one of `loved` that it is most like.
    fn likeness_to_nearest(&self, loved: &[usize]) -> Vec<f64> {
        let nearest = |film| {
            loved
                .iter()
                .map(|&one| self.likeness(one, film))
                .fold(0.0, f64::max)
        };
        (0..self.years.len()).map(nearest).collect()
    }

    /// How alike two films are, 0 to 1: half of it genres, the rest the director, the years between them and the country.
    ///
    /// The parts are judged by eye (the sequels of a film come out as similar to it) and by a linear item model on the ratings, whose NDCG@100 is about three times
    /// that of popularity.
    fn likeness(&self, one: usize, other: usize) -> f64 {
        let genres = self.genres(one, other);
        let director = shared(&self.directors[one], &self.directors[other]);
        let country = shared(&self.countries[one], &self.countries[other]);
        let decades = (self.years[one] - self.years[other]) / 10.0;
        0.5 * genres + 0.2 * director + 0.2 / (1.0 + decades * decades) + 0.1 * country
    }
}

/// The films' names of one kind, each as its number in the sorted list of all names.
fn numbered(films: &[Film], names: impl Fn(&Film) -> &[String]) -> Vec<Vec<usize>> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for name in films.iter().flat_map(&names) {
        numbers.insert(name, 0);
    }
    for (number, entry) in numbers.values_mut().enumerate() {
        *entry = number;
    }
    films
        .iter()
        .map(|film| {
            names(film)
                .iter()
                .map(|name| numbers[name.as_str()])
                .collect()
        })
        .collect()
}

fn shared(left: &[usize], right: &[usize]) -> f64 {
    f64::from(u8::from(left.iter().any(|one| right.contains(one))))
}

/// Draws positions with given weights.
struct Urn {
    /// The sum of the weights up to and including each position.
    sums: Vec<f64>,
}

impl Urn {
    fn new(weights: &[f64]) -> Self {
        let sums = weights.iter().scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self {
            sums: sums.collect(),
        }
    }

    /// A position, or none where there is nothing to draw.
    fn draw(&self, random: &mut SplitMix64) -> Option<usize> {
        let aim = random.unit() * self.sums.last()?;
        // A product just below the last sum may round up to it.
        Some(
            self.sums
                .partition_point(|&sum| sum <= aim)
                .min(self.sums.len() - 1),
        )
    }
}
