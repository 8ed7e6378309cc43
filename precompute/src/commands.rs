//! From a command line to what it does.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use clap::{CommandFactory, Parser};
use config::Source;
use pointer::Manifest;

use crate::cli::{
    Cli, Command, FetchArgs, GcArgs, GlobalArgs, InspectArgs, PublishArgs, RunArgs, SealArgs,
    TrainArgs, TuneArgs,
};
use crate::exit::ExitStatus;
use crate::generation::{LocalGeneration, verify_published};
use crate::import;
use crate::interrupt;
use crate::progress::{Progress, megabytes};
use crate::publish::{self, CollectOptions, PublishOptions};
use crate::seal::{SealedIndex, seal_file};
use crate::settings::{self, CollectionSettings, Settings};
use crate::stages::{self, Rebuild, TuneOptions};
use crate::store::S3Store;
use crate::tune::TuneError;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// How many settings of a model are tried where nothing else is said.
const DEFAULT_TRIAL_COUNT: usize = 30;

/// The program: does what the arguments of this process say, and tells on stderr why it could not.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let progress = Progress::new(cli.global.progress);
    let outcome = interrupt::end_with(ExitStatus::Interrupted.code())
        .context("cannot listen for Ctrl-C")
        .and_then(|()| run(&cli, &progress));
    let status = match outcome {
        Ok(()) => ExitStatus::Done,
        Err(error) => {
            let status = ExitStatus::of_error(&error);
            progress.error(&error, status.code());
            status
        }
    };
    ExitCode::from(status.code())
}

/// Does what the command line says. Data goes to stdout, everything else to `progress`.
pub fn run(cli: &Cli, progress: &Progress) -> anyhow::Result<()> {
    let no_train = TrainArgs::default();
    let resolve = |import, train| Settings::resolve(&cli.global, import, train);
    let resolve_imported = |train| Settings::resolve_imported(&cli.global, train);
    if let Some(threads) = cli.global.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads as usize)
            .build_global()
            .context("cannot start the threads")?;
    }
    match &cli.command {
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "precompute", &mut script);
            print(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            print(&page)
        }
        Command::Inspect(InspectArgs {
            path: Some(path),
            json,
        }) => {
            let name = match &cli.global.collection[..] {
                [name] => Some(name.as_str()),
                _ => None,
            };
            print(stages::inspect_path(path, name, *json)?.as_bytes())
        }
        Command::Inspect(InspectArgs { path: None, json }) => {
            with_bucket(&resolve_imported(&no_train)?, |settings, store| {
                print(stages::inspect_published(settings, store, *json)?.as_bytes())
            })
        }
        Command::Fetch(args) => fetch(&cli.global, args, progress),
        Command::Import(args) => each(&resolve(args, &no_train)?, |settings, collection| {
            stages::import(settings, collection, progress)
        }),
        Command::Train(args) => each(&resolve_imported(args)?, |settings, collection| {
            stages::train(settings, collection, progress)
        }),
        Command::Evaluate(args) => each(&resolve_imported(args)?, |settings, collection| {
            print(stages::evaluate(settings, collection, progress)?.as_bytes())
        }),
        Command::Tune(args) => tune(
            &resolve_imported(&no_train)?,
            args,
            &cli.global.config,
            progress,
        ),
        Command::Write => each(&resolve_imported(&no_train)?, |_, collection| {
            stages::write(collection, progress)
        }),
        Command::Build(args) => each(
            &resolve(&args.import, &args.train)?,
            |settings, collection| {
                stages::import(settings, collection, progress)?;
                stages::train(settings, collection, progress)?;
                stages::write(collection, progress)?;
                verify(collection, progress)
            },
        ),
        Command::Run(args) => do_everything(&resolve(&args.import, &args.train)?, args, progress),
        Command::Verify(args) if args.published => {
            with_bucket(&resolve_imported(&no_train)?, |collection, store| {
                verify_what_is_published(collection, store, progress)
            })
        }
        Command::Verify(_) => each(&resolve_imported(&no_train)?, |_, collection| {
            verify(collection, progress)
        }),
        Command::Publish(args) => publish(&resolve_imported(&no_train)?, *args, progress),
        Command::Seal(args) => seal(&resolve_imported(&no_train)?, args, progress),
        Command::Rollback(args) => {
            with_bucket(&resolve_imported(&no_train)?, |collection, store| {
                let CollectionSettings { name, keys, .. } = collection;
                let stage = progress.begin(name, "rollback");
                let report = publish::rollback(store, keys, name, args.to.as_deref())?;
                if report.generation == report.replaced {
                    stage.end(format_args!("{} is served already", report.generation));
                } else {
                    stage.end(format_args!(
                        "{} is served, after {}; another rollback goes back to that",
                        report.generation, report.replaced
                    ));
                }
                print(format!("{name} {}\n", report.generation).as_bytes())
            })
        }
        Command::Gc(args) => with_bucket(&resolve_imported(&no_train)?, |collection, store| {
            collect_garbage(collection, store, *args, progress)
        }),
    }
}

/// Does something for each collection; the first failure ends it.
fn each(
    settings: &Settings,
    mut act: impl FnMut(&Settings, &CollectionSettings) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    settings.collections.iter().try_for_each(|collection| {
        act(settings, collection).with_context(|| collection.name.clone())
    })
}

/// Does something for each collection with the bucket that is published to.
fn with_bucket(
    settings: &Settings,
    mut act: impl FnMut(&CollectionSettings, &S3Store) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let store = S3Store::connect(&settings.location(&settings.storage.bucket))?;
    each(settings, |_, collection| act(collection, &store))
}

/// Brings data to this machine. It is the same for all collections, so no configuration is needed.
fn fetch(global: &GlobalArgs, args: &FetchArgs, progress: &Progress) -> anyhow::Result<()> {
    let source = Source::try_from(args.source.clone()).map_err(anyhow::Error::msg)?;
    let Source::S3 { bucket, prefix } = source else {
        bail!(
            "`{}` is not in a bucket: write s3://bucket/prefix",
            args.source
        );
    };
    let store = S3Store::connect(&settings::bucket(global, bucket)?)?;
    let stage = progress.begin("data", "fetch");
    let fetched = import::fetch(&store, &prefix, &args.into)?;
    stage.end(format_args!(
        "{} files, {}, written into {}; {} there already",
        fetched.num_written,
        megabytes(fetched.len_bytes),
        args.into.display(),
        fetched.num_skipped
    ));
    Ok(())
}

fn do_everything(settings: &Settings, args: &RunArgs, progress: &Progress) -> anyhow::Result<()> {
    let rebuild = if args.force_rebuild {
        Rebuild::Everything
    } else {
        Rebuild::WhatChanged
    };
    // A bucket that cannot be asked is told of now, and not after the training.
    with_bucket(settings, |collection, store| {
        let CollectionSettings { name, keys, .. } = collection;
        publish::read_pointer(store, keys, name)?;
        Ok(())
    })?;
    each(settings, |settings, collection| {
        stages::prepare(settings, collection, rebuild, progress)
    })?;
    publish(settings, args.publish, progress)
}

fn tune(
    settings: &Settings,
    args: &TuneArgs,
    config: &Path,
    progress: &Progress,
) -> anyhow::Result<()> {
    let default = args.minutes.map_or(DEFAULT_TRIAL_COUNT, |_| usize::MAX);
    let options = TuneOptions {
        trials: args.budget.map_or(default, |trials| trials as usize),
        time: args
            .minutes
            .map(|minutes| Duration::from_mins(minutes.into())),
        seed: args.seed,
        only: args.only.clone(),
    };
    // Written at the end, when all searches are done: one that is interrupted begins from the same settings again.
    let mut found = Vec::new();
    for collection in &settings.collections {
        let tuned = match stages::tune(settings, collection, &options, progress) {
            // Of several collections, those that have nobody to tune with are passed over: what is found for the others stays.
            Err(error) if 1 < settings.collections.len() && has_nobody(&error) => {
                let stage = progress.begin(&collection.name, "tune");
                stage.note(format_args!("{error:#}"));
                stage.end("passed over");
                continue;
            }
            other => other.with_context(|| collection.name.clone())?,
        };
        if let Some(tuned) = tuned {
            print(format!("{}\n", tuned.text).as_bytes())?;
            found.push((collection, tuned));
        }
    }
    if found.is_empty() {
        bail!("no collection has a model that --only names, and people or rows to tune it with");
    }
    let written = stages::write_settings(&found, config, args.dry_run)?;
    print(written.as_bytes())
}

/// Whether a collection has nobody to tune with.
fn has_nobody(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(TuneError::NoInteractions | TuneError::TooFewCases { .. })
    )
}

fn verify(collection: &CollectionSettings, progress: &Progress) -> anyhow::Result<()> {
    let stage = progress.begin(&collection.name, "verify");
    let generation = LocalGeneration::open(&collection.folder.generation(), &collection.name)?;
    generation.verify()?;
    stage.end(format_args!("{} is sound", generation.manifest.generation));
    Ok(())
}

fn verify_what_is_published(
    collection: &CollectionSettings,
    store: &S3Store,
    progress: &Progress,
) -> anyhow::Result<()> {
    let CollectionSettings { name, keys, .. } = collection;
    let stage = progress.begin(name, "verify");
    let manifest = published(store, collection)?;
    verify_published(store, keys, &manifest)?;
    stage.end(format_args!(
        "{} is sound in the bucket",
        manifest.generation
    ));
    Ok(())
}

/// What is published of a collection, which is to be something.
fn published(store: &S3Store, collection: &CollectionSettings) -> anyhow::Result<Manifest> {
    let CollectionSettings { name, keys, .. } = collection;
    let current = publish::read_pointer(store, keys, name)?.with_context(|| {
        format!(
            "the collection is not published: there is no `{}`",
            keys.pointer()
        )
    })?;
    Ok(current.manifest)
}

fn publish(settings: &Settings, args: PublishArgs, progress: &Progress) -> anyhow::Result<()> {
    with_bucket(settings, |collection, store| {
        let CollectionSettings {
            name, keys, folder, ..
        } = collection;
        let stage = progress.begin(name, "publish");
        let generation = LocalGeneration::open(&folder.generation(), name)?;
        let options = PublishOptions {
            maximum_quality_loss: collection.collection.publish.maximum_quality_loss,
            force: args.force,
        };
        let report = publish::publish(store, keys, &generation, options)?;
        stage.note(&report.quality);
        stage.end(format_args!(
            "{} is served; {} objects written, {} there already",
            report.generation,
            report.written.len(),
            report.num_skipped
        ));
        print(format!("{name} {}\n", report.generation).as_bytes())
    })
}

fn seal(settings: &Settings, args: &SealArgs, progress: &Progress) -> anyhow::Result<()> {
    let mut index = SealedIndex::default();
    if args.built {
        each(settings, |_, collection| {
            let CollectionSettings { name, folder, .. } = collection;
            let stage = progress.begin(name, "read");
            let generation = LocalGeneration::open(&folder.generation(), name)?;
            index.add_built(&generation)?;
            stage.end(format_args!("{} is sound", generation.manifest.generation));
            Ok(())
        })?;
    } else {
        with_bucket(settings, |collection, store| {
            let stage = progress.begin(&collection.name, "read");
            let manifest = published(store, collection)?;
            index.add_published(store, &collection.keys, &manifest)?;
            stage.end(format_args!("{} is sound", manifest.generation));
            Ok(())
        })?;
    }
    let archive = index.archive(args.maximum_megabytes)?;
    for path in &args.functions {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let stage = progress.begin(&name, "seal");
        let (written, cost) = seal_file(path, &args.into, &archive)
            .with_context(|| format!("cannot seal {}", path.display()))?;
        stage.end(cost);
        print(format!("{}\n", written.display()).as_bytes())?;
    }
    Ok(())
}

fn collect_garbage(
    collection: &CollectionSettings,
    store: &S3Store,
    args: GcArgs,
    progress: &Progress,
) -> anyhow::Result<()> {
    let CollectionSettings { name, keys, .. } = collection;
    let stage = progress.begin(name, "gc");
    let now_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs() as i64);
    let options = CollectOptions {
        keep: args
            .keep
            .unwrap_or(collection.collection.publish.kept_generations) as usize,
        older_than_s: i64::from(args.older_than) * SECONDS_PER_DAY,
        dry_run: args.dry_run,
        now_s,
    };
    let report = publish::collect(store, keys, name, options)?;
    for gone in &report.collected {
        print(format!("{name} {}\n", gone.generation).as_bytes())?;
    }
    let len_bytes = report.collected.iter().map(|gone| gone.len_bytes).sum();
    stage.end(format_args!(
        "{} generations, {}, {}; {} stay",
        report.collected.len(),
        megabytes(len_bytes),
        if args.dry_run {
            "would be deleted"
        } else {
            "deleted"
        },
        report.num_kept
    ));
    Ok(())
}

/// Writes data to stdout. Whoever has read enough and closed the pipe gets no more, and that is no error.
fn print(data: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(data).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to stdout")
        }
        _ => Ok(()),
    }
}
