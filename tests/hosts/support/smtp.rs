//! A mail server that takes everything and keeps it for the test.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use crate::program::PATIENCE;

/// The server. It listens on loopback until the test process ends.
pub(crate) struct MailServer {
    address: SocketAddr,
    mails: Receiver<Mail>,
}

/// One mail as it arrived.
#[derive(Debug)]
pub(crate) struct Mail {
    /// Who the envelope says it is for.
    pub(crate) to: String,
    /// Header and body, with the quoted-printable encoding undone where it breaks lines or hides `=`.
    pub(crate) data: String,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mails) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                // A client that hangs up in the middle of a mail did not send one.
                thread::spawn(move || serve(stream, &sender));
            }
        });
        Self { address, mails }
    }

    /// The value of `SMTP_URL` that leads here.
    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The next mail.
    pub(crate) fn receive(&self) -> Mail {
        self.mails.recv_timeout(PATIENCE).unwrap()
    }
}

impl Mail {
    /// The token of the link in the mail.
    pub(crate) fn token(&self) -> String {
        let (_, rest) = self.data.split_once("token=").unwrap_or_else(|| panic!("no token in {self:?}"));
        rest.chars().take_while(char::is_ascii_alphanumeric).collect()
    }
}

fn serve(mut stream: TcpStream, mails: &Sender<Mail>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut to = String::new();
    stream.write_all(b"220 test\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let answer = match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "RCPT" => {
                line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                "250 ok"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                let data: Vec<_> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                let data = data.join("\n").replace("=\n", "").replace("=3D", "=");
                // The test may be over.
                let _ = mails.send(Mail { to: to.clone(), data });
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(answer.as_bytes())?;
        stream.write_all(b"\r\n")?;
    }
    Ok(())
}
