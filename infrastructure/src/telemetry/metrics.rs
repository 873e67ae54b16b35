//! Metrics in `CloudWatch`'s embedded metric format: a line of the log for each set of dimensions, from which
//! `CloudWatch` makes the metrics. Nothing is called, and nothing waits.

use std::io;

use application::telemetry::{self, NAMESPACE, STAGE};
use metrics_cloudwatch_embedded::{Builder, Collector};

use crate::config::Stage;

/// What records this process's metrics.
#[derive(Clone, Copy)]
pub struct EmbeddedMetrics {
    collector: &'static Collector,
}

/// A process has one recorder of metrics, and it has one already.
#[derive(Debug, thiserror::Error)]
#[error("metrics are recorded already")]
pub struct AlreadyRecorded;

impl EmbeddedMetrics {
    /// Begins to record, as a service of this stage.
    ///
    /// # Errors
    ///
    /// [`AlreadyRecorded`] at the second call in a process.
    pub fn record(stage: Stage) -> Result<Self, AlreadyRecorded> {
        let builder = Builder::new().cloudwatch_namespace(NAMESPACE).with_dimension(STAGE, stage.as_str());
        let collector = builder.init().map_err(|_| AlreadyRecorded)?;
        telemetry::describe();
        Ok(Self { collector })
    }

    /// Writes what was recorded since the last time.
    ///
    /// # Errors
    ///
    /// When `log` cannot be written to.
    pub fn write_to(&self, log: impl io::Write) -> io::Result<()> {
        self.collector.flush(log)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    fn written(metrics: EmbeddedMetrics) -> Vec<Value> {
        let mut log = Vec::new();
        metrics.write_to(&mut log).unwrap();
        String::from_utf8(log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// One test, because a process has one recorder.
    #[test]
    fn metrics_are_written_once_each_in_the_embedded_format() {
        let metrics = EmbeddedMetrics::record(Stage::Dev).unwrap();
        assert!(EmbeddedMetrics::record(Stage::Dev).is_err());
        telemetry::started();
        for millis in [3, 5] {
            telemetry::answered("GET", Some("/health"), 200, Duration::from_millis(millis));
        }
        let lines = written(metrics);
        let of = |name: &str| lines.iter().find(|line| line.get(name).is_some()).unwrap();

        let latency = of("RequestLatency");
        assert_eq!(latency["RequestLatency"], json!([3.0, 5.0]));
        assert_eq!((&latency["Stage"], &latency["Route"]), (&json!("dev"), &json!("GET /health")));
        let directive = &latency["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "PurposePath/Account");
        assert_eq!(directive["Dimensions"], json!([["Stage", "Route"]]));
        assert_eq!(directive["Metrics"], json!([{ "Name": "RequestLatency", "Unit": "Milliseconds" }]));
        assert!(latency["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000);

        assert_eq!((&of("Requests")["Requests"], &of("Requests")["Status"]), (&json!(2), &json!("2xx")));
        assert_eq!(of("ColdStarts")["ColdStarts"], 1);
        assert!(written(metrics).is_empty(), "what was written is not written again");
    }
}
