//! What is asked and who asks: MovieLens 1M with people whom training never saw, and a made-up catalogue of any size.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use config::{Config, Train};
use index::FileKind;
use index::catalogue::Value;
use index::neighbours::Neighbour;
use precompute::Resources;
use precompute::dataset::{Dataset, Item};
use precompute::import::import;
use precompute::train::{Lists, Model, NeighbourLists, item_order, train};
use precompute::write::index_files;

use crate::Random;

/// How many people ask in turns.
const NUM_PEOPLE: usize = 1_000;

/// How many items a person names.
const HISTORY_LEN: usize = 20;

/// Index files, and the histories of people who ask them.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// What it is.
    pub title: String,
    /// How many items it has.
    pub item_count: usize,
    /// The files of its generation.
    pub files: Vec<(FileKind, Vec<u8>)>,
    /// The ids of what each person has seen.
    pub histories: Vec<Vec<String>>,
}

impl Catalogue {
    fn new(title: &str, dataset: &Dataset, model: &Model, histories: Vec<Vec<String>>) -> Self {
        Self {
            title: title.to_owned(),
            item_count: dataset.items.len(),
            files: index_files(dataset, model, &Train::default())
                .expect("the model can be written"),
            histories,
        }
    }
}

/// MovieLens 1M, learnt from all but [`NUM_PEOPLE`] of its people, of whose histories [`HISTORY_LEN`] films are drawn. `None` where the data is absent.
pub fn ml_1m(data: &Path) -> Option<Catalogue> {
    let source = data.join("ml-1m");
    if !source.is_dir() {
        return None;
    }
    let source = source.display().to_string();
    let settings = format!("[collections.c]\ntitle = \"C\"\nsource = {source:?}\n");
    let config =
        Config::parse(&settings, Path::new("kindred.toml")).expect("the settings are right");
    let collection = config.collections.into_values().next()?;
    let (mut dataset, _) = import(&collection, None).expect("the pairs are right");

    let mut random = Random::new(1);
    let mut users: Vec<u32> = (0..dataset.users.len() as u32).collect();
    random.shuffle(&mut users);
    let held_out: BTreeSet<u32> = users.into_iter().take(NUM_PEOPLE).collect();
    let mut seen: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    dataset.interactions.retain(|interaction| {
        let is_held_out = held_out.contains(&interaction.user);
        if is_held_out {
            seen.entry(interaction.user)
                .or_default()
                .push(interaction.item);
        }
        !is_held_out
    });
    let histories = seen.into_values().map(|mut items| {
        random.shuffle(&mut items);
        items.truncate(HISTORY_LEN);
        let id = |item: u32| dataset.items[item as usize].id.clone();
        items.into_iter().map(id).collect()
    });
    let histories = histories.collect();
    let (settings, resources) = (Train::default(), Resources::of_machine());
    let model = train(&dataset, None, &settings, &resources, &|_, _| ());
    let model = model.expect("the data can be learnt from");
    Some(Catalogue::new("MovieLens 1M", &dataset, &model, histories))
}

/// Where the data sets lie.
pub fn data_folder() -> PathBuf {
    std::env::var_os("KINDRED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    )
}

/// Items of one taste.
const ITEMS_A_TASTE: usize = 200;

/// How long the lists of the most popular twentieth, of the next fifth, and of all others are: 90 on average, as lists that are pruned over the whole catalogue
/// give those the most room that say the most.
const LIST_LENS: [usize; 3] = [300, 150, 60];

/// A made-up catalogue. Popularity falls with about the 0.8th power of the rank, items belong to tastes of [`ITEMS_A_TASTE`], and seven of ten neighbours of an
/// item are of its own taste; so are six of ten items of a person, who has two tastes. All else is drawn by popularity alone.
pub fn made_up(num_items: usize) -> Catalogue {
    let mut random = Random::new(2);
    let num_tastes = num_items.div_ceil(ITEMS_A_TASTE);
    let mut by_rank: Vec<u32> = (0..num_items as u32).collect();
    random.shuffle(&mut by_rank);
    let mut popularity = vec![0.0; num_items];
    let mut list_lens = vec![0; num_items];
    for (rank, &item) in by_rank.iter().enumerate() {
        popularity[item as usize] = 10_000.0 / (rank as f32 + 20.0).powf(0.8);
        list_lens[item as usize] = match rank * 20 / num_items {
            0 => LIST_LENS[0],
            1..5 => LIST_LENS[1],
            _ => LIST_LENS[2],
        };
    }
    let taste_of: Vec<usize> = (0..num_items).map(|_| random.below(num_tastes)).collect();
    let mut tastes: Vec<Vec<u32>> = vec![Vec::new(); num_tastes];
    for (item, &taste) in (0..).zip(&taste_of) {
        tastes[taste].push(item);
    }
    let everything = Lottery::new((0..num_items as u32).collect(), &popularity);
    let tastes: Vec<Lottery> = tastes
        .into_iter()
        .map(|items| Lottery::new(items, &popularity))
        .collect();

    let lists: Vec<Vec<Neighbour>> = (0..num_items)
        .map(|item| {
            let own = &tastes[taste_of[item]];
            let mut drawn = BTreeMap::new();
            for draw in 0..list_lens[item] {
                let lottery = if draw % 10 < 7 { own } else { &everything };
                // What is drawn twice is one neighbour, so popular lists of small tastes are shorter.
                let neighbour = lottery.draw(&mut random);
                if neighbour as usize != item {
                    drawn.insert(neighbour, 0.01 + random.share() * random.share());
                }
            }
            let neighbour = |(item, weight)| Neighbour { item, weight };
            drawn.into_iter().map(neighbour).collect()
        })
        .collect();
    let neighbours = NeighbourLists::of_lists(&lists);
    let dataset = Dataset {
        items: (0..num_items)
            .map(|number| made_up_item(number, &mut random))
            .collect(),
        ..Dataset::default()
    };
    let model = Model {
        item_order: item_order(&popularity, &neighbours),
        onboarding: by_rank[..60.min(num_items)].to_vec(),
        neighbours: Some(Lists {
            description: "made up".to_owned(),
            lists: neighbours,
        }),
        clusters: None,
        content: None,
        rules: None,
        popularity,
    };
    let histories = (0..NUM_PEOPLE).map(|_| {
        let person = [0, 1].map(|_| taste_of[everything.draw(&mut random) as usize]);
        let mut history = BTreeSet::new();
        while history.len() < HISTORY_LEN {
            let lottery = match random.below(10) {
                number @ 0..6 => &tastes[person[number % 2]],
                _ => &everything,
            };
            history.insert(lottery.draw(&mut random));
        }
        let id = |item: u32| dataset.items[item as usize].id.clone();
        history.into_iter().map(id).collect()
    });
    let histories = histories.collect();
    let title = format!("{num_items} made-up items");
    Catalogue::new(&title, &dataset, &model, histories)
}

/// The shape of a made-up set of interactions.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// How many items there are.
    pub num_items: usize,
    /// How many people.
    pub num_users: usize,
    /// How many interactions, about.
    pub num_interactions: usize,
    /// The most that one person has.
    pub max_history_len: usize,
}

/// A line a person with the numbers of what they touched, as FIMI writes baskets. Popularity is one by the rank (Zipf), the lengths of histories are log-normal, and half
/// of what a person touched is of their two tastes of [`ITEMS_A_TASTE`] items.
pub fn write_crowd(crowd: &Crowd, file: &mut impl Write) -> io::Result<()> {
    let mut random = Random::new(3);
    let num_tastes = crowd.num_items.div_ceil(ITEMS_A_TASTE);
    let popularity: Vec<f32> = (0..crowd.num_items)
        .map(|rank| 1.0 / (rank as f32 + 1.0))
        .collect();
    // Dealt in turns, so that every taste has its share of what is popular.
    let tastes: Vec<Lottery> = (0..num_tastes)
        .map(|taste| {
            let items = (taste as u32..crowd.num_items as u32).step_by(num_tastes);
            Lottery::new(items.collect(), &popularity)
        })
        .collect();
    let everything = Lottery::new((0..crowd.num_items as u32).collect(), &popularity);
    let mean_len = crowd.num_interactions as f32 / crowd.num_users as f32;
    // The mean of a log-normal number is its median times this.
    let median_len = mean_len / (HISTORY_DEVIATION * HISTORY_DEVIATION / 2.0).exp();
    for _ in 0..crowd.num_users {
        let normal = (0..12).map(|_| random.share()).sum::<f32>() - 6.0;
        let len = (median_len * (HISTORY_DEVIATION * normal).exp()).round();
        let len = (len as usize).clamp(1, crowd.max_history_len);
        let own = [0, 1].map(|_| random.below(num_tastes));
        let mut history = BTreeSet::new();
        for draw in 0.. {
            // A taste has few items that anybody knows: who has seen those sees what all see.
            let lottery = if draw < len && draw % 2 == 0 {
                &tastes[own[draw / 2 % 2]]
            } else {
                &everything
            };
            history.insert(lottery.draw(&mut random));
            if history.len() == len {
                break;
            }
        }
        let history: Vec<String> = history.iter().map(u32::to_string).collect();
        writeln!(file, "{}", history.join(" "))?;
    }
    Ok(())
}

/// The deviation of the logarithm of the length of a history.
const HISTORY_DEVIATION: f32 = 1.3;

const WORDS: [&str; 24] = [
    "Autumn",
    "Bridge",
    "Captain",
    "Daughter",
    "Empire",
    "Fortune",
    "Garden",
    "Harbour",
    "Island",
    "Journey",
    "Kingdom",
    "Lantern",
    "Midnight",
    "North",
    "Orchard",
    "Paradise",
    "Quiet",
    "River",
    "Silver",
    "Thunder",
    "Umbrella",
    "Valley",
    "Winter",
    "Yesterday",
];

const GENRES: [&str; 8] = [
    "Action",
    "Adventure",
    "Comedy",
    "Crime",
    "Drama",
    "Horror",
    "Romance",
    "Thriller",
];

fn made_up_item(number: usize, random: &mut Random) -> Item {
    let mut word = || WORDS[random.below(WORDS.len())];
    let title = format!("The {} of the {} {} {number}", word(), word(), word());
    let num_genres = 1 + random.below(3);
    let genres: BTreeSet<&str> = (0..num_genres)
        .map(|_| GENRES[random.below(GENRES.len())])
        .collect();
    let genres = genres.into_iter().map(str::to_owned).collect();
    let year = 1930 + random.below(95) as i64;
    Item {
        id: format!("item-{number}"),
        title,
        fields: BTreeMap::from([
            ("genres".to_owned(), Value::TextList(genres)),
            ("year".to_owned(), Value::Integer(year)),
        ]),
    }
}

/// Items that are drawn by their popularity.
struct Lottery {
    items: Vec<u32>,
    /// The sum of the popularity of each item and all before it.
    sums: Vec<f64>,
}

impl Lottery {
    fn new(items: Vec<u32>, popularity: &[f32]) -> Self {
        let sums = items.iter().scan(0.0, |sum, &item| {
            *sum += f64::from(popularity[item as usize]);
            Some(*sum)
        });
        Self {
            sums: sums.collect(),
            items,
        }
    }

    /// One of the items; without any, item 0.
    fn draw(&self, random: &mut Random) -> u32 {
        let total = self.sums.last().copied().unwrap_or_default();
        let drawn = f64::from(random.share()) * total;
        let position = self.sums.partition_point(|sum| *sum <= drawn);
        let last = self.items.len().saturating_sub(1);
        self.items
            .get(position.min(last))
            .copied()
            .unwrap_or_default()
    }
}
