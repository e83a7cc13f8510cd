use serde::Serialize;

/// Whether the router lets others in, and how that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum PortMapping {
    /// No router is asked about IPv4: it was not wished, we are offline or hear IPv6 alone, or only we can reach us.
    #[default]
    Off,
    /// This computer has a public address itself.
    Needless,
    /// The router is being asked.
    Asking,
    /// The router passes on what comes in.
    Open {
        /// `address:port` under which it does.
        address: String,
    },
    /// Another router stands before ours, such as the provider's, and lets nobody in.
    BehindNat {
        /// IP address that ours has there, if it told.
        address: Option<String>,
    },
    /// The router said no.
    Refused,
    /// No router answered.
    NoRouter,
}
