//! wrk, the load generator: keeps some connections busy for some seconds, each sending the next question.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::json;

use super::Outcome;

/// Sends one body after the other and prints what came back as one line of JSON.
const SCRIPT: &str = r#"
local bodies = {}
for line in io.lines("BODIES") do bodies[#bodies + 1] = line end
local threads, number = {}, 0
function setup(thread) threads[#threads + 1] = thread end
function init()
    number, refused, failed = 0, 0, 0
    wrk.method, wrk.headers["content-type"] = "POST", "application/json"
end
function request()
    number = number + 1
    return wrk.format(nil, nil, nil, bodies[(number - 1) % #bodies + 1])
end
function response(status)
    if status == 429 then refused = refused + 1 elseif status ~= 200 then failed = failed + 1 end
end
function done(summary, latency)
    local refused, failed = 0, 0
    for _, thread in ipairs(threads) do
        refused, failed = refused + thread:get("refused"), failed + thread:get("failed")
    end
    local errors = summary.errors
    failed = failed + errors.connect + errors.read + errors.write + errors.timeout
    print(string.format('RESULT{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"refused":%d,"failed":%d}',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), refused, failed))
end
"#;

/// What wrk saw; times in microseconds.
#[derive(Debug, Deserialize)]
pub(crate) struct Load {
    requests: u64,
    micros: u64,
    p50: u64,
    p99: u64,
    /// Answers 429.
    pub(crate) refused: u64,
    /// Everything else that is not 200.
    pub(crate) failed: u64,
}

impl Load {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        (self.requests - self.refused) as f64 / self.micros as f64 * 1e6
    }

    /// Milliseconds that half of the requests took at most.
    pub(crate) fn p50(&self) -> f64 {
        self.p50 as f64 / 1e3
    }

    /// Milliseconds that 99 % of the requests took at most.
    pub(crate) fn p99(&self) -> f64 {
        self.p99 as f64 / 1e3
    }
}

/// The questions and the script, written down for wrk.
pub(crate) struct Generator {
    script: PathBuf,
}

impl Generator {
    /// Writes both into `folder`.
    pub(crate) fn new(folder: &Path, questions: &[String]) -> Outcome<Self> {
        let bodies: Vec<String> =
            questions.iter().map(|question| json!({"query": question}).to_string()).collect();
        let path = folder.join("bodies.jsonl");
        fs::write(&path, bodies.join("\n"))?;
        let script = folder.join("load.lua");
        fs::write(&script, SCRIPT.replace("BODIES", &path.display().to_string()))?;
        Ok(Self { script })
    }

    /// Keeps `connections` busy for `seconds`.
    pub(crate) fn run(&self, address: &str, connections: usize, seconds: u32) -> Outcome<Load> {
        let output = Command::new("wrk")
            .args(["--threads", "1", "--timeout", "30s"])
            .args(["--connections", &connections.to_string(), "--duration", &format!("{seconds}s")])
            .arg("--script")
            .arg(&self.script)
            .arg(format!("{address}/v1/match"))
            .output()
            .map_err(|error| format!("cannot start wrk: {error}; install it (apt install wrk)"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let result = text.lines().find_map(|line| line.strip_prefix("RESULT"));
        let result =
            result.ok_or_else(|| format!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
        Ok(serde_json::from_str(result)?)
    }
}
