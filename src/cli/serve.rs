//! `dayi serve`: the HTTP service.

use std::{error::Error, path::PathBuf, process::ExitCode, sync::Arc};

use jiff::Timestamp;
use tokio::net::TcpListener;

use super::{Outcome, open, output, progress::Bars};
use crate::{
    channels::Channels,
    config::{Config, HttpConfig},
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
    let files = open::Files::read(&args.faq, &Options { data: Some(&config.data), ..Options::default() })
        .complete()?;
    files.tell();
    if !args.faq.is_empty() {
        files.store_in(&mut Store::open_or_create(&config.data)?, Some(&config.data))?;
    }
    let embedder = open::model(config)?;
    let channels = Channels::open(&config.channels, &config.root)?;
    let metrics = Arc::new(Metrics::default());
    let questions = QueryCache::start(embedder.clone(), config.queue, metrics.clone())?;
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
        output::line(format_args!("listening on http://{}", listener.local_addr()?))?;
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
