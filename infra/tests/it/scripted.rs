//! A service of AWS that answers by the book of a test: for what no server that can be run here does, such as failing halfway.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// See the module. It listens until the process ends.
pub(crate) struct Scripted {
    /// Its address.
    pub(crate) endpoint: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// An action, or the method and path of a service that has none, and the body.
type Asked = (String, String);

/// What is answered to an action, one after the other, and the last again and again: the content of its result, or a refusal.
type Script = BTreeMap<&'static str, Vec<String>>;

impl Scripted {
    /// Listens, and answers by the script.
    pub(crate) fn answering(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &script, &record);
            }
        });
        Self { endpoint, asked }
    }

    /// The actions that it was asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(action, _)| action.clone()).collect()
    }

    /// The body of the last request for an action.
    pub(crate) fn last_body(&self, action: &str) -> Option<String> {
        let asked = self.asked.lock().unwrap();
        let last = asked.iter().rev().find(|(asked, _)| asked == action);
        last.map(|(_, body)| body.clone())
    }
}

fn answer(stream: &TcpStream, script: &Script, record: &Mutex<Vec<Asked>>) {
    let (action, body) = request(stream);
    let num_before = {
        let mut asked = record.lock().unwrap();
        asked.push((action.clone(), body));
        asked.iter().filter(|(asked, _)| *asked == action).count() - 1
    };
    let answers = script.get(action.as_str()).map_or(&[][..], Vec::as_slice);
    let answer = answers.get(num_before).or(answers.last());
    let absent = refusal("NotInTheScript", &action);
    let answer = answer.unwrap_or(&absent);
    let (status, body) = if action.contains(' ') && !answer.starts_with("<ErrorResponse>") {
        ("201 Created", answer.clone())
    } else if answer.starts_with("<ErrorResponse>") {
        ("400 Bad Request", answer.clone())
    } else {
        let body = format!(
            "<{action}Response><{action}Result>{answer}</{action}Result></{action}Response>"
        );
        ("200 OK", body)
    };
    let mut stream = stream;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
}

/// An answer that refuses what is asked.
pub(crate) fn refusal(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
}

/// What a request asks for: the query protocol names it in its form.
fn request(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut first_line = String::new();
    reader.read_line(&mut first_line).unwrap();
    let mut len_bytes = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            len_bytes = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; len_bytes];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let action = body
        .split('&')
        .find_map(|field| field.strip_prefix("Action="));
    let method_and_path = first_line.trim_end().trim_end_matches(" HTTP/1.1");
    let action = action.unwrap_or(method_and_path).to_owned();
    (action, body)
}
