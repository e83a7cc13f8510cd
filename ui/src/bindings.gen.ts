// Provisional; replaced by the generated file.
export type Code = "invalidName" | "invalidPassword" | "invalidAddress" | "invalidPort" | "invalidLink" | "messageEmpty" | "messageTooLong" | "queueFull" | "portInUse" | "noNetwork" | "notConnected" | "alreadyConnected" | "notFound" | "duplicatePeer" | "tooManyPeers" | "resolveFailed" | "nobodyAnswers" | "wrongPassword" | "ownAddress" | "protocolMismatch" | "protocolError" | "peerBusy" | "dialingStopped" | "keyChanged" | "connectionLost" | "timeout" | "waitingForConsent" | "systemRefused" | "internal";
export type NodePhase = "offline" | "connecting" | "online";
export type NodeStatus = { phase: NodePhase; name: string | null; port: number | null; addresses: string[]; peersOnline: number; peersTotal: number; requestsAllowed: boolean; echo: boolean };
export type PeerState = { kind: "offline" } | { kind: "resolving" } | { kind: "reaching" } | { kind: "proving" } | { kind: "waiting" } | { kind: "connected" } | { kind: "unreachable" } | { kind: "failed"; code: Code; retryAt: number } | { kind: "stopped"; code: Code } | { kind: "blocked" };
export type LastLine = { text: string; mine: boolean; at: number };
export type PeerSnapshot = { id: number; label: string; name: string | null; host: string; port: number; state: PeerState; key: string | null; echo: boolean; unread: number; last: LastLine | null };
export type RequestSnapshot = { id: number; name: string; address: string; at: number };
export type Notice = "newKey" | "keyChanged" | "wrongPassword" | "dialingStopped" | "oldestDropped" | "ownAddress" | "protocolMismatch";
export type Sender = "me" | "them" | "app";
export type Delivery = "queued" | "sent" | "delivered" | "unsupported";
export type Content = { kind: "text"; text: string } | { kind: "link"; url: string; host: string | null } | { kind: "notice"; notice: Notice } | { kind: "unknown" };
export type Line = { seq: number; sender: Sender; sentAt: number; at: number; delivery: Delivery | null } & Content;
export type Page = { revision: number; first: number; end: number; read: number; lines: Line[] };
export type ConversationChange = { peer: number; revision: number };
export type Changes = { status: boolean; peers: boolean; requests: boolean; conversations: ConversationChange[] };
