//! `dayi serve`: the HTTP service.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use tokio::net::TcpListener;

use super::{Outcome, open, output};
use crate::{
    assets::Assets,
    channels::Channels,
    config::Config,
    editor::{self, Editor, Setup},
    http::{
        self,
        metrics::Metrics,
        state::{AppState, Faq},
    },
    import::Options,
    learn::{Journal, Served},
    matcher::Matcher,
    store::Store,
    triage::{Desk, Earlier},
};

/// Serves the FAQ in the data directory over HTTP until it is told to stop.
///
/// API documentation is at /docs, the OpenAPI document at /openapi.json. Ctrl-C and SIGTERM finish what is in
/// flight first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Import these files into the data directory first
    #[arg(long, value_name = "FILE", num_args = 1..)]
    faq: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let files = open::Files::read(&args.faq, &Options { data: Some(&config.data), ..Options::default() })
        .complete()?;
    files.tell();
    let embedder = open::model(config)?;
    let mut store =
        if args.faq.is_empty() { Store::open(&config.data)? } else { Store::open_or_create(&config.data)? };
    files.store_in(&mut store, Some(&config.data))?;
    let channels = Channels::open(&config.channels, &config.data)?;
    let (snapshot, _) = open::snapshot(&mut store, embedder.as_ref(), config, Some(&config.data))?;
    let desk = Desk::new(None, Earlier::open(store, snapshot.model())?);
    let metrics = Arc::new(Metrics::default());
    let matcher = Arc::new(Matcher::start(snapshot, embedder.clone(), config.queue, metrics.clone())?);
    let setup = Setup {
        embedder: embedder.clone(),
        params: config.index,
        folder: Some(open::snapshots(&config.data)),
        clock: editor::system_clock(),
    };
    let editor = Editor::start(&config.data, matcher.clone(), setup)?;
    let served = Served { matcher: matcher.clone(), embedder };
    let clock = Arc::new(jiff::Timestamp::now);
    let journal = Journal::start(&config.data, served, config.learn, metrics.clone(), clock)?;
    let assets = Assets::in_data(&config.data);
    let faq = Faq { matcher, editor, journal: Arc::new(journal), assets, desk: Arc::new(desk) };
    let app = AppState::new(faq, channels, config, metrics);

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
