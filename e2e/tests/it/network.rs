//! What happens on the way to the storage, and what becomes of the answers.
//!
//! The functions read through a proxy that does harm. Whatever it does, an answer is the right one or a problem that says what is wrong; what passes at once
//! is not noticed; and when the harm ends, so do the problems.

use std::thread;
use std::time::{Duration, Instant};

use e2e::proxy::{Fault, Proxy};
use serde_json::Value;

use crate::bucket::Bucket;
use crate::films::publish_films;
use crate::site::Site;

/// It reads the pointer, a catalogue and neighbours, and records at the end.
const PATH: &str = "/v1/movies/recommendations?history=1,2,9&count=20&explain=true";

/// What all of that reads.
const OBJECTS: [&str; 3] = ["movies/current.json", "/catalogue.kdx", "/neighbours.kdx"];

const UNAVAILABLE: Fault = Fault::Refuse {
    status: 503,
    code: "ServiceUnavailable",
};
const INTERNAL: Fault = Fault::Refuse {
    status: 500,
    code: "InternalError",
};
const DENIED: Fault = Fault::Refuse {
    status: 403,
    code: "AccessDenied",
};
const ABSENT: Fault = Fault::Refuse {
    status: 404,
    code: "NoSuchKey",
};

/// A published collection whose functions read through a proxy, and what they answer when nothing is wrong.
struct Scene {
    _bucket: Bucket,
    proxy: Proxy,
    site: Site,
    sound: Value,
}

impl Scene {
    fn set() -> Self {
        let bucket = Bucket::start();
        publish_films(&bucket);
        let proxy = Proxy::start(&bucket.url()).unwrap();
        let site = Site::at(&proxy.url(), &[]);
        let sound = site.get(PATH).json();
        assert!(!sound["items"].as_array().unwrap().is_empty());
        Self {
            _bucket: bucket,
            proxy,
            site,
            sound,
        }
    }

    /// Asks while something is wrong, and checks that the answer is right or a problem; which one.
    fn ask(&self, what: &str) -> Option<(u16, Value)> {
        let answer = self.site.get(PATH);
        if answer.status == 200 {
            assert_eq!(answer.json(), self.sound, "{what}");
            return None;
        }
        let slug = match answer.status {
            500 => "corrupt-index",
            _ => "storage",
        };
        let problem = answer.problem(answer.status, slug);
        Some((answer.status, problem))
    }

    /// Ends the harm, which was done, and checks that all is well again.
    fn heal(&self, what: &str) {
        assert!(0 < self.proxy.heal(), "nothing was done: {what}");
        assert_eq!(self.site.get(PATH).json(), self.sound, "{what}");
    }
}

#[test]
fn what_passes_at_once_is_not_noticed() {
    let scene = Scene::set();
    for object in OBJECTS {
        for fault in [
            Fault::Reset,
            Fault::BreakOff,
            Fault::SLOW_DOWN,
            UNAVAILABLE,
            INTERNAL,
        ] {
            let what = format!("{fault:?} once of {object}");
            scene.proxy.inflict_times(1, object, fault);
            assert_eq!(scene.ask(&what), None, "{what}");
            scene.heal(&what);
        }
    }
}

#[test]
fn what_lasts_is_a_problem_for_as_long_as_it_lasts() {
    let scene = Scene::set();
    let cases = [
        (Fault::Reset, 503),
        (Fault::BreakOff, 503),
        (Fault::SLOW_DOWN, 503),
        (INTERNAL, 503),
        (DENIED, 503),
        (Fault::ShiftContentRange, 503),
        (Fault::Truncate, 500),
        (Fault::Corrupt, 500),
        (ABSENT, 500),
    ];
    for (fault, status) in cases {
        let what = format!("{fault:?}");
        scene.proxy.inflict(".kdx", fault);
        let (found, problem) = scene.ask(&what).unwrap_or_else(|| panic!("{what}"));
        assert_eq!(found, status, "{what}: {problem}");
        scene.heal(&what);
    }
}

#[test]
fn a_damaged_pointer_is_a_problem() {
    let scene = Scene::set();
    for (fault, status) in [(Fault::Reset, 503), (DENIED, 503), (Fault::Truncate, 500)] {
        let what = format!("{fault:?}");
        scene.proxy.inflict("current.json", fault);
        let (found, problem) = scene.ask(&what).unwrap_or_else(|| panic!("{what}"));
        assert_eq!(found, status, "{what}: {problem}");
        scene.heal(&what);
    }
    scene.proxy.inflict("current.json", ABSENT);
    scene.site.get(PATH).problem(503, "not-published");
    scene.heal("absent");
}

#[test]
fn a_corrupt_block_is_named() {
    let scene = Scene::set();
    for file in ["catalogue", "neighbours"] {
        scene.proxy.inflict(&format!("/{file}.kdx"), Fault::Corrupt);
        let (status, problem) = scene.ask(file).expect("it is noticed");
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(status, 500, "{detail}");
        assert!(detail.contains(file), "it names the file: {detail}");
        let names_place = ["block", "head", "section"]
            .iter()
            .any(|place| detail.contains(place));
        assert!(names_place, "it names the place: {detail}");
        scene.heal(file);
    }
}

#[test]
fn a_corrupt_block_is_counted_where_an_operator_looks() {
    let scene = Scene::set();
    let counted = || {
        let sample = "kindred_host_requests_total{component=\"recommend\",status=\"500\"}";
        scene.site.counted(sample)
    };
    assert_eq!(counted(), 0);
    for (already, file) in ["catalogue", "neighbours"].into_iter().enumerate() {
        scene.proxy.inflict(&format!("/{file}.kdx"), Fault::Corrupt);
        let (status, _) = scene.ask(file).expect("it is noticed");
        assert_eq!(status, 500, "{file}");
        assert_eq!(counted(), already as u64 + 1, "{file}");
        scene.heal(file);
        assert_eq!(counted(), already as u64 + 1, "{file}");
    }
}

#[test]
fn a_clock_that_is_wrong_is_called_so() {
    let scene = Scene::set();
    for object in OBJECTS {
        scene.proxy.inflict(object, Fault::CLOCK_SKEW);
        let (status, problem) = scene.ask(object).expect("it is noticed");
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(status, 503, "{detail}");
        assert!(detail.contains("clock"), "{object}: {detail}");
        scene.heal(object);
    }
}

#[test]
fn a_storage_that_stalls_is_not_waited_for_long_and_keeps_nobody_else() {
    // All time limits and one more attempt.
    const AT_MOST: Duration = Duration::from_secs(20);
    let scene = Scene::set();
    for fault in [Fault::Stall, Fault::Delay(Duration::from_mins(5))] {
        let what = format!("{fault:?}");
        scene.proxy.inflict("/neighbours.kdx", fault);
        thread::scope(|threads| {
            let stalled = threads.spawn(|| {
                let started = Instant::now();
                let problem = scene.ask(&what);
                (problem, started.elapsed())
            });
            // Meanwhile what does not need that file is answered.
            let started = Instant::now();
            while !stalled.is_finished() {
                assert_eq!(scene.site.get("/v1/movies/items/1").status, 200);
                assert!(started.elapsed() < AT_MOST, "{what}");
                thread::sleep(Duration::from_millis(100));
            }
            let (problem, elapsed) = stalled.join().unwrap();
            let (status, problem) = problem.unwrap_or_else(|| panic!("{what}"));
            assert_eq!(status, 503, "{what}: {problem}");
            assert!(elapsed < AT_MOST, "{what}: {elapsed:?}");
        });
        scene.heal(&what);
    }
}

#[test]
fn a_slow_answer_is_overtaken_by_a_second_one_where_that_is_wanted() {
    let scene = Scene::set();
    let hedging = Site::at(&scene.proxy.url(), &[("s3_hedge_after_ms", "100")]);
    for fault in [Fault::Stall, Fault::Delay(Duration::from_mins(5))] {
        for object in [OBJECTS[1], OBJECTS[2]] {
            let what = format!("{fault:?} once of {object}");
            scene.proxy.inflict_times(1, object, fault);
            let started = Instant::now();
            assert_eq!(hedging.get(PATH).json(), scene.sound, "{what}");
            // Before any time limit, then.
            assert!(started.elapsed() < Duration::from_secs(5), "{what}");
            scene.heal(&what);
        }
    }
}
