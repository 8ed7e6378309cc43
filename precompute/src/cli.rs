//! What can be written on the command line. These types only hold it; [`settings`](crate::settings) makes sense of it.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use config::Layout;

use crate::exit::EXIT_STATUS_HELP;
use crate::progress::ProgressForm;
use crate::seal::DEFAULT_MAXIMUM_MEGABYTES;
use crate::tune::Subject;

const EXAMPLES: &str = "\
Examples:
  precompute run                              everything, for all collections
  precompute build --collection movies --source ml-latest-small
                                              a folder, without a kindred.toml
  precompute run --download latest-small --collection movies
                                              the same from the network
  precompute evaluate --neighbours 50         what do fewer neighbours cost?
  precompute tune --minutes 10                better settings, found and written into kindred.toml
  precompute inspect --json | jq .quality     how good is what is served?
  precompute publish --collection movies --bucket films --endpoint http://127.0.0.1:9000
                                              what was built, without a kindred.toml
  precompute rollback                         serve the generation before
  precompute seal target/functions/recommend.wasm --into target/sealed
                                              a function that needs no bucket

--endpoint, --bucket, --region and --prefix stand for [storage] of kindred.toml, and --source, --layout, --model, --neighbours and \
    --regularization for what it says of a collection; everything else is only there. Without the file a collection is named with --collection.

Credentials come from the environment, a profile or the machine's role, as for every AWS tool. With OMDB_API_KEY in the environment the import looks for posters. NO_COLOR is honoured.";

const TUNE_EXAMPLES: &str = "\
Examples:
  precompute tune                             30 settings of each model of each collection
  precompute tune --only clusters --budget 60 one model; what was tried before counts
  precompute tune --minutes 10 --dry-run      as many as there is time for; kindred.toml stays as it is

The configured settings are tried first. The search goes by every other one of the people, and what it chose is written only if it is better for the others as \
    well: if the whole 95 % interval of the difference, person by person, lies above 0. Of settings that are as good as the best, up to one standard error, the one \
    with the smallest index file is chosen. Interrupted, the same command goes on where it was. The page is report/tune.html in the working folder.";

/// Turn data sets into index files and publish them.
///
/// What there is to do is written in kindred.toml, a table a collection. `run` does all of it, and nothing twice; the other
/// commands are its steps, and what looks after what is published.
#[derive(Debug, Parser)]
#[command(
    name = "precompute",
    version,
    arg_required_else_help = true,
    after_help = EXIT_STATUS_HELP,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS_HELP}"),
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The file that describes the collections.
    #[arg(long, global = true, value_name = "FILE", env = "KINDRED_CONFIG", default_value = config::FILE_NAME)]
    pub config: PathBuf,
    /// Only this collection; may be given several times [default: all of the file].
    #[arg(long, global = true, value_name = "NAME")]
    pub collection: Vec<String>,
    /// Where the stages leave their results for each other; all of it can be made again.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "KINDRED_WORK",
        default_value = ".kindred"
    )]
    pub work: PathBuf,
    /// How many threads compute [default: one a processor].
    #[arg(long, global = true, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub threads: Option<u32>,
    /// How much memory learning may take, about, such as 512M or 4G; it takes longer with less, and uses temporary files [default: three quarters of what is free].
    #[arg(long, global = true, value_name = "SIZE", value_parser = bytes)]
    pub max_memory: Option<u64>,
    /// How progress is shown, on stderr [default: bars on a terminal, else lines].
    #[arg(long, global = true, value_name = "FORM")]
    pub progress: Option<ProgressForm>,
    /// Where index files go.
    #[command(flatten)]
    pub storage: StorageArgs,
}

/// Where index files go: each of these stands for the file's.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Bucket")]
pub struct StorageArgs {
    /// The S3-compatible service [default: the file's, or AWS]; an s3:// source is there too.
    #[arg(long, global = true, value_name = "URL", value_parser = |text: &str| storage("endpoint", text).map(|storage| storage.endpoint.unwrap_or_default()))]
    pub endpoint: Option<String>,
    /// The bucket [default: the file's, or kindred].
    #[arg(long, global = true, value_name = "NAME", value_parser = |text: &str| storage("bucket", text).map(|storage| storage.bucket))]
    pub bucket: Option<String>,
    /// The region [default: the file's, or us-east-1].
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// What every key begins with [default: the file's, or nothing].
    #[arg(long, global = true, value_name = "PREFIX", value_parser = |text: &str| storage("prefix", text).map(|storage| storage.prefix))]
    pub prefix: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything: import, train, evaluate, write, publish; what did not change is not done again
    Run(RunArgs),
    /// Import, train and write, for publishing later; nothing is measured
    Build(BuildArgs),
    /// Bring a bucket's folder to this machine, for sources that are folders; what is there already stays
    Fetch(FetchArgs),
    /// Read the source into the working folder
    Import(ImportArgs),
    /// Learn neighbours and what is popular
    Train(TrainArgs),
    /// Measure how well a model of these settings recommends; prints the report
    Evaluate(TrainArgs),
    /// Search better settings by asking people whom `evaluate` does not ask, and write them into kindred.toml; prints what was tried
    #[command(after_help = TUNE_EXAMPLES)]
    Tune(TuneArgs),
    /// Write the index files and their manifest
    Write,
    /// Check every checksum of a generation
    Verify(VerifyArgs),
    /// Upload a generation and have it served; prints its name
    Publish(PublishArgs),
    /// Write what is published into functions that then need no bucket; prints the files
    Seal(SealArgs),
    /// Print what is in an index file, in a generation's folder, or in the bucket
    Inspect(InspectArgs),
    /// Have the generation before, or a named one, served again; prints its name
    Rollback(RollbackArgs),
    /// Delete old generations from the bucket; prints their names
    Gc(GcArgs),
    /// Print a script that completes commands in a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// Arguments of `fetch`.
#[derive(Args, Clone, Debug)]
pub struct FetchArgs {
    /// The folder in the bucket, as `s3://bucket/prefix`
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Where its files go
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
}

/// Where the data comes from.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Import")]
pub struct ImportArgs {
    /// Read this folder, .zip or `s3://bucket/prefix` instead of the file's `source`
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// Take the source to be laid out like this, instead of finding it out
    #[arg(long, value_name = "LAYOUT", value_parser = layout_parser())]
    pub layout: Option<Layout>,
    /// Fetch a release of MovieLens, such as latest-small, and read that
    #[arg(long, value_name = "RELEASE", conflicts_with = "source")]
    pub download: Option<String>,
    /// Read all objects of an s3:// source, instead of those that are new since the last import
    #[arg(long)]
    pub all_objects: bool,
}

/// How to learn.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Training")]
pub struct TrainArgs {
    /// What is learnt
    #[arg(long, value_name = "MODEL")]
    pub model: Option<ModelArg>,
    /// How many neighbours an item keeps at most
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub neighbours: Option<u32>,
    /// How strongly the weights of model ease are held down
    #[arg(long, value_name = "NUMBER", value_parser = positive)]
    pub regularization: Option<f64>,
}

/// What is learnt; kindred.toml explains them.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "kebab-case")]
pub enum ModelArg {
    /// The item-item linear model
    Ease,
    /// Items that the same people touched
    ItemKnn,
}

/// Arguments of `tune`.
#[derive(Args, Clone, Debug)]
pub struct TuneArgs {
    /// How many settings of a model are tried, those of earlier runs included [default: 30; with --minutes, as many as there is time for]
    #[arg(long, value_name = "TRIALS", value_parser = clap::value_parser!(u32).range(1..))]
    pub budget: Option<u32>,
    /// For how long settings of a model are tried; one that is being tried is tried to its end
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    pub minutes: Option<u32>,
    /// What decides who is asked, and what is tried
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Only this model; may be given several times [default: all that a collection has]
    #[arg(long, value_name = "MODEL")]
    pub only: Vec<Subject>,
    /// Print what would be written into kindred.toml, and leave it as it is
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Do every stage, whether something changed or not
    #[arg(long)]
    pub force_rebuild: bool,
    /// Where the data comes from.
    #[command(flatten)]
    pub import: ImportArgs,
    /// How to learn.
    #[command(flatten)]
    pub train: TrainArgs,
    /// When to publish.
    #[command(flatten)]
    pub publish: PublishArgs,
}

/// Arguments of `build`.
#[derive(Args, Debug)]
pub struct BuildArgs {
    /// Where the data comes from.
    #[command(flatten)]
    pub import: ImportArgs,
    /// How to learn.
    #[command(flatten)]
    pub train: TrainArgs,
}

/// Arguments of `verify`.
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// Download and check what is published, instead of the working folder's generation
    #[arg(long)]
    pub published: bool,
}

/// Arguments of `publish`.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Publishing")]
pub struct PublishArgs {
    /// Publish a generation that is worse than the served one, or not measured as it was, too
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `seal`.
#[derive(Args, Debug)]
pub struct SealArgs {
    /// The functions as they were built, such as target/functions/recommend.wasm
    #[arg(required = true, value_name = "FUNCTION")]
    pub functions: Vec<PathBuf>,
    /// Where the sealed functions go, under the same names; `source` of spin.toml then says so
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// Take the working folder's generation, instead of what is published
    #[arg(long)]
    pub built: bool,
    /// How long the index of all collections together may be; it is in the memory of every machine that runs the function
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULT_MAXIMUM_MEGABYTES)]
    pub maximum_megabytes: u32,
}

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// A .kdx file or a generation's folder [default: what is published]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Print a JSON object, one a line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `rollback`.
#[derive(Args, Debug)]
pub struct RollbackArgs {
    /// The generation to serve [default: the one that the served one replaced]
    #[arg(long, value_name = "GENERATION", value_parser = generation)]
    pub to: Option<String>,
}

/// Arguments of `gc`.
#[derive(Args, Clone, Copy, Debug)]
pub struct GcArgs {
    /// How many of the newest generations stay [default: `kept_generations`]; the served one and the one before it always do
    #[arg(long, value_name = "COUNT")]
    pub keep: Option<u32>,
    /// Only delete what was published longer ago than this; 0 is safe only where nobody publishes at the same time
    #[arg(long, value_name = "DAYS", default_value_t = 1)]
    pub older_than: u32,
    /// Print what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// The layouts as the configuration names them, and their files as the help.
fn layout_parser() -> impl TypedValueParser<Value = Layout> {
    let values = Layout::ALL
        .iter()
        .map(|layout| PossibleValue::new(layout.name()).help(layout.files()));
    PossibleValuesParser::new(values).try_map(|name| {
        let mut layouts = Layout::ALL.iter().copied();
        layouts
            .find(|layout| layout.name() == name)
            .ok_or("no such layout")
    })
}

/// A number of bytes, with K, M or G for so many times 1024.
fn bytes(text: &str) -> Result<u64, String> {
    let (number, shift) = match text.to_ascii_uppercase().trim_end_matches('B') {
        text if text.ends_with('K') => (text[..text.len() - 1].to_owned(), 10),
        text if text.ends_with('M') => (text[..text.len() - 1].to_owned(), 20),
        text if text.ends_with('G') => (text[..text.len() - 1].to_owned(), 30),
        text => (text.to_owned(), 0),
    };
    let number: Option<u64> = number.trim().parse().ok();
    let bytes = number.and_then(|number| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "write a number of bytes, such as 512M or 4G".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if f64::is_finite(number) && 0.0 < number => Ok(number),
        _ => Err("write a number above 0".to_owned()),
    }
}

/// One setting of the storage, by the rules that hold for the file.
fn storage(setting: &str, text: &str) -> Result<config::Storage, String> {
    serde_json::from_value(serde_json::json!({ setting: text })).map_err(|error| error.to_string())
}

fn generation(text: &str) -> Result<String, String> {
    if pointer::is_generation_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "a generation's name has {} hexadecimal digits",
            pointer::GENERATION_LEN
        ))
    }
}
