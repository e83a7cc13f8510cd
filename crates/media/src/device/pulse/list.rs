//! The devices of the sound server and their names.
use std::ffi::CStr;

use p2p_comm_model::{AudioDevice, AudioDevices};
use pulseaudio::protocol::{Command, ServerInfo, SinkInfo, SourceInfo};

use super::connection::{Connection, Trouble};

/// The sink that a server makes up when it has none.
const DUMMY: &str = "auto_null";

/// What the server has, monitors of speakers included.
pub(super) struct Devices {
    pub(super) inputs: Vec<Device>,
    pub(super) outputs: Vec<Device>,
}

/// A source or a sink.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) name: String,
    /// What this program gets without asking for one by name.
    pub(super) default: bool,
    /// A source that hears what a sink plays, or a sink that plays to nobody.
    pub(super) virtual_only: bool,
}

impl Devices {
    pub(super) fn fetch(connection: &mut Connection) -> Result<Self, Trouble> {
        let server: ServerInfo = connection.ask(&Command::GetServerInfo)?;
        let sinks: Vec<SinkInfo> = connection.ask(&Command::GetSinkInfoList)?;
        let sources: Vec<SourceInfo> = connection.ask(&Command::GetSourceInfoList)?;
        let default =
            |variable, name: Option<&CStr>| super::chosen(variable).or_else(|| name.map(text)).unwrap_or_default();
        let speaker = default(super::SINK, server.default_sink_name.as_deref());
        let microphone = default(super::SOURCE, server.default_source_name.as_deref());
        let outputs = sinks.iter().map(|sink| {
            let virtual_only = text(&sink.name) == DUMMY;
            Device::new(&sink.name, sink.description.as_deref(), &speaker, virtual_only)
        });
        let inputs = sources.iter().map(|source| {
            let monitor = source.monitor_of_sink_index.is_some();
            Device::new(&source.name, source.description.as_deref(), &microphone, monitor)
        });
        Ok(Self { inputs: inputs.collect(), outputs: outputs.collect() })
    }

    /// The name of the device `id`, or its id where there is none.
    pub(super) fn name_of<'a>(devices: &'a [Device], id: &'a str) -> &'a str {
        devices.iter().find(|device| device.id == id).map_or(id, |device| &device.name)
    }

    /// Those a person would call a microphone or a speaker.
    pub(super) fn real(self) -> AudioDevices {
        let real = |devices: Vec<Device>| {
            let devices = devices.into_iter().filter(|device| !device.virtual_only);
            devices.map(|Device { id, name, default, .. }| AudioDevice { id, name, default }).collect()
        };
        AudioDevices { inputs: real(self.inputs), outputs: real(self.outputs) }
    }
}

impl Device {
    fn new(id: &CStr, description: Option<&CStr>, default: &str, virtual_only: bool) -> Self {
        let id = text(id);
        Self { name: description.map_or_else(|| id.clone(), text), default: id == default, id, virtual_only }
    }
}

pub(super) fn text(name: &CStr) -> String {
    name.to_string_lossy().into_owned()
}
