import type { CallSnapshot, VoiceStats } from "../host/host";

/** How good the connection is: bars from 0 to 4, and the word beside them. */
export interface Connection {
  level: 0 | 1 | 2 | 3 | 4;
  word: string;
}

/** One measured value with its name, and what it means. */
export interface Measured {
  name: string;
  value: string;
  /** For the tooltip, where the name alone says too little. */
  says?: string;
}

/** Judged by what an ear notices: sound that is missing in spite of repair first, then delay, then what had to be repaired. */
export function connection(call: CallSnapshot, stats: VoiceStats | null): Connection {
  if (call.phase === "reconnecting") return { level: 0, word: "No connection" };
  if (!stats || call.hearing === "connecting") return { level: 0, word: "Measuring" };
  const { residualPercent, lossPercent, sentLossPercent, rttMs, jitterTargetMs } = stats;
  const missing = residualPercent ?? 0;
  const loss = Math.max(lossPercent ?? 0, sentLossPercent ?? 0);
  const rtt = rttMs ?? 0;
  if (missing >= 5 || rtt >= 600) return { level: 1, word: "Bad" };
  if (missing >= 1 || loss >= 15 || rtt >= 300) return { level: 2, word: "Weak" };
  if (loss >= 2 || rtt >= 150 || (jitterTargetMs ?? 0) >= 80) return { level: 3, word: "Good" };
  return { level: 4, word: "Excellent" };
}

/** The details panel: what goes out, what comes in, and what lies between. */
export function measured(stats: VoiceStats): { title: string; rows: Measured[] }[] {
  return [
    {
      title: "Sending",
      rows: [
        { name: "Codec", value: codec(stats.codec) },
        { name: "Packet", value: unit(stats.packetMs, "ms", 1), says: "Sound in one packet" },
        { name: "Bitrate", value: unit(stats.bitrateKbit, "kbit/s"), says: "Of the codec" },
        { name: "On the wire", value: unit(stats.wireKbit, "kbit/s"), says: "With encryption, UDP and IP headers" },
        { name: "Copies", value: copies(stats.copies), says: "Earlier frames that each packet repeats" },
        { name: "Lost", value: unit(stats.sentLossPercent, "%", 1), says: "Of your packets, on the way to them" },
      ],
    },
    {
      title: "Receiving",
      rows: [
        { name: "Lost", value: unit(stats.lossPercent, "%", 1), says: "Of their packets, before repair" },
        { name: "Lost after repair", value: unit(stats.residualPercent, "%", 1), says: "Of their sound" },
        { name: "Jitter buffer", value: unit(stats.jitterMs, "ms"), says: "Sound that is held back now" },
        { name: "Jitter target", value: unit(stats.jitterTargetMs, "ms"), says: "Sound that it means to hold back" },
        {
          name: "Echo removed",
          value: stats.echoReductionDb === null ? "None found" : unit(stats.echoReductionDb, "dB"),
        },
        { name: "Refused", value: String(stats.malformed), says: "Packets that made no sense" },
      ],
    },
    {
      title: "Between you",
      rows: [
        { name: "Round trip", value: unit(stats.rttMs, "ms") },
        {
          name: "Mouth to ear",
          value: unit(stats.mouthToEarMs, "ms"),
          says: "From their mouth to your ear, estimated",
        },
        { name: "Clocks differ", value: unit(stats.skewPpm, "ppm"), says: "Their sound card against yours" },
      ],
    },
  ];
}

/** How far a meter is filled, 0 to 1, for a level in dB below full scale. */
export function fill(db: number | null, floor: number): number {
  return Math.min(1, Math.max(0, 1 - (db ?? floor) / floor));
}

/** "+3 dB", "−6 dB", "0 dB". */
export function decibels(db: number): string {
  if (db === 0) return "0 dB";
  return db > 0 ? `+${db} dB` : `−${-db} dB`;
}

function unit(value: number | null, name: string, digits = 0): string {
  if (value === null) return "–";
  const text = value.toFixed(digits).replace(/\.0$/, "");
  return `${text === "-0" ? "0" : text.replace("-", "−")} ${name}`;
}

function codec(name: string): string {
  return { opus: "Opus", pcm: "Uncompressed" }[name] ?? name;
}

/** "None", or how many frames back: "1 and 3 back". */
function copies(offsets: number[]): string {
  if (offsets.length === 0) return "None";
  const last = offsets.at(-1);
  const list = offsets.length > 1 ? `${offsets.slice(0, -1).join(", ")} and ${last}` : `${last}`;
  return `${list} back`;
}
