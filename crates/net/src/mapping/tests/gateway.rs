//! A small router on loopback that speaks all three languages as it is told, and remembers what was asked.

use super::super::Route;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::time::sleep;

/// How it behaves, and what it knows.
#[derive(Clone)]
pub(super) struct Behaviour {
    pub(super) pcp: Pmp,
    pub(super) natpmp: Pmp,
    /// PCP over IPv6, for the firewall.
    pub(super) pcp_v6: Pmp,
    pub(super) igd: Igd,
    /// Its address on the other side.
    pub(super) external: Ipv4Addr,
    /// For how long it grants a mapping, seconds.
    pub(super) lifetime: u32,
    /// Answers that get lost, of PCP and NAT-PMP.
    pub(super) lost: u32,
    /// Where its description is said to be; at its own place if `None`.
    pub(super) location: Option<String>,
    /// How long it takes to give up what is taken back by UPnP.
    pub(super) reluctance: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pmp {
    Silent,
    /// Says that it does not speak this.
    Unknown,
    Grants,
    Refuses,
    /// Refuses, but says which address it has. Over IPv6: translates to another address.
    Enclosed,
    /// Refuses, since it has none (network failure).
    Addressless,
    Garbage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Igd {
    Silent,
    Grants,
    Refuses,
    /// Refuses, but says which address it has.
    Enclosed,
    /// Only mappings without an end.
    Permanent,
    /// Somebody else has every port that is asked for by name; another one is given.
    Taken,
    /// Its description never ends.
    Endless,
    Garbage,
}

/// What it holds: port outside, port inside; the lease in seconds; what is shown beside it.
pub(super) type Held = BTreeMap<u16, (u16, u32, String)>;

/// Mappings that are taken back by UPnP.
#[derive(Default)]
pub(super) struct TakenBack {
    /// Those that are being taken back, or were.
    pub(super) begun: u32,
    pub(super) done: u32,
    /// What was asked by PCP and NAT-PMP meanwhile.
    pub(super) asked: u32,
}

struct State {
    behaviour: Behaviour,
    /// Numbers of holes (by PCP: ports), and whom they let in.
    holes: BTreeMap<u16, Ipv6Addr>,
    /// By which name a hole by PCP is taken back.
    nonce: Vec<u8>,
    asked: u32,
}

pub(super) struct Gateway {
    pub(super) ip: Ipv4Addr,
    search: SocketAddr,
    /// For PCP over IPv6; none where this computer has no IPv6.
    v6: Option<SocketAddrV6>,
    state: Arc<Mutex<State>>,
    held: watch::Sender<Held>,
    taken_back: watch::Sender<TakenBack>,
}

impl Gateway {
    /// On an address of this computer that no other test uses.
    pub(super) async fn start(last: u8, behaviour: Behaviour) -> io::Result<Arc<Self>> {
        let ip = Ipv4Addr::new(127, 47, 8, last);
        let pmp = UdpSocket::bind((ip, 5351)).await?;
        let ssdp = UdpSocket::bind((ip, 0)).await?;
        let http = TcpListener::bind((ip, 0)).await?;
        let pcp_v6 = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).await.ok();
        let v6 = pcp_v6.as_ref().and_then(|socket| socket.local_addr().ok()).and_then(|address| match address {
            SocketAddr::V6(address) => Some(address),
            SocketAddr::V4(_) => None,
        });
        let state = Arc::new(Mutex::new(State { behaviour, holes: BTreeMap::new(), nonce: Vec::new(), asked: 0 }));
        let (search, held, taken_back) = (ssdp.local_addr()?, watch::Sender::default(), watch::Sender::default());
        let gateway = Arc::new(Self { ip, search, v6, state, held, taken_back });
        let place = http.local_addr()?;
        tokio::spawn(gateway.clone().serve_pmp(pmp));
        if let Some(socket) = pcp_v6 {
            tokio::spawn(gateway.clone().serve_pcp_v6(socket));
        }
        tokio::spawn(gateway.clone().serve_ssdp(ssdp, place));
        tokio::spawn(gateway.clone().serve_http(http));
        Ok(gateway)
    }

    pub(super) fn route(&self) -> Route {
        let search = vec![self.search];
        Route { own: Ipv4Addr::LOCALHOST, gateway: self.ip, hears_v4: true, own_v6: None, gateway_v6: None, search }
    }

    /// The same with IPv6, where this computer has it.
    pub(super) fn route_v6(&self) -> Option<Route> {
        let gateway_v6 = Some(self.v6?);
        Some(Route { own_v6: Some(Ipv6Addr::LOCALHOST), gateway_v6, ..self.route() })
    }

    pub(super) fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.state().behaviour);
    }

    pub(super) fn held(&self) -> watch::Receiver<Held> {
        self.held.subscribe()
    }

    /// Forgets what it holds, as one that starts anew.
    pub(super) fn forget(&self) {
        self.held.send_replace(Held::new());
    }

    pub(super) fn taken_back(&self) -> watch::Receiver<TakenBack> {
        self.taken_back.subscribe()
    }

    pub(super) fn holes(&self) -> BTreeMap<u16, Ipv6Addr> {
        self.state().holes.clone()
    }

    /// Requests so far, of PCP and NAT-PMP.
    pub(super) fn asked(&self) -> u32 {
        self.state().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn serve_pmp(self: Arc<Self>, socket: UdpSocket) {
        let mut request = [0; 1100];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut request).await else { continue };
            if let Some(answer) = self.answer_pmp(&request[..length]) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    }

    fn answer_pmp(&self, request: &[u8]) -> Option<Vec<u8>> {
        let mut state = self.state();
        state.asked += 1;
        let behaviour = state.behaviour.clone();
        if behaviour.lost > 0 {
            state.behaviour.lost -= 1;
            return None;
        }
        drop(state);
        match request[0] {
            2 => self.answer_pcp(request, &behaviour),
            _ => self.answer_natpmp(request, &behaviour),
        }
    }

    /// RFC 6887, sections 7.2 and 11.1.
    fn answer_pcp(&self, request: &[u8], behaviour: &Behaviour) -> Option<Vec<u8>> {
        let lifetime = u32::from_be_bytes(request[4..8].try_into().unwrap());
        let (inside, outside) = (be16(&request[40..]), be16(&request[42..]));
        let (code, granted) = match behaviour.pcp {
            Pmp::Silent => return None,
            Pmp::Unknown => return Some(vec![0, 0x81, 0, 1, 0, 0, 0, 9]),
            Pmp::Garbage => return Some(vec![0xff; 61]),
            Pmp::Refuses | Pmp::Enclosed => (2, 1800),
            Pmp::Addressless => (7, 30),
            Pmp::Grants => (0, lifetime.min(behaviour.lifetime)),
        };
        let mut answer = vec![2, 0x81, 0, code];
        answer.extend(granted.to_be_bytes());
        answer.extend([0; 16]);
        answer.extend(&request[24..42]);
        answer.extend(outside.to_be_bytes());
        answer.extend(behaviour.external.to_ipv6_mapped().octets());
        if code == 0 {
            self.hold(inside, outside, granted);
        }
        Some(answer)
    }

    async fn serve_pcp_v6(self: Arc<Self>, socket: UdpSocket) {
        let mut request = [0; 1100];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut request).await else { continue };
            if let Some(answer) = self.answer_pcp_v6(&request[..length], from.ip()) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    }

    /// As above; nothing is translated unless that is how it behaves.
    fn answer_pcp_v6(&self, request: &[u8], from: IpAddr) -> Option<Vec<u8>> {
        assert_eq!((request.len(), &request[..2]), (60, &[2, 1][..]));
        let mut state = self.state();
        let (lifetime, client) = (u32::from_be_bytes(request[4..8].try_into().unwrap()), &request[8..24]);
        let (nonce, inside) = (request[24..36].to_vec(), be16(&request[40..]));
        let client = Ipv6Addr::from(<[u8; 16]>::try_from(client).unwrap());
        let outside = match state.behaviour.pcp_v6 {
            Pmp::Garbage => return Some(vec![0xff; 60]),
            Pmp::Grants => client,
            Pmp::Enclosed => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xf),
            Pmp::Refuses => Ipv6Addr::UNSPECIFIED,
            _ => return None,
        };
        let code = match state.behaviour.pcp_v6 {
            Pmp::Refuses => 2,
            _ if from != client => 12,
            _ if lifetime == 0 && state.nonce != nonce => 2,
            _ => 0,
        };
        if code == 0 && lifetime == 0 {
            state.holes.remove(&inside);
        } else if code == 0 {
            state.holes.insert(inside, client);
            state.nonce = nonce;
        }
        let mut answer = vec![2, 0x81, 0, code];
        answer.extend(lifetime.min(state.behaviour.lifetime).to_be_bytes());
        answer.extend([0; 16]);
        answer.extend(&request[24..42]);
        answer.extend(inside.to_be_bytes());
        answer.extend(outside.octets());
        Some(answer)
    }

    /// RFC 6886, sections 3.2 and 3.3.
    fn answer_natpmp(&self, request: &[u8], behaviour: &Behaviour) -> Option<Vec<u8>> {
        let code: u16 = match behaviour.natpmp {
            Pmp::Silent => return None,
            // Unsupported operation.
            Pmp::Unknown => 5,
            Pmp::Garbage => return Some(vec![0xff; 16]),
            Pmp::Enclosed if request[1] == 0 => 0,
            Pmp::Refuses | Pmp::Enclosed => 2,
            Pmp::Addressless => 3,
            Pmp::Grants => 0,
        };
        let mut answer = vec![0, 0x80 | request[1]];
        answer.extend(code.to_be_bytes());
        answer.extend([0; 4]);
        if request[1] == 0 {
            answer.extend(behaviour.external.octets());
            return Some(answer);
        }
        let lifetime = u32::from_be_bytes(request[8..12].try_into().unwrap()).min(behaviour.lifetime);
        let (inside, outside) = (be16(&request[4..]), be16(&request[6..]));
        if code == 0 {
            self.hold(inside, outside, lifetime);
        }
        answer.extend(inside.to_be_bytes());
        answer.extend(if lifetime == 0 { 0 } else { outside }.to_be_bytes());
        answer.extend(lifetime.to_be_bytes());
        Some(answer)
    }

    /// A lifetime of 0 takes back what is held for the port inside.
    fn hold(&self, inside: u16, outside: u16, lifetime: u32) {
        self.held.send_modify(|held| match lifetime {
            0 => held.retain(|_, (port, ..)| *port != inside),
            _ => drop(held.insert(outside, (inside, lifetime, String::new()))),
        });
    }

    async fn serve_ssdp(self: Arc<Self>, socket: UdpSocket, place: SocketAddr) {
        let mut request = [0; 1500];
        loop {
            let Ok((_, from)) = socket.recv_from(&mut request).await else { continue };
            let Behaviour { igd, location, .. } = self.state().behaviour.clone();
            let location = location.unwrap_or_else(|| format!("http://{place}/root.xml"));
            let answer = match igd {
                Igd::Silent => continue,
                Igd::Garbage => "\u{0}LOCATION LOCATION: http://[::".to_owned(),
                _ => format!("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: {location}\r\n\r\n"),
            };
            socket.send_to(answer.as_bytes(), from).await.unwrap();
        }
    }

    async fn serve_http(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            tokio::spawn(self.clone().serve_one(stream));
        }
    }

    async fn serve_one(self: Arc<Self>, mut stream: TcpStream) -> io::Result<()> {
        let request = read_request(&mut stream).await?;
        let igd = self.state().behaviour.igd;
        if igd == Igd::Endless {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<root>").await?;
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
            return Ok(());
        }
        let (status, body) = match request.split_whitespace().nth(1) {
            Some("/root.xml") => (200, DESCRIPTION.to_owned()),
            Some("/scpd.xml") => (200, actions()),
            _ if request.contains("#DeletePortMapping") => self.take_back(&request, igd).await,
            _ => self.control(&request, igd),
        };
        let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await
    }

    async fn take_back(&self, request: &str, igd: Igd) -> (u16, String) {
        let (asked, reluctance) = (self.asked(), self.state().behaviour.reluctance);
        self.taken_back.send_modify(|now| now.begun += 1);
        sleep(reluctance).await;
        let answer = self.control(request, igd);
        let meanwhile = self.asked() - asked;
        self.taken_back.send_modify(|now| (now.done, now.asked) = (now.done + 1, now.asked + meanwhile));
        answer
    }

    fn control(&self, request: &str, igd: Igd) -> (u16, String) {
        let action = request.lines().find_map(|line| line.split_once('#')).map_or("", |(_, rest)| rest);
        let action = action.trim_end().trim_end_matches('"');
        let value = |name: &str| text_of(request, name).unwrap_or_default();
        let number = |name: &str| value(name).parse().unwrap_or(0);
        let (outside, inside, lease) =
            (number("NewExternalPort"), number("NewInternalPort"), value("NewLeaseDuration").parse().unwrap_or(0));
        let hold = |outside: u16| {
            let shown = value("NewPortMappingDescription").to_owned();
            self.held.send_modify(|held| drop(held.insert(outside, (inside, lease, shown))));
        };
        match (action, igd) {
            (_, Igd::Refuses) => fault(606),
            (action, Igd::Enclosed) if action != "GetExternalIPAddress" => fault(501),
            ("AddPortMapping", Igd::Permanent) if lease != 0 => fault(725),
            ("AddPortMapping", Igd::Taken) => fault(718),
            ("AddPortMapping", _) => {
                hold(outside);
                done(action, "")
            }
            ("AddAnyPortMapping", _) => {
                hold(50_001);
                done(action, "<NewReservedPort>50001</NewReservedPort>")
            }
            ("DeletePortMapping", _) => {
                self.held.send_modify(|held| drop(held.remove(&outside)));
                done(action, "")
            }
            ("GetExternalIPAddress", _) => {
                let external = self.state().behaviour.external;
                done(action, &format!("<NewExternalIPAddress>{external}</NewExternalIPAddress>"))
            }
            ("AddPinhole", _) => {
                self.state().holes.insert(7, value("InternalClient").parse().unwrap());
                done(action, "<UniqueID>7</UniqueID>")
            }
            ("UpdatePinhole", _) => done(action, ""),
            ("DeletePinhole", _) => {
                self.state().holes.remove(&value("UniqueID").parse().unwrap());
                done(action, "")
            }
            _ => fault(401),
        }
    }
}

impl Behaviour {
    /// Knows none of it; its address outside is one for examples (RFC 5737).
    pub(super) fn none() -> Self {
        let external = Ipv4Addr::new(203, 0, 113, 7);
        let (pcp, natpmp, pcp_v6, igd) = (Pmp::Unknown, Pmp::Unknown, Pmp::Silent, Igd::Silent);
        Self { pcp, natpmp, pcp_v6, igd, external, lifetime: 7200, lost: 0, location: None, reluctance: Duration::ZERO }
    }
}

async fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return Ok(text);
            }
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

fn text_of<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(text, _)| text)
}

fn envelope(body: &str) -> String {
    format!("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>")
}

fn done(action: &str, inner: &str) -> (u16, String) {
    (200, envelope(&format!("<u:{action}Response xmlns:u=\"urn:x\">{inner}</u:{action}Response>")))
}

fn fault(code: u16) -> (u16, String) {
    let error = format!("<UPnPError><errorCode>{code}</errorCode><errorDescription>no</errorDescription></UPnPError>");
    let detail = format!("<faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>{error}</detail>");
    (500, envelope(&format!("<s:Fault>{detail}</s:Fault>")))
}

const DESCRIPTION: &str = r#"<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType><serviceList>
<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:2</serviceType>
<controlURL>/wan</controlURL><SCPDURL>/scpd.xml</SCPDURL></service>
<service><serviceType>urn:schemas-upnp-org:service:WANIPv6FirewallControl:1</serviceType>
<controlURL>/v6</controlURL><SCPDURL>/v6.xml</SCPDURL></service>
</serviceList></device></root>"#;

fn actions() -> String {
    let mapping = [
        "NewRemoteHost",
        "NewExternalPort",
        "NewProtocol",
        "NewInternalPort",
        "NewInternalClient",
        "NewEnabled",
        "NewPortMappingDescription",
        "NewLeaseDuration",
    ];
    let action = |name: &str, arguments: &[&str]| {
        let argument = |name: &&str| format!("<argument><name>{name}</name><direction>in</direction></argument>");
        let list: String = arguments.iter().map(argument).collect();
        format!("<action><name>{name}</name><argumentList>{list}</argumentList></action>")
    };
    let list = [
        action("AddPortMapping", &mapping),
        action("AddAnyPortMapping", &mapping),
        action("DeletePortMapping", &mapping[..3]),
        action("GetExternalIPAddress", &[]),
    ];
    let list = list.concat();
    format!("<scpd xmlns=\"urn:schemas-upnp-org:service-1-0\"><actionList>{list}</actionList></scpd>")
}
