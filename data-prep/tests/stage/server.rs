//! A server of a few files that can misbehave as real servers do.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The behaviour of a server at its next request.
#[derive(Clone, Copy)]
pub enum Mood {
    /// Responds with this status and nothing else.
    Status(u16),
    /// Closes the connection after this many bytes of the body.
    Drop(usize),
    /// Stops sending after this many bytes of the body.
    Stall(usize),
    /// Sends a byte now and then.
    Drip,
    /// Accepts the request and never responds.
    Mute,
    /// Sends bytes forever, without a content length.
    Endless,
    /// Announces this many bytes more than it sends.
    Promise(usize),
}

/// A file, and how it is served.
#[derive(Clone)]
pub struct Served {
    pub bytes: Vec<u8>,
    /// The validator of its version.
    pub etag: Option<&'static str>,
    /// Whether the server supports range requests.
    pub ranges: bool,
    /// The behaviour at the first requests, in order; afterwards it behaves well.
    pub moods: Vec<Mood>,
}

impl Served {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), etag: Some("\"one\""), ranges: true, moods: Vec::new() }
    }
}

/// A request, as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    pub range: Option<String>,
    /// The `Authorization` header of the client.
    pub authorization: Option<String>,
}

type Files = Arc<Mutex<HashMap<String, Served>>>;

/// A server that runs until the test's process ends.
pub struct Server {
    address: String,
    files: Files,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start<'a>(files: impl IntoIterator<Item = (&'a str, Served)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let files = files.into_iter().map(|(path, file)| (path.to_owned(), file)).collect();
        let server = Self { address, files: Arc::new(Mutex::new(files)), requests: Arc::default() };
        let (files, requests) = (Arc::clone(&server.files), Arc::clone(&server.requests));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (files, requests) = (Arc::clone(&files), Arc::clone(&requests));
                // A client that disconnects is not a failure of the server.
                thread::spawn(move || answer(stream.unwrap(), &files, &requests).unwrap_or_default());
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub fn replace(&self, path: &str, file: Served) {
        self.files.lock().unwrap().insert(path.to_owned(), file);
    }

    /// Returns the requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, files: &Files, requests: &Mutex<Vec<Request>>) -> std::io::Result<()> {
    let lines = BufReader::new(stream.try_clone()?).lines();
    let lines: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        lines.iter().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    let (range, if_range) = (header("range").map(|(_, v)| v), header("if-range").map(|(_, v)| v));
    let path = lines[0].split(' ').nth(1).unwrap().to_owned();
    requests.lock().unwrap().push(Request {
        path: path.clone(),
        range: range.map(str::to_owned),
        authorization: header("authorization").map(|(_, v)| v.to_owned()),
    });
    let served = files.lock().unwrap().get_mut(path.split('?').next().unwrap()).map(|file| {
        let mood = (!file.moods.is_empty()).then(|| file.moods.remove(0));
        (file.clone(), mood)
    });
    let Some((file, mood)) = served else {
        return write!(stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    };
    if let Some(Mood::Status(status)) = mood {
        return write!(stream, "HTTP/1.1 {status} Rude\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }
    if let Some(Mood::Mute) = mood {
        thread::sleep(Duration::from_secs(10));
        return Ok(());
    }
    if let Some(Mood::Endless) = mood {
        write!(stream, "HTTP/1.1 200 Here\r\nconnection: close\r\n\r\n")?;
        loop {
            thread::sleep(Duration::from_millis(5));
            stream.write_all(&file.bytes[..10_000])?;
        }
    }
    let total = file.bytes.len();
    let range = range.filter(|_| file.ranges && (if_range.is_none() || if_range == file.etag));
    let bounds = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let (status, from, to) = match bounds {
        Some((from, to)) => {
            let from: usize = from.parse().unwrap();
            let to = to.parse().map_or(total, |last: usize| total.min(last + 1));
            if from >= total {
                return write!(
                    stream,
                    "HTTP/1.1 416 Too Far\r\ncontent-range: bytes */{total}\r\ncontent-length: 0\r\n\
                     connection: close\r\n\r\n"
                );
            }
            (206, from, to)
        }
        None => (200, 0, total),
    };
    let body = &file.bytes[from..to];
    let promised = body.len() + if let Some(Mood::Promise(more)) = mood { more } else { 0 };
    write!(stream, "HTTP/1.1 {status} Here\r\ncontent-length: {promised}\r\nconnection: close\r\n")?;
    if status == 206 {
        write!(stream, "content-range: bytes {from}-{}/{total}\r\n", to - 1)?;
    }
    if let Some(etag) = file.etag {
        write!(stream, "etag: {etag}\r\n")?;
    }
    write!(stream, "\r\n")?;
    match mood {
        Some(Mood::Drop(bytes)) => stream.write_all(&body[..bytes.min(body.len())]),
        Some(Mood::Stall(bytes)) => {
            stream.write_all(&body[..bytes.min(body.len())])?;
            thread::sleep(Duration::from_secs(10));
            Ok(())
        }
        Some(Mood::Drip) => body.iter().try_for_each(|byte| {
            thread::sleep(Duration::from_millis(20));
            stream.write_all(&[*byte])
        }),
        _ => stream.write_all(body),
    }
}
