//! The parts of the measurement, each some rows of the table.

use std::convert::Infallible;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bench::Random;
use e2e::application::{self, function, source};
use e2e::load::{self, Ask, Load, Report};
use e2e::proxy::{Exchange, Proxy, Trip, dependent_trips};
use index::neighbours::Neighbour;
use index::recommend::{HistoryItem, fold_in};
use precompute::generation::LocalGeneration;
use precompute::seal::{SealedIndex, seal_file};

use crate::process::ServerProcess;
use crate::table::{Row, number};
use crate::workshop::{Asked, Measured, Workshop, asks};

/// A storage in the same country is that far away.
const DISTANCE: Duration = Duration::from_millis(15);

/// What was measured of gorse 0.5.11 over its SQL database on the same data and machine, for a history of 20 films: a figure that is kept, since it takes an hour.
const GORSE_ANSWERS_PER_SECOND: f64 = 170.0;

pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// What is said of every load beside what its row is about.
pub(crate) fn in_short(measured: &Measured) -> String {
    let report = &measured.report;
    let load = format!(
        "{} µs of processor, {} a second, median {} ms, 99 % {} ms",
        number(measured.processor_us()),
        number(report.answers_per_second()),
        number(ms(report.latency_within(0.5))),
        number(ms(report.latency_within(0.99))),
    );
    let counted = measured.counted();
    let counted = counted.map(|(name, mean)| format!("{name} {}", number(mean)));
    let parts: Vec<String> = std::iter::once(load).chain(counted).collect();
    parts.join(", ")
}

/// A function that does nothing with the same requests.
pub(crate) fn floor(workshop: &mut Workshop) -> Vec<Row> {
    let manifest = format!(
        "spin_manifest_version = 2\n[application]\nname = \"floor\"\n[[trigger.http]]\nroute = \"/...\"\ncomponent = \"nothing\"\n\
         [component.nothing]\n{}",
        source(&function("host-guest"))
    );
    let path = workshop.new_folder().join("spin.toml");
    fs::write(&path, manifest).expect("the folder can be written");
    let site = ServerProcess::application(&path, &[]);
    let histories = workshop.ml_1m().map(|published| &published.histories);
    let bodies = histories.map_or_else(Vec::new, |histories| asks(histories));
    let mut asks: Vec<Ask> = bodies
        .into_iter()
        .map(|ask| Ask::post("/count", ask.body))
        .collect();
    if asks.is_empty() {
        asks.push(Ask::post("/count", "{}"));
    }
    let floor = Asked { site, asks };
    let measured = workshop.measure(&floor);
    workshop.floor = Some(floor);
    vec![Row::reported(
        "do-nothing function: the floor",
        in_short(&measured),
    )]
}

/// Answers from the function's own data segment.
pub(crate) fn sealed(workshop: &mut Workshop) -> Vec<Row> {
    let Some(published) = workshop.ml_1m() else {
        return vec![Row::not_measured("sealed", "ml-1m is absent")];
    };
    let asks = asks(&published.histories);
    let generation = published.generation.clone();
    let sealed = sealed_site(workshop, &generation, asks);
    let [floor, measured] = workshop.measure_beside_floor(&sealed);
    workshop.sealed = Some(sealed);
    vec![
        above_floor("sealed", 150.0, &floor, &measured),
        median_beside_floor(&floor, &measured),
    ]
}

/// A row about the processor time above that of a function that does nothing, measured in turns.
fn above_floor(what: &str, bar_us: f64, floor: &Measured, measured: &Measured) -> Row {
    Row::at_most(
        &format!("{what}: processor time above the floor"),
        bar_us,
        measured.processor_us() - floor.processor_us(),
        "µs",
        &beside_floor(floor, measured),
    )
}

pub(crate) fn beside_floor(floor: &Measured, measured: &Measured) -> String {
    let floor_us = number(floor.processor_us());
    format!("{}; the floor's in turns {floor_us} µs", in_short(measured))
}

fn sealed_site(workshop: &mut Workshop, generation: &LocalGeneration, asks: Vec<Ask>) -> Asked {
    let sealed = sealed_function(workshop, "recommend", generation);
    let site = workshop.site_of(("recommend", &sealed), SEALED_ENDPOINT, &[]);
    Asked { site, asks }
}

/// What a site of sealed functions is told of its bucket: nobody listens there, and nobody is asked.
pub(crate) const SEALED_ENDPOINT: &str = "http://127.0.0.1:1";

/// A function that carries a generation.
pub(crate) fn sealed_function(
    workshop: &mut Workshop,
    name: &str,
    generation: &LocalGeneration,
) -> PathBuf {
    let mut index = SealedIndex::default();
    index
        .add_built(generation)
        .expect("the generation is sound");
    let archive = index
        .archive(SEAL_AT_MOST_MEGABYTES)
        .expect("the index is short enough");
    let folder = workshop.new_folder();
    let (sealed, cost) =
        seal_file(&function(name), &folder, &archive).expect("the function can be sealed");
    println!("sealed {name}: {cost}");
    sealed
}

/// More than anybody should seal: the row of the large catalogue is about time.
const SEAL_AT_MOST_MEGABYTES: u32 = 512;

/// The bar holds where the floor is at least a millisecond: below that the median is the scheduler's.
fn median_beside_floor(floor: &Measured, measured: &Measured) -> Row {
    let what = "sealed: median beside the floor's";
    let median = |measured: &Measured| ms(measured.report.latency_within(0.5));
    let floor = median(floor);
    let times = median(measured) / floor;
    if 1.0 <= floor {
        Row::at_most(
            what,
            1.3,
            times,
            "times",
            &format!("the floor's is {} ms", number(floor)),
        )
    } else {
        Row::reported(
            what,
            format!("{} times: the floor is below 1 ms", number(times)),
        )
    }
}

/// Over S3 on the loopback interface, with the cache and without it.
pub(crate) fn s3(workshop: &mut Workshop) -> Vec<Row> {
    let what = "S3 on loopback, warm";
    let Some(published) = workshop.ml_1m() else {
        return vec![Row::not_measured(what, "ml-1m is absent")];
    };
    let endpoint = published.objects.url().to_owned();
    let asks = asks(&published.histories);
    let mut site = |variables| Asked {
        site: workshop.site(&endpoint, variables),
        asks: asks.clone(),
    };
    let (cached, uncached) = (site(&[]), site(&NO_CACHE));
    let [floor, warm] = workshop.measure_beside_floor(&cached);
    drop(cached);
    let [uncached_floor, uncached] = workshop.measure_beside_floor(&uncached);
    let report = &warm.report;
    vec![
        above_floor(what, 400.0, &floor, &warm),
        Row::at_most(
            "S3 on loopback, warm: 99 % at 8 connections",
            12.0,
            ms(report.latency_within(0.99)),
            "ms",
            "",
        ),
        Row::at_least(
            "S3 on loopback, warm: requests beside gorse's",
            10.0 * GORSE_ANSWERS_PER_SECOND,
            report.answers_per_second(),
            "a second",
            &format!(
                "{} times the {GORSE_ANSWERS_PER_SECOND} that were measured of gorse 0.5.11",
                number(report.answers_per_second() / GORSE_ANSWERS_PER_SECOND)
            ),
        ),
        Row::reported(
            "S3 on loopback, cache off",
            format!(
                "{} µs above the floor: {}",
                number(uncached.processor_us() - uncached_floor.processor_us()),
                beside_floor(&uncached_floor, &uncached)
            ),
        ),
    ]
}

/// The variables of a site whose blocks are not kept. Its pointer is, for longer than anything here takes.
const NO_CACHE: [(&str, &str); 2] = [("block_cache", "off"), ("pointer_seconds", "3600")];

/// What one request did behind the proxy.
struct Single {
    /// Of the index files; the pointer is not counted.
    trips: Vec<Trip>,
    /// Whether the pointer was read as well.
    read_pointer: bool,
    /// Until the answer to the last read of lists, from which the ids follow.
    ids: Duration,
    whole: Duration,
}

/// Asks one by one and looks at each request's reads.
fn ask_singly(site: &ServerProcess, proxy: &Proxy, asks: &[Ask]) -> Vec<Single> {
    let mut singles = Vec::new();
    for ask in asks {
        proxy.take_exchanges();
        let load = Load {
            address: site.address(),
            asks: std::slice::from_ref(ask),
            num_connections: 1,
            duration: Duration::ZERO,
        };
        let report = load::run(&load, |answer| {
            let (files, others): (Vec<Exchange>, Vec<Exchange>) = proxy
                .take_exchanges()
                .into_iter()
                .partition(|exchange| exchange.path.contains("/g/"));
            let trips = dependent_trips(&files);
            let ids = trips.get(1).or(trips.last());
            singles.push(Single {
                ids: ids.map_or(Duration::ZERO, |trip| trip.ended - answer.started),
                trips,
                read_pointer: !others.is_empty(),
                whole: answer.latency,
            });
        });
        let report = report.expect("the system gives sockets");
        if let Some(failure) = report.first_failure {
            println!("a request FAILED: {failure}");
        }
    }
    singles
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn maximum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

/// Over S3 that is far away: how many reads wait for each other, and how long that takes.
pub(crate) fn distance(workshop: &mut Workshop) -> Vec<Row> {
    let Some(published) = workshop.ml_1m() else {
        return vec![Row::not_measured("S3 cold", "ml-1m is absent")];
    };
    let endpoint = published.objects.url().to_owned();
    let asks = asks(&published.histories);
    let mut rows = cold(workshop, &endpoint, &asks, "S3 cold", &COLD_BARS);

    let proxy = Proxy::start(&endpoint).expect("the system gives a port");
    let site = workshop.site(&proxy.url(), &[]);
    proxy.set_delay(DISTANCE);
    let few = &asks[..asks.len().min(20)];
    for _ in 0..3 {
        ask_singly(&site, &proxy, few);
    }
    let singles: Vec<Single> = (0..workshop.effort.num_single.div_ceil(few.len()))
        .flat_map(|_| ask_singly(&site, &proxy, few))
        .collect();
    let whole = singles.iter().map(|single| ms(single.whole) / ms(DISTANCE));
    rows.push(Row::at_most(
        "S3 at 15 ms, everything in the cache: median",
        0.3,
        median(whole.collect()),
        "distances",
        "",
    ));
    rows
}

/// When the block cache pays: near and far, for few and for many at once.
pub(crate) fn cache(workshop: &mut Workshop) -> Vec<Row> {
    let Some(published) = workshop.ml_1m() else {
        return vec![Row::not_measured("block cache", "ml-1m is absent")];
    };
    let endpoint = published.objects.url().to_owned();
    let asks = asks(&published.histories);
    let duration = workshop.effort.warm_up;
    let proxy = Proxy::start(&endpoint).expect("the system gives a port");
    proxy.set_delay(DISTANCE);
    let mut rows = Vec::new();
    for (place, endpoint) in [("on loopback", endpoint), ("at 15 ms", proxy.url())] {
        for num_connections in [1, 8, 64] {
            let mut measure = |variables: &[(&str, &str)]| {
                let asked = Asked {
                    site: workshop.site(&endpoint, variables),
                    asks: asks.clone(),
                };
                asked.measure(num_connections, duration);
                asked.measure(num_connections, duration).report
            };
            let in_short = |report: &Report| {
                format!(
                    "{} a second, median {} ms",
                    number(report.answers_per_second()),
                    number(ms(report.latency_within(0.5))),
                )
            };
            let (on, off) = (measure(&[]), measure(&NO_CACHE));
            rows.push(Row::reported(
                &format!("block cache, S3 {place}, {num_connections} at once"),
                format!("on: {}; off: {}", in_short(&on), in_short(&off)),
            ));
        }
    }
    rows
}

/// What requests that find no block in the cache may cost.
struct ColdBars {
    gets: f64,
    len_bytes: f64,
    /// In distances: to the ids, and to the answer with its records.
    distances: Option<(f64, f64)>,
}

const COLD_BARS: ColdBars = ColdBars {
    gets: 12.0,
    len_bytes: 200e3,
    distances: Some((2.6, 3.6)),
};

const LARGE_COLD_BARS: ColdBars = ColdBars {
    gets: 64.0,
    len_bytes: 400e3,
    distances: None,
};

/// The rows of requests that find no block in the cache.
fn cold(
    workshop: &mut Workshop,
    endpoint: &str,
    asks: &[Ask],
    what: &str,
    bars: &ColdBars,
) -> Vec<Row> {
    let proxy = Proxy::start(endpoint).expect("the system gives a port");
    let site = workshop.site(&proxy.url(), &NO_CACHE);
    // The component is compiled and the connections are made by the first.
    let (first, asks) = asks.split_at(1);
    ask_singly(&site, &proxy, first);
    proxy.set_delay(DISTANCE);
    let asks = &asks[..asks.len().min(workshop.effort.num_single)];
    let mut singles = ask_singly(&site, &proxy, asks);
    let num_all = singles.len();
    if singles.iter().any(|single| !single.read_pointer) {
        singles.retain(|single| !single.read_pointer);
    }
    let pointer = if singles.iter().any(|single| single.read_pointer) {
        "; each request reads the pointer too, which is counted in the time alone".to_owned()
    } else {
        format!(
            "; {} of {num_all} requests read the pointer too and are left out",
            num_all - singles.len()
        )
    };
    let of = |value: fn(&Single) -> f64| singles.iter().map(value).collect::<Vec<f64>>();
    let trips = of(|single| single.trips.len() as f64);
    let summed = |value: fn(&Trip) -> f64| {
        let sum = |single: &Single| single.trips.iter().map(value).sum();
        singles.iter().map(sum).collect::<Vec<f64>>()
    };
    let gets = summed(|trip| trip.num_exchanges as f64);
    let bytes = summed(|trip| trip.body_len_bytes as f64);
    let ids = of(|single| ms(single.ids) / ms(DISTANCE));
    let whole = of(|single| ms(single.whole) / ms(DISTANCE));
    let most = |values: &[f64]| format!("the most {}", number(maximum(values)));
    let in_distances = |part: &str, bar: Option<f64>, values: Vec<f64>, detail: &str| {
        let what = format!("{what}, at 15 ms: {part}, median");
        let unit = "distances";
        match bar {
            Some(bar) => Row::at_most(&what, bar, median(values), unit, detail),
            None => Row::reported(
                &what,
                format!("{} {unit}: {detail}", number(median(values))),
            ),
        }
    };
    vec![
        Row::at_most(
            &format!("{what}: dependent trips, the last for records"),
            3.0,
            maximum(&trips),
            "trips",
            &format!("median {}{pointer}", number(median(trips.clone()))),
        ),
        Row::at_most(
            &format!("{what}: GETs, median"),
            bars.gets,
            median(gets.clone()),
            "GETs",
            &most(&gets),
        ),
        Row::at_most(
            &format!("{what}: bytes, median"),
            bars.len_bytes / 1e3,
            median(bytes.clone()) / 1e3,
            "kB",
            &format!("the most {}", number(maximum(&bytes) / 1e3)),
        ),
        in_distances("ids", bars.distances.map(|(ids, _)| ids), ids, ""),
        in_distances(
            "with records",
            bars.distances.map(|(_, whole)| whole),
            whole,
            &format!(
                "{} ms, of which {} are the storage's",
                number(median(of(|single| ms(single.whole)))),
                number(median(summed(|trip| ms(trip.ended - trip.started)))),
            ),
        ),
    ]
}

/// Many more connections than processors.
pub(crate) fn crowd(workshop: &mut Workshop) -> Vec<Row> {
    const NUM_CONNECTIONS: usize = 200;
    let duration = workshop.effort.crowd;
    let what = format!("{NUM_CONNECTIONS} connections for {} s", duration.as_secs());
    let Some(published) = workshop.ml_1m() else {
        return vec![Row::not_measured(&what, "ml-1m is absent")];
    };
    let endpoint = published.objects.url().to_owned();
    let asks = asks(&published.histories);
    let site = workshop.site(&endpoint, &[]);
    let asked = Asked { site, asks };
    // Until every place for an instance has had its largest request.
    asked.measure(NUM_CONNECTIONS, 4 * workshop.effort.warm_up);
    let crowd = asked.measure(NUM_CONNECTIONS, duration);
    let report = &crowd.report;
    let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let growth = crowd.after.resident_bytes as f64 / crowd.before.resident_bytes as f64;
    vec![
        Row::at_most(
            &format!("{what}: errors but 503 with Retry-After"),
            0.0,
            report.num_failed as f64,
            "errors",
            &format!(
                "{} accepted, {} refused",
                report.latencies.len(),
                report.num_refused
            ),
        ),
        Row::at_most(
            &format!("{what}: 99 % of the accepted"),
            60.0,
            ms(report.latency_within(0.99)),
            "ms",
            &in_short(&crowd),
        ),
        Row::at_most(
            &format!("{what}: the most memory"),
            160.0,
            megabytes(crowd.after.peak_resident_bytes),
            "MiB",
            "",
        ),
        Row::at_most(
            &format!("{what}: memory at the end over that after the warm-up"),
            1.1,
            growth,
            "",
            &format!(
                "{} MiB, then {} MiB",
                number(megabytes(crowd.before.resident_bytes)),
                number(megabytes(crowd.after.resident_bytes))
            ),
        ),
    ]
}

/// A catalogue whose ids are too many to be read with every request.
pub(crate) fn large(workshop: &mut Workshop) -> Vec<Row> {
    let num_items = workshop.effort.num_large_items;
    let published = workshop.made_up(num_items);
    let endpoint = published.objects.url().to_owned();
    let asks = asks(&published.histories);
    let what = format!("{num_items} items, S3 cold");
    let mut rows = cold(workshop, &endpoint, &asks, &what, &LARGE_COLD_BARS);
    let cached = Asked {
        site: workshop.site(&endpoint, &[]),
        asks: asks.clone(),
    };
    let [floor, warm] = workshop.measure_beside_floor(&cached);
    drop(cached);
    rows.push(Row::reported(
        &format!("{num_items} items, S3 on loopback, warm"),
        format!(
            "{} µs above the floor: {}",
            number(warm.processor_us() - floor.processor_us()),
            beside_floor(&floor, &warm)
        ),
    ));
    let what = format!("{num_items} items, sealed: processor time beside ml-1m's");
    let sealed = sealed_site(workshop, &published.generation, asks);
    rows.push(match &workshop.sealed {
        Some(ml_1m) => {
            let [ml_1m, large] = workshop.measure_both(ml_1m, &sealed);
            Row::at_most(
                &what,
                1.3,
                large.processor_us() / ml_1m.processor_us(),
                "times",
                &format!(
                    "{}; ml-1m's in turns {} µs",
                    in_short(&large),
                    number(ml_1m.processor_us())
                ),
            )
        }
        None => Row::reported(&what, in_short(&workshop.measure(&sealed))),
    });
    rows
}

/// What a host has to fetch and compile.
pub(crate) fn size(_workshop: &mut Workshop) -> Vec<Row> {
    let row = |name| {
        let len_bytes = fs::metadata(function(name)).map_or(0, |metadata| metadata.len());
        Row::at_most(
            &format!("size of {name}.wasm"),
            500.0,
            len_bytes as f64 / 1e3,
            "kB",
            "",
        )
    };
    application::FUNCTIONS.map(row).to_vec()
}

/// Folding in alone, in this process: 20 lists of 200 neighbours among 200,000 items.
pub(crate) fn scoring(_workshop: &mut Workshop) -> Vec<Row> {
    const NUM_ITEMS: usize = 200_000;
    const NUM_RUNS: usize = 2_000;
    let mut random = Random::new(3);
    let mut list = || {
        let mut items: Vec<u32> = (0..200).map(|_| random.below(NUM_ITEMS) as u32).collect();
        items.sort_unstable();
        items.dedup();
        let neighbour = |item| Neighbour {
            item,
            weight: random.share(),
        };
        items.into_iter().map(neighbour).collect::<Vec<Neighbour>>()
    };
    let lists: Vec<Vec<Neighbour>> = (0..20).map(|_| list()).collect();
    let times = (0..NUM_RUNS).map(|_| {
        let started = Instant::now();
        let lists = black_box(&lists).iter().zip(0..).map(|(list, item)| {
            let list = list.iter().copied().map(Ok::<_, Infallible>);
            (HistoryItem { item, weight: 1.0 }, list)
        });
        let _ = black_box(fold_in(lists.collect(), NUM_ITEMS as u32));
        started.elapsed().as_secs_f64() * 1e6
    });
    vec![Row::at_most(
        "scoring alone, 20 lists of 200: median",
        30.0,
        median(times.collect()),
        "µs",
        "",
    )]
}
