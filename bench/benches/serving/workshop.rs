//! What all parts of the measurement share: the published catalogues, the applications over them, and the floor that they are compared with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench::catalogues::{self, Catalogue};
use bytes::Bytes;
use e2e::application::{self, function, source};
use e2e::generation::write_generation;
use e2e::load::{self, Answer, Ask, Load, Report};
use host::s3;
use index::FileKind;
use pointer::CollectionKeys;
use precompute::generation::LocalGeneration;
use precompute::publish::{PublishOptions, publish};
use precompute::store::{AccessKeys, S3Location, S3Store};
use tempfile::TempDir;

use crate::Effort;
use crate::process::{BUCKET, ServerProcess, Usage};

/// How many recommendations a request wants.
const NUM_RECOMMENDATIONS: usize = 20;

/// How many connections ask where nothing else is said.
pub(crate) const NUM_CONNECTIONS: usize = 8;

/// The name of the collection whatever is in it.
const COLLECTION: &str = "movies";

/// A catalogue in an object store of its own.
pub(crate) struct Published {
    pub(crate) generation: LocalGeneration,
    pub(crate) histories: Vec<Vec<String>>,
    pub(crate) objects: ServerProcess,
}

/// See the module.
pub(crate) struct Workshop {
    pub(crate) effort: Effort,
    /// A function that does nothing.
    pub(crate) floor: Option<Asked>,
    /// The sealed MovieLens 1M.
    pub(crate) sealed: Option<Asked>,
    folder: TempDir,
    ml_1m: Option<Published>,
    next_site: usize,
}

/// A site, and what it is asked.
pub(crate) struct Asked {
    pub(crate) site: ServerProcess,
    pub(crate) asks: Vec<Ask>,
}

/// What a load brought.
pub(crate) struct Measured {
    pub(crate) report: Report,
    /// Of the server.
    processor: Duration,
    /// The sums of what `Server-Timing` counted, by name.
    counted: BTreeMap<String, f64>,
    pub(crate) before: Usage,
    pub(crate) after: Usage,
}

impl Measured {
    /// The server's processor time for each answer.
    pub(crate) fn processor_us(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.num_answers()
    }

    /// What `Server-Timing` counted, by name, on average over the answers.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (&str, f64)> {
        let means = self.counted.iter();
        means.map(|(name, sum)| (name.as_str(), sum / self.num_answers()))
    }

    fn num_answers(&self) -> f64 {
        self.report.latencies.len().max(1) as f64
    }

    /// What both brought, one after the other.
    fn and(mut self, later: Self) -> Self {
        for (name, sum) in later.counted {
            *self.counted.entry(name).or_default() += sum;
        }
        Self {
            report: self.report.and(later.report),
            processor: self.processor + later.processor,
            counted: self.counted,
            before: self.before,
            after: later.after,
        }
    }
}

/// How often two sites take turns: what else happens on the machine comes and goes, and shall meet both.
const NUM_TURNS: u32 = 10;

impl Workshop {
    pub(crate) fn open(effort: Effort) -> Self {
        Self {
            effort,
            floor: None,
            sealed: None,
            folder: tempfile::tempdir().expect("a temporary folder"),
            ml_1m: None,
            next_site: 0,
        }
    }

    /// MovieLens 1M, learnt and published when it is first wanted; `None`, and said so, where the data is absent.
    pub(crate) fn ml_1m(&mut self) -> Option<&Published> {
        if self.ml_1m.is_none() {
            let data = catalogues::data_folder();
            let catalogue = catalogues::ml_1m(&data);
            if catalogue.is_none() {
                println!("ml-1m: NOT MEASURED, it is not in {}", data.display());
            }
            self.ml_1m = catalogue.map(|catalogue| self.published("ml-1m", &catalogue));
        }
        self.ml_1m.as_ref()
    }

    /// A made-up catalogue.
    pub(crate) fn made_up(&self, num_items: usize) -> Published {
        self.published("made-up", &catalogues::made_up(num_items))
    }

    fn published(&self, name: &str, catalogue: &Catalogue) -> Published {
        for (kind, bytes) in &catalogue.files {
            println!("{name}: {kind} {} bytes", bytes.len());
        }
        let (folder, item_count) = (self.folder.path().join(name), catalogue.item_count as u64);
        let (generation, objects) = publish_into(
            &folder,
            COLLECTION,
            &catalogue.title,
            item_count,
            &catalogue.files,
        );
        Published {
            generation,
            histories: catalogue.histories.clone(),
            objects,
        }
    }

    /// A collection of these files, of which nobody has a history.
    pub(crate) fn publish(
        &self,
        collection: &str,
        title: &str,
        item_count: u64,
        files: &[(FileKind, Vec<u8>)],
    ) -> Published {
        let folder = self.folder.path().join(collection);
        let (generation, objects) = publish_into(&folder, collection, title, item_count, files);
        Published {
            generation,
            histories: Vec::new(),
            objects,
        }
    }

    /// A folder that nobody else has.
    pub(crate) fn new_folder(&mut self) -> PathBuf {
        self.next_site += 1;
        let folder = self.folder.path().join(format!("site-{}", self.next_site));
        fs::create_dir_all(&folder).expect("the folder can be made");
        folder
    }

    /// The root's application over an object store, with its state in a folder of its own.
    pub(crate) fn site(&mut self, endpoint: &str, variables: &[(&str, &str)]) -> ServerProcess {
        self.site_of(("recommend", &function("recommend")), endpoint, variables)
    }

    /// The same with another file of one function.
    pub(crate) fn site_of(
        &mut self,
        (replaced, file): (&str, &Path),
        endpoint: &str,
        variables: &[(&str, &str)],
    ) -> ServerProcess {
        let manifest = application::manifest(|name| {
            if name == replaced {
                source(file)
            } else {
                source(&function(name))
            }
        });
        let path = self.new_folder().join("spin.toml");
        fs::write(&path, manifest).expect("the folder can be written");
        let mut all = vec![
            ("s3_endpoint", endpoint),
            ("s3_access_key_id", s3::DEFAULT_ACCESS_KEY),
            ("s3_secret_access_key", s3::DEFAULT_SECRET_KEY),
            ("collections", COLLECTION),
        ];
        all.extend(variables);
        ServerProcess::application(&path, &all)
    }

    /// Asks a site, first to warm it up and then to measure.
    pub(crate) fn measure(&self, asked: &Asked) -> Measured {
        let Effort {
            warm_up, measuring, ..
        } = self.effort;
        asked.measure(NUM_CONNECTIONS, warm_up);
        asked.measure(NUM_CONNECTIONS, measuring)
    }

    /// Asks two sites in turns, after both are warm.
    pub(crate) fn measure_both(&self, left: &Asked, right: &Asked) -> [Measured; 2] {
        let Effort {
            warm_up, measuring, ..
        } = self.effort;
        let sites = [left, right];
        for asked in sites {
            asked.measure(NUM_CONNECTIONS, warm_up);
        }
        let turn = || sites.map(|asked| asked.measure(NUM_CONNECTIONS, measuring / NUM_TURNS));
        (1..NUM_TURNS).fold(turn(), |[left, right], _| {
            let [later_left, later_right] = turn();
            [left.and(later_left), right.and(later_right)]
        })
    }

    /// The same beside a function that does nothing.
    pub(crate) fn measure_beside_floor(&self, asked: &Asked) -> [Measured; 2] {
        let floor = self.floor.as_ref().expect("it is the first part");
        self.measure_both(floor, asked)
    }
}

/// Writes files as a generation of a collection, and puts it into an object store of its own.
fn publish_into(
    folder: &Path,
    collection: &str,
    title: &str,
    item_count: u64,
    files: &[(FileKind, Vec<u8>)],
) -> (LocalGeneration, ServerProcess) {
    let generation_folder = folder.join("generation");
    fs::create_dir_all(&generation_folder).expect("the folder can be made");
    let generation = write_generation(&generation_folder, collection, title, item_count, files);
    let objects = ServerProcess::objects(&folder.join("objects"));
    let location = S3Location {
        bucket: BUCKET.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(objects.url().to_owned()),
        access_keys: Some(AccessKeys {
            access_key_id: s3::DEFAULT_ACCESS_KEY.to_owned(),
            secret_access_key: s3::DEFAULT_SECRET_KEY.to_owned(),
        }),
    };
    let store = S3Store::connect(&location).expect("the store is there");
    let options = PublishOptions {
        maximum_quality_loss: 0.0,
        force: true,
    };
    let keys = CollectionKeys::new("", collection);
    publish(&store, &keys, &generation, options).expect("the store takes it");
    (generation, objects)
}

impl Asked {
    /// Asks for so long.
    pub(crate) fn measure(&self, num_connections: usize, duration: Duration) -> Measured {
        let load = Load {
            address: self.site.address(),
            asks: &self.asks,
            num_connections,
            duration,
        };
        let mut counted = BTreeMap::new();
        let before = self.site.usage();
        let report = load::run(&load, |answer| count(answer, &mut counted));
        let report = report.expect("the system gives sockets");
        let after = self.site.usage();
        if let Some(failure) = &report.first_failure {
            println!(
                "{} requests FAILED, the first with: {failure}",
                report.num_failed
            );
            assert!(!report.latencies.is_empty(), "nothing was answered");
        }
        Measured {
            report,
            processor: after.processor.saturating_sub(before.processor),
            counted,
            before,
            after,
        }
    }
}

/// Adds up the numbers that `Server-Timing` has in its descriptions, such as `storage;desc="round trips: 3, requests: 12"`.
fn count(answer: &Answer, counted: &mut BTreeMap<String, f64>) {
    let timing = answer.headers.get("server-timing");
    let timing = timing
        .and_then(|timing| timing.to_str().ok())
        .unwrap_or_default();
    // Every second part is between quotation marks.
    for description in timing.split('"').skip(1).step_by(2) {
        for part in description.split(',') {
            if let Some((name, value)) = part.split_once(':')
                && let Ok(value) = value.trim().parse::<f64>()
            {
                *counted.entry(name.trim().to_owned()).or_default() += value;
            }
        }
    }
}

/// What people ask: recommendations for their histories.
pub(crate) fn asks(histories: &[Vec<String>]) -> Vec<Ask> {
    let ask = |history: &Vec<String>| {
        let ids: Vec<String> = history.iter().map(|id| format!("{id:?}")).collect();
        let body = format!(
            "{{\"history\":[{}],\"count\":{NUM_RECOMMENDATIONS}}}",
            ids.join(",")
        );
        Ask::post(
            format!("/v1/{COLLECTION}/recommendations"),
            Bytes::from(body),
        )
    };
    histories.iter().map(ask).collect()
}
