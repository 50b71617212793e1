//! `dayi serve`: the HTTP service.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use jiff::Timestamp;
use tokio::net::TcpListener;

use super::{Outcome, index, open, output, progress::Bars};
use crate::{
    channels::Channels,
    config::{ChannelsConfig, Config, HttpConfig, QueueConfig},
    faq::SpaceName,
    http::{self, metrics::Metrics, state::AppState},
    import::Options,
    keys::Keys,
    matcher::QueryCache,
    spaces::{self, Common, Spaces},
    store::Store,
};

/// Serves the FAQs in the data directory over HTTP until it is told to stop.
///
/// The page is at /, API documentation at /docs, the OpenAPI document at /openapi.json. As long as no key was ever made, only this
/// machine may call; see `dayi key` and --allow-anonymous. All spaces are served, see `dayi space`; --space is the one
/// into which --faq imports. Ctrl-C and SIGTERM finish what is in flight first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Import these files into the space first
    #[arg(long, value_name = "FILE", num_args = 1..)]
    faq: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    if args.faq.is_empty() && spaces::list(&config.root)?.len() == 1 {
        // Before anything is made in a directory that was only mistyped.
        drop(Store::open(&config.data)?);
    }
    let keys = Keys::open_or_create(&config.root)?;
    check_address(&config.http, &keys)?;
    check_spaces(&config.channels, &config.root)?;
    let mut files = open::Files::read(&args.faq, &Options { data: Some(&config.data), ..Options::default() })
        .complete()?;
    files.tell();
    if !args.faq.is_empty() {
        let counts = files.store_in(&mut Store::open_or_create(&config.data)?, Some(&config.data), false)?;
        output::note(index::counted(counts));
    }
    let embedder = open::model(config)?;
    let channels = Channels::open(&config.channels, &config.root)?;
    let metrics = Arc::new(Metrics::default());
    let queue = QueueConfig { callers_embed: true, ..config.queue };
    let questions = QueryCache::start(embedder.clone(), queue, metrics.clone())?;
    let common = Common {
        embedder,
        questions: Arc::new(questions),
        index: config.index,
        synonyms: config.synonyms.clone(),
        public_url: config.channels.public_url.clone(),
        learn: config.learn,
        observer: metrics.clone(),
        clock: Arc::new(Timestamp::now),
    };
    let spaces = Spaces::open(&config.root, common, &Bars::default())?;
    let app = AppState::new(spaces, keys, channels, config, metrics);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(config.http.listen).await.map_err(|error| {
            format!("cannot listen on {}: {error}; choose another --listen", config.http.listen)
        })?;
        // On stdout, so that a script can start with port 0 and read where to go.
        output::line(format_args!("listening on http://{}", listener.local_addr()?))
            .map_err(|error| format!("cannot say on stdout where it listens: {error}"))?;
        http::serve(listener, app).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Refuses to be reached from other machines when nothing says who may do what; says who may otherwise.
fn check_address(http: &HttpConfig, keys: &Keys) -> Result<(), Box<dyn Error>> {
    let now = Timestamp::now();
    let has_key = keys.list()?.iter().any(|key| key.usable(now).is_ok());
    if !has_key && !http.allow_anonymous && !http.listen.ip().is_loopback() {
        return Err(format!(
            "no key exists, so {} would let anybody change the FAQ: make one with `dayi key create`, or let \
             everybody ask, and do nothing else, with --allow-anonymous",
            http.listen
        )
        .into());
    }
    if http.allow_anonymous {
        tracing::info!("callers without a key may ask and give feedback in the default space");
    } else if !keys.were_ever_made()? {
        tracing::info!(
            "no key exists: only this machine may call, and may do everything, until you run `dayi key create`"
        );
    }
    Ok(())
}

/// Refuses channels that would answer from a space that is not there: nobody would know before the first message.
fn check_spaces(channels: &ChannelsConfig, root: &Path) -> Result<(), Box<dyn Error>> {
    let ChannelsConfig { public_url: _, wecom, hooks } = channels;
    let of_hooks = hooks.iter().map(|hook| (format!("hooks.{}.space", hook.name), &hook.space));
    let named = std::iter::once(("wecom.space".to_owned(), &wecom.space)).chain(of_hooks);
    let missing = named.filter(|(_, space)| !spaces::exists(root, space));
    let problem = |(setting, name): (String, &SpaceName)| {
        format!("{setting}: {}", spaces::Error::NotFound { name: name.clone() })
    };
    let problems: Vec<String> = missing.map(problem).collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("the channels in the configuration file cannot be opened:\n{}", problems.join("\n")).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn every_channel_of_a_space_that_is_not_there_is_told() {
        let hook = |name: &str, more: &str| {
            format!("[[hooks]]\nname = '{name}'\nverify = 'bearer'\nsecret = 'hunter2'\n{more}\n")
        };
        let text = ["[wecom]\nspace = 'it'\n", &hook("desk", ""), &hook("hr", "space = 'hr'")].concat();
        let settings: Settings = toml::from_str(&text).unwrap();
        let channels = Config::resolve(settings).unwrap().channels;
        let root = tempfile::tempdir().unwrap();
        let told = check_spaces(&channels, root.path()).unwrap_err().to_string();
        for expected in ["wecom.space", "dayi space create it", "hooks.hr.space", "dayi space create hr"] {
            assert!(told.contains(expected), "{expected} is missing in {told}");
        }
        assert!(!told.contains("desk"), "the default space is always there: {told}");
        for name in ["it", "hr"] {
            spaces::create(root.path(), &name.parse().unwrap()).unwrap();
        }
        assert!(check_spaces(&channels, root.path()).is_ok());
    }
}
