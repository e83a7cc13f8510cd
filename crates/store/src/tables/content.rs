use p2p_comm_model::{Content, Link, Text};

/// What a line says, in the columns `kind`, `text` and `detail` that `lines` and `queue` have.
pub(crate) struct Columns<'a> {
    pub(crate) kind: String,
    /// What can be searched.
    pub(crate) text: Option<&'a str>,
    /// The whole content as JSON, of what is neither a text nor a link.
    pub(crate) detail: Option<String>,
}

impl<'a> From<&'a Content> for Columns<'a> {
    fn from(content: &'a Content) -> Self {
        match content {
            Content::Text { text } => Self { kind: "text".into(), text: Some(text.as_str()), detail: None },
            Content::Link { url, .. } => Self { kind: "link".into(), text: Some(url.as_str()), detail: None },
            other => {
                let json = serde_json::to_value(other).unwrap_or_default();
                let kind = json.get("kind").and_then(|kind| kind.as_str()).unwrap_or("unknown").to_owned();
                Self { kind, text: None, detail: Some(json.to_string()) }
            }
        }
    }
}

/// What this version cannot read is [`Content::Unknown`].
pub(crate) fn content(kind: &str, text: Option<&str>, detail: Option<&str>) -> Content {
    let read = match kind {
        "text" => text.and_then(|text| Text::parse(text).ok()).map(Content::from),
        "link" => text.and_then(|url| Link::parse(url).ok()).map(Content::from),
        _ => detail.and_then(|detail| serde_json::from_str(detail).ok()),
    };
    read.unwrap_or(Content::Unknown)
}
