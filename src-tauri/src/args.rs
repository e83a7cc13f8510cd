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
    if (1..=32).contains(&text.len()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("1 to 32 letters, digits, '-' or '_'".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_profile_leads_out_of_no_directory() {
        for name in ["", ".", "..", "a/b", "a\\b", "a b", "ä", &"a".repeat(33)] {
            assert!(profile(name).is_err(), "{name}");
        }
        assert_eq!(profile("work-2_b").as_deref(), Ok("work-2_b"));
    }
}
