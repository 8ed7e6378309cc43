//! Servers that say what a test has them say.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

/// An address at which each path is answered by a status and a body.
pub(crate) fn answering(answers: &'static [(&'static str, &'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let path = first.split(' ').nth(1).unwrap();
            let answer = answers.iter().find(|(known, ..)| *known == path);
            let (_, status, body) = answer.unwrap_or(&("", "404 Not Found", "nothing"));
            let len = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    address
}
