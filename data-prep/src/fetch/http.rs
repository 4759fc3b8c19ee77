//! One request, and the patience to ask again.
//!
//! *Invariant:* no request waits for ever; nothing is asked again that will not change.

use crate::fetch::pace::Pace;
use crate::fetch::progress::say;
use crate::files::address::Address;
use anyhow::{Context, Error, anyhow};
use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};
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
    /// After attempts that took so long and brought nothing new, none is begun.
    pub vain: Duration,
    /// For a name to be found, for a connection to stand, and for the answer to begin.
    pub answer: Duration,
    /// Between one byte and the next.
    pub stall: Duration,
    /// For a file on its way.
    pub pace: Pace,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        // A dead address costs two waits for an answer, about half a minute, before the next source is tried.
        Self {
            attempts: 5,
            first_pause: seconds(1),
            vain: seconds(20),
            answer: seconds(15),
            stall: seconds(30),
            pace: Pace::ORDINARY,
        }
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

impl Failure {
    /// The same with the address it happened at.
    pub(crate) fn at(self, url: &Address) -> Self {
        match self {
            Self::Passing(error) => Self::Passing(error.context(url.to_string())),
            Self::Lasting(error) => Self::Lasting(error.context(url.to_string())),
        }
    }
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
        let begun = Instant::now();
        let mut vain = Duration::ZERO;
        loop {
            let attempted = Instant::now();
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Passing(error)) => error,
            };
            if done() >= furthest + PROGRESS_BYTES {
                (failures, furthest, vain) = (0, done(), Duration::ZERO);
            } else {
                vain += attempted.elapsed();
            }
            failures += 1;
            let pause = self.first_pause * 2_u32.saturating_pow(failures - 1);
            vain += pause;
            if failures >= self.attempts || vain > self.vain || begun.elapsed() >= self.pace.total {
                let (attempts, taken) = (if failures == 1 { "attempt" } else { "attempts" }, begun.elapsed());
                return Err(error.context(format!("gave up after {failures} {attempts} and {taken:.0?}")));
            }
            say(format_args!("{error:#}; trying again in {pause:?}"));
            std::thread::sleep(pause);
        }
    }

    /// Asks for a file. Redirects are followed; the answer is a success or "range not satisfiable".
    ///
    /// # Errors
    /// Any other status; a server that cannot be reached.
    pub fn get(&self, url: &Address, headers: &[(&str, String)]) -> Result<Response<Body>, Failure> {
        let exact = url.exact();
        if !["http://", "https://"]
            .iter()
            .any(|scheme| exact.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        {
            return Err(Failure::Lasting(anyhow!(
                "{url}: only http:// and https:// are spoken here: fetch the file by other means and give its path"
            )));
        }
        let agent = self.agent(exact).map_err(Failure::Lasting)?;
        let request =
            headers.iter().fold(agent.get(exact), |request, (name, value)| request.header(*name, value));
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
            .timeout_resolve(Some(self.answer))
            .timeout_connect(Some(self.answer))
            .timeout_recv_response(Some(self.answer))
            .timeout_per_read(Some(self.stall))
            .tls_config(TlsConfig::builder().root_certs(trusted()?).build())
            .proxy(proxy);
        Ok(config.build().new_agent())
    }
}

/// No answer at all, as opposed to one that does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}: cannot be reached")]
pub struct Unreachable(String);

fn failure(url: &Address, error: ureq::Error) -> Failure {
    // Both messages repeat the address, with all that is in it.
    if matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_)) {
        return Failure::Lasting(anyhow!("{url}: is no valid address"));
    }
    let passing = match &error {
        // A certificate that is not trusted comes as invalid data.
        ureq::Error::Io(error) => error.kind() != io::ErrorKind::InvalidData,
        ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Protocol(_) => true,
        _ => false,
    };
    let error = Error::new(error).context(Unreachable(url.to_string()));
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
        vain: Duration::from_secs(10),
        answer: Duration::from_secs(1),
        stall: Duration::from_secs(1),
        pace: Pace::ORDINARY,
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
            assert!(message.contains("3 attempts and") && message.ends_with(": dropped"), "{message}");
            attempts.get()
        };
        assert_eq!(run(0), 3);
        // The tenth attempt is the last that brings something, and the first of three in vain.
        assert_eq!(run(10), 12);
    }

    #[test]
    fn attempts_in_vain_end_when_they_have_taken_long_enough() {
        let patience = Patience { attempts: 100, vain: Duration::from_millis(40), ..HASTY };
        let attempts = Cell::new(0);
        let attempt = || {
            attempts.set(attempts.get() + 1);
            std::thread::sleep(Duration::from_millis(15));
            Err::<(), _>(Failure::Passing(anyhow!("silent")))
        };
        assert!(patience.insist(attempt, || 0).is_err());
        assert!(attempts.get() <= 3, "{} attempts", attempts.get());
        // What a program does by default: a last attempt begins before `vain` is over.
        let Patience { vain, answer, .. } = Patience::default();
        assert!(vain.max(2 * answer) <= Duration::from_secs(30));
    }

    #[test]
    fn a_wrong_address_is_refused_without_its_secrets() {
        for text in ["s3://key:s3cret@bucket/a", "http://me:s3cret@/a", "http://h h/?token=s3cret", "http://"]
        {
            let Err(Failure::Lasting(error)) = HASTY.get(&Address::new(text), &[]) else {
                panic!("{text}: refused for good")
            };
            assert!(!format!("{error:#} {error:?}").contains("s3cret"), "{error:?}");
        }
    }

    #[test]
    fn loopback_is_told_from_other_hosts() {
        for url in ["http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]:8080/x"] {
            assert!(is_loopback(url), "{url}");
        }
        assert!(!is_loopback("https://example.org/127.0.0.1"));
    }
}
