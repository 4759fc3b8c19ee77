//! A single request to a server.
//!
//! *Invariant:* no request waits forever.

use crate::fetch::failure::Failure;
use crate::fetch::retry::RetryPolicy;
use crate::files::address::Address;
use anyhow::{Context, Error, anyhow, ensure};
use std::io;
use std::net::IpAddr;
use ureq::http::{Response, StatusCode, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

/// Requests a file. Redirects are followed; the response is a success or "range not satisfiable".
///
/// # Errors
/// The response has any other status, or the server cannot be reached.
pub fn get(
    retry: &RetryPolicy,
    url: &Address,
    headers: &[(&str, String)],
) -> Result<Response<Body>, Failure> {
    let exact = url.exact();
    if !["http://", "https://"]
        .iter()
        .any(|scheme| exact.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    {
        return Err(Failure::Permanent(anyhow!(
            "{url}: only http:// and https:// are spoken here: fetch the file by other means and give its path"
        )));
    }
    let agent = agent(retry, exact).map_err(Failure::Permanent)?;
    let request =
        headers.iter().fold(agent.get(exact), |request, (name, value)| request.header(*name, value));
    let response = request.call().map_err(|error| failure(url, error))?;
    let status = response.status();
    if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(response);
    }
    let error = anyhow!("{url}: the server answers {status}");
    let transient = status.is_server_error()
        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS]
            .contains(&status);
    Err(if transient { Failure::Transient(error) } else { Failure::Permanent(error) })
}

fn agent(retry: &RetryPolicy, url: &str) -> anyhow::Result<Agent> {
    let proxy = if is_loopback(url) { None } else { Proxy::try_from_env() };
    let config = Agent::config_builder()
        .user_agent(concat!("rankscale-data-prep/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        .timeout_resolve(Some(retry.answer))
        .timeout_connect(Some(retry.answer))
        .timeout_recv_response(Some(retry.answer))
        .timeout_per_read(Some(retry.stall))
        .tls_config(TlsConfig::builder().root_certs(trusted()?).build())
        .proxy(proxy);
    Ok(config.build().new_agent())
}

/// The server did not respond at all, as opposed to an unhelpful response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}: cannot be reached")]
pub struct Unreachable(String);

fn failure(url: &Address, error: ureq::Error) -> Failure {
    // Both messages repeat the whole address, including its secrets.
    if matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_)) {
        return Failure::Permanent(anyhow!("{url}: is no valid address"));
    }
    let transient = match &error {
        // An untrusted certificate is reported as invalid data.
        ureq::Error::Io(error) => error.kind() != io::ErrorKind::InvalidData,
        ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Protocol(_) => true,
        _ => false,
    };
    let error = Error::new(error).context(Unreachable(url.to_string()));
    if transient { Failure::Transient(error) } else { Failure::Permanent(error) }
}

/// Returns the trusted root certificates: Mozilla's list, which is built in, unless `SSL_CERT_FILE` names
/// another, as needed behind the proxies of some companies, which replace all certificates.
fn trusted() -> anyhow::Result<RootCerts> {
    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Ok(RootCerts::WebPki);
    };
    let pem = fs_err::read(&path).context("the certificates in SSL_CERT_FILE")?;
    let name = path.display().to_string();
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        let item =
            item.with_context(|| format!("{name}, which SSL_CERT_FILE names: a certificate is damaged"))?;
        if let PemItem::Certificate(certificate) = item {
            certificates.push(certificate);
        }
    }
    ensure!(!certificates.is_empty(), "{name}, which SSL_CERT_FILE names: holds no certificate");
    Ok(certificates.into())
}

/// Returns whether an address is on the loopback interface, which no proxy can reach.
fn is_loopback(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_wrong_address_is_refused_without_its_secrets() {
        for text in ["s3://key:s3cret@bucket/a", "http://me:s3cret@/a", "http://h h/?token=s3cret", "http://"]
        {
            let Err(Failure::Permanent(error)) = get(&RetryPolicy::default(), &Address::new(text), &[])
            else {
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
