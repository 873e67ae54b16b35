//! Reads where traces go.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

use super::{Stage, read::read_https, reader::Reader};

/// Settings of traces.
#[derive(Clone, Debug, PartialEq)]
pub struct TracingConfig {
    /// Where they go.
    pub collector: TraceCollector,
    /// Which share of those requests is traced of which their sender has not decided: 0 to 1.
    pub ratio: f64,
}

/// Who collects traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceCollector {
    /// The daemon of AWS X-Ray, which Lambda runs beside a function with active tracing.
    Xray(SocketAddr),
    /// A collector of OpenTelemetry's protocol over HTTP.
    Otlp(Url),
}

#[derive(Clone, Copy)]
enum Kind {
    Nobody,
    Xray,
    Otlp,
}

const DAEMON: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2000);

pub(super) fn read_tracing(reader: &mut Reader<'_>) -> Option<TracingConfig> {
    let kinds = [("none", Kind::Nobody), ("xray", Kind::Xray), ("otlp", Kind::Otlp)];
    let collector = match reader.choice("TRACES", Kind::Nobody, &kinds) {
        Kind::Nobody => return None,
        Kind::Xray => {
            let parse = |text: &str| text.parse().map_err(|_| "must be an address such as 127.0.0.1:2000".to_owned());
            TraceCollector::Xray(reader.parsed("AWS_XRAY_DAEMON_ADDRESS", parse).unwrap_or(DAEMON))
        }
        Kind::Otlp => {
            // It may be an extension of the function, which speaks plain HTTP on its own machine, in any stage.
            let endpoint = reader.parsed("OTEL_EXPORTER_OTLP_ENDPOINT", |text| read_https(text, Stage::Local));
            if endpoint.is_none() && reader.text("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
                reader.problem("OTEL_EXPORTER_OTLP_ENDPOINT", "must be set where TRACES is otlp");
            }
            TraceCollector::Otlp(endpoint?)
        }
    };
    Some(TracingConfig { collector, ratio: reader.number("OTEL_TRACES_SAMPLER_ARG", 1.0, 0.0..=1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigError, Host};

    fn traces(settings: &[(&str, &str)]) -> Result<Option<TracingConfig>, ConfigError> {
        let lookup =
            |wanted: &str| settings.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        Config::read(Host::Local, &lookup).map(|config| config.traces)
    }

    fn problem(settings: &[(&str, &str)]) -> String {
        traces(settings).unwrap_err().to_string()
    }

    #[test]
    fn nothing_is_traced_unless_somebody_says_so() {
        assert_eq!(traces(&[]).unwrap(), None);
        assert_eq!(traces(&[("TRACES", "none"), ("AWS_XRAY_DAEMON_ADDRESS", "nonsense")]).unwrap(), None);
    }

    #[test]
    fn the_daemon_is_where_lambda_says() {
        let settings = [("TRACES", "xray"), ("AWS_XRAY_DAEMON_ADDRESS", "169.254.79.129:2000")];
        let collector = TraceCollector::Xray("169.254.79.129:2000".parse().unwrap());
        assert_eq!(traces(&settings).unwrap(), Some(TracingConfig { collector, ratio: 1.0 }));
        assert_eq!(traces(&settings[..1]).unwrap().unwrap().collector, TraceCollector::Xray(DAEMON));
    }

    #[test]
    fn a_collector_is_reached_over_https_or_on_the_own_machine() {
        for url in ["http://localhost:4318", "https://collector.example.com"] {
            let settings =
                [("TRACES", "otlp"), ("OTEL_EXPORTER_OTLP_ENDPOINT", url), ("OTEL_TRACES_SAMPLER_ARG", "0.25")];
            let collector = TraceCollector::Otlp(url.parse().unwrap());
            assert_eq!(traces(&settings).unwrap(), Some(TracingConfig { collector, ratio: 0.25 }));
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        let otlp = |url| [("TRACES", "otlp"), ("OTEL_EXPORTER_OTLP_ENDPOINT", url)];
        for (url, why) in [("http://collector.example.com", "must be https"), ("", "must be set where TRACES is otlp")]
        {
            let problem = problem(&otlp(url));
            assert!(problem.contains("OTEL_EXPORTER_OTLP_ENDPOINT") && problem.contains(why), "{problem}");
        }
        assert!(problem(&[("TRACES", "xray"), ("AWS_XRAY_DAEMON_ADDRESS", "x")]).contains("AWS_XRAY_DAEMON_ADDRESS"));
        assert!(problem(&[("TRACES", "xray"), ("OTEL_TRACES_SAMPLER_ARG", "2")]).contains("OTEL_TRACES_SAMPLER_ARG"));
        assert!(problem(&[("TRACES", "zipkin")]).contains("TRACES"));
    }
}
