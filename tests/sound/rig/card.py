"""A virtual sound card: the microphones and speakers of two people, all in one sample clock.

One PulseAudio daemon with one null sink of six channels, "bench". Each microphone and speaker is a mono view of one
channel: what is played into channel `micA` is what A's microphone `srcA` gives, and what A's program plays into the
sink `spkA` is in channel `spkA`. A recording of `bench.monitor` holds all six in step, so that the time from a mouth to
an ear is a difference of positions in it. `micC` and `spkC` are a spare pair for whoever loses a device.
"""

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import soundfile

from . import RATE
from .process import spawn, stop
from .recorder import Recorder

CHANNELS = ("micA", "spkA", "micB", "spkB", "micC", "spkC")
CHANNEL_MAP = ",".join(f"aux{number}" for number in range(len(CHANNELS)))
START_S = 10
# Enough for a loaded machine.
PLAYER_LATENCY_MS = 1000
PRIORITY = -10
"""Player and recorder have to be in time even where the programs under test are not."""
# PulseAudio makes the device with the highest priority the default when the default one is gone. This class of device
# has more than those that name none.
PREFERRED = "device.class=sound"
ORDINARY = "device.class=filter"


class Card:
    """For as long as the context lasts. `home`: a directory of its own, private."""

    def __init__(self, home):
        self._home = Path(home)
        self._server = f"unix:{self._home}/native"
        self._modules = {}
        self._played = 0

    def __enter__(self):
        self._home.mkdir(mode=0o700, parents=True)
        self._configure()
        environment = {
            "HOME": str(self._home),
            "PULSE_RUNTIME_PATH": str(self._home),
            "PULSE_STATE_PATH": str(self._home),
            "PULSE_CONFIG_PATH": str(self._home),
            "PULSE_CONFIG": str(self._home / "daemon.conf"),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }
        self._log = open(self._home / "daemon.log", "wb")
        command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--log-target=stderr"]
        command += ["-F", self._home / "bench.pa"]
        self._daemon = spawn(command, environment=environment, stdout=self._log, stderr=self._log)
        try:
            self._wait()
            for name in CHANNELS:
                self.plug(name)
        except BaseException:
            self.__exit__()
            raise
        self.pid = self._daemon.pid
        return self

    def __exit__(self, *_):
        stop(self._daemon)
        self._log.close()

    def environment(self, side=None):
        """What a program needs in order to use this card: with A's or B's devices as its own, or the card's defaults."""
        own = {"PULSE_SINK": f"spk{side}", "PULSE_SOURCE": f"src{side}"} if side else {}
        return own | {
            "PULSE_SERVER": self._server,
            "PULSE_CLIENTCONFIG": str(self._home / "client.conf"),
            "ALSA_CONFIG_PATH": str(self._home / "asound.conf"),
            "XDG_RUNTIME_DIR": str(self._home),
        }

    def plug(self, channel):
        """Adds the device of a channel: a speaker, or a microphone with the sink that is its room."""
        rank = PREFERRED if channel.endswith("C") else ORDINARY
        rank_of_sink = ORDINARY if channel.startswith("mic") else rank
        mono = f"channels=1 channel_map=mono master_channel_map=aux{CHANNELS.index(channel)} remix=no"
        sink = f"module-remap-sink sink_name={channel} master=bench {mono} sink_properties={rank_of_sink}"
        loaded = [self._load(sink)]
        if channel.startswith("mic"):
            source = f"module-remap-source source_name=src{channel[3:]} master=bench.monitor {mono}"
            loaded.append(self._load(f"{source} source_properties={rank}"))
        self._modules[channel] = loaded

    def unplug(self, channel):
        """Removes the device of a channel, as when its cable is pulled."""
        for module in reversed(self._modules.pop(channel)):
            self._pactl("unload-module", module)

    def make_default(self, side):
        """The devices of A, B or C are the system's default ones."""
        self._pactl("set-default-sink", f"spk{side}")
        self._pactl("set-default-source", f"src{side}")

    def defaults(self):
        """The names of the default speaker and the default microphone."""
        return self._pactl("get-default-sink"), self._pactl("get-default-source")

    def play(self, sounds):
        """Starts to play sounds of one length, {channel: samples}, in step. Returns the player, a process."""
        silence = np.zeros(len(next(iter(sounds.values()))))
        frames = np.column_stack([sounds.get(name, silence) for name in CHANNELS])
        self._played += 1
        file = self._home / f"played-{self._played}.wav"
        soundfile.write(file, frames, RATE, subtype="PCM_16")
        return self._client("paplay", "--device=bench", f"--latency-msec={PLAYER_LATENCY_MS}", file)

    def recorder(self):
        """Records all channels, in blocks of 10 ms, from now until it is stopped."""
        command = ["--raw", "--format=s16le", f"--rate={RATE}", f"--channels={len(CHANNELS)}", "--latency-msec=10"]
        process = self._client("parec", "--device=bench.monitor", *command, stdout=subprocess.PIPE)
        return Recorder(process, CHANNELS)

    def loopback(self, source, sink, latency_ms):
        """PulseAudio's own way from a microphone to a speaker. Returns its number, for `unload`."""
        return self._load(f"module-loopback source={source} sink={sink} latency_msec={latency_ms}")

    def unload(self, module):
        self._pactl("unload-module", module)

    def _client(self, program, *arguments, **options):
        command = ["nice", "-n", PRIORITY, program, f"--channel-map={CHANNEL_MAP}", "--no-remix", *arguments]
        return spawn(command, environment=self.environment(), **options)

    def _load(self, module):
        return self._pactl("load-module", *module.split())

    def _pactl(self, *arguments):
        command = ["pactl", *arguments]
        done = subprocess.run(command, env=os.environ | self.environment(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _wait(self):
        end = time.monotonic() + START_S
        while True:
            try:
                self._pactl("info")
                return
            except RuntimeError:
                if time.monotonic() > end or self._daemon.poll() is not None:
                    log = (self._home / "daemon.log").read_text(errors="replace")
                    raise RuntimeError(f"PulseAudio does not start: {log}") from None
                time.sleep(0.05)

    def _configure(self):
        sink = f"rate={RATE} format=s16le channels={len(CHANNELS)} channel_map={CHANNEL_MAP} norewinds=yes"
        self._write(
            "bench.pa",
            ".fail",
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._home}/native",
            f"load-module module-null-sink sink_name=bench {sink}",
        )
        self._write(
            "daemon.conf",
            "high-priority = yes",
            "realtime-scheduling = no",
            f"default-sample-rate = {RATE}",
            f"alternate-sample-rate = {RATE}",
            "flat-volumes = no",
            "exit-idle-time = -1",
        )
        self._write(
            "asound.conf", "</usr/share/alsa/alsa.conf>", "pcm.!default { type pulse }", "ctl.!default { type pulse }"
        )
        self._write(
            "client.conf", "autospawn = no", f"default-server = {self._server}", f"cookie-file = {self._home}/cookie"
        )

    def _write(self, name, *lines):
        (self._home / name).write_text("\n".join(lines) + "\n")
