use clap::Parser;

/// Talk to people who share a password with you. Nothing that you say is stored unless you ask for it, and no server is asked.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// A name for this instance, shown in the title: several run side by side
    #[arg(long, value_name = "NAME", value_parser = profile)]
    pub(crate) profile: Option<String>,
    /// Start in the tray, without a window
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Never ask the router to let friends in, whatever the settings say
    #[arg(long)]
    pub(crate) no_port_mapping: bool,
    /// An invite, such as a link that begins with p2p-comm: It is shown in the dialog that adds a friend
    #[arg(value_name = "INVITE")]
    pub(crate) invite: Option<String>,
}

pub(crate) fn profile(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    // Another beginning would be taken for an option.
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if text.len() > 32 || !begins || !text.chars().all(fits) {
        return Err("1 to 32 letters, digits, '-' or '_', with a letter or digit first".to_owned());
    }
    if names_a_device(&text.to_ascii_lowercase()) {
        return Err("Windows has no directory of this name".to_owned());
    }
    Ok(text.to_owned())
}

/// To Windows, in every directory ("Naming Files, Paths, and Namespaces").
fn names_a_device(name: &str) -> bool {
    matches!(name, "con" | "prn" | "aux" | "nul")
        || ["com", "lpt"]
            .iter()
            .any(|port| name.strip_prefix(port).is_some_and(|n| matches!(n.as_bytes(), [b'1'..=b'9'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_profile_leads_out_of_no_directory_and_is_no_option() {
        for name in ["", ".", "..", "a/b", "a\\b", "a b", "ä", "-work", "_", "nul", "CON", "com1", &"a".repeat(33)] {
            assert!(profile(name).is_err(), "{name}");
        }
        for name in ["work-2_b", "console", "coma", "com10", "7"] {
            assert_eq!(profile(name).as_deref(), Ok(name));
        }
    }
}
