use crate::people::{PASSWORD, connect, runtime, until_connected};
use crate::{Figure, Result};
use p2p_comm_engine::{Engine, Handle, Options, PeerAddress};
use std::net::{IpAddr, Ipv4Addr};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const PEERS: u8 = 100;

/// Resident memory of the command-line peer with one and with a hundred connected peers.
pub(crate) fn resident() -> Result<Vec<Figure>> {
    runtime()?.block_on(async {
        let (mut listener, address) = listener().await?;
        let mut peers: Vec<Handle> = Vec::new();
        let mut figures = Vec::new();
        for n in 1..=PEERS {
            peers.push(peer(n, &address).await?);
            let name = match n {
                1 => "rss_1_peer_mib",
                PEERS => "rss_100_peers_mib",
                _ => continue,
            };
            figures.push(Figure { name, value: resident_mib(&listener)?, unit: "MiB", n: 1 });
        }
        listener.kill().await?;
        Ok(figures)
    })
}

/// The command-line peer beside this program, and where it listens.
async fn listener() -> Result<(Child, PeerAddress)> {
    let program = std::env::current_exe()?.with_file_name("p2p-comm-cli");
    let mut child = Command::new(&program)
        .args(["listen", "--name", "bob", "--bind", "127.0.0.1", "--accept-anyone", "--json"])
        .env("P2P_COMM_PASSWORD", PASSWORD)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    while let Some(line) = lines.next_line().await? {
        let event: serde_json::Value = serde_json::from_str(&line)?;
        if let Some(port) = event.get("port").and_then(serde_json::Value::as_u64) {
            // Whatever else it says is of no interest, but must be read.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            let port = u32::try_from(port)?;
            return Ok((child, PeerAddress::new("127.0.0.1", port).map_err(|code| code.to_string())?));
        }
    }
    Err("the listener ended".into())
}

/// Each at an address of its own, so that none uses up the budget of another.
async fn peer(n: u8, address: &PeerAddress) -> Result<Handle> {
    let handle = Engine::spawn(Options::default());
    connect(&handle, &format!("peer {n}"), IpAddr::from(Ipv4Addr::new(127, 0, 1, n))).await?;
    let peer = handle.add_peer("bob", vec![address.clone()]).await?;
    until_connected(&handle, peer).await?;
    Ok(handle)
}

fn resident_mib(child: &Child) -> Result<f64> {
    let id = child.id().ok_or("the listener ended")?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
