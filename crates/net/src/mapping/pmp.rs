//! PCP, and its older sister NAT-PMP.

use super::keep::{LIFETIME, No};
use super::route::Route;
use crab_nat::{InternetProtocol, PortMapping, PortMappingOptions, PortMappingType, TimeoutConfig, natpmp, pcp};
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

/// How long for an answer, and how often: 2 s in all. The router is one hop away.
const PATIENCE: TimeoutConfig = TimeoutConfig {
    initial_timeout: Duration::from_millis(250),
    max_retries: 2,
    max_retry_timeout: Some(Duration::from_secs(1)),
};

/// Asks for a mapping, to the same port outside if it is free.
pub(super) async fn open(route: &Route, port: NonZeroU16) -> Result<PortMapping, No> {
    let options = PortMappingOptions {
        external_port: Some(port),
        lifetime_seconds: Some(LIFETIME),
        timeout_config: Some(PATIENCE),
    };
    let base = pcp::BaseMapRequest::new(route.gateway.into(), route.own.into(), InternetProtocol::Udp, port);
    let no = match pcp::port_mapping(base, None, None, options).await {
        Ok(mapping) => return Ok(mapping),
        Err(failure) => no_of_pcp(&failure),
    };
    let older = natpmp::port_mapping(route.gateway.into(), InternetProtocol::Udp, port, options).await;
    older.map_err(|failure| no.max(no_of_natpmp(&failure)))
}

/// The router's address on its other side.
pub(super) async fn external(mapping: &PortMapping) -> Result<IpAddr, No> {
    match mapping.mapping_type() {
        PortMappingType::Pcp { external_ip, .. } => Ok(external_ip.to_canonical()),
        PortMappingType::NatPmp => {
            let asked = natpmp::external_address(mapping.gateway(), Some(PATIENCE)).await;
            asked.map(IpAddr::V4).map_err(|failure| no_of_natpmp(&failure))
        }
    }
}

/// The same where there is no mapping; a router that speaks PCP alone does not say.
pub(super) async fn outside(route: &Route) -> Result<IpAddr, No> {
    let asked = natpmp::external_address(route.gateway.into(), Some(PATIENCE)).await;
    asked.map(IpAddr::V4).map_err(|failure| no_of_natpmp(&failure))
}

fn no_of_pcp(failure: &pcp::Failure) -> No {
    match failure {
        // RFC 6887, section 7.4, and RFC 6886, section 3.5: the router itself lacks what the internet could reach.
        pcp::Failure::NetworkFailure(_) => No::Enclosed,
        pcp::Failure::NotAuthorized(_)
        | pcp::Failure::NoResources(_)
        | pcp::Failure::UserExceededQuota(_)
        | pcp::Failure::CannotProvideExternal(_)
        | pcp::Failure::AddressMismatch => No::Refused,
        // It does not speak this, or what it says makes no sense.
        _ => No::Silent,
    }
}

fn no_of_natpmp(failure: &natpmp::Failure) -> No {
    match failure {
        natpmp::Failure::NetworkFailure => No::Enclosed,
        natpmp::Failure::NotAuthorized | natpmp::Failure::OutOfResources => No::Refused,
        _ => No::Silent,
    }
}
