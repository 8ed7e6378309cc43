//! An S3 server that somebody else wrote: `versitygw` (<https://github.com/versity/versitygw>), the program that `KINDRED_VERSITYGW` names.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use host::s3::Options;

/// It serves within some tens of milliseconds; this is for a machine that does much else.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The running program, gone with the value.
pub(crate) struct Versitygw(Child);

impl Versitygw {
    /// Serves the folder of `options`, and says where; `None`, and a loud line, where there is no program.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub(crate) fn start(options: &Options) -> Option<(Self, SocketAddr)> {
        let Some(program) = std::env::var_os("KINDRED_VERSITYGW") else {
            eprintln!("NOT TESTED: KINDRED_VERSITYGW names no second S3 server");
            return None;
        };
        // A bucket is a folder there too.
        for bucket in &options.buckets {
            std::fs::create_dir_all(options.data.join(bucket)).unwrap();
        }
        // It does not say which port the system chose, so one is chosen for it.
        let free = TcpListener::bind(options.listen).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut process = Command::new(program)
            .args(["--quiet", "--port", &address.to_string(), "posix"])
            .arg(&options.data)
            .env("ROOT_ACCESS_KEY_ID", &options.access_key)
            .env("ROOT_SECRET_ACCESS_KEY", &options.secret_key)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert_eq!(process.try_wait().unwrap(), None, "it ended by itself");
            assert!(begun.elapsed() < START_TIMEOUT, "it does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Some((Self(process), address))
    }
}

impl Drop for Versitygw {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
