//! `dayi model`: which models are here, fetching one, checking one.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Outcome, output};
use crate::{
    config::Config,
    embed::{
        self, ModelOptions, Role,
        hub::{Download, Hub, HubId},
        model_dir::{ModelDir, bundled_places},
    },
};

/// Lists, fetches and checks embedding models.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the bundled model and those in the hub's cache
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Download a model from the hub into the cache, anew even when it is there
    Pull {
        /// Hub id, e.g. BAAI/bge-small-zh-v1.5, with @revision if wanted
        id: HubId,
    },
    /// Load the model of --model, embed a sentence, and print what it is with the SHA-256 of its files
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    match &args.action {
        Action::List { json } => list(*json, &config.model),
        Action::Pull { id } => pull(id, &config.model),
        Action::Check { json } => check(*json, &config.model),
    }
}

fn list(as_json: bool, options: &ModelOptions) -> Outcome {
    let bundled: Vec<_> =
        bundled_places().into_iter().filter(|place| ModelDir::open(place, None).is_ok()).collect();
    let cached = Hub::from_env(options.offline)?.cached();
    if as_json {
        let cached: Vec<_> = cached
            .iter()
            .map(|model| json!({"id": model.repository, "commit": model.commit, "path": model.path}))
            .collect();
        output::json(&json!({"bundled": bundled, "cached": cached}))?;
    } else {
        for place in &bundled {
            output::line(format_args!("bundled  {}", place.display()))?;
        }
        for model in &cached {
            output::line(format_args!("cached   {}  {}", model.repository, model.path.display()))?;
        }
        if bundled.is_empty() && cached.is_empty() {
            output::note("no model here; fetch one with `dayi model pull BAAI/bge-small-zh-v1.5`");
        }
    }
    Ok(output::exit(!bundled.is_empty() || !cached.is_empty()))
}

fn pull(id: &HubId, options: &ModelOptions) -> Outcome {
    let path = Hub::from_env(options.offline)?.pull(id, &mut download_bar())?;
    output::line(path.display())?;
    Ok(ExitCode::SUCCESS)
}

fn check(as_json: bool, options: &ModelOptions) -> Outcome {
    let folder = embed::open(options, &mut download_bar())?;
    let files = folder.checksums()?;
    let path = folder.path.clone();
    let embedder = embed::load_dir(folder, options)?;
    embedder.embed(&["群主想解散群聊在哪操作"], Role::Query)?;
    let model = embedder.model();
    if as_json {
        output::json(&json!({
            "name": model.name, "path": path, "fingerprint": model.fingerprint, "dimension": model.dimension,
            "max_tokens": model.max_tokens, "engine": options.engine, "files": files,
        }))?;
    } else {
        output::line(format_args!("{}  {}", model.name, path.display()))?;
        output::line(format_args!("{} dimensions, at most {} tokens", model.dimension, model.max_tokens))?;
        output::line(format_args!("fingerprint {}", model.fingerprint))?;
        for file in files {
            output::line(format_args!("sha256 {}  {}", file.sha256, file.file))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A bar for each file that is downloaded.
fn download_bar() -> impl FnMut(Download<'_>) {
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    move |download| {
        bar.set_message(download.file.to_owned());
        bar.set_length(download.total);
        bar.set_position(download.bytes);
    }
}
