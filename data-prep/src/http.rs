//! One request, and the patience to ask again.
//!
//! *Invariant:* no request waits for ever; nothing is asked again that will not change.

use crate::progress::say;
use anyhow::{Context, Error, anyhow};
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use ureq::http::{Response, StatusCode, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

/// How long to wait for a server, and how often to ask.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Attempts that bring nothing new before giving up.
    pub attempts: u32,
    /// Before the second attempt; doubled before each further one.
    pub first_pause: Duration,
    /// For a connection to stand, and for the answer to begin.
    pub answer: Duration,
    /// Between one byte and the next.
    pub stall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { attempts: 5, first_pause: seconds(1), answer: seconds(30), stall: seconds(60) }
    }
}

/// Why an attempt failed.
#[derive(Debug)]
pub enum Failure {
    /// Worth another attempt.
    Passing(Error),
    /// Another attempt would end the same.
    Lasting(Error),
}

/// What is no less than this is worth starting the count of attempts again, in bytes.
const PROGRESS_BYTES: u64 = 1 << 16;

impl Patience {
    /// Makes attempts until one succeeds, one fails for good, or too many in a row bring nothing new. `done` tells
    /// how many bytes there are so far.
    ///
    /// # Errors
    /// That of the last attempt.
    pub fn insist<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, Failure>,
        done: impl Fn() -> u64,
    ) -> anyhow::Result<T> {
        let (mut failures, mut furthest) = (0, done());
        loop {
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Passing(error)) => error,
            };
            if done() >= furthest + PROGRESS_BYTES {
                (failures, furthest) = (0, done());
            }
            failures += 1;
            if failures >= self.attempts {
                return Err(error.context(format!("gave up after {failures} attempts")));
            }
            let pause = self.first_pause * 2_u32.saturating_pow(failures - 1);
            say(format_args!("{error:#}; trying again in {pause:?}"));
            std::thread::sleep(pause);
        }
    }

    /// Asks for a file. Redirects are followed; the answer is a success or "range not satisfiable".
    ///
    /// # Errors
    /// Any other status; a server that cannot be reached.
    pub fn get(&self, url: &str, headers: &[(&str, String)]) -> Result<Response<Body>, Failure> {
        let agent = self.agent(url).map_err(Failure::Lasting)?;
        let request =
            headers.iter().fold(agent.get(url), |request, (name, value)| request.header(*name, value));
        let response = request.call().map_err(|error| self::failure(url, error))?;
        let status = response.status();
        if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(response);
        }
        let error = anyhow!("{url}: the server answers {status}");
        let passing = status.is_server_error()
            || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS]
                .contains(&status);
        Err(if passing { Failure::Passing(error) } else { Failure::Lasting(error) })
    }

    fn agent(&self, url: &str) -> anyhow::Result<Agent> {
        let proxy = if is_loopback(url) { None } else { Proxy::try_from_env() };
        let config = Agent::config_builder()
            .user_agent(concat!("rankscale-data-prep/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .timeout_connect(Some(self.answer))
            .timeout_recv_response(Some(self.answer))
            .timeout_per_read(Some(self.stall))
            .tls_config(TlsConfig::builder().root_certs(trusted()?).build())
            .proxy(proxy);
        Ok(config.build().new_agent())
    }
}

fn failure(url: &str, error: ureq::Error) -> Failure {
    let passing = match &error {
        // A certificate that is not trusted comes as invalid data.
        ureq::Error::Io(error) => error.kind() != io::ErrorKind::InvalidData,
        ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Protocol(_) => true,
        _ => false,
    };
    let error = Error::new(error).context(format!("{url}: cannot be reached"));
    if passing { Failure::Passing(error) } else { Failure::Lasting(error) }
}

/// Mozilla's list, which is built in, unless `SSL_CERT_FILE` names another: behind some companies' proxies no
/// other certificate is ever seen.
fn trusted() -> anyhow::Result<RootCerts> {
    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Ok(RootCerts::WebPki);
    };
    let pem = fs_err::read(path).context("the certificates in SSL_CERT_FILE")?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    Ok(certificates.collect::<Vec<_>>().into())
}

/// No proxy can reach this machine's own servers.
fn is_loopback(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const HASTY: Patience = Patience {
        attempts: 3,
        first_pause: Duration::from_millis(1),
        answer: Duration::from_secs(1),
        stall: Duration::from_secs(1),
    };

    #[test]
    fn attempts_end_when_they_bring_nothing_new() {
        let (attempts, bytes) = (Cell::new(0), Cell::new(0));
        let run = |growing: u32| {
            attempts.set(0);
            let attempt = || {
                attempts.set(attempts.get() + 1);
                if attempts.get() <= growing {
                    bytes.set(bytes.get() + PROGRESS_BYTES);
                }
                Err::<(), _>(Failure::Passing(anyhow!("dropped")))
            };
            let message = format!("{:#}", HASTY.insist(attempt, || bytes.get()).unwrap_err());
            assert!(message.contains("3 attempts: dropped"), "{message}");
            attempts.get()
        };
        assert_eq!(run(0), 3);
        // The tenth attempt is the last that brings something, and the first of three in vain.
        assert_eq!(run(10), 12);
    }

    #[test]
    fn loopback_is_told_from_other_hosts() {
        for url in ["http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]:8080/x"] {
            assert!(is_loopback(url), "{url}");
        }
        assert!(!is_loopback("https://example.org/127.0.0.1"));
    }
}
