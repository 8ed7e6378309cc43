use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use config::{Config, Setting};
use tempfile::TempDir;

use super::*;
use seeded::Random;

/// As many people as a space of two parameters can be searched with.
const PEOPLE: usize = 60;

fn space() -> Space {
    let text = "[collections.films]\ntitle = \"Films\"\nsource = \"ml\"\n";
    let config = Config::parse(text, Path::new("kindred.toml")).unwrap();
    let collection = config.collections.into_values().next().unwrap();
    Space::new(Subject::Neighbours, &collection, 1000)
}

/// A quality that is highest at a regularization of 1000 and has noise of its own for each person, and a file that grows with the neighbours.
fn measured(collection: &Collection) -> Measured {
    let train = &collection.train;
    let off = (train.regularization / 1000.0).ln().powi(2);
    let person = |person: usize| {
        let mut random = Random::new(person as u64);
        let taste = random.unit();
        let noise = Random::new((person as u64) << 20 | train.regularization as u64).unit();
        crate::evaluate::rounded(0.5 + 0.2 * taste - 0.02 * off + 0.02 * noise)
    };
    Measured {
        quality: (0..PEOPLE).map(person).collect(),
        len_bytes: f64::from(train.neighbours),
    }
}

fn measure() -> Measure {
    Measure {
        name: "NDCG@100".to_owned(),
        len_of: "an item",
        cases: "people",
        protocol: "a <test>".to_owned(),
        guarantee: "nobody was seen".to_owned(),
        bootstrap_samples: 200,
    }
}

/// A log of its own, and how often something was measured.
struct Place {
    folder: TempDir,
    measured: RefCell<usize>,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            measured: RefCell::new(0),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tune/trials.jsonl")
    }

    fn search_as(&self, protocol: &str, trials: usize) -> (Tuning, Vec<String>) {
        let mut log = TrialLog::open(&self.path(), protocol).unwrap();
        let budget = Budget {
            trials,
            deadline: None,
        };
        let measuring = |collection: &Collection| {
            *self.measured.borrow_mut() += 1;
            Ok(measured(collection))
        };
        let trials = search(&space(), 1, &budget, &mut log, measuring, |_, _| ()).unwrap();
        (Tuning::new(space(), trials, measure()), log.notes)
    }

    fn search(&self, trials: usize) -> (Tuning, Vec<String>) {
        self.search_as("p", trials)
    }

    /// How often something was measured since the last time.
    fn taken(&self) -> usize {
        self.measured.take()
    }
}

/// Everything but the time.
fn essence(tuning: &Tuning) -> String {
    let trials = tuning.trials.iter();
    let trials: Vec<_> = trials
        .map(|trial| (&trial.values, &trial.outcome))
        .collect();
    format!("{:?} {:?} {:?}", tuning.chosen, tuning.verdict, trials)
}

#[test]
fn a_search_finds_what_is_better_and_small_and_says_so() {
    let (tuning, notes) = Place::new().search(40);
    assert!(notes.is_empty());
    assert_eq!(tuning.trials.len(), 40);
    assert_eq!(tuning.trials[0].values, [250.0, 200.0], "as configured");
    let [regularization, neighbours] = tuning.trials[tuning.chosen].values[..] else {
        panic!()
    };
    assert!(
        (500.0..2000.0).contains(&regularization),
        "{regularization}"
    );
    assert!(
        neighbours < 200.0,
        "of those that are as good, the smallest file: {neighbours}"
    );
    assert!(tuning.verdict.is_better());
    assert_eq!(
        tuning.changes(),
        [
            ("train.regularization", Setting::Real(regularization)),
            ("train.neighbours", Setting::Whole(neighbours as i64))
        ]
    );
    let mut tried: Vec<_> = tuning
        .trials
        .iter()
        .map(|trial| format!("{:?}", trial.values))
        .collect();
    tried.sort();
    tried.dedup();
    assert_eq!(tried.len(), 40, "nothing is tried twice");
    let text = report::text("Films", &tuning);
    assert!(
        text.contains("more than chance: the chosen values are better"),
        "{text}"
    );
    assert!(
        text.contains("  configured\n") && text.contains("  chosen\n"),
        "{text}"
    );
}

#[test]
fn a_search_that_was_cut_off_anywhere_comes_to_the_same() {
    const TRIALS: usize = 9;
    let place = Place::new();
    let (expected, _) = place.search(TRIALS);
    let expected = essence(&expected);
    assert_eq!(place.taken(), TRIALS);
    let whole = std::fs::read(place.path()).unwrap();
    assert_eq!(essence(&place.search(TRIALS).0), expected);
    assert_eq!(place.taken(), 0, "everything is remembered");

    let ends: Vec<usize> = (0..whole.len()).filter(|&at| whole[at] == b'\n').collect();
    let mut cuts = vec![(0, false)];
    for (number, &end) in ends.iter().enumerate() {
        let start = if number == 0 { 0 } else { ends[number - 1] + 1 };
        // Behind the line, before its end, and in its middle.
        cuts.extend([(end + 1, false), (end, true), (start.midpoint(end), true)]);
    }
    for (len_bytes, is_damaged) in cuts {
        std::fs::write(place.path(), &whole[..len_bytes]).unwrap();
        let kept = ends.iter().filter(|end| **end < len_bytes).count();
        let (tuning, notes) = place.search(TRIALS);
        assert_eq!(essence(&tuning), expected, "cut at {len_bytes}");
        assert_eq!(place.taken(), TRIALS - kept, "cut at {len_bytes}");
        assert_eq!(
            notes.len(),
            usize::from(is_damaged),
            "cut at {len_bytes}: {notes:?}"
        );
        let (again, notes) = place.search(TRIALS);
        assert_eq!((essence(&again), place.taken()), (expected.clone(), 0));
        assert!(notes.is_empty(), "{notes:?}");
    }
}

#[test]
fn what_was_measured_otherwise_or_is_damaged_counts_for_nothing() {
    let place = Place::new();
    place.search(5);
    place.taken();
    let (longer, _) = place.search(8);
    assert_eq!(place.taken(), 3, "a larger budget goes on");
    let log = TrialLog::open(&place.path(), "q").unwrap();
    assert_eq!(log.count(&space()), (0, 8));
    place.search_as("q", 4);
    assert_eq!(place.taken(), 4, "another protocol begins anew");
    assert_eq!(essence(&place.search(8).0), essence(&longer));
    assert_eq!(place.taken(), 0);

    let text = std::fs::read_to_string(place.path()).unwrap();
    let damaged = text.replacen("{\"subject\"", "{\"subjekt\"", 1);
    std::fs::write(place.path(), damaged).unwrap();
    let (_, notes) = place.search(8);
    assert!(notes[0].starts_with("1 lines of"), "{notes:?}");
    assert_eq!(place.taken(), 1);
}

#[test]
fn a_budget_is_kept_and_the_configured_settings_are_always_tried() {
    let run = |trials, deadline| {
        let place = Place::new();
        let mut log = TrialLog::open(&place.path(), "").unwrap();
        let budget = Budget { trials, deadline };
        let measuring = |collection: &Collection| Ok(measured(collection));
        search(&space(), 1, &budget, &mut log, measuring, |_, _| ()).unwrap()
    };
    assert_eq!(run(7, None).len(), 7);
    assert_eq!(run(0, None).len(), 1);
    assert_eq!(run(7, Some(Instant::now())).len(), 1);
    let soon = Instant::now() + Duration::from_mins(10);
    assert_eq!(run(7, Some(soon)).len(), 7);
    // One trial is no search: what is configured stays.
    let tuning = Tuning::new(space(), run(1, None), measure());
    assert!(tuning.changes().is_empty());
    assert!(report::text("Films", &tuning).contains("Nothing that was tried is better"));
}

#[test]
fn a_space_of_few_points_is_searched_to_its_end() {
    let place = Place::new();
    let mut log = TrialLog::open(&place.path(), "").unwrap();
    let space = Space::new(Subject::Content, &space().with(&[250.0, 200.0]), 2);
    let budget = Budget {
        trials: 100,
        deadline: None,
    };
    let measuring = |collection: &Collection| Ok(measured(collection));
    let trials = search(&space, 1, &budget, &mut log, measuring, |_, _| ()).unwrap();
    assert_eq!(trials.len(), 2, "what is configured, and the one point");
}

#[test]
fn settings_that_cannot_be_learnt_with_are_told_of_and_the_search_goes_on() {
    let place = Place::new();
    let mut log = TrialLog::open(&place.path(), "").unwrap();
    let budget = Budget {
        trials: 12,
        deadline: None,
    };
    let too_small = |collection: &Collection| {
        if collection.train.regularization < 200.0 {
            Err(
                crate::evaluate::EvaluateError::from(crate::train::TrainError::NotPositiveDefinite)
                    .into(),
            )
        } else {
            Ok(measured(collection))
        }
    };
    let trials = search(&space(), 1, &budget, &mut log, too_small, |_, _| ()).unwrap();
    let failed = trials.iter().filter(|trial| trial.outcome.is_err()).count();
    assert!(0 < failed && failed < 12, "{failed}");
    let tuning = Tuning::new(space(), trials, measure());
    let text = report::text("Films", &tuning);
    assert!(text.contains("raise the regularization"), "{text}");
    let page = report::html("Films", &[tuning]);
    assert!(page.contains("raise the regularization") && !page.contains("NaN"));

    // Of the configured settings it is the whole search that fails; and people who are too few are told of before time is spent on them.
    let fails = |_: &Collection| {
        Err(
            crate::evaluate::EvaluateError::from(crate::train::TrainError::NotPositiveDefinite)
                .into(),
        )
    };
    let mut empty = TrialLog::open(&place.folder.path().join("other.jsonl"), "").unwrap();
    search(&space(), 1, &budget, &mut empty, fails, |_, _| ()).unwrap_err();
    let few = |_: &Collection| {
        let quality = vec![0.5; CASES_MIN_COUNT - 1];
        Ok(Measured {
            quality,
            len_bytes: 1.0,
        })
    };
    let error = search(&space(), 1, &budget, &mut empty, few, |_, _| ()).unwrap_err();
    assert!(
        error.to_string().contains("19 people or rows are left"),
        "{error}"
    );
}

#[test]
fn a_difference_that_may_be_chance_changes_nothing() {
    let trial = |values: [f64; 2], gain: &dyn Fn(usize) -> f64| Trial {
        values: values.to_vec(),
        outcome: Ok(Measured {
            quality: (0..PEOPLE).map(|person| 0.4 + gain(person)).collect(),
            len_bytes: 100.0,
        }),
        seconds: 0.0,
    };
    let tuning = |gain: &dyn Fn(usize) -> f64| {
        let trials = vec![trial([250.0, 200.0], &|_| 0.0), trial([300.0, 200.0], gain)];
        Tuning::new(space(), trials, measure())
    };
    let sure = tuning(&|_| 0.01);
    assert_eq!(
        sure.changes(),
        [("train.regularization", Setting::Real(300.0))],
        "what stays is not written"
    );
    // Better for those by whom it was chosen, and for nobody else.
    let chance = tuning(&|person| if person % 2 == 0 { 0.05 } else { 0.0 });
    assert_eq!((chance.chosen, chance.changes().len()), (1, 0));
    assert!(
        report::text("Films", &chance).contains("That may be chance: the configured values stay.")
    );
    // As good, up to chance, for those by whom trials are chosen: the first of equally long files stays.
    let same = tuning(&|_| 0.0);
    assert_eq!(same.chosen, 0);
}

#[test]
fn the_page_has_a_plot_a_parameter_and_names_in_it_are_text() {
    let (tuning, _) = Place::new().search(6);
    let page = report::html("Films & <b>more</b>", &[tuning]);
    assert!(page.contains("<h1>Films &amp; &lt;b&gt;more&lt;/b&gt;: what was tried</h1>"));
    assert!(page.contains("a &lt;test&gt;") && page.contains("prefers-color-scheme:dark"));
    assert!(!page.contains("<script") && !page.contains("http") && !page.contains("NaN"));
    assert_eq!(page.matches("<svg").count(), 2);
    assert_eq!(page.matches("<circle").count(), 12);
    assert_eq!(page.matches("class=\"chosen\"").count(), 2);
}
