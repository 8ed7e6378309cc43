//! `infra promote`: what stands by takes the place of the other one.

use std::collections::BTreeMap;

use anyhow::anyhow;
use clap::Args;
use config::{Config, EnvironmentName, Setting, with_settings_of};

use super::apply::{Wanted, change};
use super::arguments::ConfirmEnv;
use super::session::{Session, run};
use super::{Files, write_config};
use crate::cli::Global;
use crate::engine::{Consent, Outcome, Release, Source};
use crate::error::{Failure, Refusal};
use crate::probe::served;
use crate::report::say;

/// What is promoted.
#[derive(Args, Debug)]
pub(crate) struct PromoteArgs {
    /// Promote it though it runs another image, or answers from other generations, than the one whose place it takes
    #[arg(long)]
    pub(crate) though_different: bool,
    #[command(flatten)]
    confirm: ConfirmEnv,
}

/// Makes an environment the active one of those that stand by for each other: writes that into the configuration and applies it to each whose cluster answers.
pub(crate) fn promote(global: &Global, args: &PromoteArgs) -> Result<(), Failure> {
    let files = Files::read(global)?;
    let (name, _) = files.environment(global)?;
    let primary = files.config.primary_of(name);
    let others = others(&files.config, name);
    if others.is_empty() {
        return Err(Refusal::Invalid
            .because(anyhow!(
                "`{name}` stands by for no environment, and none for it"
            ))
            .hint("write `standby_of` in the one that does"));
    }
    let others: Vec<Global> = others.into_iter().map(|other| global.of(other)).collect();
    run(async {
        let session = Session::open_to_change(global, &files).await?;
        let release = session.newest_release().await?;
        if release.outcome != Outcome::Ready {
            return Err(Refusal::Preflight
                .because(anyhow!(
                    "release {} of {name} was not seen to run",
                    release.number
                ))
                .hint(format!("`infra apply --env {name}` brings it there")));
        }
        session.wait(&release).await?;
        let promoted = Member { session, release };
        let mut reached = Vec::new();
        for other in &others {
            reached.extend(reach(other, &files).await?);
        }
        if !args.though_different {
            check_same(&promoted, &reached).await?;
        }
        let session = &promoted.session;
        let question = format!("{} becomes the active one.", session.place());
        let (options, confirm) = (global.clone(), args.confirm.clone());
        let (asked, is_protected) = (name.to_owned(), session.environment.protected);
        let ask = move || confirm.ask(&options, &question, &asked, is_protected);
        session.ask(ask).await?;
        write_config(&global.config, |text| {
            let active = [("active", Setting::Text(name.to_owned()))];
            Ok(with_settings_of(
                text,
                &global.config,
                ["environments", primary],
                &active,
            )?)
        })?;
        let files = Files::read(global)?;
        bring(&promoted, &files, true).await?;
        for other in &reached {
            // Its pods stay as they are.
            bring(other, &files, false).await?;
        }
        tell_what_is_left(&files.config, primary);
        Ok(())
    })
}

/// Those that stand by for an environment, or for which it stands by.
fn others<'a>(config: &'a Config, name: &str) -> Vec<&'a str> {
    let names = config.environments.keys().map(EnvironmentName::as_str);
    let primary = config.primary_of(name);
    names
        .filter(|other| *other != name && config.primary_of(other) == primary)
        .collect()
}

/// One of those that stand by for each other, and what was applied to it last.
struct Member<'a> {
    session: Session<'a>,
    release: Release,
}

/// Another environment, if its cluster answers; that it does not may be why this is done.
async fn reach<'a>(global: &'a Global, files: &'a Files) -> Result<Option<Member<'a>>, Failure> {
    let member = async {
        let session = Session::open_to_change(global, files).await?;
        let release = session.newest_release().await?;
        Ok::<_, Failure>(Member { session, release })
    };
    match member.await {
        Ok(member) => Ok(Some(member)),
        Err(failure) if failure.refusal == Refusal::Interrupted => Err(failure),
        Err(failure) => {
            let name = global.env.as_deref().unwrap_or_default();
            say(&format!(
                "{name} is left as it is, since {failure}; `infra apply --env {name}` lets its jobs rest when it is there again"
            ));
            Ok(None)
        }
    }
}

/// Refuses where an environment is not what it takes the place of.
async fn check_same(promoted: &Member<'_>, others: &[Member<'_>]) -> Result<(), Failure> {
    let name = promoted.session.environment_name;
    let image = &promoted.release.image;
    let generations = generations(&promoted.session).await?;
    for other in others {
        let other_name = other.session.environment_name;
        let other_image = &other.release.image;
        if image != other_image {
            return Err(Refusal::Preflight
                .because(anyhow!("{name} runs {image}, and {other_name} {other_image}"))
                .hint(format!(
                    "`infra apply --env {name} --image {other_image}` makes it the same, and `--though-different` promotes it as it is"
                )));
        }
        let others = self::generations(&other.session).await?;
        let (Some(ours), Some(theirs)) = (&generations, &others) else {
            continue;
        };
        let differs = theirs
            .iter()
            .find(|(name, theirs)| ours.get(*name) != Some(*theirs));
        if let Some((collection, theirs)) = differs {
            let ours = ours.get(collection).map_or("none", String::as_str);
            return Err(Refusal::Preflight
                .because(anyhow!(
                    "{name} answers for `{collection}` from generation {ours}, and {other_name} from {theirs}"
                ))
                .hint("see that its bucket has what the other one has, or promote it as it is by `--though-different`"));
        }
    }
    Ok(())
}

/// The generations that an environment answers from, as far as that can be asked from here.
async fn generations(session: &Session<'_>) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let addresses = session.engine().addresses().await?;
    let Some(address) = addresses.first() else {
        say(&format!(
            "{} has no address: nobody here sees which generations it answers from",
            session.environment_name
        ));
        return Ok(None);
    };
    match served(address) {
        Ok(served) => Ok(Some(
            served
                .into_iter()
                .map(|served| (served.name, served.generation))
                .collect(),
        )),
        Err(error) => {
            say(&format!(
                "it is not seen which generations are served: {error:#}"
            ));
            Ok(None)
        }
    }
}

/// Brings an environment to what the configuration says by now, with the image that it has.
async fn bring(member: &Member<'_>, files: &Files, waits: bool) -> Result<(), Failure> {
    let Member { session, release } = member;
    say(&session.place());
    let model = files.model_to_release(session.global, Some(&release.image))?;
    let (objects, image) = session.wanted(model)?;
    let wanted = Wanted {
        objects: &objects,
        source: Source {
            image: &image,
            rollback_of: None,
        },
        consent: Consent::default(),
    };
    let plan = wanted.plan(session).await?;
    change(session, &plan, &wanted, false, waits).await
}

/// What stands before both is no cluster's.
fn tell_what_is_left(config: &Config, primary: &str) {
    let cloud = config
        .environments
        .get(primary)
        .and_then(|found| found.cloud.as_ref());
    let api = cloud.and_then(|cloud| cloud.api.as_ref());
    if api.is_some_and(|api| api.standby.is_some()) {
        say(&format!(
            "`infra cloud apply --env {primary}` sends what is posted there, too"
        ));
    }
}
