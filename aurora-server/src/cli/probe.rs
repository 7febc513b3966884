//! `aurora probe`: the health check of a container, which has no other program in it.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use super::output::Output;
use super::place::Place;
use crate::error::{Error, ErrorKind};

/// The beginning of the answer is enough to judge it.
const MOST: u64 = 64 * 1024;

/// What the probe takes.
#[derive(Debug, Clone, Args)]
pub(super) struct ProbeOptions {
    /// Address and port that the server listens on [default: those of the settings].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Ask only whether the process is alive (`/health`), not whether it is ready (`/ready`).
    #[arg(long)]
    alive: bool,
    /// Longest wait in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(options: &ProbeOptions, output: Output) -> Result<(), Error> {
    let address = match options.listen {
        Some(address) => address,
        None => {
            let server = options.place.settings()?.server;
            SocketAddr::new(server.host, server.port)
        }
    };
    let path = if options.alive { "/health" } else { "/ready" };
    let limit = Duration::from_secs(options.timeout);
    let answer = ask(near(address), path, limit).map_err(|error| {
        Error::new(ErrorKind::Address, format!("no answer from {address}")).caused_by(error)
    })?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        let said = if options.alive { "alive" } else { "ready" };
        return output.result(&serde_json::json!({"status": said}), |_| format!("{said}\n"));
    }
    Err(Error::new(
        ErrorKind::Address,
        format!("{path} of {address} answers {status}"),
    ))
}

/// Where this machine reaches a server that listens on `address`.
fn near(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(host) if host.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(host) if host.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

/// The beginning of what the server answers.
fn ask(address: SocketAddr, path: &str, limit: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_loopback() {
        let asked = |text: &str| near(text.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(asked("[::]:8080"), "[::1]:8080");
        assert_eq!(asked("10.0.0.7:81"), "10.0.0.7:81");
    }
}
