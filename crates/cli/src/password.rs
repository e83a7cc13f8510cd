//! Where the password comes from: a file, the environment, or the person. Never an argument.
//!
//! Every copy made here is overwritten. The environment itself is not ours to overwrite: the operating system keeps the
//! block that the process was started with, for whoever may look into the process; a file or the prompt leaves no such copy.

use crate::failure::Failure;
use p2p_comm_engine::{Code, Password, limits};
use std::fs::File;
use std::io::{IsTerminal as _, Read as _, stdin};
use std::path::Path;
use zeroize::{Zeroize as _, Zeroizing};

const VARIABLE: &str = "P2P_COMM_PASSWORD";
const PASSPHRASE: &str = "P2P_COMM_PASSPHRASE";

/// Reads the password from `file` if there is one, else from the environment, else asks on the terminal.
pub(crate) fn read(file: Option<&Path>) -> Result<Password, Failure> {
    let text = match (file, std::env::var_os(VARIABLE)) {
        (Some(file), _) => from_file(file, "password")?,
        (None, Some(value)) => from_bytes(value.into_encoded_bytes())?,
        (None, None) => from_person()?,
    };
    if text.is_empty() {
        return Err(invalid("the password is empty"));
    }
    if text.len() > limits::PASSWORD {
        return Err(invalid(format!("the password is longer than {} bytes", limits::PASSWORD)));
    }
    Password::parse(&text).map_err(|error| invalid(error.to_string()))
}

/// Reads the passphrase of what is kept from `file` if there is one, else from the environment; none: the keychain has the
/// key.
pub(crate) fn passphrase(file: Option<&Path>) -> Result<Option<Zeroizing<String>>, Failure> {
    match (file, std::env::var_os(PASSPHRASE)) {
        (Some(file), _) => from_file(file, "passphrase").map(Some),
        (None, Some(value)) => from_bytes(value.into_encoded_bytes()).map(Some),
        (None, None) => Ok(None),
    }
}

fn from_file(path: &Path, what: &str) -> Result<Zeroizing<String>, Failure> {
    // One byte more than is allowed and a line break are enough to see that it is too long; the room is taken at once,
    // so that no grown buffer leaves a copy behind.
    let most = limits::PASSWORD + 3;
    let mut bytes = Zeroizing::new(Vec::with_capacity(most));
    let unreadable = |error| Failure::Usage {
        code: Code::InvalidPassword,
        words: format!("the {what} file {} cannot be read: {error}", path.display()),
    };
    File::open(path).and_then(|file| file.take(most as u64).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    from_bytes(std::mem::take(&mut *bytes))
}

fn from_bytes(bytes: Vec<u8>) -> Result<Zeroizing<String>, Failure> {
    String::from_utf8(bytes).map(Zeroizing::new).map_err(|error| {
        error.into_bytes().zeroize();
        invalid("the password is not UTF-8")
    })
}

fn from_person() -> Result<Zeroizing<String>, Failure> {
    if !stdin().is_terminal() {
        return Err(invalid(format!("no password: set {VARIABLE} or give --password-file FILE")));
    }
    rpassword::prompt_password("Password: ")
        .map(Zeroizing::new)
        .map_err(|error| invalid(format!("the password could not be read: {error}")))
}

fn invalid(words: impl Into<String>) -> Failure {
    Failure::Usage { code: Code::InvalidPassword, words: words.into() }
}
